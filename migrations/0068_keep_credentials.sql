-- +goose Up
alter table integrations
  add column version      integer     not null default 1, -- rises with every change, of a credential too
  add column changed_by   text        not null default '',
  add column capabilities jsonb,       -- what the system said that it offers, when it was last asked
  add column asked_at     timestamptz, -- when
  add column tested       jsonb,       -- [{"step", "state", "says"}] of the last test
  add column tested_at    timestamptz,
  add column tested_by    text        not null default '';

-- What an integration shows of itself to the other system. Each is sealed with the neighbourhood's key before it comes here,
-- and read by the process that makes the adapter alone: no page ever shows it.
create table integration_credentials (
  neighbourhood_id uuid        not null,
  integration_id   uuid        not null,
  name             text        not null,
  organisation_id  uuid        not null,
  sealed           bytea       not null,
  set_at           timestamptz not null,
  set_by           text        not null,
  primary key (neighbourhood_id, integration_id, name),
  foreign key (neighbourhood_id, integration_id) references integrations (neighbourhood_id, id) on delete cascade
);
alter table integration_credentials enable row level security;
alter table integration_credentials force row level security;
create policy integration_credentials_of_staff on integration_credentials
  using (neighbourhood_id = current_neighbourhood() and current_actor() = 'staff' and organisation_id = any (current_organisations()));
create policy integration_credentials_of_jobs on integration_credentials
  using (neighbourhood_id = current_neighbourhood() and current_actor() = 'job');

-- What would have been sent by an integration that only records: sealed whole, for it is about patients.
create table integration_recordings (
  neighbourhood_id uuid        not null,
  id               uuid        not null,
  organisation_id  uuid        not null,
  integration_id   uuid        not null,
  at               timestamptz not null,
  method           text        not null,
  sealed           bytea       not null, -- path, headers without credentials, body
  primary key (neighbourhood_id, id),
  foreign key (neighbourhood_id, integration_id) references integrations (neighbourhood_id, id) on delete cascade
);
create index integration_recordings_of on integration_recordings (neighbourhood_id, integration_id, id);
alter table integration_recordings enable row level security;
alter table integration_recordings force row level security;
create policy integration_recordings_of_staff on integration_recordings for select
  using (neighbourhood_id = current_neighbourhood() and current_actor() = 'staff' and organisation_id = any (current_organisations()));
create policy integration_recordings_of_jobs on integration_recordings
  using (neighbourhood_id = current_neighbourhood() and current_actor() = 'job');

-- +goose Down
drop table integration_recordings;
drop table integration_credentials;
alter table integrations
  drop column version,
  drop column changed_by,
  drop column capabilities,
  drop column asked_at,
  drop column tested,
  drop column tested_at,
  drop column tested_by;

-- What was done for a patient, on its way to an organisation's clinical system. One River job for each organisation
-- drains its rows; delivery_heads is that job's lock, lease and circuit breaker.

-- +goose Up
create table integrations (
  neighbourhood_id uuid        not null,
  organisation_id  uuid        not null,
  kind             smallint    not null check (kind = 0), -- 0 FHIR R4
  base_url         text        not null check (base_url <> ''),
  paused           boolean     not null default false,
  record_only      boolean     not null default false, -- sends to nobody
  created_at       timestamptz not null,
  updated_at       timestamptz not null,
  primary key (neighbourhood_id, organisation_id)
);
alter table integrations enable row level security;
alter table integrations force row level security;
create policy integrations_of_staff on integrations
  using (neighbourhood_id = current_neighbourhood() and current_actor() = 'staff' and organisation_id = any (current_organisations()));
create policy integrations_of_jobs on integrations
  using (neighbourhood_id = current_neighbourhood() and current_actor() = 'job');

create table deliveries (
  neighbourhood_id            uuid        not null,
  id                          uuid        not null,
  organisation_id             uuid        not null, -- whose clinical system it goes to
  recorded_by_organisation_id uuid        not null, -- who recorded the outcome, and may watch
  request_id                  uuid        not null,
  request_reference           text        not null,
  sequence                    integer     not null,
  purpose                     smallint    not null check (purpose in (0, 1)),           -- 0 own record, 1 registered practice
  state                       smallint    not null check (state between 0 and 4),       -- 0 pending, 1 sent, 2 accepted, 3 filed, 4 needs attention
  document                    jsonb       not null,
  attempts                    integer     not null default 0,
  last_error                  text        not null default '',
  external_id                 text        not null default '',
  etag                        text        not null default '',
  created_at                  timestamptz not null,
  updated_at                  timestamptz not null,
  next_at                     timestamptz not null,
  sent_at                     timestamptz,
  accepted_at                 timestamptz,
  filed_at                    timestamptz,
  primary key (neighbourhood_id, id),
  constraint deliveries_once unique (neighbourhood_id, request_id, organisation_id, purpose, sequence)
);
-- Open ones only: a line's next slice, however much was filed before.
create index deliveries_open on deliveries (neighbourhood_id, organisation_id, next_at, id) where state in (0, 1);
create index deliveries_by_organisation on deliveries (neighbourhood_id, organisation_id, state, id);
create index deliveries_by_recorder on deliveries (neighbourhood_id, recorded_by_organisation_id, state, id);

alter table deliveries enable row level security;
alter table deliveries force row level security;
-- Intake has no policy: a patient's way in neither reads nor writes what goes to clinical systems.
create policy deliveries_seen_by_staff on deliveries for select
  using (neighbourhood_id = current_neighbourhood() and current_actor() = 'staff'
         and (organisation_id = any (current_organisations()) or recorded_by_organisation_id = any (current_organisations())));
create policy deliveries_made_by_staff on deliveries for insert
  with check (neighbourhood_id = current_neighbourhood() and current_actor() = 'staff'
              and recorded_by_organisation_id = any (current_organisations()));
create policy deliveries_replayed_by_staff on deliveries for update
  using (neighbourhood_id = current_neighbourhood() and current_actor() = 'staff' and organisation_id = any (current_organisations()));
create policy deliveries_of_jobs on deliveries
  using (neighbourhood_id = current_neighbourhood() and current_actor() = 'job');
revoke delete on deliveries from onedoor_app;

-- No tenant: it holds ids and machinery only, and the sweeper reads it across neighbourhoods.
create table delivery_heads (
  neighbourhood_id uuid    not null,
  organisation_id  uuid    not null,
  draining         boolean not null default false, -- a drain job is live: a new delivery need not insert one
  lease_token      uuid,
  lease_until      timestamptz,
  failures         integer not null default 0, -- in a row
  breaker_until    timestamptz,
  primary key (neighbourhood_id, organisation_id)
);
revoke delete on delivery_heads from onedoor_app;

-- +goose Down
drop table delivery_heads;
drop table deliveries;
drop table integrations;

-- An organisation may have several ways into its systems, each for a part of what is filed. A delivery keeps the one that
-- it was first sent by: a retry goes the same way, whatever was changed since.

-- +goose Up
alter table integrations
  drop constraint integrations_pkey,
  drop constraint integrations_kind_check,
  add column id       uuid  not null default gen_random_uuid(),
  add column name     text  not null default '',
  add column settings jsonb not null default '{}', -- by the names of the kind's description; no secrets
  -- [{"use", "kinds"?}]: what it is switched on for
  add column uses     jsonb not null default '[{"use": "outcomes"}, {"use": "from-others"}, {"use": "appointments"}]',
  -- 0 FHIR R4, 1 BaRS, 2 GP Connect appointments, 3 MESH, 4 patient facing, 5 IM1
  add constraint integrations_kind_check check (kind between 0 and 5),
  add primary key (neighbourhood_id, id);
alter table integrations alter column id drop default, alter column uses drop default;
create index integrations_by_organisation on integrations (neighbourhood_id, organisation_id);

alter table deliveries
  drop constraint deliveries_purpose_check,
  drop constraint deliveries_state_check,
  add constraint deliveries_purpose_check check (purpose between 0 and 3), -- 2 arrival, 3 withdrawal
  add constraint deliveries_state_check check (state between 0 and 5),     -- 5 acknowledged
  add column integration_id  uuid, -- chosen when it is first taken up
  add column correlation_id  uuid, -- of the exchange that it belongs to; the delivery's own id where none
  add column acknowledged_at timestamptz;

-- +goose Down
alter table deliveries
  drop constraint deliveries_purpose_check,
  drop constraint deliveries_state_check,
  add constraint deliveries_purpose_check check (purpose in (0, 1)),
  add constraint deliveries_state_check check (state between 0 and 4),
  drop column integration_id,
  drop column correlation_id,
  drop column acknowledged_at;
alter table integrations
  drop constraint integrations_pkey,
  drop constraint integrations_kind_check,
  add constraint integrations_kind_check check (kind = 0),
  drop column id,
  drop column name,
  drop column settings,
  drop column uses,
  add primary key (neighbourhood_id, organisation_id);

-- How each way into a clinical system does, and whether what is said to be filed is there. Drains write the first, and the
-- job that compares the other two; people read both.

-- +goose Up
-- The breaker is each integration's own: an organisation's one system that is down does not hold up its other.
create table integration_health (
  neighbourhood_id uuid        not null,
  integration_id   uuid        not null,
  organisation_id  uuid        not null,
  failures         integer     not null default 0, -- in a row
  held_until       timestamptz,                    -- the circuit is open
  last_error       text        not null default '', -- in words; nothing identifiable
  failed_at        timestamptz,
  filed_at         timestamptz,                    -- the last time that the system took something
  filed            bigint      not null default 0, -- deliveries that it took, ever
  -- How many it took in the five minutes that began then, and in the five before: the drain's rate without a row for each.
  period           timestamptz not null default '-infinity',
  filed_now        integer     not null default 0,
  filed_before     integer     not null default 0,
  primary key (neighbourhood_id, integration_id)
);
create index integration_health_by_organisation on integration_health (neighbourhood_id, organisation_id);
alter table integration_health enable row level security;
alter table integration_health force row level security;
create policy integration_health_seen_by_staff on integration_health for select
  using (neighbourhood_id = current_neighbourhood() and current_actor() = 'staff' and organisation_id = any (current_organisations()));
create policy integration_health_of_jobs on integration_health
  using (neighbourhood_id = current_neighbourhood() and current_actor() = 'job');
revoke delete on integration_health from onedoor_app;

-- How far the comparison of our ledger with an organisation's systems has come. Deliveries are passed in the order in which
-- they were made: each once soon after, and all of them again in rounds.
create table delivery_checks (
  neighbourhood_id uuid        not null,
  organisation_id  uuid        not null,
  newest           uuid        not null default '00000000-0000-0000-0000-000000000000', -- the last that was looked at for the first time
  round            uuid        not null default '00000000-0000-0000-0000-000000000000', -- the last of the round that goes on
  checked          bigint      not null default 0,
  checked_at       timestamptz,
  primary key (neighbourhood_id, organisation_id)
);
alter table delivery_checks enable row level security;
alter table delivery_checks force row level security;
create policy delivery_checks_seen_by_staff on delivery_checks for select
  using (neighbourhood_id = current_neighbourhood() and current_actor() = 'staff' and organisation_id = any (current_organisations()));
create policy delivery_checks_of_jobs on delivery_checks
  using (neighbourhood_id = current_neighbourhood() and current_actor() = 'job');
revoke delete on delivery_checks from onedoor_app;

-- What differs between our ledger and a system. A difference that is no more is closed, and stays.
create table delivery_differences (
  neighbourhood_id uuid        not null,
  delivery_id      uuid        not null,
  organisation_id  uuid        not null,
  kind             smallint    not null check (kind between 0 and 2), -- 0 missing, 1 unexpected, 2 twice
  found_at         timestamptz not null,
  seen_at          timestamptz not null,
  closed_at        timestamptz,
  primary key (neighbourhood_id, delivery_id)
);
create index delivery_differences_open on delivery_differences (neighbourhood_id, organisation_id, found_at) where closed_at is null;
alter table delivery_differences enable row level security;
alter table delivery_differences force row level security;
create policy delivery_differences_seen_by_staff on delivery_differences for select
  using (neighbourhood_id = current_neighbourhood() and current_actor() = 'staff' and organisation_id = any (current_organisations()));
create policy delivery_differences_of_jobs on delivery_differences
  using (neighbourhood_id = current_neighbourhood() and current_actor() = 'job');
revoke delete on delivery_differences from onedoor_app;

-- What needs attention, by why: people replay those that have one reason together.
create index deliveries_refused on deliveries (neighbourhood_id, organisation_id, last_error, id) where state = 4;
create index deliveries_by_reference on deliveries (neighbourhood_id, request_reference, id);

-- +goose Down
drop index deliveries_by_reference;
drop index deliveries_refused;
drop table delivery_differences;
drop table delivery_checks;
drop table integration_health;

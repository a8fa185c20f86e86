-- What the national register of patients says of people who are asked about here, and what is therefore held back.
--
-- Rules: whoever is restricted or has died is remembered by their number for as long as the register says so, so that the
-- next request is held too; everything else is sealed, and is forgotten when its time has passed. A restricted person's
-- sealed part has no address and no practice: the register does not give them.

-- +goose Up
create table traced_patients (
    neighbourhood_id uuid not null,
    nhs_number text not null,
    restricted boolean not null,
    died boolean not null,
    died_on date,
    formal boolean not null,
    sealed bytea, -- the record; null when its time has passed
    read_at timestamptz not null,
    expires_at timestamptz not null,
    needs bytea, -- reasonable adjustments, of another register; null when they were not read
    needs_expire_at timestamptz,
    primary key (neighbourhood_id, nhs_number),
    check ((needs is null) = (needs_expire_at is null))
);
create index traced_patients_expiry on traced_patients (neighbourhood_id, expires_at);
alter table traced_patients enable row level security;
alter table traced_patients force row level security;
create policy traced_patients_read on traced_patients for select
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'));
create policy traced_patients_write on traced_patients for all
    using (neighbourhood_id = current_neighbourhood() and current_actor() = 'job')
    with check (neighbourhood_id = current_neighbourhood() and current_actor() = 'job');

-- held: 1 restricted, 2 died, 3 both. Whatever leaves for a request looks here just before.
alter table requests
    add column held smallint not null default 0 check (held between 0 and 3),
    add column trace jsonb,            -- what the last trace came to
    add column traced_at timestamptz;  -- when; null when it never was
create index requests_untraced on requests (neighbourhood_id, submitted_at) where status < 5 and traced_at is null;
create index requests_held on requests (neighbourhood_id, id) where held > 0;

-- Whether requests are traced by themselves after they came in.
create table tracing_settings (
    neighbourhood_id uuid not null,
    after_submission boolean not null,
    changed_by text not null,
    changed_at timestamptz not null,
    primary key (neighbourhood_id)
);
alter table tracing_settings enable row level security;
alter table tracing_settings force row level security;
create policy tracing_settings_read on tracing_settings for select
    using (neighbourhood_id = current_neighbourhood());
create policy tracing_settings_write on tracing_settings for all
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('staff', 'job'))
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('staff', 'job'));
revoke delete on tracing_settings from onedoor_app;

-- +goose Down
drop table tracing_settings;
alter table requests drop column held, drop column trace, drop column traced_at;
drop table traced_patients;

-- +goose Up
-- What past requests were decided on, and what became of them, for simulations: facts, and never people. There is no
-- reference, no text and no patient, and no foreign key to the request, so that history outlives it. Nobody but background
-- jobs reads it: leads see counts and coarsened facts through the domain.
create table request_history (
    neighbourhood_id uuid not null,
    submitted_at timestamptz not null,
    request_id uuid not null,
    facts text not null, -- one line: policy/simulate writes and reads it
    load bytea not null, -- the same, of the load that was seen
    channel smallint not null,
    age_band smallint not null,
    deprivation smallint not null,
    language text not null,
    urgency smallint not null,
    decision_table text not null,
    rule text not null,
    policy_hash bytea not null,
    to_organisation_id uuid not null,
    to_service_id uuid,
    to_queue_id uuid not null,
    answered_at timestamptz,
    -- In order of time, so that a period is read as it lies and a busy intake writes to one place.
    primary key (neighbourhood_id, submitted_at, request_id)
);
alter table request_history enable row level security;
alter table request_history force row level security;
create policy request_history_read on request_history for select
    using (neighbourhood_id = current_neighbourhood() and current_actor() = 'job');
create policy request_history_add on request_history for insert
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'));
create policy request_history_answer on request_history for update
    using (neighbourhood_id = current_neighbourhood() and current_actor() = 'job')
    with check (neighbourhood_id = current_neighbourhood() and current_actor() = 'job');
revoke delete on request_history from onedoor_app;

-- The tenth of England's small areas by the Index of Multiple Deprivation in which somebody lives: 1 is the most deprived.
alter table patients add column imd_decile smallint check (imd_decile between 1 and 10);

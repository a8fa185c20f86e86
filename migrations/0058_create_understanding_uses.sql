-- +goose Up
-- Texts that a model read: which model, how sure, what it proposed and what the person chose. Never the words, nor the person.
create table understanding_uses (
    neighbourhood_id uuid not null,
    id uuid not null,
    organisation_id uuid not null,
    at timestamptz not null,
    channel text not null,
    language text not null,
    shadow boolean not null,
    model text not null,
    version text not null,
    outcome text not null check (outcome in ('proposed', 'unsure', 'emergency', 'late', 'failed')),
    kind text not null,
    answers integer not null,
    confidence double precision not null check (confidence between 0 and 1),
    took_ms integer not null,
    chosen text not null,
    primary key (neighbourhood_id, id)
);
create index understanding_uses_model on understanding_uses (neighbourhood_id, organisation_id, model, version);
create index understanding_uses_age on understanding_uses (neighbourhood_id, at);
alter table understanding_uses enable row level security;
alter table understanding_uses force row level security;
create policy understanding_uses_read on understanding_uses for select
    using (neighbourhood_id = current_neighbourhood()
           and (current_actor() in ('intake', 'job')
                or organisation_id = '00000000-0000-0000-0000-000000000000'
                or organisation_id = any (current_organisations())));
create policy understanding_uses_add on understanding_uses for insert
    with check (neighbourhood_id = current_neighbourhood() and current_actor() = 'intake');
create policy understanding_uses_choose on understanding_uses for update
    using (neighbourhood_id = current_neighbourhood() and current_actor() = 'intake')
    with check (neighbourhood_id = current_neighbourhood() and current_actor() = 'intake');
create policy understanding_uses_remove on understanding_uses for delete
    using (neighbourhood_id = current_neighbourhood() and current_actor() = 'job');

-- +goose Up
-- Drafts that decide on live traffic without effect: how far each version of a draft has come, and what it would have
-- decided otherwise. Which request it was, and no facts: those are in request_history.
create table shadows (
    neighbourhood_id uuid not null,
    draft text not null,
    hash text not null,
    since_at timestamptz not null,
    seen_at timestamptz not null,
    primary key (neighbourhood_id, draft, hash)
);
alter table shadows enable row level security;
alter table shadows force row level security;
create policy shadows_scope on shadows
    using (neighbourhood_id = current_neighbourhood() and current_actor() = 'job')
    with check (neighbourhood_id = current_neighbourhood() and current_actor() = 'job');

create table shadow_differences (
    neighbourhood_id uuid not null,
    draft text not null,
    hash text not null,
    request_id uuid not null,
    submitted_at timestamptz not null,
    live_hash text not null,
    cell text not null,
    from_end jsonb not null,
    to_end jsonb not null,
    primary key (neighbourhood_id, draft, hash, request_id),
    foreign key (neighbourhood_id, draft, hash) references shadows on delete cascade
);
create index shadow_differences_cell on shadow_differences (neighbourhood_id, draft, hash, cell, submitted_at desc);
alter table shadow_differences enable row level security;
alter table shadow_differences force row level security;
create policy shadow_differences_scope on shadow_differences
    using (neighbourhood_id = current_neighbourhood() and current_actor() = 'job')
    with check (neighbourhood_id = current_neighbourhood() and current_actor() = 'job');

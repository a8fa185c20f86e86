-- +goose Up
-- Runs of a draft against past requests. A run keeps the draft's document, so that it can be explained when the draft has
-- changed. States: 1 queued, 2 running, 3 done, 4 cancelled, 5 failed.
create table simulations (
    neighbourhood_id uuid not null,
    id uuid not null,
    started_by jsonb not null,
    draft text not null,
    document text not null,
    live_hash text not null,
    draft_hash text not null,
    directory_hash text not null,
    from_at timestamptz not null,
    until_at timestamptz not null,
    mode text not null,
    state smallint not null,
    done integer not null default 0,
    total integer not null default 0,
    cancel boolean not null default false,
    tries smallint not null default 0,
    token uuid,               -- who runs it
    lease_until timestamptz,  -- and until when they need not say anything
    problem text not null default '',
    result jsonb,
    created_at timestamptz not null,
    finished_at timestamptz,
    primary key (neighbourhood_id, id)
);
create index simulations_newest on simulations (neighbourhood_id, created_at desc);
create index simulations_running on simulations (neighbourhood_id, lease_until) where state in (1, 2);
alter table simulations enable row level security;
alter table simulations force row level security;
create policy simulations_scope on simulations
    using (neighbourhood_id = current_neighbourhood() and current_actor() = 'job')
    with check (neighbourhood_id = current_neighbourhood() and current_actor() = 'job');
revoke delete on simulations from onedoor_app;

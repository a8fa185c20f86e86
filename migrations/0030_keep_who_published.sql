-- +goose Up
-- A version that was scheduled may be taken back before it is live; nothing else of it ever changes.
alter table policy_versions add column withdrawn_at timestamptz;
grant update (withdrawn_at) on policy_versions to onedoor_app;

-- Who published each version, why, and what was found in it. Nodes route by policy_versions alone; this is the
-- neighbourhood's own history, and nobody else's to read.
create table policy_publications (
    neighbourhood_id uuid not null,
    id uuid not null,
    hash text not null,
    live_from timestamptz not null,
    published_at timestamptz not null,
    published_by text not null,
    published_by_id uuid,
    note text not null,
    reasons jsonb not null default '[]',
    findings jsonb not null default '[]',
    replay jsonb,
    review jsonb,
    draft text not null default '',
    based_on text not null default '',
    restored_from text not null default '',
    withdrawn jsonb,
    primary key (neighbourhood_id, id),
    constraint policy_publications_version unique (neighbourhood_id, hash, live_from)
);
create index policy_publications_live on policy_publications (neighbourhood_id, live_from desc);

insert into policy_publications (neighbourhood_id, id, hash, live_from, published_at, published_by, note)
select neighbourhood_id, gen_random_uuid(), hash, live_from, live_from, published_by, note from policy_versions;

alter table policy_publications enable row level security;
alter table policy_publications force row level security;
create policy policy_publications_scope on policy_publications
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('staff', 'job'))
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('staff', 'job'));
revoke update, delete on policy_publications from onedoor_app;
grant update (withdrawn) on policy_publications to onedoor_app;

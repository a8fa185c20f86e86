-- +goose Up
-- Policies that leads work on, several in a neighbourhood. A draft decides nothing, but for one that shadows live traffic.
create table policy_drafts (
    neighbourhood_id uuid not null,
    name text not null,
    author text not null,
    author_id uuid,
    based_on text not null,
    version integer not null,
    document text not null,
    hash text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    updated_by text not null,
    updated_by_id uuid,
    review jsonb,
    shadow boolean not null,
    primary key (neighbourhood_id, name)
);
alter table policy_drafts enable row level security;
alter table policy_drafts force row level security;
create policy policy_drafts_scope on policy_drafts
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('staff', 'job'))
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('staff', 'job'));

-- Every text that was saved of a draft, and those that came after somebody else's (version 0), so that nothing is lost.
create table policy_draft_saves (
    neighbourhood_id uuid not null,
    id uuid not null,
    draft text not null,
    version integer not null,
    etag text not null,
    document text not null,
    saved_at timestamptz not null,
    saved_by text not null,
    saved_by_id uuid,
    primary key (neighbourhood_id, id)
);
create index policy_draft_saves_draft on policy_draft_saves (neighbourhood_id, draft, id desc);
alter table policy_draft_saves enable row level security;
alter table policy_draft_saves force row level security;
create policy policy_draft_saves_scope on policy_draft_saves
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('staff', 'job'))
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('staff', 'job'));
revoke update on policy_draft_saves from onedoor_app;

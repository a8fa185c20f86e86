-- +goose Up
-- What happened. onedoor_app adds and reads; nothing it can do changes or removes a line.
create table audit_entries (
    neighbourhood_id uuid not null,
    id uuid not null,
    organisation_id uuid,
    at timestamptz not null,
    actor_kind text not null,
    actor_id uuid,
    actor_name text not null,
    action text not null,
    subject_kind text not null,
    subject uuid not null,
    details jsonb not null,
    primary key (neighbourhood_id, id)
);
create index audit_entries_subject on audit_entries (neighbourhood_id, subject, id);
create index audit_entries_organisation on audit_entries (neighbourhood_id, organisation_id, id);
alter table audit_entries enable row level security;
alter table audit_entries force row level security;
-- Staff read what was done on behalf of their organisation, and the whole story of a request that they can see.
create policy audit_entries_read on audit_entries for select
    using (neighbourhood_id = current_neighbourhood()
           and (current_actor() = 'job'
                or organisation_id = any (current_organisations())
                or (subject_kind = 'request' and exists (
                    select from requests r where r.neighbourhood_id = audit_entries.neighbourhood_id and r.id = audit_entries.subject))));
create policy audit_entries_add on audit_entries for insert
    with check (neighbourhood_id = current_neighbourhood());
revoke update, delete, truncate on audit_entries from onedoor_app;

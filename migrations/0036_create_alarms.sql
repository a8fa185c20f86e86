-- +goose Up
-- What should be looked at soon. An alarm names rules, versions and figures, never a person; while it is open, its kind
-- and subject stand once.
create table alarms (
    neighbourhood_id uuid not null,
    id uuid not null,
    kind text not null check (kind in ('policy-load', 'replay-difference', 'rule-drift')),
    subject text not null check (subject <> ''),
    says text not null,
    raised_at timestamptz not null,
    seen_at timestamptz not null,
    cleared_at timestamptz,
    acknowledged_by jsonb,
    note text not null default '',
    primary key (neighbourhood_id, id),
    check (acknowledged_by is null or cleared_at is not null)
);
create unique index alarms_open on alarms (neighbourhood_id, kind, subject) where cleared_at is null;
create index alarms_newest on alarms (neighbourhood_id, kind, subject, id);
alter table alarms enable row level security;
alter table alarms force row level security;
-- A patient's way in neither reads nor raises them.
create policy alarms_read on alarms for select
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('staff', 'job'));
create policy alarms_raise on alarms for insert
    with check (neighbourhood_id = current_neighbourhood() and current_actor() = 'job');
create policy alarms_change on alarms for update
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('staff', 'job'))
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('staff', 'job'));
revoke delete on alarms from onedoor_app;

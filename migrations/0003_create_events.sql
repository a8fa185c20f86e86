-- Live updates: ids only, so that every process may read them all. Each event knows the transaction that wrote it; readers
-- resume after (xid, id) and read only what every earlier transaction has finished before, so that one that commits late
-- is not skipped. On Citus these tables stay on the coordinator.

-- +goose Up
create table events (
  xid              xid8        not null default pg_current_xact_id(),
  id               bigint      not null generated always as identity,
  neighbourhood_id uuid        not null,
  organisation_ids uuid[]      not null default '{}',
  topic            text        not null check (topic <> ''),
  subject          uuid,
  reference        text        not null default '',
  at               timestamptz not null default now(),
  primary key (xid, id)
);

-- The newest event that was removed: who resumes from before it has missed something.
create table events_horizon (
  only_row boolean primary key default true check (only_row),
  xid      xid8    not null,
  id       bigint  not null
);
insert into events_horizon (xid, id) values ('0', 0);
revoke insert, delete on events_horizon from onedoor_app;
revoke update on events from onedoor_app;

-- +goose Down
drop table events_horizon;
drop table events;

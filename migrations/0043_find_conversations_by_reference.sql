-- +goose Up
-- A conversation begun on one channel goes on on another by its reference. Its token changes hands with it.
alter table conversations add column reference text;
alter table conversations add column wrong_births smallint not null default 0; -- dates of birth that were not its person's
create unique index conversations_reference on conversations (neighbourhood_id, reference) where reference is not null;

-- How often somebody asked for a reference that no conversation has, by the hour: so that nobody goes through them all.
-- The asker is a hash of whatever tells one from another on their channel.
create table conversation_tries (
    neighbourhood_id uuid not null,
    asker bytea not null,
    hour timestamptz not null,
    wrong integer not null,
    primary key (neighbourhood_id, asker, hour)
);
create index conversation_tries_hour on conversation_tries (neighbourhood_id, hour);
alter table conversation_tries enable row level security;
alter table conversation_tries force row level security;
create policy conversation_tries_scope on conversation_tries
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'))
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'));

-- +goose Down
drop table conversation_tries;
drop index conversations_reference;
alter table conversations drop column wrong_births;
alter table conversations drop column reference;

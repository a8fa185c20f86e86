-- +goose Up
-- Every telephone call that was answered, or refused. What is kept of the caller goes after a short time: the hash finds a
-- second call within a day, and then repeats_id says so; the sealed number is for calling back.
create table calls (
    neighbourhood_id uuid not null,
    id uuid not null,
    organisation_id uuid, -- null for the neighbourhood's own line
    line text not null,
    via text not null check (via in ('sip', 'twiml', 'jambonz')),
    language text not null,
    external_hash bytea,
    caller_hash bytea,
    caller_sealed bytea,
    withheld boolean not null,
    repeats_id uuid,

    started_at timestamptz not null,
    answered_at timestamptz,
    person_asked_at timestamptz,
    person_at timestamptz,
    ended_at timestamptz,
    heard_at timestamptz not null,

    ending text not null check (ending in ('completed', 'person', 'callback', 'abandoned-kept', 'abandoned-empty', 'emergency', 'refused', 'failed')),
    kind text not null,
    reference text not null,
    answers_kept boolean not null,
    last_step text not null,
    primary key (neighbourhood_id, id),
    check (ended_at is null or ended_at >= started_at)
);
create unique index calls_external on calls (neighbourhood_id, external_hash) where external_hash is not null;
create index calls_caller on calls (neighbourhood_id, caller_hash, started_at) where caller_hash is not null;
create index calls_started on calls (neighbourhood_id, started_at);
create index calls_repeats on calls (neighbourhood_id, repeats_id) where repeats_id is not null;
create index calls_open on calls (neighbourhood_id, heard_at) where ended_at is null;
alter table calls enable row level security;
alter table calls force row level security;
-- The neighbourhood's own line is read by people who work for some organisation in it; which of them, the domain says.
create policy calls_read on calls for select
    using (neighbourhood_id = current_neighbourhood()
           and (current_actor() in ('intake', 'job')
                or organisation_id = any (current_organisations())
                or (organisation_id is null and cardinality(current_organisations()) > 0)));
create policy calls_add on calls for insert
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'));
create policy calls_change on calls for update
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'))
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'));
revoke delete on calls from onedoor_app;

-- The dialogue's state of a call that goes on, sealed.
create table call_sessions (
    neighbourhood_id uuid not null,
    call_id uuid not null,
    version integer not null,
    sealed bytea not null,
    saved_at timestamptz not null,
    primary key (neighbourhood_id, call_id),
    foreign key (neighbourhood_id, call_id) references calls
);
alter table call_sessions enable row level security;
alter table call_sessions force row level security;
create policy call_sessions_scope on call_sessions
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'))
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'));

-- The neighbourhood's key for hashing callers' numbers, sealed.
create table call_keys (
    neighbourhood_id uuid primary key,
    sealed bytea not null
);
alter table call_keys enable row level security;
alter table call_keys force row level security;
create policy call_keys_read on call_keys for select
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'));
create policy call_keys_add on call_keys for insert
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'));
revoke update, delete on call_keys from onedoor_app;

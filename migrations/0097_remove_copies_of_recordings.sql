-- Recordings that a telephony platform still holds after they were kept here: what is to be removed there, and was not yet.
-- The address names an account and a recording there, which nobody opens without the account's token. A row goes when the
-- copy is gone.

-- +goose Up
create table recording_copies (
    neighbourhood_id uuid not null,
    id uuid not null,
    line text not null,    -- whose token opens the account
    address text not null,
    kept_at timestamptz not null,
    tries smallint not null default 0,
    try_at timestamptz not null,
    primary key (neighbourhood_id, id)
);
create index recording_copies_due on recording_copies (neighbourhood_id, try_at);
alter table recording_copies enable row level security;
alter table recording_copies force row level security;
-- The way in notes what is to be removed; only jobs see it.
create policy recording_copies_job on recording_copies
    using (neighbourhood_id = current_neighbourhood() and current_actor() = 'job')
    with check (neighbourhood_id = current_neighbourhood() and current_actor() = 'job');
create policy recording_copies_add on recording_copies for insert
    with check (neighbourhood_id = current_neighbourhood() and current_actor() = 'intake');

-- +goose Down
drop table recording_copies;

-- +goose Up
-- What callers said in place of writing. Sound and transcript are sealed with the neighbourhood's key before they come here.
-- When their time is over both go, and the row stays: the request then says that the recording is gone.
create table recordings (
    neighbourhood_id uuid not null,
    id uuid not null,
    call_id uuid not null,
    link_id text not null,
    at timestamptz not null,
    length_ms integer not null check (length_ms >= 0),
    audio bytea,
    removed_at timestamptz,
    transcript bytea,
    transcript_by text not null default '', -- model and version
    tries smallint not null default 0,      -- to transcribe it
    tried_at timestamptz,
    heard_at timestamptz,
    heard_by uuid,
    heard_name text not null default '',
    primary key (neighbourhood_id, id),
    check ((audio is null) = (removed_at is not null)),
    check (removed_at is null or transcript is null),
    check ((heard_at is null) = (heard_by is null))
);
create index recordings_age on recordings (neighbourhood_id, at) where audio is not null;
create index recordings_to_transcribe on recordings (neighbourhood_id, at) where audio is not null and transcript is null and tries < 5;
alter table recordings enable row level security;
alter table recordings force row level security;
-- A recording is heard by the staff who see a request that it belongs to. The way in adds it and hears nothing.
create policy recordings_read on recordings for select
    using (neighbourhood_id = current_neighbourhood()
           and (current_actor() = 'job'
                or (current_actor() = 'staff'
                    and exists (select from request_recordings rr
                                where rr.neighbourhood_id = recordings.neighbourhood_id and rr.recording_id = recordings.id))));
create policy recordings_add on recordings for insert
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'));
create policy recordings_change on recordings for update
    using (neighbourhood_id = current_neighbourhood()
           and (current_actor() = 'job'
                or (current_actor() = 'staff'
                    and exists (select from request_recordings rr
                                where rr.neighbourhood_id = recordings.neighbourhood_id and rr.recording_id = recordings.id))))
    with check (neighbourhood_id = current_neighbourhood());
revoke delete on recordings from onedoor_app;

-- What an organisation wants done with recordings of the requests that it is accountable for.
create table recording_settings (
    neighbourhood_id uuid not null,
    organisation_id uuid not null,
    kept_days integer not null check (kept_days between 1 and 3650),
    transcribe boolean not null,
    changed_at timestamptz not null,
    primary key (neighbourhood_id, organisation_id)
);
alter table recording_settings enable row level security;
alter table recording_settings force row level security;
create policy recording_settings_read on recording_settings for select
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('staff', 'job'));
create policy recording_settings_add on recording_settings for insert
    with check (neighbourhood_id = current_neighbourhood() and current_actor() = 'staff' and organisation_id = any (current_organisations()));
create policy recording_settings_change on recording_settings for update
    using (neighbourhood_id = current_neighbourhood() and current_actor() = 'staff' and organisation_id = any (current_organisations()));
revoke delete on recording_settings from onedoor_app;

-- +goose Down
drop table recording_settings;
drop table recordings;

-- +goose Up
-- What somebody had answered before they left, and which recordings stand for answers (linkId to recording). Both are read
-- by whoever reads the request, and neither is searched.
alter table requests add column incomplete jsonb;
alter table requests add column recordings jsonb;

-- Which requests a recording belongs to: a call that was cut off and what it became can share one. A recording is heard by
-- those who see one of its requests. It does not refer to recordings: a request is worth more than a recording that could
-- not be kept.
create table request_recordings (
    neighbourhood_id uuid not null,
    request_id uuid not null,
    recording_id uuid not null,
    link_id text not null,
    primary key (neighbourhood_id, request_id, recording_id),
    foreign key (neighbourhood_id, request_id) references requests
);
create index request_recordings_of on request_recordings (neighbourhood_id, recording_id);
alter table request_recordings enable row level security;
alter table request_recordings force row level security;
create policy request_recordings_read on request_recordings for select
    using (neighbourhood_id = current_neighbourhood()
           and (current_actor() in ('intake', 'job')
                or exists (select from requests r where r.neighbourhood_id = request_recordings.neighbourhood_id and r.id = request_recordings.request_id)));
create policy request_recordings_add on request_recordings for insert
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'));
revoke update, delete on request_recordings from onedoor_app;

-- +goose Down
drop table request_recordings;
alter table requests drop column recordings;
alter table requests drop column incomplete;

-- +goose Up
-- How many people began to ask for a kind on a channel in a day: counts alone, since what was begun is itself forgotten
-- within the hour. The telephone's are counted from calls.
create table begun_days (
    neighbourhood_id uuid not null,
    day date not null,
    channel text not null,
    kind text not null,
    begun integer not null,
    primary key (neighbourhood_id, day, channel, kind)
);
alter table begun_days enable row level security;
alter table begun_days force row level security;
create policy begun_days_scope on begun_days
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'))
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'));
revoke delete on begun_days from onedoor_app;

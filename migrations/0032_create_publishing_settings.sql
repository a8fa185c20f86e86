-- +goose Up
-- How a neighbourhood publishes. One without a row asks for nobody's review.
create table publishing_settings (
    neighbourhood_id uuid primary key,
    second_person boolean not null,
    changed_at timestamptz not null,
    changed_by text not null
);
alter table publishing_settings enable row level security;
alter table publishing_settings force row level security;
create policy publishing_settings_scope on publishing_settings
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('staff', 'job'))
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('staff', 'job'));
revoke delete on publishing_settings from onedoor_app;

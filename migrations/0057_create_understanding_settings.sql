-- +goose Up
-- How an organisation uses understanding of people's own words; the organisation of zeros is the neighbourhood's own front
-- door and line. Without a row it is off.
create table understanding_settings (
    neighbourhood_id uuid not null,
    organisation_id uuid not null,
    mode text not null check (mode in ('off', 'shadow', 'on')),
    model text not null,
    as_said boolean not null,
    on_model text not null,
    on_version text not null,
    on_kinds jsonb not null,
    version integer not null,
    changed_at timestamptz not null,
    changed_by text not null,
    primary key (neighbourhood_id, organisation_id),
    check (mode <> 'on' or (on_model <> '' and on_version <> ''))
);
alter table understanding_settings enable row level security;
alter table understanding_settings force row level security;
create policy understanding_settings_read on understanding_settings for select
    using (neighbourhood_id = current_neighbourhood()
           and (current_actor() in ('intake', 'job')
                or organisation_id = '00000000-0000-0000-0000-000000000000'
                or organisation_id = any (current_organisations())));
create policy understanding_settings_add on understanding_settings for insert
    with check (neighbourhood_id = current_neighbourhood() and current_actor() = 'staff'
                and (organisation_id = '00000000-0000-0000-0000-000000000000' or organisation_id = any (current_organisations())));
create policy understanding_settings_change on understanding_settings for update
    using (neighbourhood_id = current_neighbourhood() and current_actor() = 'staff'
           and (organisation_id = '00000000-0000-0000-0000-000000000000' or organisation_id = any (current_organisations())))
    with check (neighbourhood_id = current_neighbourhood() and current_actor() = 'staff');
revoke delete on understanding_settings from onedoor_app;

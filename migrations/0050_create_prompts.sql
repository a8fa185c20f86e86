-- +goose Up
-- People's own recordings of what the telephone says. A neighbourhood's own have the organisation of all zeros. Calls hear
-- them in the scope of intake; staff see their neighbourhood's and their organisation's, and change their organisation's.
-- Leads, who work for no organisation, change the neighbourhood's.
create table prompts (
    neighbourhood_id uuid not null,
    organisation_id uuid not null,
    phrase text not null,
    language text not null check (language in ('en', 'cy')),
    id uuid not null,
    words text not null, -- a hash of what was recorded
    sound bytea not null, -- mu-law, 8 kHz, one channel
    uploaded_by jsonb not null,
    uploaded_at timestamptz not null,
    primary key (neighbourhood_id, organisation_id, phrase, language),
    constraint prompts_id unique (neighbourhood_id, id),
    check (length(phrase) between 1 and 200 and length(sound) between 1 and 2000000)
);
alter table prompts alter column sound set storage external; -- sound does not compress
alter table prompts enable row level security;
alter table prompts force row level security;
create policy prompts_read on prompts for select
    using (neighbourhood_id = current_neighbourhood()
           and (current_actor() in ('intake', 'job')
                or organisation_id = '00000000-0000-0000-0000-000000000000'
                or organisation_id = any (current_organisations())));
create policy prompts_add on prompts for insert
    with check (neighbourhood_id = current_neighbourhood() and current_actor() = 'staff'
                and (organisation_id = any (current_organisations())
                     or (organisation_id = '00000000-0000-0000-0000-000000000000' and current_organisations() is null)));
create policy prompts_change on prompts for update
    using (neighbourhood_id = current_neighbourhood() and current_actor() = 'staff'
           and (organisation_id = any (current_organisations())
                or (organisation_id = '00000000-0000-0000-0000-000000000000' and current_organisations() is null)))
    with check (neighbourhood_id = current_neighbourhood() and current_actor() = 'staff'
                and (organisation_id = any (current_organisations())
                     or (organisation_id = '00000000-0000-0000-0000-000000000000' and current_organisations() is null)));
create policy prompts_remove on prompts for delete
    using (neighbourhood_id = current_neighbourhood() and current_actor() = 'staff'
           and (organisation_id = any (current_organisations())
                or (organisation_id = '00000000-0000-0000-0000-000000000000' and current_organisations() is null)));

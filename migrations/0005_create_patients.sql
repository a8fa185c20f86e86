-- +goose Up
-- The people on the registers of a neighbourhood's practices. Intake matches against them; staff of the practice that has
-- somebody on its list may read them. A request carries its own copy of the demographics.
create table patients (
    neighbourhood_id uuid not null,
    id uuid not null,
    nhs_number text,
    given_name text not null,
    family_name text not null,
    birth_date date not null,
    sex text,
    postcode text not null,
    mobile text,
    practice_id uuid,
    registration text not null check (registration in ('here', 'elsewhere', 'temporary', 'none')),
    nominated_pharmacy_id uuid,
    primary key (neighbourhood_id, id)
);
create unique index patients_nhs_number on patients (neighbourhood_id, nhs_number) where nhs_number is not null;
create index patients_birth_date on patients (neighbourhood_id, birth_date, postcode);

alter table patients enable row level security;
alter table patients force row level security;
create policy patients_scope on patients
    using (neighbourhood_id = current_neighbourhood()
           and (current_actor() in ('intake', 'job')
                or practice_id = any (current_organisations())))
    with check (neighbourhood_id = current_neighbourhood() and current_actor() = 'job');

-- +goose Up
-- How callers prove who they are. Everything here is keyed by hashes that say nothing without the neighbourhood's key,
-- which is sealed.
create table caller_keys (
    neighbourhood_id uuid primary key,
    sealed bytea not null
);
alter table caller_keys enable row level security;
alter table caller_keys force row level security;
create policy caller_keys_scope on caller_keys
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'))
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'));

-- What was tried how often: by call, by what was said of somebody, by person.
create table caller_counts (
    neighbourhood_id uuid not null,
    subject bytea not null, -- a keyed hash
    what text not null check (what in ('code', 'try')),
    starts_at timestamptz not null,
    n integer not null check (n > 0),
    counted_at timestamptz not null,
    primary key (neighbourhood_id, subject, what, starts_at)
);
create index caller_counts_age on caller_counts (neighbourhood_id, counted_at);
alter table caller_counts enable row level security;
alter table caller_counts force row level security;
create policy caller_counts_scope on caller_counts
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'))
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'));

-- The one code of a call. Without a person it is nobody's, and was sent to nobody.
create table caller_codes (
    neighbourhood_id uuid not null,
    call_id uuid not null,
    patient_id uuid,
    hash bytea not null,
    expires_at timestamptz not null,
    primary key (neighbourhood_id, call_id)
);
create index caller_codes_age on caller_codes (neighbourhood_id, expires_at);
alter table caller_codes enable row level security;
alter table caller_codes force row level security;
create policy caller_codes_scope on caller_codes
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'))
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'));

create table caller_proofs (
    neighbourhood_id uuid not null,
    id uuid not null,
    call_id uuid not null,
    patient_id uuid not null,
    method text not null check (method in ('code', 'pin')),
    at timestamptz not null,
    until_at timestamptz not null,
    primary key (neighbourhood_id, id)
);
create index caller_proofs_age on caller_proofs (neighbourhood_id, until_at);
alter table caller_proofs enable row level security;
alter table caller_proofs force row level security;
create policy caller_proofs_scope on caller_proofs
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'))
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'));
revoke update on caller_proofs from onedoor_app;

-- A PIN is set by the practice that has the person on its list: staff see no other people. A call reads it and counts
-- wrong tries.
create table caller_pins (
    neighbourhood_id uuid not null,
    patient_id uuid not null,
    hash text not null,
    set_by jsonb not null,
    set_at timestamptz not null,
    wrong integer not null check (wrong >= 0),
    primary key (neighbourhood_id, patient_id),
    foreign key (neighbourhood_id, patient_id) references patients
);
alter table caller_pins enable row level security;
alter table caller_pins force row level security;
create policy caller_pins_read on caller_pins for select
    using (neighbourhood_id = current_neighbourhood()
           and (current_actor() in ('intake', 'job')
                or exists (select from patients p where p.neighbourhood_id = caller_pins.neighbourhood_id and p.id = caller_pins.patient_id)));
create policy caller_pins_set on caller_pins for insert
    with check (neighbourhood_id = current_neighbourhood() and current_actor() = 'staff'
                and exists (select from patients p where p.neighbourhood_id = caller_pins.neighbourhood_id and p.id = caller_pins.patient_id));
create policy caller_pins_change on caller_pins for update
    using (neighbourhood_id = current_neighbourhood()
           and (current_actor() = 'intake'
                or exists (select from patients p where p.neighbourhood_id = caller_pins.neighbourhood_id and p.id = caller_pins.patient_id)))
    with check (neighbourhood_id = current_neighbourhood());
create policy caller_pins_remove on caller_pins for delete
    using (neighbourhood_id = current_neighbourhood() and current_actor() = 'staff'
           and exists (select from patients p where p.neighbourhood_id = caller_pins.neighbourhood_id and p.id = caller_pins.patient_id));

-- What a proved caller hears is found by person; a number that several people share is found by number.
create index requests_patient on requests (neighbourhood_id, patient_id, submitted_at) where patient_id is not null;
create index patients_mobile on patients (neighbourhood_id, mobile) where mobile is not null;

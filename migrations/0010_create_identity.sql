-- +goose Up
-- Who may come in. These tables have no tenant: whoever asks is found here before it is known which tenant they are in.
-- They hold members of staff and programs, never patients. Secrets are kept as SHA-256 of 256 random bits.
create table people (
    id uuid primary key,
    issuer text not null,
    subject text not null,
    name text not null,
    created_at timestamptz not null,
    unique (issuer, subject)
);

create table memberships (
    id uuid primary key,
    person_id uuid not null references people,
    neighbourhood_id uuid not null references neighbourhoods,
    organisation_id uuid references organisations,
    role text not null check (role in ('receptionist', 'clinician', 'org-admin', 'lead', 'operator')),
    starts_on date not null,
    ends_on date check (ends_on >= starts_on),
    check ((organisation_id is not null) = (role in ('receptionist', 'clinician', 'org-admin')))
);
create index memberships_person on memberships (person_id);
create index memberships_organisation on memberships (neighbourhood_id, organisation_id);

create table sessions (
    token_hash bytea primary key check (length(token_hash) = 32),
    person_id uuid not null references people,
    neighbourhood_id uuid not null references neighbourhoods,
    development boolean not null,
    authenticated_at timestamptz not null,
    created_at timestamptz not null,
    seen_at timestamptz not null,
    expires_at timestamptz not null
);
create index sessions_expiry on sessions (expires_at);

create table api_clients (
    id uuid primary key,
    neighbourhood_id uuid not null references neighbourhoods,
    organisation_id uuid references organisations,
    role text not null check (role in ('receptionist', 'clinician', 'org-admin', 'lead', 'operator', 'app', 'partner')),
    label text not null,
    person_id uuid references people,
    person_name text not null,
    development boolean not null,
    key_hash bytea not null unique check (length(key_hash) = 32),
    created_at timestamptz not null,
    revoked_at timestamptz,
    check ((organisation_id is not null) = (role in ('receptionist', 'clinician', 'org-admin')))
);
create index api_clients_neighbourhood on api_clients (neighbourhood_id);

-- +goose Up
-- The directory: who takes part, where, and what they offer. These tables have no tenant (every node reads all of them to
-- route); what they hold is public. A change makes a new version in directory_versions, and routing reads only versions.
create table neighbourhoods (
    id uuid primary key,
    slug text not null unique check (slug ~ '^[a-z][a-z0-9-]{1,39}$'),
    name text not null,
    desk_organisation_id uuid not null,
    created_at timestamptz not null
);

create table organisations (
    id uuid primary key,
    ods_code text not null unique,
    name text not null,
    kind text not null check (kind in ('practice', 'pharmacy', 'community', 'hub'))
);

create table agreements (
    neighbourhood_id uuid not null references neighbourhoods,
    organisation_id uuid not null references organisations,
    starts_on date not null,
    ends_on date check (ends_on >= starts_on),
    primary key (neighbourhood_id, organisation_id, starts_on)
);

create table sites (
    id uuid primary key,
    organisation_id uuid not null references organisations,
    name text not null,
    address jsonb not null,
    postcode text not null,
    telephone text not null,
    hours jsonb not null
);
create index sites_organisation on sites (organisation_id);

create table queues (
    id uuid primary key,
    neighbourhood_id uuid not null references neighbourhoods,
    organisation_id uuid not null references organisations,
    slug text not null,
    name text not null,
    unique (neighbourhood_id, organisation_id, slug)
);

create table services (
    id uuid primary key,
    neighbourhood_id uuid not null references neighbourhoods,
    organisation_id uuid not null references organisations,
    site_id uuid not null references sites,
    queue_id uuid not null references queues,
    slug text not null,
    name text not null,
    kinds jsonb not null,
    capabilities jsonb not null,
    eligibility jsonb not null,
    hours jsonb not null,
    capacity jsonb not null,
    paused boolean not null default false,
    unique (neighbourhood_id, organisation_id, slug)
);

-- Immutable: a version is never updated, and the newest one is live.
create table directory_versions (
    neighbourhood_id uuid not null references neighbourhoods,
    hash text not null,
    live_from timestamptz not null,
    document bytea not null, -- the canonical JSON that the hash is taken of, byte for byte
    made_by text not null,
    primary key (neighbourhood_id, hash, live_from)
);
create index directory_versions_live on directory_versions (neighbourhood_id, live_from desc);

-- Immutable: publishing an old policy again is a new row with the same hash.
create table policy_versions (
    neighbourhood_id uuid not null references neighbourhoods,
    hash text not null,
    live_from timestamptz not null,
    document text not null,
    published_by text not null,
    note text not null,
    primary key (neighbourhood_id, hash, live_from)
);
create index policy_versions_live on policy_versions (neighbourhood_id, live_from desc);

revoke update, delete on directory_versions, policy_versions from onedoor_app;

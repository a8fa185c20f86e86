-- Organisations as the national register has them, of the files that were imported and of those that take part here. It is
-- public, and belongs to no neighbourhood.

-- +goose Up
create table listed_organisations (
    ods_code text primary key,
    name text not null,
    kind text not null check (kind in ('', 'practice', 'pharmacy', 'community', 'hub')),
    role text not null,
    is_open boolean not null,
    opened_on date,
    closed_on date,
    address jsonb not null,
    postcode text not null,
    telephone text not null,
    source text not null,
    read_at timestamptz not null
);
revoke delete on listed_organisations from onedoor_app;

-- Who read what, and what it changed.
create table listings (
    id uuid primary key,
    source text not null,
    done_by text not null,
    done_at timestamptz not null,
    read integer not null,
    added integer not null,
    changed integer not null,
    passed_over integer not null
);
create index listings_newest on listings (done_at desc);
revoke update, delete on listings from onedoor_app;

-- +goose Down
drop table listings;
drop table listed_organisations;

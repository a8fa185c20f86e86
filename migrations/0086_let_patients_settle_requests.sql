-- What people do about their own requests by themselves, outside a telephone call too.

-- +goose Up
-- A proof that holds for a request, on a page or in an app, and not for a call. Its call_id is then named after the request.
alter table caller_proofs add column outside boolean not null default false;

-- An order for repeat medicines that went into the practice's own system, in the place of its task: how it stands is read
-- back like that of an arrival, and it cannot be taken back by us.
alter table arrivals add column ordered boolean not null default false;

-- An order, stored before it is first sent.
create table medicine_orders (
    neighbourhood_id uuid not null,
    id uuid not null,
    request_id uuid not null,
    organisation_id uuid not null, -- whose system it goes to
    integration_id uuid not null,  -- the way it goes, at every try
    state smallint not null check (state between 0 and 3), -- 0 asked, 1 ordered, 2 refused, 3 unknown
    sealed bytea not null,         -- the order: it names medicines
    tries integer not null,
    asked_at timestamptz not null,
    settled_at timestamptz,
    next_at timestamptz,           -- when it is read back next; null once it is certain
    last_error text not null default '',
    primary key (neighbourhood_id, id)
);
-- One order of a request at a time, and one in all that arrived.
create unique index medicine_orders_once on medicine_orders (neighbourhood_id, request_id) where state <> 2;
create index medicine_orders_due on medicine_orders (neighbourhood_id, next_at) where next_at is not null;
alter table medicine_orders enable row level security;
alter table medicine_orders force row level security;
create policy medicine_orders_scope on medicine_orders
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'))
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'));
revoke delete on medicine_orders from onedoor_app;

-- +goose Down
drop table medicine_orders;
alter table arrivals drop column ordered;
alter table caller_proofs drop column outside;

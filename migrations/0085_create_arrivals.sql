-- A request that was filed as an organisation's own task or referral when it came to it, so that it needs no second inbox.
-- Its id is its delivery's. A job reads back what the organisation's system says of it.

-- +goose Up
create table arrivals (
    neighbourhood_id uuid not null,
    id uuid not null,
    request_id uuid not null,
    organisation_id uuid not null,
    sequence integer not null,           -- of the request's deliveries: its withdrawal's is one more
    stage smallint not null check (stage between 0 and 4), -- 0 waiting, 1 in hand, 2 done, 3 refused, 4 cancelled
    says text not null default '',       -- the system's own words, for staff
    misses smallint not null default 0,  -- readings in a row that did not find it
    made_at timestamptz not null,
    read_at timestamptz,
    next_at timestamptz,                 -- when it is read next; null once it has ended
    primary key (neighbourhood_id, id)
);
create index arrivals_request on arrivals (neighbourhood_id, request_id);
create index arrivals_due on arrivals (neighbourhood_id, next_at) where next_at is not null;

alter table arrivals enable row level security;
alter table arrivals force row level security;
create policy arrivals_read on arrivals for select
    using (neighbourhood_id = current_neighbourhood()
           and (current_actor() = 'job'
                or (current_actor() = 'staff' and exists (select from requests r where r.neighbourhood_id = arrivals.neighbourhood_id and r.id = arrivals.request_id))));
create policy arrivals_add on arrivals for insert
    with check (neighbourhood_id = current_neighbourhood());
create policy arrivals_change on arrivals for update
    using (neighbourhood_id = current_neighbourhood() and current_actor() = 'job');
revoke delete on arrivals from onedoor_app;

-- A submission has to know which organisations take requests so: a column of its own keeps the look at it cheap. What it then
-- reads are names of kinds; addresses are no secret, and credentials are kept elsewhere.
alter table integrations
    add column takes_arrivals boolean generated always as (uses @> '[{"use": "arrivals"}]') stored;
create index integrations_arrivals on integrations (neighbourhood_id, organisation_id) where takes_arrivals;
create policy integrations_of_intake on integrations for select
    using (neighbourhood_id = current_neighbourhood() and current_actor() = 'intake' and takes_arrivals);

-- +goose Down
drop policy integrations_of_intake on integrations;
alter table integrations drop column takes_arrivals;
drop table arrivals;

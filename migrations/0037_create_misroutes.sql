-- +goose Up
-- Who found a request sent to the wrong place, and why. A note may name people: it is as visible as the request. The rule
-- is copied from the decision, so that what is counted for a rule needs no request.
create table misroutes (
    neighbourhood_id uuid not null,
    id uuid not null,
    request_id uuid not null,
    declined boolean not null, -- an offer was declined; otherwise somebody said so
    by jsonb not null,
    by_id uuid not null,
    organisation_id uuid not null,
    reason text not null check (reason <> ''),
    note text not null,
    at timestamptz not null,
    of_rule boolean not null, -- false: a person had moved it there
    rules_hash text not null,
    rules_table text not null,
    rule text not null,
    decided_at timestamptz not null,
    primary key (neighbourhood_id, id),
    foreign key (neighbourhood_id, request_id) references requests
);
create unique index misroutes_once on misroutes (neighbourhood_id, request_id, by_id) where not declined;
create index misroutes_request on misroutes (neighbourhood_id, request_id, id);
create index misroutes_decided on misroutes (neighbourhood_id, decided_at) where of_rule;
alter table misroutes enable row level security;
alter table misroutes force row level security;
create policy misroutes_read on misroutes for select
    using (neighbourhood_id = current_neighbourhood()
           and (current_actor() = 'job'
                or (current_actor() = 'staff'
                    and exists (select from requests r where r.neighbourhood_id = misroutes.neighbourhood_id and r.id = misroutes.request_id))));
create policy misroutes_say on misroutes for insert
    with check (neighbourhood_id = current_neighbourhood() and current_actor() = 'staff');
create policy misroutes_change on misroutes for update
    using (neighbourhood_id = current_neighbourhood() and current_actor() = 'staff'
           and exists (select from requests r where r.neighbourhood_id = misroutes.neighbourhood_id and r.id = misroutes.request_id))
    with check (neighbourhood_id = current_neighbourhood());
revoke delete on misroutes from onedoor_app;

-- What is counted of a decision, without opening it: which rules decided, which table of theirs, on which day. The safety
-- stage has rules of its own; its tables are told apart by a name that no neighbourhood can give.
alter table decisions add column rules_hash text not null generated always as (
    case when decision->>'stage' = 'safety' then coalesce(decision->>'safety_hash', '') else policy_hash end) stored;
alter table decisions add column rules_table text not null generated always as (
    case when decision->>'stage' = 'safety' then 'safety:' else '' end || coalesce(decision->>'table', '')) stored;
create index decisions_by_rule on decisions (neighbourhood_id, decided_at) include (rules_hash, rules_table, rule);

-- The decisions of each rule and day, and those that were declined or found misrouted. Counts only: those who keep the
-- rules read these, and no request.
create table rule_days (
    neighbourhood_id uuid not null,
    day date not null, -- in London
    rules_hash text not null,
    rules_table text not null,
    rule text not null,
    decisions integer not null check (decisions >= 0),
    returned integer not null check (returned >= 0),
    reasons jsonb not null, -- requests by reason
    primary key (neighbourhood_id, day, rules_hash, rules_table, rule)
);
alter table rule_days enable row level security;
alter table rule_days force row level security;
create policy rule_days_read on rule_days for select
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('staff', 'job'));
create policy rule_days_gather on rule_days for insert
    with check (neighbourhood_id = current_neighbourhood() and current_actor() = 'job');
create policy rule_days_again on rule_days for update
    using (neighbourhood_id = current_neighbourhood() and current_actor() = 'job')
    with check (neighbourhood_id = current_neighbourhood() and current_actor() = 'job');
revoke delete on rule_days from onedoor_app;

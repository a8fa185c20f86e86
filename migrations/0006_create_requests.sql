-- +goose Up
-- A request is visible to the staff of the organisation that is accountable for it and, while it is on offer, of the one
-- that was offered it. The check on writing is the neighbourhood alone: accepting an offer hands the row over, and the
-- domain does the rest.
create table requests (
    neighbourhood_id uuid not null,
    id uuid not null,
    reference text not null,
    version integer not null,
    kind text not null,
    channel smallint not null,
    status smallint not null,
    urgency smallint not null,

    patient jsonb not null,
    birth_date date,
    patient_id uuid,
    practice_id uuid,
    proxy jsonb,
    questionnaire text not null,
    answers jsonb not null,
    ignored jsonb not null,

    message text not null,
    answer_due_at timestamptz not null,
    care_due_at timestamptz,
    home_id uuid not null,
    home_queue_id uuid not null,
    accountable_id uuid not null,
    queue_id uuid not null,
    place_service_id uuid,
    destination jsonb not null,
    service_id uuid, -- whose capacity it takes: where it stands, is offered, or is about to be

    offered_id uuid,
    offered_queue_id uuid,
    offered_service_id uuid,
    offered_at timestamptz,
    offer_expires_at timestamptz,
    offer_reason text,

    claimed_by uuid,
    claim jsonb,
    outcome jsonb,
    close_reason text,

    submitted_by jsonb not null,
    first_contact_at timestamptz not null,
    submitted_at timestamptz not null,
    updated_at timestamptz not null,

    primary key (neighbourhood_id, id),
    constraint requests_reference unique (neighbourhood_id, reference),
    check ((offered_id is null) = (offered_queue_id is null)),
    check ((offered_id is null) = (status <> 3)),
    check ((claimed_by is null) = (claim is null))
);
-- Open work only (status 5 is closed): these stay small however much is kept.
create index requests_queue on requests (neighbourhood_id, queue_id, answer_due_at, id) where status < 5;
create index requests_offered_queue on requests (neighbourhood_id, offered_queue_id, answer_due_at, id) where status = 3;
create index requests_offer_expiry on requests (neighbourhood_id, offer_expires_at) where status = 3;
create index requests_service on requests (neighbourhood_id, service_id, submitted_at) where service_id is not null;
create index requests_service_open on requests (neighbourhood_id, service_id, submitted_at) where status < 5 and service_id is not null;

alter table requests enable row level security;
alter table requests force row level security;
create policy requests_read on requests for select
    using (neighbourhood_id = current_neighbourhood()
           and (current_actor() in ('intake', 'job')
                or accountable_id = any (current_organisations())
                or offered_id = any (current_organisations())));
create policy requests_add on requests for insert
    with check (neighbourhood_id = current_neighbourhood());
create policy requests_change on requests for update
    using (neighbourhood_id = current_neighbourhood()
           and (current_actor() = 'job'
                or accountable_id = any (current_organisations())
                or offered_id = any (current_organisations())))
    with check (neighbourhood_id = current_neighbourhood());
revoke delete on requests from onedoor_app;

create table decisions (
    neighbourhood_id uuid not null,
    request_id uuid not null,
    decided_at timestamptz not null,
    policy_hash text not null,
    directory_hash text not null,
    rule text not null,
    decision jsonb not null,
    primary key (neighbourhood_id, request_id),
    foreign key (neighbourhood_id, request_id) references requests
);
alter table decisions enable row level security;
alter table decisions force row level security;
-- Rows below a request are as visible as the request.
create policy decisions_read on decisions for select
    using (neighbourhood_id = current_neighbourhood()
           and (current_actor() in ('intake', 'job')
                or exists (select from requests r where r.neighbourhood_id = decisions.neighbourhood_id and r.id = decisions.request_id)));
create policy decisions_add on decisions for insert
    with check (neighbourhood_id = current_neighbourhood());
revoke update, delete on decisions from onedoor_app;

-- Who was accountable from when to when: one row is open for each open request, and the unique index says so too.
create table custody (
    neighbourhood_id uuid not null,
    id uuid not null,
    request_id uuid not null,
    organisation_id uuid not null,
    from_at timestamptz not null,
    until_at timestamptz,
    primary key (neighbourhood_id, id),
    foreign key (neighbourhood_id, request_id) references requests
);
create unique index custody_now on custody (neighbourhood_id, request_id) where until_at is null;
create index custody_request on custody (neighbourhood_id, request_id, from_at);
alter table custody enable row level security;
alter table custody force row level security;
create policy custody_read on custody for select
    using (neighbourhood_id = current_neighbourhood()
           and (current_actor() in ('intake', 'job')
                or exists (select from requests r where r.neighbourhood_id = custody.neighbourhood_id and r.id = custody.request_id)));
create policy custody_add on custody for insert
    with check (neighbourhood_id = current_neighbourhood());
create policy custody_end on custody for update
    using (neighbourhood_id = current_neighbourhood()
           and (current_actor() = 'job'
                or (current_actor() = 'staff' and exists (select from requests r where r.neighbourhood_id = custody.neighbourhood_id and r.id = custody.request_id))))
    with check (neighbourhood_id = current_neighbourhood());
revoke delete on custody from onedoor_app;

create table idempotency_keys (
    neighbourhood_id uuid not null,
    client_id uuid not null,
    key text not null,
    body_hash bytea not null,
    reply jsonb not null,
    created_at timestamptz not null,
    constraint idempotency_keys_once primary key (neighbourhood_id, client_id, key)
);
create index idempotency_keys_age on idempotency_keys (neighbourhood_id, created_at);
alter table idempotency_keys enable row level security;
alter table idempotency_keys force row level security;
create policy idempotency_keys_scope on idempotency_keys
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'))
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'));

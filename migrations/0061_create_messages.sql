-- +goose Up
-- Texts to patients' telephones on their way out. Whom each is for and what it says is sealed, and removed some days after
-- it has settled.
create table messages (
    neighbourhood_id uuid not null,
    id uuid not null,
    request_id uuid,
    call_id uuid,
    template text not null,
    language text not null,
    once text,
    sealed bytea,

    state text not null check (state in ('queued', 'sent', 'delivered', 'failed', 'expired')),
    tries integer not null,
    unsure boolean not null,
    next_at timestamptz, -- null when nothing more is done
    taken_until timestamptz,
    queued_at timestamptz not null,
    worth_until timestamptz not null,
    settled_at timestamptz,
    provider text not null,
    provider_id text not null,
    problem text not null,
    primary key (neighbourhood_id, id),
    check (settled_at is null or next_at is null)
);
create unique index messages_once on messages (neighbourhood_id, once) where once is not null;
create index messages_due on messages (neighbourhood_id, next_at) where next_at is not null;
create index messages_newest on messages (neighbourhood_id, queued_at);
alter table messages enable row level security;
alter table messages force row level security;
create policy messages_scope on messages
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'))
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'));
revoke delete on messages from onedoor_app;

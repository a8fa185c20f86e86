-- +goose Up
-- Referrals that other organisations sent, and the messages by which they came. What a message says of the patient is sealed.
create table referrals (
    neighbourhood_id uuid not null,
    id uuid not null,
    organisation_id uuid not null, -- to whom it was sent
    reference text not null,       -- of the request that it became
    correlation_id uuid not null,
    client_id uuid not null,       -- who sent it, and who may change it
    sender text not null,          -- an ODS code; empty when none was told
    use_case text not null,
    revoked boolean not null,
    sealed bytea not null,
    received_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (neighbourhood_id, id)
);
create index referrals_reference on referrals (neighbourhood_id, reference);
alter table referrals enable row level security;
alter table referrals force row level security;
create policy referrals_scope on referrals
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'))
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'));
revoke delete on referrals from onedoor_app;

-- The sender's own names for a referral.
create table referral_names (
    neighbourhood_id uuid not null,
    client_id uuid not null,
    system text not null,
    value text not null,
    referral_id uuid not null,
    primary key (neighbourhood_id, client_id, system, value),
    foreign key (neighbourhood_id, referral_id) references referrals
);
create index referral_names_referral on referral_names (neighbourhood_id, referral_id);
alter table referral_names enable row level security;
alter table referral_names force row level security;
create policy referral_names_scope on referral_names
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'))
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'));
revoke delete on referral_names from onedoor_app;

-- Each message by the sender's id for it: one that was answered is never processed again, and every version of a referral is kept.
create table referral_messages (
    neighbourhood_id uuid not null,
    client_id uuid not null,
    id uuid not null, -- X-Request-Id
    correlation_id uuid not null,
    event text not null,
    reason text not null,
    body_hash bytea not null,
    sealed bytea not null,
    begun_at timestamptz not null,
    answered_at timestamptz,
    referral_id uuid,
    primary key (neighbourhood_id, client_id, id),
    foreign key (neighbourhood_id, referral_id) references referrals
);
create index referral_messages_referral on referral_messages (neighbourhood_id, referral_id) where referral_id is not null;
alter table referral_messages enable row level security;
alter table referral_messages force row level security;
create policy referral_messages_scope on referral_messages
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'))
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'));

-- +goose Down
drop table referral_messages;
drop table referral_names;
drop table referrals;

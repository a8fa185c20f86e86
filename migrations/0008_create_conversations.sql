-- +goose Up
-- A questionnaire being answered, for one hour from the last answer. Found by the hash of a token that only the patient's
-- browser holds.
create table conversations (
    neighbourhood_id uuid not null,
    id uuid not null,
    token_hash bytea not null,
    state jsonb not null,
    updated_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (neighbourhood_id, id),
    unique (neighbourhood_id, token_hash)
);
create index conversations_expiry on conversations (neighbourhood_id, expires_at);
alter table conversations enable row level security;
alter table conversations force row level security;
create policy conversations_scope on conversations
    using (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'))
    with check (neighbourhood_id = current_neighbourhood() and current_actor() in ('intake', 'job'));

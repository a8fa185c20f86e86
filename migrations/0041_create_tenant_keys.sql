-- +goose Up
-- A neighbourhood's key, wrapped by a master key that is nowhere in this database. Only the product itself asks for it, so
-- neither intake nor staff have a policy.
create table tenant_keys (
    neighbourhood_id uuid primary key,
    wrapped bytea not null,
    created_at timestamptz not null,
    wrapped_at timestamptz not null
);
alter table tenant_keys enable row level security;
alter table tenant_keys force row level security;
create policy tenant_keys_of_jobs on tenant_keys
    using (neighbourhood_id = current_neighbourhood() and current_actor() = 'job')
    with check (neighbourhood_id = current_neighbourhood() and current_actor() = 'job');
revoke delete on tenant_keys from onedoor_app;

-- The language of the conversation, in which a person would be rung back.
alter table requests add column language text not null default '';

-- +goose Down
alter table requests drop column language;
drop table tenant_keys;

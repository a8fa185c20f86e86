-- The breaker is each integration's own since 0082 (integration_health), and nobody reads that of a whole line any more.

-- +goose Up
alter table delivery_heads drop column failures, drop column breaker_until;

-- +goose Down
alter table delivery_heads add column failures integer not null default 0, add column breaker_until timestamptz;

-- +goose Up
-- A person who has a delivery sent again has looked at it: some may not go before. And what the receiving system wants people to
-- call it.
alter table deliveries add column replayed_at timestamptz, add column their_reference text not null default '';

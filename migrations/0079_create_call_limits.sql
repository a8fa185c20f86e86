-- How often this product, on all its nodes together, may call a national service: one row for each, and the moment from
-- which the next call may begin. A call takes its moment by moving it on; the row's lock puts callers in line.

-- +goose Up
create table call_limits (
    name text primary key,
    next_at timestamptz not null
);
revoke delete on call_limits from onedoor_app;

-- +goose Down
drop table call_limits;

-- When a server may be called next, for those that limit calls: one row for all processes and organisations that call it.

-- +goose Up
create table system_paces (
  server  text        primary key, -- scheme, host and port
  next_at timestamptz not null
);
revoke delete on system_paces from onedoor_app;

-- +goose Down
drop table system_paces;

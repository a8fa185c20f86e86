-- +goose Up
alter table requests
    add column task text not null default '', -- what staff are to do of which nobody asked; empty for a request
    add column trace_again_at timestamptz;    -- before it nobody asks the national register again; null for now

-- +goose Down
alter table requests drop column task, drop column trace_again_at;

-- Patients who go on in an organisation's own online tool by a deep link, with custody kept: the request stands in the
-- organisation's queue all the while, and a person sees it when the tool says nothing.

-- +goose Up
-- The tool that an organisation keeps, as its administrator set it. Its address is no secret: patients are told of it.
create table own_tools (
    neighbourhood_id uuid not null,
    organisation_id uuid not null,
    name text not null,      -- what patients know it by
    address text not null,   -- where they go on
    enabled boolean not null,
    changed_by text not null,
    changed_at timestamptz not null,
    primary key (neighbourhood_id, organisation_id)
);
alter table own_tools enable row level security;
alter table own_tools force row level security;
create policy own_tools_read on own_tools for select
    using (neighbourhood_id = current_neighbourhood());
create policy own_tools_write on own_tools for all
    using (neighbourhood_id = current_neighbourhood()
           and (current_actor() = 'job' or (current_actor() = 'staff' and organisation_id = any (current_organisations()))))
    with check (neighbourhood_id = current_neighbourhood()
           and (current_actor() = 'job' or (current_actor() = 'staff' and organisation_id = any (current_organisations()))));
revoke delete on own_tools from onedoor_app;

alter table requests
    add column tool jsonb,               -- how the request stands in the organisation's own tool; null where nobody was sent there
    add column tool_id uuid,             -- what the tool was given to know it by
    add column tool_due_at timestamptz;  -- until when it may say nothing; null once it has, or no longer matters
create unique index requests_tool on requests (neighbourhood_id, tool_id) where tool_id is not null;
create index requests_tool_due on requests (neighbourhood_id, tool_due_at) where tool_due_at is not null;

-- +goose Down
alter table requests drop column tool, drop column tool_id, drop column tool_due_at;
drop table own_tools;

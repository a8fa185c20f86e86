-- What somebody needs so that care reaches them, kept with what they asked for: what they said themselves (told), and what a
-- national register has. It is sealed; whoever sees the request may read it, so it goes along when the request does.

-- +goose Up
create table request_needs (
    neighbourhood_id uuid not null,
    request_id uuid not null,
    told boolean not null, -- the person said or confirmed it; false for a register's word
    about uuid not null,   -- what it was sealed for
    sealed bytea not null,
    kept_at timestamptz not null,
    primary key (neighbourhood_id, request_id, told)
);
alter table request_needs enable row level security;
alter table request_needs force row level security;
create policy request_needs_read on request_needs for select
    using (neighbourhood_id = current_neighbourhood()
           and (current_actor() = 'job'
                or (current_actor() = 'staff' and exists (select from requests r where r.neighbourhood_id = request_needs.neighbourhood_id and r.id = request_needs.request_id))));
create policy request_needs_add on request_needs for insert
    with check (neighbourhood_id = current_neighbourhood());
create policy request_needs_change on request_needs for update
    using (neighbourhood_id = current_neighbourhood() and current_actor() = 'job');
revoke delete on request_needs from onedoor_app;

-- +goose Down
drop table request_needs;

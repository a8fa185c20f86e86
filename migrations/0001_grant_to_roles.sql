-- What every later table relies on: the product's role may use what the owner makes, and row-level security knows who
-- asks. The roles themselves are made beside the database, by whoever makes it.

-- +goose Up
-- +goose StatementBegin
do $$
begin
  if not exists (select from pg_roles where rolname = 'onedoor_app') then
    raise exception 'The role onedoor_app must exist before the first migration: create role onedoor_app login nobypassrls.';
  end if;
end
$$;
-- +goose StatementEnd

revoke create on schema public from public;
grant usage on schema public to onedoor_app;
alter default privileges in schema public grant select, insert, update, delete on tables to onedoor_app;
alter default privileges in schema public grant usage, select on sequences to onedoor_app;
grant select on goose_db_version to onedoor_app; -- to see whether a migration is pending

-- The scope of the transaction, as app/database sends it with SET LOCAL. A setting reads back as '' once it has been
-- set in a session, and as null before: both mean that there is none, and then nothing is seen. Each body is one plain
-- expression, so that the planner puts it in place of the call and an index can be searched by it.
create function current_neighbourhood() returns uuid
  language sql stable parallel safe
  return nullif(current_setting('app.nb', true), '')::uuid;

create function current_actor() returns text -- staff, intake or job
  language sql stable parallel safe
  return nullif(current_setting('app.actor', true), '');

create function current_organisations() returns uuid[] -- of staff; null for the others
  language sql stable parallel safe
  return string_to_array(nullif(current_setting('app.orgs', true), ''), ',')::uuid[];

-- +goose Down
drop function current_organisations();
drop function current_actor();
drop function current_neighbourhood();

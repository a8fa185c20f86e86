-- Acts on appointments in organisations' clinical systems: booked, moved, cancelled, amended. Each is stored before it is
-- first sent, so that what may have reached the system is known whatever happens afterwards.

-- +goose Up
create table bookings (
  neighbourhood_id uuid        not null,
  id               uuid        not null, -- what the system knows it by
  organisation_id  uuid        not null, -- whose clinical system it is
  integration_id   uuid        not null, -- the way it goes, at every try
  request_id       uuid        not null,
  reference        text        not null,
  act              smallint    not null check (act between 0 and 3),   -- 0 book, 1 move, 2 cancel, 3 amend
  state            smallint    not null check (state between 0 and 6), -- 0 asked, 1 unknown, 2 booked, 3 moved, 4 cancelled, 5 amended, 6 refused
  slot             jsonb       not null,
  from_appointment jsonb       not null,
  from_id          text        not null, -- the appointment that is changed; empty when a slot is taken only
  appointment      jsonb       not null,
  patient          jsonb       not null,
  reason           text        not null,
  by_party         jsonb       not null,
  booked_by        jsonb       not null,
  channel          text        not null,
  tries            integer     not null default 0,
  asked_at         timestamptz not null,
  settled_at       timestamptz,
  next_at          timestamptz not null,
  last_error       text        not null default '',
  primary key (neighbourhood_id, id),
  foreign key (neighbourhood_id, request_id) references requests,
  check ((settled_at is null) = (state < 2))
);
-- What is not certain yet, and the two things that must not happen twice at once.
create index bookings_due on bookings (neighbourhood_id, next_at, id) where state < 2;
create unique index bookings_one_of_a_request on bookings (neighbourhood_id, request_id) where state < 2;
create unique index bookings_one_of_an_appointment on bookings (neighbourhood_id, organisation_id, from_id) where state < 2 and from_id <> '';
create index bookings_of_request on bookings (neighbourhood_id, request_id, id);

alter table bookings enable row level security;
alter table bookings force row level security;
-- As visible as the request. A patient's way in writes its own, and whose they are is asked of the request.
create policy bookings_read on bookings for select
  using (neighbourhood_id = current_neighbourhood()
         and (current_actor() in ('intake', 'job')
              or exists (select from requests r where r.neighbourhood_id = bookings.neighbourhood_id and r.id = bookings.request_id)));
create policy bookings_add on bookings for insert
  with check (neighbourhood_id = current_neighbourhood()
              and (current_actor() = 'intake' or organisation_id = any (current_organisations())));
create policy bookings_settle on bookings for update
  using (neighbourhood_id = current_neighbourhood()
         and (current_actor() in ('intake', 'job') or organisation_id = any (current_organisations())))
  with check (neighbourhood_id = current_neighbourhood());
revoke delete on bookings from onedoor_app;

-- +goose Down
drop table bookings;

-- What a clinical system says later of what it was sent, and when a document is due: another organisation's outcome is to
-- be in the registered practice's record by the end of the next working day.

-- +goose Up
alter table deliveries
  add column due_at  timestamptz,  -- none where nobody promised a time
  add column late_at timestamptz;  -- when it was first noticed to be late
create index deliveries_due on deliveries (neighbourhood_id, due_at) where due_at is not null and late_at is null and state <> 3;

create index deliveries_by_external_id on deliveries (neighbourhood_id, external_id) where external_id <> '';

create table delivery_acknowledgements (
  neighbourhood_id            uuid        not null,
  delivery_id                 uuid        not null,
  id                          text        not null, -- the message's own, in the system's words
  organisation_id             uuid        not null, -- as in the delivery
  recorded_by_organisation_id uuid        not null,
  state                       smallint    not null check (state in (3, 4, 5)), -- 3 filed, 4 needs attention, 5 acknowledged
  says                        text        not null default '',
  said_at                     timestamptz,
  received_at                 timestamptz not null,
  changed                     boolean     not null, -- whether it changed the delivery: words overtake each other
  primary key (neighbourhood_id, delivery_id, id),
  foreign key (neighbourhood_id, delivery_id) references deliveries (neighbourhood_id, id)
);
alter table delivery_acknowledgements enable row level security;
alter table delivery_acknowledgements force row level security;
create policy delivery_acknowledgements_seen_by_staff on delivery_acknowledgements for select
  using (neighbourhood_id = current_neighbourhood() and current_actor() = 'staff'
         and (organisation_id = any (current_organisations()) or recorded_by_organisation_id = any (current_organisations())));
create policy delivery_acknowledgements_of_jobs on delivery_acknowledgements
  using (neighbourhood_id = current_neighbourhood() and current_actor() = 'job');
revoke update, delete on delivery_acknowledgements from onedoor_app;

-- +goose Down
drop table delivery_acknowledgements;
drop index deliveries_by_external_id;
alter table deliveries drop column late_at, drop column due_at;

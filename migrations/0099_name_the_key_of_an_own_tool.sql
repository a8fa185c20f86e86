-- Whose word counts of a handover: only the key that the organisation named for its own online tool, of all the partners'
-- keys of its neighbourhood.

-- +goose Up
alter table own_tools add column key_id uuid references api_clients; -- null where only people say it
-- Where there is one partner, there is no doubt whose key it was. The owner looks past the tenants for this one statement.
alter table own_tools no force row level security;
update own_tools t set key_id = (select c.id from api_clients c where c.neighbourhood_id = t.neighbourhood_id and c.role = 'partner' and c.revoked_at is null)
where 1 = (select count(*) from api_clients c where c.neighbourhood_id = t.neighbourhood_id and c.role = 'partner' and c.revoked_at is null);
alter table own_tools force row level security;

-- +goose Down
alter table own_tools drop column key_id;

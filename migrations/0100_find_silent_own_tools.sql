-- What organisations' own online tools have left unanswered is read at each scrape of the metrics.

-- +goose Up
create index requests_tool_silent on requests (neighbourhood_id, accountable_id) where tool ->> 'state' = 'silent' and status < 5;

-- +goose Down
drop index requests_tool_silent;

package simulationstore

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onedoor/app/database"
	"onedoor/app/simulations"
	"onedoor/policy"
	"onedoor/policy/simulate"
)

const (
	// slicesOfPart is into how many pieces of time each part is cut; parts take turns, so that a busy season is everybody's.
	slicesOfPart = 8
	batchSize    = 256
)

const historyColumns = `submitted_at, request_id, facts, load, channel, age_band, deprivation, language, urgency,
	to_organisation_id, to_service_id, to_queue_id, answered_at`

const historyBetween = "select " + historyColumns + " from request_history where neighbourhood_id = $1 and submitted_at >= $2 and submitted_at < $3"

// Source implements simulations.Store. Each part is a transaction on a connection of its own, and reads its pieces of
// time one after another.
func (s *Store) Source(neighbourhood uuid.UUID, from, until time.Time) simulate.Source {
	return func(ctx context.Context, part, parts int, take func([]simulate.Request) error) error {
		return s.inTx(ctx, neighbourhood, func(tx *database.Tx) error {
			reader := newReader(take)
			if parts == 1 {
				return reader.read(ctx, tx, historyBetween+" order by submitted_at, request_id", neighbourhood, from, until)
			}
			for piece := part; piece < parts*slicesOfPart; piece += parts {
				length := until.Sub(from) / time.Duration(parts*slicesOfPart)
				begin, end := from.Add(length*time.Duration(piece)), from.Add(length*time.Duration(piece+1))
				if piece == parts*slicesOfPart-1 {
					end = until
				}
				if err := reader.read(ctx, tx, historyBetween, neighbourhood, begin, end); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// reader turns rows as they come over the wire into requests, with next to no allocations: a batch is used again.
type reader struct {
	take      func([]simulate.Request) error
	batch     []simulate.Request
	n         int
	decoder   *simulate.Decoder
	languages map[string]string

	channels, ages, deprivations, urgencies []string
}

func newReader(take func([]simulate.Request) error) *reader {
	r := &reader{
		take: take, batch: make([]simulate.Request, batchSize), decoder: simulate.NewDecoder(), languages: map[string]string{},
		channels: channelWords(), ages: ageWords(), deprivations: deprivationWords(), urgencies: urgencyWords(),
	}
	for i := range r.batch {
		r.batch[i].Facts, r.batch[i].Load = policy.Facts{}, policy.Load{}
	}
	return r
}

func (r *reader) read(ctx context.Context, tx *database.Tx, query string, args ...any) error {
	// Every column in binary: what is read below is PostgreSQL's own form of it.
	rows, err := tx.Pgx().Query(ctx, query, append([]any{pgx.QueryResultFormats{pgx.BinaryFormatCode}}, args...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := r.row(rows.RawValues(), &r.batch[r.n]); err != nil {
			return err
		}
		if r.n++; r.n == len(r.batch) {
			if err := r.flush(); err != nil {
				return err
			}
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return r.flush()
}

func (r *reader) flush() error {
	if r.n == 0 {
		return nil
	}
	batch := r.batch[:r.n]
	r.n = 0
	return r.take(batch)
}

func (r *reader) row(v [][]byte, q *simulate.Request) error {
	if len(v) != 13 || len(v[0]) != 8 || len(v[1]) != 16 {
		return fmt.Errorf("a past request has %d columns of unknown form", len(v))
	}
	q.At = moment(v[0])
	q.ID = uuid.UUID(v[1])
	if err := r.decoder.Facts(v[2], q.Facts); err != nil {
		return err
	}
	if err := r.decoder.Load(v[3], q.Load); err != nil {
		return err
	}
	q.Channel, q.AgeBand = wordOf(r.channels, small(v[4])), wordOf(r.ages, small(v[5]))
	q.Deprivation, q.Language = wordOf(r.deprivations, small(v[6])), r.language(v[7])
	q.Urgency = policy.Urgency(wordOf(r.urgencies, small(v[8])))
	q.Place = policy.Place{Organisation: id(v[9]), Service: id(v[10]), Queue: id(v[11])}
	q.AnsweredAt = time.Time{}
	if len(v[12]) == 8 {
		q.AnsweredAt = moment(v[12])
	}
	return nil
}

func (r *reader) language(tag []byte) string {
	known, ok := r.languages[string(tag)]
	if !ok {
		known = string(tag)
		r.languages[known] = known
	}
	return known
}

// epoch is PostgreSQL's beginning of time, in microseconds since 1970.
const epoch = 946_684_800_000_000

func moment(b []byte) time.Time {
	return time.UnixMicro(int64(binary.BigEndian.Uint64(b)) + epoch).UTC() //nolint:gosec // PostgreSQL's own integer
}

func small(b []byte) int16 { return int16(binary.BigEndian.Uint16(b)) } //nolint:gosec // PostgreSQL's own integer

func id(b []byte) (id uuid.UUID) {
	copy(id[:], b)
	return id
}

// Requests implements simulations.Store.
func (s *Store) Requests(ctx context.Context, neighbourhood uuid.UUID, samples []simulate.Sample) (map[uuid.UUID]simulate.Request, error) {
	found := map[uuid.UUID]simulate.Request{}
	at, ids := make([]time.Time, len(samples)), make([]uuid.UUID, len(samples))
	for i, sample := range samples {
		at[i], ids[i] = sample.At, sample.ID
	}
	reader := newReader(func(batch []simulate.Request) error {
		for i := range batch {
			found[batch[i].ID] = batch[i].Clone()
		}
		return nil
	})
	err := s.inTx(ctx, neighbourhood, func(tx *database.Tx) error {
		return reader.read(ctx, tx, "select "+historyColumns+` from request_history
			where neighbourhood_id = $1 and (submitted_at, request_id) in (select * from unnest($2::timestamptz[], $3::uuid[]))`, neighbourhood, at, ids)
	})
	return found, err
}

// Waits implements simulations.Store. Long waits are counted by quarters of an hour, as simulate.Waits takes them. date_part
// gives a double where extract would give a numeric, at several times the cost for a million rows.
func (s *Store) Waits(ctx context.Context, neighbourhood uuid.UUID, from, until time.Time, m simulate.Mode) (*simulate.Waits, int, error) {
	waits, total, urgencies := simulate.NewWaits(), 0, urgencyWords()
	err := s.inTx(ctx, neighbourhood, func(tx *database.Tx) error {
		rows, err := tx.Pgx().Query(ctx, `
			select to_queue_id, urgency, case when minutes < 120 then minutes else minutes - minutes % 15 end, count(*)
			from (select to_queue_id, urgency,
			             case when answered_at >= submitted_at then floor(date_part('epoch', answered_at - submitted_at) / 60)::integer else -1 end as minutes
			      from request_history where neighbourhood_id = $1 and submitted_at >= $2 and submitted_at < $3) waited
			group by 1, 2, 3`, neighbourhood, from, until)
		if err != nil {
			return err
		}
		var queue uuid.UUID
		var urgency int16
		var minutes, n int
		_, err = pgx.ForEachRow(rows, []any{&queue, &urgency, &minutes, &n}, func() error {
			if total += n; minutes >= 0 {
				waits.Add(queue, policy.Urgency(wordOf(urgencies, urgency)), time.Duration(minutes)*time.Minute, n)
			}
			return nil
		})
		if err != nil || m != simulate.ClosedLoop {
			return err
		}
		rows, err = tx.Pgx().Query(ctx, `
			select to_queue_id, floor(date_part('epoch', answered_at) / 3600)::bigint, count(*) from request_history
			where neighbourhood_id = $1 and submitted_at >= $2 and submitted_at < $3 and answered_at >= submitted_at group by 1, 2`, neighbourhood, from, until)
		if err != nil {
			return err
		}
		var hour int64
		_, err = pgx.ForEachRow(rows, []any{&queue, &hour, &n}, func() error {
			waits.Answered(queue, hour, n)
			return nil
		})
		return err
	})
	return waits.Settle(), total, err
}

// mostPast is how many of the newest requests are looked at for their facts.
const mostPast = 50_000

// Past implements simulations.Store.
func (s *Store) Past(ctx context.Context, neighbourhood uuid.UUID, since time.Time, limit int) ([]simulations.Past, error) {
	counted := map[string]int{}
	reader := newReader(func(batch []simulate.Request) error {
		for i := range batch {
			facts := batch[i].Facts
			for _, name := range []string{"age-months", policy.RegisteredPractice, policy.NominatedPharmacy, policy.ChosenPharmacy} {
				delete(facts, name)
			}
			counted[simulate.EncodeFacts(facts)]++
		}
		return nil
	})
	err := s.inTx(ctx, neighbourhood, func(tx *database.Tx) error {
		return reader.read(ctx, tx, "select "+historyColumns+" from request_history where neighbourhood_id = $1 and submitted_at >= $2 order by submitted_at desc limit $3",
			neighbourhood, since, mostPast)
	})
	if err != nil {
		return nil, err
	}
	return mostFrequent(counted, limit)
}

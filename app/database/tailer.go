package database

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

const (
	pollPage   = 500
	prunePage  = 5000
	pruneEvery = time.Minute
	// pruneLock lets one process prune at a time: an arbitrary number of our own.
	pruneLock = 0x70727565
)

// TailerOptions tune the tailer; zero values take the defaults.
type TailerOptions struct {
	Interval  time.Duration // between polls; 150 ms
	Retention time.Duration // how long an event can be resumed from; 1 hour
	Buffer    int           // events that a slow subscriber may fall behind before it gets a reset; 1000
	MaxReplay int           // events that a returning subscriber is given; more is a reset; 1000
	Log       *slog.Logger
}

// Tailer reads the events that transactions of any process have published, once for each process, and hands them to
// its subscribers. It never waits for a subscriber.
type Tailer struct {
	db      *DB
	options TailerOptions
	ready   chan struct{} // closed when the position is known
	stopped chan struct{} // closed when Run has returned

	mu          sync.Mutex
	position    EventID // everything up to here has been handed out
	subscribers map[uuid.UUID]map[*subscriber]struct{}
}

// NewTailer makes a tailer; Run runs it.
func NewTailer(db *DB, o TailerOptions) *Tailer {
	if o.Interval == 0 {
		o.Interval = 150 * time.Millisecond
	}
	if o.Retention == 0 {
		o.Retention = time.Hour
	}
	if o.Buffer == 0 {
		o.Buffer = 2 * pollPage
	}
	if o.MaxReplay == 0 {
		o.MaxReplay = 1000
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Tailer{
		db: db, options: o, ready: make(chan struct{}), stopped: make(chan struct{}),
		subscribers: map[uuid.UUID]map[*subscriber]struct{}{},
	}
}

// Run polls until ctx ends, and then ends every subscription. It is called once. While the database is away it goes on
// trying, and loses nothing.
func (t *Tailer) Run(ctx context.Context) error {
	defer close(t.stopped)
	poll := time.NewTicker(t.options.Interval)
	defer poll.Stop()
	prune := time.NewTicker(pruneEvery)
	defer prune.Stop()
	failing := false
	for {
		err := t.poll(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if (err != nil) != failing {
			failing = err != nil
			t.options.Log.WarnContext(ctx, "live events", "failing", failing, "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-poll.C:
		case <-prune.C:
			if _, err := t.Prune(ctx); err != nil && ctx.Err() == nil {
				t.options.Log.WarnContext(ctx, "prune live events", "error", err)
			}
		}
	}
}

// poll hands out what has become certain. The horizon is asked for first, on its own: every transaction before it has
// ended, so the query after it sees all that they wrote, and no event can appear behind the position.
func (t *Tailer) poll(ctx context.Context) error {
	wait, cancel := context.WithTimeout(ctx, t.db.acquireWait+connectWait)
	defer cancel()
	var xmin uint64
	if err := t.db.pool.QueryRow(wait, `select pg_snapshot_xmin(pg_current_snapshot())`).Scan(&xmin); err != nil {
		return fmt.Errorf("ask which transactions have ended: %w", err)
	}
	certain := endOf(xmin)
	position := t.at()
	switch {
	case position.IsZero():
		t.moveTo(certain, nil)
		close(t.ready)
		return nil
	case certain.XID < position.XID: // another server, restored from a copy, whose numbers are behind
		t.startAnew(certain)
		return nil
	}
	for position.XID < certain.XID {
		events, err := t.db.eventsBetween(wait, position, certain, pollPage)
		if err != nil {
			return err
		}
		position = certain
		if len(events) == pollPage {
			position = events[pollPage-1].ID
		}
		t.moveTo(position, events)
	}
	return nil
}

func (t *Tailer) at() EventID {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.position
}

func (t *Tailer) moveTo(position EventID, events []Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range events {
		for s := range t.subscribers[e.NeighbourhoodID] {
			s.offer(e, t.options.Buffer)
		}
	}
	t.position = position
}

func (t *Tailer) startAnew(position EventID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, of := range t.subscribers {
		for s := range of {
			s.reset(position)
		}
	}
	t.position = position
}

const eventColumns = `xid, id, neighbourhood_id, organisation_ids, topic, coalesce(subject, '00000000-0000-0000-0000-000000000000'), reference, at`

func (db *DB) eventsBetween(ctx context.Context, after, until EventID, limit int) ([]Event, error) {
	rows, err := db.pool.Query(ctx, `select `+eventColumns+` from events
		where (xid, id) > ($1, $2) and (xid, id) <= ($3, $4) order by xid, id limit $5`,
		after.XID, after.Seq, until.XID, until.Seq, limit)
	return collectEvents(rows, err)
}

func collectEvents(rows pgx.Rows, err error) ([]Event, error) {
	if err == nil {
		var events []Event
		events, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (e Event, err error) {
			err = row.Scan(&e.ID.XID, &e.ID.Seq, &e.NeighbourhoodID, &e.Organisations, &e.Topic, &e.Subject, &e.Reference, &e.At)
			return e, err
		})
		if err == nil {
			return events, nil
		}
	}
	return nil, fmt.Errorf("read events: %w", err)
}

var errPruningElsewhere = errors.New("another process prunes")

// Prune removes the events that are older than the retention, the oldest first and never one from the middle, and
// remembers how far it went. It returns how many went. Run calls it every minute; several processes may.
func (t *Tailer) Prune(ctx context.Context) (removed int, err error) {
	for {
		n, err := t.prunePage(ctx)
		removed += n
		if errors.Is(err, errPruningElsewhere) {
			return removed, nil
		}
		if err != nil || n < prunePage {
			return removed, err
		}
	}
}

func (t *Tailer) prunePage(ctx context.Context) (n int, err error) {
	err = t.db.Global(ctx, func(tx *Tx) error {
		var mine bool
		if err := tx.pgx.QueryRow(ctx, `select pg_try_advisory_xact_lock($1)`, pruneLock).Scan(&mine); err != nil {
			return err
		}
		if !mine {
			return errPruningElsewhere
		}
		return tx.pgx.QueryRow(ctx, `
			with oldest as (select xid, id, at from events order by xid, id limit $2),
			kept as (select xid, id from oldest where at >= now() - make_interval(secs => $1) order by xid, id limit 1),
			gone as (
				delete from events e using oldest o
				where e.xid = o.xid and e.id = o.id and not exists (select from kept k where (k.xid, k.id) <= (o.xid, o.id))
				returning e.xid, e.id),
			edge as (select xid, id from gone order by xid desc, id desc limit 1),
			moved as (
				update events_horizon h set xid = edge.xid, id = edge.id from edge
				where (h.xid, h.id) < (edge.xid, edge.id) returning 1)
			select count(*) from gone`, t.options.Retention.Seconds(), prunePage).Scan(&n)
	})
	return n, err
}

package database

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/google/uuid"
)

// errStopped is the end of every subscription, and the answer to a new one, once the tailer has stopped.
var errStopped = errors.New("live events have stopped: the process is ending")

// Subscribe gives the events of a neighbourhood: first those since `after` (none when it is zero), then each as it is
// published. Whoever comes back from too long ago, or reads too slowly, gets an event with TopicReset instead of what it
// missed. The channel is closed when ctx ends or the tailer stops.
func (t *Tailer) Subscribe(ctx context.Context, neighbourhood uuid.UUID, after EventID) (<-chan Event, error) {
	select {
	case <-t.ready:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-t.stopped:
	}
	select {
	case <-t.stopped:
		return nil, errStopped
	default:
	}
	s := &subscriber{woken: make(chan struct{}, 1), from: after}
	unknown := t.db.known(ctx, after) != nil
	t.mu.Lock()
	if t.subscribers[neighbourhood] == nil {
		t.subscribers[neighbourhood] = map[*subscriber]struct{}{}
	}
	t.subscribers[neighbourhood][s] = struct{}{}
	since := t.position
	if unknown {
		s.reset(since)
		after = EventID{}
	}
	t.mu.Unlock()

	out := make(chan Event)
	go func() {
		defer close(out)
		defer t.leave(neighbourhood, s)
		t.feed(ctx, s, out, neighbourhood, after, since)
	}()
	return out, nil
}

func (t *Tailer) leave(neighbourhood uuid.UUID, s *subscriber) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.subscribers[neighbourhood], s)
	if len(t.subscribers[neighbourhood]) == 0 {
		delete(t.subscribers, neighbourhood)
	}
}

// feed sends the past, up to `since`, and then what the tailer offers, which begins there.
func (t *Tailer) feed(ctx context.Context, s *subscriber, out chan<- Event, neighbourhood uuid.UUID, after, since EventID) {
	send := func(events []Event) bool {
		for _, e := range events {
			select {
			case out <- e:
			case <-ctx.Done():
				return false
			case <-t.stopped:
				return false
			}
		}
		return true
	}
	if after.Before(since) && !after.IsZero() {
		past, err := t.past(ctx, neighbourhood, after, since)
		if err != nil { // too old, too many, or the database is away: the subscriber reads anew
			past = []Event{{ID: since, NeighbourhoodID: neighbourhood, Topic: TopicReset}}
		}
		if !send(past) {
			return
		}
	}
	for {
		if !send(s.take(neighbourhood)) {
			return
		}
		select {
		case <-s.woken:
		case <-ctx.Done():
			return
		case <-t.stopped:
			return
		}
	}
}

var errTooOld = errors.New("the events since then are not all here any more")

// known refuses an event id that this server cannot have given out: one of a transaction that is yet to begin. A process
// that is a poll ahead of us may well have given out one that we have not reached.
func (db *DB) known(ctx context.Context, id EventID) error {
	if id.IsZero() {
		return nil
	}
	var next uint64
	if err := db.pool.QueryRow(ctx, `select pg_snapshot_xmax(pg_current_snapshot())`).Scan(&next); err != nil {
		return fmt.Errorf("ask for the next transaction: %w", err)
	}
	if id.XID >= next {
		return errTooOld
	}
	return nil
}

// past is a neighbourhood's events after one and up to another. How far back they reach is asked after they were read, so
// that none is removed between the two unseen.
func (t *Tailer) past(ctx context.Context, neighbourhood uuid.UUID, after, until EventID) ([]Event, error) {
	rows, err := t.db.pool.Query(ctx, `select `+eventColumns+` from events
		where neighbourhood_id = $1 and (xid, id) > ($2, $3) and (xid, id) <= ($4, $5) order by xid, id limit $6`,
		neighbourhood, after.XID, after.Seq, until.XID, until.Seq, t.options.MaxReplay+1)
	events, err := collectEvents(rows, err)
	if err != nil {
		return nil, err
	}
	var horizon EventID
	if err := t.db.pool.QueryRow(ctx, `select xid, id from events_horizon`).Scan(&horizon.XID, &horizon.Seq); err != nil {
		return nil, fmt.Errorf("ask how far back events reach: %w", err)
	}
	if after.Before(horizon) || len(events) > t.options.MaxReplay {
		return nil, errTooOld
	}
	return events, nil
}

// subscriber is what waits for one reader.
type subscriber struct {
	mu    sync.Mutex
	queue []Event
	// from is the last event that the reader has already.
	from EventID
	// missed is the last event that did not fit, or where the tailer began anew; zero when nothing was missed.
	missed EventID
	woken  chan struct{}
}

// offer never waits: what does not fit is dropped with all before it, and the reader told to read anew.
func (s *subscriber) offer(e Event, buffer int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.from.Before(e.ID) {
		return
	}
	if !s.missed.IsZero() || len(s.queue) >= buffer {
		s.queue, s.missed = nil, e.ID
	} else {
		s.queue = append(s.queue, e)
	}
	s.wake()
}

func (s *subscriber) reset(position EventID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue, s.missed, s.from = nil, position, EventID{}
	s.wake()
}

func (s *subscriber) wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

func (s *subscriber) take(neighbourhood uuid.UUID) []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.missed.IsZero() {
		reset := Event{ID: s.missed, NeighbourhoodID: neighbourhood, Topic: TopicReset}
		s.queue, s.missed = nil, EventID{}
		return []Event{reset}
	}
	events := s.queue
	s.queue = nil
	return events
}

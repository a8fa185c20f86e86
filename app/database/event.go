package database

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/fault"
)

// TopicReset is the topic of an event that no transaction wrote: the subscriber has missed some, and should read anew
// what it shows. Its ID is where the stream goes on.
const TopicReset = "reset"

// Event says that something changed, for people who are looking at it. It carries ids and never what they stand for:
// whoever gets one reads the rest in a scope of their own.
type Event struct {
	ID              EventID // set by the database
	NeighbourhoodID uuid.UUID
	// Organisations are those whose staff should look.
	Organisations []uuid.UUID
	// Topic is what it is about: request, delivery, queue.
	Topic     string
	Subject   uuid.UUID
	Reference string
	At        time.Time // the database's clock, at the beginning of the transaction
}

// EventID orders events by the transaction that wrote them, then by number. Its text is the id of a server-sent event, and
// comes back in Last-Event-ID. The zero value means none.
type EventID struct {
	XID uint64
	Seq int64
}

// ParseEventID reads what String wrote; the empty text is the zero value.
func ParseEventID(s string) (EventID, error) {
	if s == "" {
		return EventID{}, nil
	}
	x, n, _ := strings.Cut(s, "-")
	xid, errX := strconv.ParseUint(x, 10, 64)
	seq, errN := strconv.ParseInt(n, 10, 64)
	if errX != nil || errN != nil || seq < 0 {
		return EventID{}, fault.New(fault.Malformed, "event_id", "The last event id is not one that this service sends.")
	}
	return EventID{xid, seq}, nil
}

func (id EventID) String() string {
	if id.IsZero() {
		return ""
	}
	return strconv.FormatUint(id.XID, 10) + "-" + strconv.FormatInt(id.Seq, 10)
}

// IsZero reports whether it is no event.
func (id EventID) IsZero() bool { return id == EventID{} }

// Before reports whether id comes earlier than o.
func (id EventID) Before(o EventID) bool {
	return id.XID < o.XID || (id.XID == o.XID && id.Seq < o.Seq)
}

// endOf is after every event of the transactions before xmin, all of which have ended.
func endOf(xmin uint64) EventID { return EventID{xmin - 1, math.MaxInt64} }

// Publish appends an event to the transaction, with what is put off until before its commit. Subscribers get it once the transaction, and every one that began to write
// before it, has ended. The neighbourhood is the scope's; only within Global is it taken from the event.
func (tx *Tx) Publish(e Event) error {
	neighbourhood := tx.scope.NeighbourhoodID
	if neighbourhood == uuid.Nil {
		neighbourhood = e.NeighbourhoodID
	}
	if neighbourhood == uuid.Nil || (e.NeighbourhoodID != uuid.Nil && e.NeighbourhoodID != neighbourhood) {
		return errors.New("an event belongs to the neighbourhood of its transaction")
	}
	if e.Topic == "" || e.Topic == TopicReset {
		return fmt.Errorf("an event cannot have the topic %q", e.Topic)
	}
	organisations := e.Organisations
	if organisations == nil {
		organisations = []uuid.UUID{}
	}
	var subject *uuid.UUID
	if e.Subject != uuid.Nil {
		subject = &e.Subject
	}
	tx.later.Queue(`insert into events (neighbourhood_id, organisation_ids, topic, subject, reference) values ($1, $2, $3, $4, $5)`,
		neighbourhood, organisations, e.Topic, subject, e.Reference)
	return nil
}

package publishing

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
)

// Version is one policy, in force from a moment on until the next one is.
type Version struct {
	NeighbourhoodID uuid.UUID
	ID              uuid.UUID // of this publication: the same document may be published again at another time
	Hash            string    // of what the document means
	LiveFrom        time.Time
	Document        []byte // YAML; absent in lists
	PublishedAt     time.Time
	PublishedBy     string
	PublishedByID   uuid.UUID
	Note            string
	Reasons         []Reason        // why it was published in spite of what was found
	Findings        json.RawMessage // what analysis found in it that the version before it did not have
	Replay          *Replay         // what it would have done to past requests
	Review          *Review         // by a second person, where there was one
	Draft           string          // the name of the draft that it was; empty when it was restored
	BasedOn         string          // the hash of the version that it followed; empty for the first
	RestoredFrom    string          // its own hash, when an old version was published again
	Withdrawn       *Withdrawal     // it was taken back before it was live
	State           State
	New             bool // the call that gave it made it
}

// Reason is what somebody wrote about one finding.
type Reason struct {
	Key    string `json:"key"`
	Says   string `json:"says"` // the finding
	Reason string `json:"reason"`
}

// Withdrawal is who took a version back before it was live, and why.
type Withdrawal struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	Note string    `json:"note"`
}

// State is where a version stands at a moment.
type State string

const (
	Live      State = "live"
	Scheduled State = "scheduled"
	Past      State = "past"
	Withdrawn State = "withdrawn"
)

// at tells a list of versions, newest first, where each stands at a moment.
func at(list []Version, now time.Time) []Version {
	lived := false
	for i := range list {
		v := &list[i]
		switch {
		case v.Withdrawn != nil:
			v.State = Withdrawn
		case v.LiveFrom.After(now):
			v.State = Scheduled
		case !lived:
			v.State, lived = Live, true
		default:
			v.State = Past
		}
	}
	return list
}

// Versions are all that a neighbourhood published, the newest first, without their documents.
func (s *Service) Versions(ctx context.Context, neighbourhood uuid.UUID) (list []Version, err error) {
	err = s.o.Store.InTx(ctx, neighbourhood, func(tx Tx) error {
		list, err = tx.Versions()
		return err
	})
	return at(list, s.o.Now()), err
}

// Version is the newest publication of a document, by its hash (not_found).
func (s *Service) Version(ctx context.Context, neighbourhood uuid.UUID, hash string) (v Version, err error) {
	err = s.o.Store.InTx(ctx, neighbourhood, func(tx Tx) error {
		v, err = version(tx, hash, s.o.Now())
		return err
	})
	return v, err
}

func version(tx Tx, hash string, now time.Time) (Version, error) {
	v, found, err := tx.Version(hash)
	if err != nil {
		return v, err
	}
	if !found {
		return v, fault.Absent()
	}
	list, err := tx.Versions()
	if err != nil {
		return v, err
	}
	for _, x := range at(list, now) {
		if x.ID == v.ID {
			v.State = x.State
		}
	}
	return v, nil
}

// Live is the version in force now (not_found when there is none).
func (s *Service) Live(ctx context.Context, neighbourhood uuid.UUID) (v Version, err error) {
	err = s.o.Store.InTx(ctx, neighbourhood, func(tx Tx) error {
		found := false
		if v, found, err = tx.LiveAt(s.o.Now()); err == nil && !found {
			err = fault.Absent()
		}
		v.State = Live
		return err
	})
	return v, err
}

// Withdraw takes back a version that is not live yet (already_live), so that it never will be.
func (s *Service) Withdraw(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, hash, note string) (v Version, err error) {
	if note, err = noted(note); err != nil {
		return v, err
	}
	err = s.o.Store.InTx(ctx, neighbourhood, func(tx Tx) error {
		if err := tx.Lock(); err != nil {
			return err
		}
		now := s.o.Now()
		if v, err = version(tx, hash, now); err != nil {
			return err
		}
		if v.State != Scheduled {
			return fault.New(fault.Conflict, "not_scheduled", "Only a version that is not live yet can be withdrawn; this one is %s.", v.State)
		}
		v.Withdrawn, v.State = &Withdrawal{now, by.Name, note}, Withdrawn
		if err := tx.Withdraw(v); err != nil {
			return err
		}
		if err := rebase(tx, v.Hash, v.BasedOn); err != nil {
			return err
		}
		tx.Audit(s.entry(by, neighbourhood, "withdraw", map[string]any{"hash": hash, "note": note}))
		return tx.Announce()
	})
	return v, err
}

// rebase lets drafts that were based on a version which will never be live be based on the one before it.
func rebase(tx Tx, from, to string) error {
	drafts, err := tx.Drafts()
	if err != nil {
		return err
	}
	for _, d := range drafts {
		if d.BasedOn != from {
			continue
		}
		d.BasedOn = to
		if err := tx.PutDraft(d); err != nil {
			return err
		}
	}
	return nil
}

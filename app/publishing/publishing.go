// Package publishing puts routing policies into force. Neighbourhood leads keep drafts, several at once and each with a
// name; a draft becomes a version by passing the gate: it parses, its stored cases hold, nothing that analysis calls an
// error stands in it, and each new warning, each request that past traffic shows to become less urgent or late, and each
// group that would wait longer has a written reason; where the neighbourhood asks for one, a second person has reviewed
// exactly that text. A version is immutable and named by the hash of its document; it is live from a moment on, until the
// next one is. Restoring an old version makes a new one of it.
//
// The package never decides where a request goes and never changes what is live by itself. Drafts and versions come from
// and go to its Store; past requests come from app/simulations through Replays; nodes read what is live in
// app/store/rulestore, in the transaction of the request that they decide.
package publishing

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/tenants"
)

// Store keeps drafts and versions. Everything done in one InTx is committed together or not at all.
type Store interface {
	InTx(ctx context.Context, neighbourhood uuid.UUID, fn func(Tx) error) error
}

// Tx is one transaction in one neighbourhood; it sees nothing of any other.
type Tx interface {
	// Lock keeps others from saving, publishing or changing the directory in this neighbourhood until the transaction ends.
	Lock() error

	// Drafts are all of them, by name.
	Drafts() ([]Draft, error)
	Draft(name string) (d Draft, found bool, err error)
	PutDraft(Draft) error
	RemoveDraft(name string) error
	// AddSave keeps a text that somebody saved or tried to save, and forgets all but the newest of that draft's.
	AddSave(Save) error
	// Saves are what was saved of a draft, newest first.
	Saves(draft string) ([]Save, error)

	// Versions are all of them, newest first, without their documents.
	Versions() ([]Version, error)
	// Version is the newest publication of a document.
	Version(hash string) (v Version, found bool, err error)
	// LiveAt is the version in force at a moment.
	LiveAt(at time.Time) (v Version, found bool, err error)
	AddVersion(Version) error
	// Withdraw marks a version that is not live yet, so that it never will be.
	Withdraw(Version) error

	Settings() (Settings, error)
	PutSettings(Settings) error

	Audit(audit.Entry)
	// Announce tells every node, after the commit, that drafts or versions changed.
	Announce() error
}

// Directories knows what takes part in a neighbourhood. It is directorystore.Store.
type Directories interface {
	Live(ctx context.Context, neighbourhood uuid.UUID, at time.Time) (*tenants.Directory, error)
}

// Options are what a Service stands on.
type Options struct {
	Store       Store
	Directories Directories
	// Replays decide past requests again. Without it a neighbourhood has no past, and its versions say so.
	Replays Replays
	// Pasts weighs findings by what was asked before; without it they weigh nothing.
	Pasts Pasts
	Now   func() time.Time
}

// Service is the one way to publish.
type Service struct {
	o Options
}

// New puts a service together.
func New(o Options) *Service { return &Service{o} }

// entry is one line of the trail about a neighbourhood's policy.
func (s *Service) entry(by audit.Actor, neighbourhood uuid.UUID, action string, details map[string]any) audit.Entry {
	return audit.Entry{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: neighbourhood, At: s.o.Now(), Actor: by, Action: "policy." + action,
		SubjectKind: "neighbourhood", Subject: neighbourhood, Details: details,
	}
}

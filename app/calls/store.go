package calls

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Sealer encrypts for one neighbourhood. It is secrets.Vault.
type Sealer interface {
	Seal(ctx context.Context, neighbourhood uuid.UUID, plain, context []byte) ([]byte, error)
	Open(ctx context.Context, neighbourhood uuid.UUID, sealed, context []byte) ([]byte, error)
}

// Row is a call as it begins, with what is kept of its caller.
type Row struct {
	Call
	ExternalHash []byte // nil for none
	CallerHash   []byte // nil when withheld
	CallerSealed []byte
}

// Store keeps calls. Each method is a transaction of its own in its neighbourhood.
type Store interface {
	// Key is the neighbourhood's sealed key for hashing; the one offered is kept where there is none yet.
	Key(ctx context.Context, neighbourhood uuid.UUID, offered func() ([]byte, error)) ([]byte, error)
	// Begin keeps a new call, and finds which one it repeats: the newest of the same caller since a moment. A call with the
	// same external hash is returned as it stands, and begun is false.
	Begin(ctx context.Context, r Row, since time.Time) (c Call, begun bool, err error)
	// Get is a call; absent ones and another neighbourhood's are absent.
	Get(ctx context.Context, neighbourhood, id uuid.UUID) (Call, error)
	// Change applies a function to a call under its lock. The function returns false to change nothing.
	Change(ctx context.Context, neighbourhood, id uuid.UUID, change func(*Call) bool) (Call, error)
	// Silent are calls that have not ended and were last heard of before a moment, oldest first.
	Silent(ctx context.Context, neighbourhood uuid.UUID, before time.Time, limit int) ([]Call, error)
	// Caller is the sealed number of a call; nil for none.
	Caller(ctx context.Context, neighbourhood, id uuid.UUID) ([]byte, error)

	// SaveSession keeps a sealed state. A version other than the kept one is refused with the fault session_moved_on.
	SaveSession(ctx context.Context, neighbourhood, call uuid.UUID, version int, sealed []byte, at time.Time) error
	// LoadSession is the sealed state and its version; absent for none.
	LoadSession(ctx context.Context, neighbourhood, call uuid.UUID) (sealed []byte, version int, err error)
	// DropSession removes it.
	DropSession(ctx context.Context, neighbourhood, call uuid.UUID) error
	// Forget removes what is kept of callers from calls that began before a moment, and says of how many.
	Forget(ctx context.Context, neighbourhood uuid.UUID, hashes, numbers time.Time) (int, error)
}

package recordings

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/requests"
	"onedoor/tenants"
)

// Kept is a recording as it is stored, sealed.
type Kept struct {
	Recording
	Audio, Transcript []byte
	HeardByID         uuid.UUID
	// Accountable and Offered are the organisations that the request by which it was found stands with.
	Accountable, Offered uuid.UUID
	Language             string // of the conversation
	// Kind is of the request; empty when it stands for answers of another kind that were cut off. Line is whose line the call
	// came by, zero for the neighbourhood's own. Both only come with what waits to be transcribed.
	Kind string
	Line uuid.UUID
}

// Store keeps recordings. A scope finds those of requests that it sees, and fault.Absent for all others.
type Store interface {
	// Add keeps a recording and, in the same transaction, what is to be removed elsewhere for it; nil for nothing.
	Add(ctx context.Context, r Recording, sealed []byte, elsewhere *Copy) error
	AddCopy(ctx context.Context, c Copy) error
	// CopiesDue are copies to remove now. A try is counted as it is given out.
	CopiesDue(ctx context.Context, neighbourhood uuid.UUID, now time.Time, limit int) ([]Copy, error)
	CopyRemoved(ctx context.Context, neighbourhood, id uuid.UUID) error
	// OfRequest leaves the sound out.
	OfRequest(ctx context.Context, scope tenants.Scope, reference requests.Reference) ([]Kept, error)
	// Find reads a recording with its sound, by a request that it belongs to. note may change who has heard it, and gives the
	// entry of the trail, nil for none; what it changed is kept with the entry, and told to who looks at the request.
	Find(ctx context.Context, scope tenants.Scope, reference requests.Reference, id uuid.UUID, note func(*Kept) (*audit.Entry, error)) (Kept, error)
	// Waiting are recordings to transcribe, oldest first: their organisation wants it, they are not gone and were not tried
	// often. A try is counted as it is given out.
	Waiting(ctx context.Context, neighbourhood uuid.UUID, limit int) ([]Kept, error)
	Transcribed(ctx context.Context, neighbourhood, id uuid.UUID, sealed []byte, by string) error
	Remove(ctx context.Context, neighbourhood uuid.UUID, now time.Time, defaultDays int) (int, error)
	Settings(ctx context.Context, scope tenants.Scope, organisation uuid.UUID, otherwise Settings) (Settings, error)
	Set(ctx context.Context, scope tenants.Scope, organisation uuid.UUID, to Settings, entry audit.Entry) error
}

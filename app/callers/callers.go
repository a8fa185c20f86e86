// Package callers decides who may hear what on the telephone. Leaving a request needs nothing of it. To hear how requests
// and appointments stand, a caller proves who they are: by a code that is texted to the number on the practice's register,
// or by a PIN that was set at the practice's desk. What they said of themselves beforehand finds them on the register and
// proves nothing.
//
// Whatever happens, one who asks learns nothing about the register: sending a code answers the same whether or not anybody
// was found, whether they have a number, and whether the number is one that a code may go to; a wrong code answers like
// a wrong PIN and like nobody. Both take the same time. Tries are counted by call, by what was said of the person, and by person.
//
// A text goes to a number only if it stands for one person on the register, and that person is 16 or older: a number
// that a family shares, or that a parent gave, proves nobody. A PIN is their way.
//
// A proof is a name for what is kept here. It holds for one call, until that ends, an hour at most. The package names no
// medicine and no reason, sends no text itself and keeps no words; app/store/callerstore keeps the rest.
package callers

import (
	"context"
	"crypto/rand"
	"io"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/calls"
	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/messages"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/tenants"
)

// Digits is how many digits a code and a PIN have.
const Digits = 6

// Limits. Those by person hold silently: only those that bind everybody alike are told.
const (
	codesPerCall  = 3
	triesPerCall  = 3
	codesPerHour  = 3   // for what was said of a person, and for a person
	triesPerHour  = 6   // likewise
	codesPerDay   = 8   // for a person
	codesOfAll    = 500 // in one neighbourhood and hour
	wrongPINs     = 10  // in a row; then the desk sets it anew
	codeLifetime  = 10 * time.Minute
	proofLifetime = time.Hour
	// outsideLifetime is that of a proof which no hang-up ends: a page stays open on a desk.
	outsideLifetime = 30 * time.Minute
	youngestByText  = 16
)

// Floor is how long SendCode and Prove take at least, so that time tells nothing: more than the slowest of their ways.
const Floor = 400 * time.Millisecond

// Texts bring a code to a number. It is messages.Outbox.
type Texts interface {
	Queue(ctx context.Context, m messages.Message) (uuid.UUID, error)
}

// Requests are what a person asked for. It is requests.Service.
type Requests interface {
	OfPatient(ctx context.Context, neighbourhood, patient uuid.UUID, language string) ([]requests.View, error)
}

// Calls know whether a call goes on. It is calls.Service.
type Calls interface {
	Get(ctx context.Context, neighbourhood, id uuid.UUID) (calls.Call, error)
}

// Systems find what an organisation has switched on for a use. It is systems.Systems.
type Systems interface {
	For(ctx context.Context, neighbourhood, organisation uuid.UUID, use clinical.Use, kind string) (clinical.System, clinical.Integration, error)
}

// Sealer encrypts for one neighbourhood. It is secrets.Vault.
type Sealer interface {
	Seal(ctx context.Context, neighbourhood uuid.UUID, plain, context []byte) ([]byte, error)
	Open(ctx context.Context, neighbourhood uuid.UUID, sealed, context []byte) ([]byte, error)
}

// Options are what a Service stands on.
type Options struct {
	Store    Store
	Texts    Texts // nil where no text can be sent: then a PIN is the only way
	Requests Requests
	Calls    Calls
	Systems  Systems // nil where no clinical system can be asked
	Sealer   Sealer
	Now      func() time.Time
	Random   io.Reader     // crypto/rand when nil
	Floor    time.Duration // Floor when zero; negative for none, in tests
}

// Service answers who may hear what.
type Service struct {
	o    Options
	keys keyring
	work chan struct{} // bounds how many PINs are hashed at once: each takes memory
}

// New puts a service together.
func New(o Options) *Service {
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Floor == 0 {
		o.Floor = Floor
	}
	return &Service{o: o, work: make(chan struct{}, 4)}
}

// Proof stands for somebody who proved who they are in one call. As JSON it can be kept with a call's state: what it says
// is looked up here each time, and nothing follows from having it alone.
type Proof struct {
	ID              uuid.UUID `json:"id"`
	NeighbourhoodID uuid.UUID `json:"neighbourhood_id"`
	CallID          uuid.UUID `json:"call_id"`
	// Outside a call the proof holds for something else, of which CallID is the name: ProveOutside.
	Outside bool `json:"outside,omitempty"`
}

// Kept is a proof as the store has it.
type Kept struct {
	Proof
	PatientID uuid.UUID
	Method    Method
	At, Until time.Time
}

// Method is how somebody proved who they are.
type Method string

const (
	ByCode Method = "code"
	ByPIN  Method = "pin"
)

// Code is a code that was drawn in a call. PatientID is zero when nobody was found, and no text was sent.
type Code struct {
	NeighbourhoodID uuid.UUID
	CallID          uuid.UUID
	PatientID       uuid.UUID
	Hash            []byte
	ExpiresAt       time.Time
}

// PIN is what the desk set for a person.
type PIN struct {
	NeighbourhoodID uuid.UUID
	PatientID       uuid.UUID
	Hash            string // argon2id, in the PHC string format
	SetBy           audit.Actor
	SetAt           time.Time
	Wrong           int // tries in a row
}

// Count is one thing that is counted within a window of time.
type Count struct {
	Subject []byte // a keyed hash
	What    string // code, try
	Window  time.Time
}

// Store keeps what this package needs. Each method is a transaction of its own.
type Store interface {
	// Key is the neighbourhood's sealed key; the one offered is kept where there is none yet.
	Key(ctx context.Context, neighbourhood uuid.UUID, offered func() ([]byte, error)) ([]byte, error)
	// Candidates are the people on the register who might be the one described.
	Candidates(ctx context.Context, neighbourhood uuid.UUID, given patients.Given) ([]patients.Patient, error)
	// Patient is one of them.
	Patient(ctx context.Context, neighbourhood, id uuid.UUID) (patients.Patient, error)
	// Sharing is how many people on the register have a number, counted to two.
	Sharing(ctx context.Context, neighbourhood uuid.UUID, mobile nhs.Phone) (int, error)
	// Add counts one more of each, and says how many that makes.
	Add(ctx context.Context, neighbourhood uuid.UUID, counts []Count) ([]int, error)

	// KeepCode keeps a code in the place of the call's earlier one.
	KeepCode(ctx context.Context, c Code) error
	// Code is the call's code; a zero one where there is none.
	Code(ctx context.Context, neighbourhood, call uuid.UUID) (Code, error)
	// PIN is a person's; a zero one where there is none.
	PIN(ctx context.Context, neighbourhood, patient uuid.UUID) (PIN, error)
	// Missed counts a wrong try against a person's PIN, if there is one.
	Missed(ctx context.Context, neighbourhood, patient uuid.UUID) error
	// Prove keeps a proof, takes the call's code away, forgets wrong tries, and enters it into the trail. With ByCode it
	// reports false when another took the code first.
	Prove(ctx context.Context, k Kept, entry audit.Entry) (bool, error)
	// Proof is what is kept under a proof's name; absent for none.
	Proof(ctx context.Context, p Proof) (Kept, error)

	// OnList is who of the staff's own lists is described; a doubtful match is absent.
	OnList(ctx context.Context, scope tenants.Scope, given patients.Given) (patients.Patient, error)
	// SetPIN keeps a PIN in the place of an earlier one, with an entry in the trail.
	SetPIN(ctx context.Context, scope tenants.Scope, p PIN, entry audit.Entry) error
	// RemovePIN takes it away, with an entry in the trail; removing what is not there is none.
	RemovePIN(ctx context.Context, scope tenants.Scope, patient uuid.UUID, entry audit.Entry) error
}

func notProved() *fault.Error {
	return fault.New(fault.Forbidden, "not_proved", "We could not check who you are.")
}

func tooMany(after time.Duration) *fault.Error {
	f := fault.New(fault.TooMany, "too_many_tries", "That has been tried too often. Try again later.")
	f.RetryAfter = after
	return f
}

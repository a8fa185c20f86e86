package dialogue

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"onedoor/app/callers"
	"onedoor/app/calls"
	"onedoor/app/catalogue"
	"onedoor/app/clinical"
	"onedoor/app/intake"
	"onedoor/app/messages"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/app/understanding"
	"onedoor/tenants"
)

// Options are what a Driver needs. References, Texts, Calls, Callers and Understanding may be nil: then the line says so, or does not
// offer it.
type Options struct {
	Catalogue     *catalogue.Catalogue
	Walker        *intake.Walker
	Requests      Requests
	Conversations Conversations
	References    References
	Directories   Directories
	Texts         Texts
	Calls         Calls
	Callers       Callers
	Understanding Understanding
	SelfService   SelfService // nil: nobody settles anything by themselves
	Needs         Needs       // nil: nothing is read of what callers need
	// Address is where the neighbourhoods' pages are, for texts: https://onedoor.example. Without it no text is sent.
	Address string
	Now     func() time.Time
	Random  io.Reader
	Log     *slog.Logger
}

// Requests is where a finished conversation goes. It is requests.Service.
type Requests interface {
	Submit(ctx context.Context, in requests.Submission) (requests.Receipt, error)
}

// Conversations keeps what was answered between one key and the next, so that it can go on elsewhere. It is
// conversationstore.Store.
type Conversations interface {
	Save(ctx context.Context, tokenHash []byte, c *intake.Conversation) error
}

// References finds what was begun before. It is conversationstore.Store.
type References interface {
	// ByReference takes a conversation up under the hash of a new token. What is absent, over, or has another date of birth is
	// fault.NotFound, and after too many wrong tries of one asker, which is a call, too_many_tries.
	ByReference(ctx context.Context, neighbourhood uuid.UUID, asker, reference string, birth nhs.Date, tokenHash []byte) (*intake.Conversation, error)
}

// Directories gives the version of a neighbourhood's directory that is in force.
type Directories interface {
	Current(ctx context.Context, neighbourhood uuid.UUID) (*tenants.Directory, error)
}

// Texts sends texts. It is messages.Outbox.
type Texts interface {
	Queue(ctx context.Context, m messages.Message) (uuid.UUID, error)
}

// Calls notes what happens on a call, for the record of it. It is calls.Service.
type Calls interface {
	Note(ctx context.Context, neighbourhood, call uuid.UUID, n calls.Note) error
}

// Callers decides what a caller may hear of requests and appointments that exist. It is callers.Service.
type Callers interface {
	SendCode(ctx context.Context, neighbourhood, call uuid.UUID, given patients.Given, language string) error
	Prove(ctx context.Context, neighbourhood, call uuid.UUID, given patients.Given, codeOrPIN string) (callers.Proof, error)
	Requests(ctx context.Context, proof callers.Proof, language string) ([]callers.Status, error)
	Appointments(ctx context.Context, proof callers.Proof) ([]clinical.Appointment, error)
}

// Understanding proposes a kind, and answers, for words that a caller said. It is understanding.Service.
type Understanding interface {
	Offers(ctx context.Context, neighbourhood, organisation uuid.UUID) (bool, error)
	Propose(ctx context.Context, neighbourhood, organisation uuid.UUID, words, language, channel string) (understanding.Proposal, understanding.Outcome, error)
	Chose(ctx context.Context, neighbourhood, use uuid.UUID, kind string) error
	Listen(h understanding.Heard)
}

package dialogue

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"onedoor/app/calls"
	"onedoor/app/catalogue"
	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/tenants"
)

// Options are what a Driver needs. Texts, Calls, Callers and Understanding may be nil: then the line says so, or does not
// offer it.
type Options struct {
	Catalogue     *catalogue.Catalogue
	Walker        *intake.Walker
	Requests      Requests
	Conversations Conversations
	Directories   Directories
	Texts         Texts
	Calls         Calls
	Callers       Callers
	Understanding Understanding
	// Translate gives the catalogue's words in another language than English; nil, or false, leaves them in English, and the
	// phrase says that it is.
	Translate func(language, english string) (string, bool)
	Now       func() time.Time
	Random    io.Reader
	Log       *slog.Logger
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

// Directories gives the version of a neighbourhood's directory that is in force.
type Directories interface {
	Current(ctx context.Context, neighbourhood uuid.UUID) (*tenants.Directory, error)
}

// Texts sends a caller the reference of what was sent, and nothing of what it is about.
type Texts interface {
	SendReference(ctx context.Context, neighbourhood uuid.UUID, to nhs.Phone, reference requests.Reference, language string) error
}

// Calls notes what happens on a call, for the record of it. It is calls.Service.
type Calls interface {
	Note(ctx context.Context, neighbourhood, call uuid.UUID, n calls.Note) error
}

// Callers decides what a caller may hear of requests and appointments that exist.
type Callers interface{}

// Understanding proposes a kind for words that a caller said.
type Understanding interface{}

package web

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"io"

	"github.com/google/uuid"

	"onedoor/app/fault"
	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/app/understanding"
	"onedoor/policy"
	"onedoor/tenants"
)

// Requests is where a finished conversation goes, and where an earlier one is followed. It is requests.Service.
type Requests interface {
	Submit(ctx context.Context, in requests.Submission) (requests.Receipt, error)
	Preview(ctx context.Context, in requests.Submission) (policy.Decision, error)
	Track(ctx context.Context, neighbourhood uuid.UUID, reference requests.Reference, birth nhs.Date, language string) (requests.View, error)
}

// Neighbourhoods knows all neighbourhoods. It is directory.Service.
type Neighbourhoods interface {
	Neighbourhoods(ctx context.Context) ([]tenants.Neighbourhood, error)
}

// Directories gives the version of a neighbourhood's directory that is in force.
type Directories interface {
	Current(ctx context.Context, neighbourhood uuid.UUID) (*tenants.Directory, error)
}

// Conversations keeps what was answered between one page and the next, for an hour from the last answer. Only the token's
// hash (SHA-256: the token is random, so it needs no salt) reaches it. It is conversationstore.Store.
type Conversations interface {
	Save(ctx context.Context, tokenHash []byte, c *intake.Conversation) error
	// Load finds one; what has expired, is another neighbourhood's or was never there is fault.NotFound.
	Load(ctx context.Context, neighbourhood uuid.UUID, tokenHash []byte) (*intake.Conversation, error)
	// ByReference takes one up that was begun elsewhere, under a new token. Whatever does not fit is fault.NotFound, a date of
	// birth that is missing conversation_birth_date, and too many wrong tries too_many_tries.
	ByReference(ctx context.Context, neighbourhood uuid.UUID, asker, reference string, birth nhs.Date, tokenHash []byte) (*intake.Conversation, error)
}

// Understanding reads people's own words where the neighbourhood has turned that on. It is understanding.Service.
type Understanding interface {
	Offers(ctx context.Context, neighbourhood, organisation uuid.UUID) (bool, error)
	Propose(ctx context.Context, neighbourhood, organisation uuid.UUID, words, language, channel string) (understanding.Proposal, understanding.Outcome, error)
	Chose(ctx context.Context, neighbourhood, use uuid.UUID, kind string) error
	Listen(h understanding.Heard)
}

// Contacts counts who began to ask for what, and not who. It is calls.Service.
type Contacts interface {
	Begun(ctx context.Context, neighbourhood uuid.UUID, channel, kind string) error
}

// Token finds a conversation: 256 random bits that only the browser keeps.
type Token string

func newToken(random io.Reader) (Token, error) {
	var b [32]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", err
	}
	return Token(base64.RawURLEncoding.EncodeToString(b[:])), nil
}

func parseToken(s string) (Token, bool) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	return Token(s), err == nil && len(b) == 32
}

func (t Token) hash() []byte {
	sum := sha256.Sum256([]byte(t))
	return sum[:]
}

func absent(err error) bool { return err != nil && fault.As(err).Kind == fault.NotFound }

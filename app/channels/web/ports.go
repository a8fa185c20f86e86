package web

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"time"

	"github.com/google/uuid"

	"onedoor/app/fault"
	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/policy"
	"onedoor/tenants"
)

// Requests is where a finished conversation goes, and where an earlier one is followed. It is requests.Service.
type Requests interface {
	Submit(ctx context.Context, in requests.Submission) (requests.Receipt, error)
	Preview(ctx context.Context, in requests.Submission) (policy.Decision, error)
	Track(ctx context.Context, neighbourhood uuid.UUID, reference requests.Reference, birth nhs.Date, language string) (requests.View, error)
}

// Directories finds neighbourhoods, and what is in one now.
type Directories interface {
	Neighbourhoods(ctx context.Context) ([]tenants.Neighbourhood, error)
	// BySlug is the version of a neighbourhood's directory that is in force; one that does not exist is fault.NotFound.
	BySlug(ctx context.Context, slug string) (*tenants.Directory, error)
}

// Conversations keeps what was answered between one page and the next. Only the token's hash reaches it.
type Conversations interface {
	// Save stores a conversation of its NeighbourhoodID under a token, in place of what was there, until a moment.
	Save(ctx context.Context, token TokenHash, c *intake.Conversation, until time.Time) error
	// Load finds it. One that is past its moment, or of another neighbourhood, or was never there, is fault.NotFound.
	Load(ctx context.Context, neighbourhood uuid.UUID, token TokenHash, now time.Time) (*intake.Conversation, error)
	// Forget deletes it; one that is not there is no error.
	Forget(ctx context.Context, neighbourhood uuid.UUID, token TokenHash) error
}

// Token finds a conversation: 256 random bits that only the browser keeps.
type Token string

// TokenHash is all that is stored of a token (SHA-256: the token is random, so it needs no salt).
type TokenHash [sha256.Size]byte

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

func (t Token) hash() TokenHash { return sha256.Sum256([]byte(t)) }

func absent(err error) bool { return err != nil && fault.As(err).Kind == fault.NotFound }

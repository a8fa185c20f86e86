package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"strings"

	"onedoor/app/fault"
)

// KeyPrefix begins every API key, so that a leaked one can be searched for and recognised.
const KeyPrefix = "od_"

// Hash is what is stored of a token or key: SHA-256, in full. They are random and 256 bits long, so that a slow hash
// would add nothing.
type Hash [sha256.Size]byte

// Token is a session's secret as the browser keeps it.
type Token string

// Key is an API key as its holder keeps it. It is shown once, when it is made.
type Key string

// NewToken makes a session token of 256 bits from random.
func NewToken(random io.Reader) (Token, error) {
	s, err := secret(random)
	return Token(s), err
}

// NewKey makes an API key of 256 bits from random.
func NewKey(random io.Reader) (Key, error) {
	s, err := secret(random)
	return Key(KeyPrefix + s), err
}

func secret(random io.Reader) (string, error) {
	if random == nil {
		random = rand.Reader
	}
	var b [32]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

// ParseToken refuses what cannot be a token, before anything is looked up.
func ParseToken(s string) (Token, error) {
	if !isSecret(s) {
		return "", noSession()
	}
	return Token(s), nil
}

// ParseKey refuses what cannot be a key, before anything is looked up.
func ParseKey(s string) (Key, error) {
	rest, ok := strings.CutPrefix(s, KeyPrefix)
	if !ok || !isSecret(rest) {
		return "", unknownKey()
	}
	return Key(s), nil
}

func isSecret(s string) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(b) == 32
}

// Hash is how a token is stored and found.
func (t Token) Hash() Hash { return sha256.Sum256([]byte(t)) }

// Hash is how a key is stored and found.
func (k Key) Hash() Hash { return sha256.Sum256([]byte(k)) }

func noSession() error {
	return fault.New(fault.Unauthenticated, "not_signed_in", "Sign in to see this.")
}

func unknownKey() error {
	return fault.New(fault.Unauthenticated, "unknown_key", "This API key is not known, or it has been withdrawn.")
}

// SeededKey is a key that anybody who reads this can make: for the demonstration's clients, which production refuses.
func SeededKey(label string) Key {
	sum := sha256.Sum256([]byte("onedoor demonstration key: " + label))
	return Key(KeyPrefix + base64.RawURLEncoding.EncodeToString(sum[:]))
}

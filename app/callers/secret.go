package callers

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/google/uuid"
	"golang.org/x/crypto/argon2"
)

// keyring holds the neighbourhoods' keys once they were opened: as many as there are neighbourhoods.
type keyring struct {
	mu   sync.Mutex
	keys map[uuid.UUID][]byte
}

// key is the neighbourhood's own: drawn once, and sealed at rest. Without it, what is kept of codes, PINs and counts says
// nothing, even to one who tries all million codes or all NHS numbers.
func (s *Service) key(ctx context.Context, neighbourhood uuid.UUID) ([]byte, error) {
	s.keys.mu.Lock()
	key := s.keys.keys[neighbourhood]
	s.keys.mu.Unlock()
	if key != nil {
		return key, nil
	}
	about := []byte("callers/key/" + neighbourhood.String())
	sealed, err := s.o.Store.Key(ctx, neighbourhood, func() ([]byte, error) {
		drawn := make([]byte, sha256.Size)
		if _, err := io.ReadFull(s.o.Random, drawn); err != nil {
			return nil, err
		}
		return s.o.Sealer.Seal(ctx, neighbourhood, drawn, about)
	})
	if err != nil {
		return nil, err
	}
	if key, err = s.o.Sealer.Open(ctx, neighbourhood, sealed, about); err != nil {
		return nil, err
	}
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	if s.keys.keys == nil {
		s.keys.keys = map[uuid.UUID][]byte{}
	}
	s.keys.keys[neighbourhood] = key
	return key, nil
}

func hashed(key []byte, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return h.Sum(nil)
}

func codeHash(key []byte, call uuid.UUID, code string) []byte {
	return hashed(key, "code", call.String(), code)
}

// argon2id's costs, as OWASP's password storage advice gives them for the least memory that it allows.
const (
	argonMemory  = 19 << 10 // KiB
	argonTime    = 2
	argonThreads = 1
	argonSalt    = 16
	argonLength  = 32
)

// hashPIN makes the PHC string of a PIN. What is hashed is bound to the neighbourhood's key and to the person.
func (s *Service) hashPIN(ctx context.Context, key []byte, patient uuid.UUID, pin string) (string, error) {
	salt := make([]byte, argonSalt)
	if _, err := io.ReadFull(s.o.Random, salt); err != nil {
		return "", err
	}
	sum, err := s.argon(ctx, hashed(key, "pin", patient.String(), pin), salt)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(sum)), nil
}

// compare does the same work whether there is a PIN or not.
func (s *Service) compare(ctx context.Context, phc string, key []byte, patient uuid.UUID, given string) (bool, error) {
	salt, want, known := parsePHC(phc)
	if !known {
		salt, want = make([]byte, argonSalt), make([]byte, argonLength)
	}
	sum, err := s.argon(ctx, hashed(key, "pin", patient.String(), given), salt)
	return subtle.ConstantTimeCompare(sum, want) == 1 && known, err
}

// argon hashes in turn: a flood of calls waits rather than takes all memory.
func (s *Service) argon(ctx context.Context, secret, salt []byte) ([]byte, error) {
	select {
	case s.work <- struct{}{}:
		defer func() { <-s.work }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey(secret, salt, argonTime, argonMemory, argonThreads, argonLength), nil
}

// parsePHC reads what hashPIN made. Another cost is another hash: its PIN is set anew at the desk.
func parsePHC(phc string) (salt, sum []byte, ok bool) {
	prefix := fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, argonMemory, argonTime, argonThreads)
	rest, found := strings.CutPrefix(phc, prefix)
	first, second, both := strings.Cut(rest, "$")
	if !found || !both {
		return nil, nil, false
	}
	salt, err := base64.RawStdEncoding.DecodeString(first)
	if err != nil || len(salt) != argonSalt {
		return nil, nil, false
	}
	sum, err = base64.RawStdEncoding.DecodeString(second)
	return salt, sum, err == nil && len(sum) == argonLength
}

package webhook

import (
	"crypto/hmac"
	"errors"
	"strconv"

	"github.com/google/uuid"
)

// Place names an answer, as the address of the message that follows it does.
type Place struct {
	Call uuid.UUID
	Step int
	Pass string // asked for where Options.Passes is set
}

// ParsePlace reads an address. One that was not made here is refused like a message that is not signed.
func ParsePlace(call, step, pass string) (Place, error) {
	id, err := uuid.Parse(call)
	if err != nil {
		return Place{}, Refused(errors.New("not a call"))
	}
	n, err := strconv.Atoi(step)
	if err != nil || n < 1 {
		return Place{}, Refused(errors.New("not an answer"))
	}
	return Place{id, n, pass}, nil
}

// Nothing is what Hear is given when nobody spoke.
func Nothing() uuid.UUID { return uuid.Max }

// passes reports whether a place was named by us, where the platform does not sign addresses.
func (h *Hook) passes(s *session, at Place) bool {
	return !h.Passes || hmac.Equal([]byte(at.Pass), []byte(pass(s, at.Step)))
}

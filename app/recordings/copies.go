package recordings

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
)

// Copy is a recording that a telephony platform holds, of a call that came by a line: to be removed there once what it holds
// is kept here, or will never be needed.
type Copy struct {
	ID, NeighbourhoodID uuid.UUID
	Line                string
	// Address is the platform's, and names nobody.
	Address string
	At      time.Time
	// Tries are those that were begun, and TryAt is when the next is due.
	Tries int
	TryAt time.Time
}

// Copies remove what platforms hold. One that is gone already is removed.
type Copies interface {
	RemoveCopy(ctx context.Context, line, address string) error
}

const (
	// copiesAtOnce bounds a round.
	copiesAtOnce = 50
	// MostCopyTries are two days and a half of tries. What is left then has to be removed by a person, at the platform.
	MostCopyTries = 12
)

// KeepFetched keeps a recording that a platform held, as Keep does, and with it the wish that the platform's copy goes.
func (s *Service) KeepFetched(ctx context.Context, neighbourhood, call uuid.UUID, linkID string, wav []byte, line, address string) (uuid.UUID, error) {
	c := s.copyOf(neighbourhood, line, address)
	return s.keep(ctx, neighbourhood, call, linkID, wav, &c)
}

// Discard has a platform's recording removed that nobody needs: the caller spoke anew.
func (s *Service) Discard(ctx context.Context, neighbourhood uuid.UUID, line, address string) error {
	return s.o.Store.AddCopy(ctx, s.copyOf(neighbourhood, line, address))
}

func (s *Service) copyOf(neighbourhood uuid.UUID, line, address string) Copy {
	now := s.o.Now()
	return Copy{ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: neighbourhood, Line: line, Address: address, At: now, TryAt: now}
}

// RemoveCopies removes what platforms still hold of a neighbourhood's recordings, and counts it. What cannot be removed now is
// tried again, later each time.
func (s *Service) RemoveCopies(ctx context.Context, neighbourhood uuid.UUID) (removed int, err error) {
	if s.o.Copies == nil {
		return 0, nil
	}
	due, err := s.o.Store.CopiesDue(ctx, neighbourhood, s.o.Now(), copiesAtOnce)
	if err != nil {
		return 0, err
	}
	var problems []error
	for _, c := range due {
		if err := s.o.Copies.RemoveCopy(ctx, c.Line, c.Address); err != nil {
			problems = append(problems, err)
			continue
		}
		if err := s.o.Store.CopyRemoved(ctx, neighbourhood, c.ID); err != nil {
			problems = append(problems, err)
			continue
		}
		removed++
	}
	return removed, errors.Join(problems...)
}

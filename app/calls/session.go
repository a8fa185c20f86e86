package calls

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"onedoor/app/fault"
)

// SaveSession keeps the state of a call's dialogue. s.Version is that of the state it was made from, 0 for the first: when
// another message of the same call came first, the save is refused with the fault session_moved_on, and nothing is kept.
func (s *Service) SaveSession(ctx context.Context, neighbourhood uuid.UUID, session Session) error {
	sealed, err := s.o.Sealer.Seal(ctx, neighbourhood, session.State, about("session", session.CallID))
	if err != nil {
		return err
	}
	return s.o.Store.SaveSession(ctx, neighbourhood, session.CallID, session.Version, sealed, s.o.Now())
}

// LoadSession is the state of a call's dialogue; absent when none was kept or the call has ended.
func (s *Service) LoadSession(ctx context.Context, neighbourhood, call uuid.UUID) (Session, error) {
	sealed, version, err := s.o.Store.LoadSession(ctx, neighbourhood, call)
	if err != nil {
		return Session{}, err
	}
	state, err := s.o.Sealer.Open(ctx, neighbourhood, sealed, about("session", call))
	return Session{CallID: call, Version: version, State: state}, err
}

// Filing brings what was answered in a call that nobody drives any more to reception. The dialogue does it, from the
// session as it was kept, as if the caller had hung up; it notes on the call what came of it. Filing twice files once.
type Filing interface {
	File(ctx context.Context, c Call, state []byte) error
}

// silentAfter is how long a call may give no sign: more than the longest wait of a dialogue, with its repeats, and than
// the longest recording.
const silentAfter = 15 * time.Minute

// sweepMost bounds one sweep of one neighbourhood.
const sweepMost = 100

// Sweep ends calls that went silent, since their process died or the other side never said that they were over. What was
// answered is filed first; a call whose filing fails stays for the next sweep. It says how many it ended.
func (s *Service) Sweep(ctx context.Context, neighbourhood uuid.UUID) (ended int, err error) {
	silent, err := s.o.Store.Silent(ctx, neighbourhood, s.o.Now().Add(-silentAfter), sweepMost)
	if err != nil {
		return 0, err
	}
	var problems []error
	for _, c := range silent {
		if err := s.sweep(ctx, c); err != nil {
			problems = append(problems, err)
			continue
		}
		ended++
	}
	return ended, errors.Join(problems...)
}

func (s *Service) sweep(ctx context.Context, c Call) error {
	session, err := s.LoadSession(ctx, c.NeighbourhoodID, c.ID)
	switch {
	case fault.Is(err, "not_found"):
	case err != nil:
		return err
	case s.o.Filing != nil:
		if err := s.o.Filing.File(ctx, c, session.State); err != nil {
			return err
		}
	}
	// It was over when it was last heard of, not when somebody noticed.
	_, err = s.o.Store.Change(ctx, c.NeighbourhoodID, c.ID, func(now *Call) bool { return now.end("", c.HeardAt) })
	if err != nil {
		return err
	}
	return s.o.Store.DropSession(ctx, c.NeighbourhoodID, c.ID)
}

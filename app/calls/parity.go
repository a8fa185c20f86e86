package calls

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/policy"
)

// ParityRow is what became of the requests for one kind that came by one channel.
type ParityRow struct {
	Kind, Channel string
	Requests      int
	// Hidden means that there were too few to say more about them: everything below is zero.
	Hidden bool

	Urgencies map[policy.Urgency]int // as decided when each came in
	Answered  int
	// Median and P90 are how long answered ones took from being handed in.
	Median, P90 time.Duration
	// Late are those that were answered after they were due, or are due and not answered, of those Judged. Requests of
	// another system's past have no due time here.
	Judged, Late int
}

// Parity is how requests fared by kind and channel: whether those who ring are served as those who write.
type Parity struct {
	Period
	Rows []ParityRow
}

// Parity counts the requests of a period. Of few it says only how many they are.
func (s *Service) Parity(ctx context.Context, neighbourhood uuid.UUID, p Period) (Parity, error) {
	from, until := p.Moments()
	rows, err := s.o.Reports.CountParity(ctx, neighbourhood, from, until, s.o.Now())
	for i := range rows {
		if rows[i].Requests < Few {
			rows[i] = ParityRow{Kind: rows[i].Kind, Channel: rows[i].Channel, Requests: rows[i].Requests, Hidden: true}
		}
	}
	return Parity{p, rows}, err
}

package policies

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/fault"
	"onedoor/policy/simulate"
)

// maxHistory is how many requests a replay with a directory holds in memory.
const maxHistory = 2_000_000

// history reads requests for a replay with places, in order of time, and the line of each.
func (c *simulateCommand) history(s Streams) (list []simulate.Request, lines map[uuid.UUID]int, err error) {
	lines = map[uuid.UUID]int{}
	err = s.requests(c.Requests, func(r request) error {
		if len(list)+r.Count > maxHistory {
			return fault.New(fault.TooLarge, "requests", "%s has more than %d requests.", c.Requests, maxHistory)
		}
		screened(r.Facts)
		one := c.past(r)
		for n := range r.Count {
			one.ID = numbered(r.Line, n)
			lines[one.ID] = r.Line
			list = append(list, one)
		}
		return nil
	})
	slices.SortStableFunc(list, func(a, b simulate.Request) int { return a.At.Compare(b.At) })
	return list, lines, err
}

// past is a line as a past request.
func (c *simulateCommand) past(r request) simulate.Request {
	one := simulate.Request{
		At: orTime(r.At, c.At).UTC(), Facts: r.Facts, Channel: orText(r.Channel), AgeBand: r.AgeBand, Deprivation: orText(r.Deprivation),
		Language: simulate.LanguageOf(r.Language), AnsweredAt: r.AnsweredAt,
	}
	if one.AgeBand == "" {
		one.AgeBand = simulate.AgeBandOfFacts(r.Facts)
	}
	return one
}

func orTime(t, other time.Time) time.Time {
	if t.IsZero() {
		return other
	}
	return t
}

func orText(s string) string {
	if s == "" {
		return simulate.NotKnown
	}
	return s
}

// numbered is an id that says which request it is.
func numbered(line, n int) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], uint64(line)) //nolint:gosec // lines are counted from 1
	binary.BigEndian.PutUint64(id[8:], uint64(n))    //nolint:gosec // and requests of a line from 0
	return id
}

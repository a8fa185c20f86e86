package demo

import (
	"encoding/binary"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/calls"
	"onedoor/app/nhs"
	"onedoor/policy/simulate"
	"onedoor/tenants"
)

// callsInAWeek is what riverside's lines take together.
const callsInAWeek = 480

// ended is how often of a hundred calls end so, and how long they then are, in seconds.
var ended = []struct {
	of         int
	end        calls.Ending
	from, most int
}{
	{53, calls.Completed, 140, 330},
	{18, calls.Person, 60, 420},
	{12, calls.Callback, 50, 160},
	{7, calls.AbandonedKept, 60, 200},
	{7, calls.AbandonedEmpty, 3, 40},
	{1, calls.Emergency, 40, 90},
	{1, calls.Refused, 0, 1},
	{1, calls.Failed, 5, 60},
}

// rungKinds are what callers ask for, as often as they stand.
var rungKinds = []string{
	"repeat-prescription", "repeat-prescription", "repeat-prescription", "repeat-prescription", "appointment-book", "appointment-book", "appointment-book", "symptoms", "symptoms", "symptoms",
	"test-results", "test-results", "admin", "callback", "appointment-cancel", "appointment-change", "fit-note",
}

// Calls are made-up telephone calls of riverside's lines in the four weeks before a day: the same for the same day. No
// number stands behind them, and no request.
func Calls(today nhs.Date) []calls.Call {
	const days = 28
	var list []calls.Call
	for ago := days; ago >= 1; ago-- {
		day := today.Add(-ago)
		r := rand.New(rand.NewPCG(uint64(day.Year*400+int(day.Month)*31+day.Day), 28)) //nolint:gosec // it must be the same each time
		n := callsInAWeek * byWeekday[day.Midnight(time.UTC).Weekday()] / 100
		first := len(list)
		for range n {
			list = append(list, madeCall(r, day, list))
		}
		slices.SortFunc(list[first:], func(a, b calls.Call) int { return a.StartedAt.Compare(b.StartedAt) })
	}
	return list
}

func madeCall(r *rand.Rand, day nhs.Date, before []calls.Call) calls.Call {
	hour := 8*60 + r.IntN(120) // 27 of 100 in the first two hours
	if r.IntN(100) >= 27 {
		hour = 10*60 + r.IntN(9*60)
	}
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], r.Uint64())
	binary.BigEndian.PutUint64(id[8:], r.Uint64())
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	c := calls.Call{
		ID: id, NeighbourhoodID: NeighbourhoodID("riverside"), Line: "riverside", Via: calls.SIP, Language: "en", Withheld: r.IntN(100) < 4,
		StartedAt: day.Midnight(tenants.London()).Add(time.Duration(hour)*time.Minute + time.Duration(r.IntN(60))*time.Second).UTC(),
		Kind:      rungKinds[r.IntN(len(rungKinds))], LastStep: "menu",
	}
	if at := []nhs.ODSCode{"", "", "A81001", "A81002", "A81003"}[r.IntN(5)]; at != "" {
		c.OrganisationID, c.Line = OrganisationID(at), string(at)
	}
	at := r.IntN(100)
	for _, e := range ended {
		if at -= e.of; at >= 0 {
			continue
		}
		c.End = e.end
		c.EndedAt = c.StartedAt.Add(time.Duration(e.from+r.IntN(e.most-e.from+1)) * time.Second)
		break
	}
	c.HeardAt = c.EndedAt
	if c.End != calls.Refused {
		c.AnsweredAt = c.StartedAt.Add(300 * time.Millisecond)
	}
	switch c.End {
	case calls.Completed, calls.Emergency:
		c.Reference = "0000000000" // one of no request
	case calls.Person:
		c.PersonAskedAt = c.StartedAt.Add(15 * time.Second)
		c.PersonAt = c.PersonAskedAt.Add(time.Duration(10+r.IntN(40)*r.IntN(8)) * time.Second)
		c.EndedAt = c.PersonAt.Add(time.Duration(60+r.IntN(240)) * time.Second)
	case calls.Callback:
		c.PersonAskedAt = c.StartedAt.Add(20 * time.Second)
	case calls.AbandonedEmpty, calls.Refused:
		c.Kind = ""
	case calls.AbandonedKept:
		c.AnswersKept = true
	}
	// Some ring again within a day: what they rang about was not settled.
	if len(before) > 0 && !c.Withheld && r.IntN(100) < 9 {
		if b := before[len(before)-1-r.IntN(min(len(before), 60))]; !b.Withheld && b.StartedAt.Before(c.StartedAt) && c.StartedAt.Sub(b.StartedAt) < calls.Again {
			c.Repeats = b.ID
		}
	}
	return c
}

// Begun are how many began to ask on the web, of whom those in a history are the ones who got to the end.
func Begun(history iter.Seq2[simulate.Request, simulate.RuleName]) []calls.BegunDay {
	var list []calls.BegunDay
	at := map[calls.BegunDay]int{}
	n := 0
	for q := range history {
		if q.Channel != "web" {
			continue
		}
		d := calls.BegunDay{Day: nhs.DateOf(q.At.In(tenants.London())), Channel: q.Channel, Kind: q.Facts["kind"].String()}
		i, ok := at[d]
		if !ok {
			i = len(list)
			at[d], list = i, append(list, d)
		}
		list[i].N++
		if n++; n%5 == 0 { // one in six gives up
			list[i].N++
		}
	}
	return list
}

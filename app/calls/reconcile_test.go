package calls

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/nhs"
)

var monday = Period{nhs.Date{Year: 2026, Month: 11, Day: 23}, nhs.Date{Year: 2026, Month: 11, Day: 23}}

var nine = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func plainHash(external string) [][]byte { return [][]byte{[]byte("sip/" + external)} }

func ourCall(n int, at time.Time, external string) Ours {
	o := Ours{Call: Call{ID: uuid.UUID{15: byte(n), 14: byte(n >> 8)}, StartedAt: at}}
	if external != "" {
		o.ExternalHash = plainHash(external)[0]
	}
	return o
}

// check holds a reconciliation against what it promises, whatever the lists were.
func check(t *testing.T, ours []Ours, theirs []SupplierCall, p Period, r Reconciliation) {
	t.Helper()
	from, until := p.Moments()
	inside := func(at time.Time) bool { return !at.Before(from) && at.Before(until) }
	seenOurs, seenTheirs := map[uuid.UUID]int{}, map[int]int{}
	for _, pair := range r.Matched {
		seenOurs[pair.Ours.ID]++
		seenTheirs[pair.Theirs.Row]++
		if !pair.ByID && pair.Ours.StartedAt.Sub(pair.Theirs.At).Abs() > tolerance {
			t.Errorf("a pair is %s apart", pair.Ours.StartedAt.Sub(pair.Theirs.At))
		}
	}
	for _, o := range r.OnlyOurs {
		seenOurs[o.ID]++
	}
	for _, list := range [][]SupplierCall{r.OnlyTheirs, r.Doubled} {
		for _, c := range list {
			seenTheirs[c.Row]++
		}
	}
	for _, o := range ours {
		if n := seenOurs[o.ID]; n > 1 || n == 0 && inside(o.StartedAt) {
			t.Errorf("our call at %s stands %d times", o.StartedAt, n)
		}
	}
	told := 0
	for _, c := range theirs {
		n := seenTheirs[c.Row]
		told += n
		if n > 1 || n == 0 && inside(c.At) {
			t.Errorf("their row %d at %s stands %d times", c.Row, c.At, n)
		}
	}
	if told+r.Outside != len(theirs) {
		t.Errorf("%d lines are told of, and %d outside, of %d", told, r.Outside, len(theirs))
	}
}

func TestAnySuppliersListAccountsForEveryCallOnce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		random := rand.New(rand.NewPCG(seed, 7))
		around := func() time.Time { // from a little before the day to a little after it
			return nine.Add(time.Duration(random.IntN(26*3600)-10*3600) * time.Second)
		}
		var ours []Ours
		var theirs []SupplierCall
		row := 2
		add := func(c SupplierCall) {
			c.Row = row
			theirs = append(theirs, c)
			row++
		}
		for n := range random.IntN(40) {
			at, external := around(), ""
			if random.IntN(2) == 0 {
				external = fmt.Sprint("call-", n)
			}
			ours = append(ours, ourCall(n, at, external))
			if random.IntN(4) == 0 {
				continue // theirs lacks it
			}
			c := SupplierCall{At: at.Add(time.Duration(random.IntN(120)-60) * time.Second), Length: time.Duration(random.IntN(300)-1) * time.Second}
			if random.IntN(2) == 0 {
				c.External = external
			}
			for range 1 + random.IntN(5)/4 { // now and then twice
				add(c)
			}
		}
		for n := range random.IntN(10) { // ours lacks these
			add(SupplierCall{At: around(), Length: -1, External: []string{"", fmt.Sprint("other-", n)}[random.IntN(2)]})
		}
		random.Shuffle(len(theirs), func(i, j int) { theirs[i], theirs[j] = theirs[j], theirs[i] })
		check(t, ours, theirs, monday, reconcile(ours, Supplier{Calls: theirs}, monday, plainHash))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestTheSameCallsAgreeWhateverTheClocks(t *testing.T) {
	t.Parallel()
	var ours []Ours
	var theirs []SupplierCall
	for n := range 200 { // a call every few seconds at the busiest minute
		at := nine.Add(time.Duration(n*7) * time.Second)
		ours = append(ours, ourCall(n, at, ""))
		theirs = append(theirs, SupplierCall{Row: n + 2, At: at.Add(25 * time.Second), Length: time.Minute})
	}
	if r := reconcile(ours, Supplier{Calls: theirs}, monday, plainHash); !r.Agrees() || len(r.Matched) != 200 {
		t.Errorf("%d matched, %d only ours, %d only theirs, %d doubled", len(r.Matched), len(r.OnlyOurs), len(r.OnlyTheirs), len(r.Doubled))
	}
}

func TestWhatDiffersIsNamed(t *testing.T) {
	t.Parallel()
	both, lost, invented := nine, nine.Add(time.Hour), nine.Add(2*time.Hour)
	ours := []Ours{ourCall(1, both, "a"), ourCall(2, lost, "b"), ourCall(3, nine.Add(3*time.Hour), "c")}
	theirs := []SupplierCall{
		{Row: 2, At: both, Length: time.Minute, External: "a"},
		{Row: 3, At: both, Length: time.Minute, External: "a"},
		{Row: 4, At: invented, Length: time.Minute, External: "z"},
		{Row: 5, At: nine.Add(3*time.Hour + 10*time.Minute), Length: time.Minute, External: "c"}, // by its id, however wrong a clock
		{Row: 6, At: nine.AddDate(0, 0, 1), Length: time.Minute, External: "d"},
	}
	r := reconcile(ours, Supplier{Calls: theirs, Outbound: 4}, monday, plainHash)
	if len(r.Matched) != 2 || r.Matched[0].Theirs.Row != 2 || r.Matched[1].Theirs.Row != 5 || !r.Matched[0].ByID {
		t.Errorf("matched %+v", r.Matched)
	}
	if len(r.OnlyOurs) != 1 || r.OnlyOurs[0].ID != ours[1].ID || len(r.OnlyTheirs) != 1 || r.OnlyTheirs[0].Row != 4 || len(r.Doubled) != 1 || r.Doubled[0].Row != 3 || r.Outside != 1 || r.Outbound != 4 || r.Agrees() {
		t.Errorf("%+v", r)
	}
}

func TestACallAtMidnightIsCountedOnce(t *testing.T) {
	t.Parallel()
	midnight, _ := monday.Moments()
	ours := []Ours{ourCall(1, midnight.Add(-5*time.Second), ""), ourCall(2, midnight.Add(5*time.Second), "")}
	for name, test := range map[string]struct {
		theirs            []time.Duration // from midnight
		matched, outside  int
		onlyOurs, onlyThe int
	}{
		"their clock is ahead":           {[]time.Duration{5 * time.Second, 15 * time.Second}, 2, 0, 0, 0},
		"their clock is behind":          {[]time.Duration{-15 * time.Second, -5 * time.Second}, 1, 1, 0, 0},
		"they lack the one of yesterday": {[]time.Duration{5 * time.Second}, 1, 0, 1, 0},
	} {
		var theirs []SupplierCall
		for i, d := range test.theirs {
			theirs = append(theirs, SupplierCall{Row: i + 2, At: midnight.Add(d), Length: time.Minute})
		}
		r := reconcile(ours, Supplier{Calls: theirs}, monday, plainHash)
		check(t, ours, theirs, monday, r)
		if len(r.Matched) != test.matched || r.Outside != test.outside || len(r.OnlyOurs) != test.onlyOurs || len(r.OnlyTheirs) != test.onlyThe {
			t.Errorf("%s: %d matched, %d outside, %d only ours, %d only theirs", name, len(r.Matched), r.Outside, len(r.OnlyOurs), len(r.OnlyTheirs))
		}
	}
}

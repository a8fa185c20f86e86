package simulate_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/policy"
	"onedoor/policy/simulate"
)

func both(t *testing.T, test func(t *testing.T, mode simulate.Mode)) {
	for _, mode := range []simulate.Mode{simulate.RecordedLoad, simulate.ClosedLoop} {
		t.Run(string(mode), func(t *testing.T) { t.Parallel(); test(t, mode) })
	}
}

func TestAVersionAgainstItselfMovesNothing(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, mode simulate.Mode) {
		side := live(t)
		again := edited(t, side, "policy: riverside", "policy: riverside\n# the same rules, and another version of the text")
		r := run(t, month(t, side, 3000), side, again, simulate.Options{Mode: mode})
		if r.Requests != 3000 || r.Mode != mode || len(r.Method) == 0 {
			t.Fatalf("%d requests in mode %q by %d methods", r.Requests, r.Mode, len(r.Method))
		}
		if r.Moved+r.NewlyLate+r.NewlyLessUrgent+r.NewlyMoreUrgent+r.NoLongerLate != 0 || len(r.Findings) != 0 {
			t.Errorf("something is different: %s", asJSON(t, r.Findings))
		}
		for _, c := range r.Matrix {
			if c.Changed() || len(c.Samples) > 0 {
				t.Errorf("a cell between different ends: %s", asJSON(t, c))
			}
		}
		for _, g := range r.Groups {
			if g.Live != g.Draft || g.Longer+g.Shorter+g.Moved != 0 {
				t.Errorf("a group waits otherwise: %+v", g)
			}
		}
	})
}

// What is typed in from the rules alone: sore throats of those who are five or over stay, and the other symptoms that stayed
// become routine.
func TestTheMatrixIsWhatANaiveSimulationCounts(t *testing.T) {
	t.Parallel()
	side := live(t)
	draft := calmer(t, side)
	list := month(t, side, 4000)
	got := run(t, list, side, draft, simulate.Options{Workers: 3})

	type end struct {
		place   policy.Place
		urgency policy.Urgency
	}
	matrix := map[[2]end]int{}
	arrivals := map[uuid.UUID][2]int{}
	moved, less, more := 0, 0, 0
	for _, r := range list {
		a := policy.Decide(side.Policy, r.Facts, side.Directory, r.Load, r.At)
		b := policy.Decide(draft.Policy, r.Facts, draft.Directory, r.Load, r.At)
		if a.Destination != r.Place || a.Urgency != r.Urgency {
			t.Fatalf("the live version decides %v of what was sent to %v", a.Destination, r.Place)
		}
		matrix[[2]end{{a.Destination, a.Urgency}, {b.Destination, b.Urgency}}]++
		if a.Destination != b.Destination {
			moved++
		}
		if b.Urgency.Rank() < a.Urgency.Rank() {
			less++
		}
		if b.Urgency.Rank() > a.Urgency.Rank() {
			more++
		}
		counts := arrivals[a.Destination.Queue]
		counts[0]++
		arrivals[a.Destination.Queue] = counts
		counts = arrivals[b.Destination.Queue]
		counts[1]++
		arrivals[b.Destination.Queue] = counts
	}
	if moved == 0 || less == 0 {
		t.Fatal("the draft changes nothing, so nothing is tested")
	}
	if got.Moved != moved || got.NewlyLessUrgent != less || got.NewlyMoreUrgent != more {
		t.Errorf("moved %d, less urgent %d, more urgent %d; want %d, %d, %d", got.Moved, got.NewlyLessUrgent, got.NewlyMoreUrgent, moved, less, more)
	}
	if len(got.Matrix) != len(matrix) {
		t.Errorf("%d cells; want %d", len(got.Matrix), len(matrix))
	}
	sum := 0
	for _, c := range got.Matrix {
		sum += c.Requests
		if want := matrix[[2]end{{c.From.Place, c.From.Urgency}, {c.To.Place, c.To.Urgency}}]; c.Requests != want {
			t.Errorf("%d requests from %v to %v; want %d", c.Requests, c.From, c.To, want)
		}
		if c.Changed() && len(c.Samples) != min(10, c.Requests) {
			t.Errorf("%d samples of %d requests", len(c.Samples), c.Requests)
		}
		if c.From.Organisation == "" || c.From.Queue == "" || c.To.Organisation == "" || c.To.Queue == "" {
			t.Errorf("a cell without names: %+v", c)
		}
	}
	if sum != len(list) {
		t.Errorf("the cells hold %d requests; want %d", sum, len(list))
	}
	for _, l := range got.Load {
		liveSum, draftSum := 0, 0
		for hour := range l.Live {
			liveSum += l.Live[hour]
			draftSum += l.Draft[hour]
		}
		want := arrivals[l.Place.Queue]
		if liveSum != want[0] || draftSum != want[1] || l.LiveTotal != want[0] || l.DraftTotal != want[1] {
			t.Errorf("%s at %s: %d and %d; want %v", l.Queue, l.Organisation, liveSum, draftSum, want)
		}
	}
}

func TestHowRequestsAreDividedChangesNothing(t *testing.T) {
	t.Parallel()
	side := live(t)
	draft := calmer(t, side)
	list := month(t, side, 3000)
	one := run(t, list, side, draft, simulate.Options{Workers: 1})
	shuffled := slices.Clone(list)
	random := rand.New(rand.NewPCG(1, 2))
	for _, workers := range []int{2, 5, 16} {
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if got := run(t, shuffled, side, draft, simulate.Options{Workers: workers}); asJSON(t, got) != asJSON(t, one) {
			t.Errorf("%d workers on shuffled requests give another result", workers)
		}
	}
}

func TestGroupsAddUpAndWaitAsTheirQueuesDo(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, mode simulate.Mode) {
		side := live(t)
		list := month(t, side, 3000)
		r := run(t, list, side, calmer(t, side), simulate.Options{Mode: mode})
		sums := map[string]int{}
		for _, g := range r.Groups {
			sums[g.By] += g.Requests
			if g.Estimated > g.Requests || g.Moved > g.Requests || g.Longer+g.Shorter > g.Estimated {
				t.Errorf("a group that counts too much: %+v", g)
			}
		}
		for _, by := range []string{simulate.ByChannel, simulate.ByAge, simulate.ByDeprivation, simulate.ByLanguage} {
			if sums[by] != len(list) {
				t.Errorf("%s: %d requests; want %d", by, sums[by], len(list))
			}
		}
	})
}

// A draft that sends everything to one slow queue makes requests late and groups wait longer, and both need a reason.
func TestASlowQueueIsFound(t *testing.T) {
	t.Parallel()
	side := live(t)
	draft := calmer(t, side)
	list := month(t, side, 3000)
	callbacks := map[uuid.UUID]bool{}
	for _, q := range side.Directory.Queues() {
		callbacks[q.ID] = q.Slug == "callbacks"
	}
	for i := range list {
		if callbacks[list[i].Place.Queue] {
			list[i].AnsweredAt = list[i].At.AddDate(0, 0, 9)
		}
	}
	r := run(t, list, side, draft, simulate.Options{})
	kinds := map[simulate.FindingKind]int{}
	keys := map[string]bool{}
	for _, f := range r.Findings {
		kinds[f.Kind]++
		if keys[f.Key] || f.Count == 0 || f.Says == "" {
			t.Errorf("a finding that is there twice, counts nothing or says nothing: %+v", f)
		}
		keys[f.Key] = true
	}
	if r.NewlyLate == 0 || kinds[simulate.Late] == 0 || kinds[simulate.LessUrgent] == 0 || kinds[simulate.GroupWaits] == 0 {
		t.Errorf("%d newly late; findings %s", r.NewlyLate, asJSON(t, r.Findings))
	}
	if !keys["group-waits/channel/phone"] || !keys["less-urgent/soon-routine/routing/everything-else/symptoms"] || !keys["late/A81001/callbacks"] {
		t.Errorf("keys are %v", keys)
	}
	// The same finding keeps its key when there is less of it.
	fewer := run(t, list[:1500], side, draft, simulate.Options{})
	if !slices.ContainsFunc(fewer.Findings, func(f simulate.Finding) bool {
		return f.Key == "less-urgent/soon-routine/routing/everything-else/symptoms"
	}) {
		t.Error("the key of a finding changes with its count")
	}
}

func TestAClosedLoopFillsWhatARecordedLoadDoesNot(t *testing.T) {
	t.Parallel()
	side := live(t)
	list := month(t, side, 6000)
	// Everybody who may chooses the pharmacy that takes 40 a day.
	for i := range list {
		list[i].Facts["chosen-pharmacy"] = policy.Text("FRV03")
		list[i].Load = policy.Load{}
	}
	draft := edited(t, side, "when: { kind: '\"symptoms\"' }\n        then: { to: registered-practice/queue:clinical, urgency: soon }",
		"when: { kind: '\"symptoms\"' }\n        then: { to: chosen-pharmacy, service: pharmacy-first, urgency: soon }")
	perDay := func(mode simulate.Mode) int {
		r := run(t, list, side, draft, simulate.Options{Mode: mode})
		for _, l := range r.Load {
			if l.Organisation == "Millpond Chemist" {
				if mode == simulate.ClosedLoop && l.DraftPeak == 0 {
					t.Error("nothing was ever open")
				}
				return l.DraftTotal
			}
		}
		t.Fatal("nothing goes to the pharmacy")
		return 0
	}
	recorded, closed := perDay(simulate.RecordedLoad), perDay(simulate.ClosedLoop)
	if closed >= recorded || closed > 40*32 {
		t.Errorf("the full pharmacy takes %d in the closed loop and %d with recorded load", closed, recorded)
	}
}

func TestARunEndsWhenItIsCancelled(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, mode simulate.Mode) {
		side := live(t)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		list := month(t, side, 2000)
		endless := func(ctx context.Context, _, _ int, take func([]simulate.Request) error) error {
			for {
				if err := take(list[:100]); err != nil {
					return err
				}
			}
		}
		waits, err := simulate.Learn(t.Context(), simulate.FromSlice(list), 2)
		if err != nil {
			t.Fatal(err)
		}
		_, err = simulate.Run(ctx, endless, side, side, simulate.Options{Mode: mode, Waits: waits, Progress: func(done int) {
			if done >= 500 {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the run ended with %v", err)
		}
	})
}

func TestAnErrorOfTheSourceEndsEveryPart(t *testing.T) {
	t.Parallel()
	side := live(t)
	broken := errors.New("the database is away")
	source := func(ctx context.Context, part, _ int, _ func([]simulate.Request) error) error {
		if part == 1 {
			return broken
		}
		<-ctx.Done()
		return ctx.Err()
	}
	waits := simulate.NewWaits().Settle()
	if _, err := simulate.Run(t.Context(), source, side, side, simulate.Options{Workers: 3, Waits: waits}); !errors.Is(err, broken) {
		t.Errorf("the run ended with %v", err)
	}
}

func TestAnUnknownModeIsRefused(t *testing.T) {
	t.Parallel()
	side := live(t)
	if _, err := simulate.Run(t.Context(), simulate.FromSlice(nil), side, side, simulate.Options{Mode: "guess"}); err == nil {
		t.Error("it ran")
	}
}

func TestNoRequestsAreAResultToo(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, mode simulate.Mode) {
		side := live(t)
		r := run(t, nil, side, calmer(t, side), simulate.Options{Mode: mode})
		if r.Requests != 0 || r.Matrix == nil || r.Findings == nil || r.Groups == nil || r.Load == nil {
			t.Errorf("%s", asJSON(t, r))
		}
	})
}

func TestAResultComesBackFromItsJSON(t *testing.T) {
	t.Parallel()
	side := live(t)
	r := run(t, month(t, side, 1000), side, calmer(t, side), simulate.Options{Mode: simulate.ClosedLoop})
	var back simulate.Result
	if err := json.Unmarshal([]byte(asJSON(t, r)), &back); err != nil {
		t.Fatal(err)
	}
	if asJSON(t, back) != asJSON(t, r) || !reflect.DeepEqual(back.Findings, r.Findings) {
		t.Error("the result changes on its way through JSON")
	}
}

func TestExplanationsAreThoseOfTheDecision(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, mode simulate.Mode) {
		side := live(t)
		draft := calmer(t, side)
		list := month(t, side, 3000)
		byID := map[uuid.UUID]simulate.Request{}
		for _, r := range list {
			byID[r.ID] = r
		}
		seen := 0
		for _, c := range run(t, list, side, draft, simulate.Options{Mode: mode}).Matrix {
			for _, s := range c.Samples {
				r := byID[s.ID]
				e := simulate.Explain(&r, s, side, draft)
				if e.Live.Destination != c.From.Place || e.Draft.Destination != c.To.Place || e.Live.Urgency != c.From.Urgency || e.Draft.Urgency != c.To.Urgency || len(e.Draft.Because) == 0 {
					t.Errorf("a sample of %s to %s is explained by %v to %v", c.From.Queue, c.To.Queue, e.Live.Destination, e.Draft.Destination)
				}
				seen++
			}
		}
		if seen < 20 {
			t.Errorf("only %d samples", seen)
		}
	})
}

// The result of a run does not hold more when there is more to run.
func TestMemoryDoesNotGrowWithRequests(t *testing.T) {
	t.Parallel()
	side := live(t)
	draft := calmer(t, side)
	list := month(t, side, 2000)
	repeated := func(times int) simulate.Source {
		return func(ctx context.Context, _, _ int, take func([]simulate.Request) error) error {
			for range times {
				if err := take(list); err != nil {
					return err
				}
			}
			return nil
		}
	}
	waits, err := simulate.Learn(t.Context(), simulate.FromSlice(list), 1)
	if err != nil {
		t.Fatal(err)
	}
	size := func(times int) int {
		r, err := simulate.Run(t.Context(), repeated(times), side, draft, simulate.Options{Workers: 1, Waits: waits})
		if err != nil {
			t.Fatal(err)
		}
		if r.Requests != times*len(list) {
			t.Fatalf("%d requests", r.Requests)
		}
		return len(asJSON(t, r))
	}
	if one, ten := size(1), size(10); ten > one*6/5 {
		t.Errorf("ten times the requests make a result of %d bytes in place of %d", ten, one)
	}
}

func ExampleSource() {
	source := simulate.FromSlice([]simulate.Request{{At: time.Unix(0, 0)}, {At: time.Unix(1, 0)}})
	for part := range 2 {
		_ = source(context.Background(), part, 2, func(batch []simulate.Request) error {
			fmt.Println(part, len(batch))
			return nil
		})
	}
	// Output:
	// 0 1
	// 1 1
}

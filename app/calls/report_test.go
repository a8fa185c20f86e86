package calls

import (
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/fault"
	"onedoor/app/nhs"
)

// Whoever sees the total and all that is not hidden can subtract: what is left is nothing, or many.
func TestWhatIsHiddenDoesNotFollowFromTheTotal(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 1))
		parts := make([]*Figures, random.IntN(9))
		for i := range parts {
			parts[i] = &Figures{Calls: random.IntN(12), Answered: 1, Net: 1}
		}
		withhold(parts)
		hidden, visible, any := 0, 0, false
		for _, f := range parts {
			switch {
			case f.Hidden:
				hidden, any = hidden+f.Calls, true
				if f.Answered != 0 || f.Net != 0 {
					t.Fatalf("hidden and told: %+v", f)
				}
			case f.Calls > 0 && f.Calls < Few:
				t.Fatalf("few and told: %+v", f)
			case f.Calls > 0:
				visible++
			}
		}
		if any && hidden < Few && visible > 0 {
			t.Fatalf("seed %d: %d hidden calls follow from the total", seed, hidden)
		}
	}
}

func TestAReportOfFewTellsOnlyHowMany(t *testing.T) {
	t.Parallel()
	r := Report{Total: Figures{Calls: 4, Answered: 4, Net: 2}, Kinds: []Kind{{"admin", Completion{4, 3}, Completion{10, 12}}}}
	r.withhold()
	if r.Total.Answered != 0 || !r.Total.Hidden || r.Kinds[0].Phone.Done != 0 {
		t.Errorf("%+v", r)
	}
	if _, known := r.Total.Contained(); known {
		t.Error("a share of few is told")
	}
	if _, known := r.Kinds[0].Phone.Share(); known {
		t.Error("a share of few is told")
	}
	if share, known := r.Kinds[0].Web.Share(); !known || share != 1 {
		t.Errorf("%v of those who began", share)
	}
}

func TestAPeriodIsWholeDaysAndNotTooLong(t *testing.T) {
	t.Parallel()
	day := func(y, m, d int) nhs.Date { return nhs.DateOf(nine.AddDate(y-2026, m-11, d-23)) }
	p, err := NewPeriod(nhs.Date{}, nhs.Date{}, nine)
	if err != nil || p.To != day(2026, 11, 23) || p.From != day(2026, 10, 27) {
		t.Errorf("%+v, %v", p, err)
	}
	if from, until := p.Moments(); until.Sub(from).Hours() != 28*24 {
		t.Errorf("from %s until %s", from, until)
	}
	if _, err := NewPeriod(day(2026, 11, 2), day(2026, 11, 1), nine); !fault.Is(err, "period_backwards") {
		t.Error(err)
	}
	if _, err := NewPeriod(day(2024, 11, 2), day(2026, 11, 1), nine); !fault.Is(err, "period_too_long") {
		t.Error(err)
	}
	if _, err := (&Service{}).ReportOf(t.Context(), uuid.New(), uuid.Nil, p); !fault.Is(err, "not_found") {
		t.Error(err)
	}
	if _, err := (&Service{}).List(t.Context(), uuid.New(), Lines{}, p); !fault.Is(err, "not_found") {
		t.Error(err)
	}
}

package calls

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/tenants"
)

// Period is whole days in London, the last one included.
type Period struct{ From, To nhs.Date }

// longest is more than a year, so that two years can be compared by month.
const longest = 400

// NewPeriod reads the days of a question; without them it is the four weeks until today.
func NewPeriod(from, to nhs.Date, now time.Time) (Period, error) {
	today := nhs.DateOf(now.In(tenants.London()))
	if to.IsZero() {
		to = today
	}
	if from.IsZero() {
		from = to.Add(-27)
	}
	switch {
	case to.Before(from):
		return Period{}, fault.New(fault.Invalid, "period_backwards", "The first day must not be after the last.")
	case from.Add(longest).Before(to):
		return Period{}, fault.New(fault.Invalid, "period_too_long", "A report covers at most %d days.", longest)
	}
	return Period{from, to}, nil
}

// Moments are the first moment of the period and the first one after it.
func (p Period) Moments() (from, until time.Time) {
	return p.From.Midnight(tenants.London()), p.To.Add(1).Midnight(tenants.London())
}

// Figures are counts of calls that began in a time.
type Figures struct {
	Calls    int // all, refused ones too
	Answered int
	Withheld int // without a number: whether they repeat another is not known
	Repeats  int // began within a day of another call from the same number
	// Hidden means that there were too few calls to say more about them: everything below is zero.
	Hidden bool

	GoingOn int // not yet over
	Endings map[Ending]int
	// Net is how many were completed without a person and followed by no other call from the same number within a day.
	Net      int
	ToPerson Wait
}

// Wait is how long callers waited from asking for a person until one answered.
type Wait struct {
	N           int // callers who reached one after asking
	Median, P90 time.Duration
}

// Day are the figures of one day.
type Day struct {
	On nhs.Date
	Figures
}

// Line are the figures of one organisation's lines; of the neighbourhood's own, the id is zero.
type Line struct {
	OrganisationID uuid.UUID
	Figures
}

// Completion is how many who began to ask for a kind on a channel got to the end.
type Completion struct {
	Begun, Done int
}

// Kind is one kind of request, by telephone and on the web.
type Kind struct {
	Kind       string
	Phone, Web Completion
}

// Report is how the telephone line did.
type Report struct {
	Period
	Total Figures
	Days  []Day // those with calls, in order
	Lines []Line
	Kinds []Kind
}

// Reports counts. It is implemented by the store; what it gives holds counts only.
type Reports interface {
	// Count counts calls of a period: of one organisation's lines, or of all with a zero id.
	Count(ctx context.Context, neighbourhood, organisation uuid.UUID, from, until time.Time) (Report, error)
	// CountParity counts requests of a period by kind and channel.
	CountParity(ctx context.Context, neighbourhood uuid.UUID, from, until, now time.Time) ([]ParityRow, error)
	// CountBegun adds one to those who began to ask for a kind on a channel.
	CountBegun(ctx context.Context, neighbourhood uuid.UUID, day nhs.Date, channel, kind string) error
}

// Report counts the calls of a whole neighbourhood, for those who see counts only: where there were few calls on a day or
// a line, what came of them is withheld, so that nobody who knows of a call learns that.
func (s *Service) Report(ctx context.Context, neighbourhood uuid.UUID, p Period) (Report, error) {
	r, err := s.count(ctx, neighbourhood, uuid.Nil, p)
	r.withhold()
	return r, err
}

// ReportOf counts the calls of one organisation's lines, for its own people. The web has one door for all organisations:
// its figures are the neighbourhood's.
func (s *Service) ReportOf(ctx context.Context, neighbourhood, organisation uuid.UUID, p Period) (Report, error) {
	if organisation == uuid.Nil {
		return Report{}, fault.Absent()
	}
	r, err := s.count(ctx, neighbourhood, organisation, p)
	for i := range r.Kinds {
		r.Kinds[i].Web.hide()
	}
	return r, err
}

func (s *Service) count(ctx context.Context, neighbourhood, organisation uuid.UUID, p Period) (Report, error) {
	from, until := p.Moments()
	r, err := s.o.Reports.Count(ctx, neighbourhood, organisation, from, until)
	r.Period = p
	return r, err
}

// State counts the calls that began since a moment, for the platform's own figures: they are of no neighbourhood's people.
func (s *Service) State(ctx context.Context, neighbourhood uuid.UUID, since time.Time) (Figures, error) {
	r, err := s.o.Reports.Count(ctx, neighbourhood, uuid.Nil, since, s.o.Now().Add(time.Second))
	return r.Total, err
}

// Begun counts that somebody began to ask for a kind on a channel other than the telephone.
func (s *Service) Begun(ctx context.Context, neighbourhood uuid.UUID, channel, kind string) error {
	return s.o.Reports.CountBegun(ctx, neighbourhood, nhs.DateOf(s.o.Now().In(tenants.London())), channel, kind)
}

// Few is how many are too few to say more about them than how many they are.
const Few = 5

// withhold hides what came of calls where they were few, and of enough others that it does not follow from the total.
func (r *Report) withhold() {
	if r.Total.Calls < Few {
		r.Total.hide()
	}
	days, lines := make([]*Figures, len(r.Days)), make([]*Figures, len(r.Lines))
	for i := range r.Days {
		days[i] = &r.Days[i].Figures
	}
	for i := range r.Lines {
		lines[i] = &r.Lines[i].Figures
	}
	withhold(days)
	withhold(lines)
	for i := range r.Kinds {
		r.Kinds[i].Phone.hide()
		r.Kinds[i].Web.hide()
	}
}

// withhold hides the small ones among parts of one total. While those that are hidden have fewer calls together than can
// be told, the smallest of the others is hidden with them.
func withhold(parts []*Figures) {
	hidden, any := 0, false
	for _, f := range parts {
		if f.Calls > 0 && f.Calls < Few {
			f.hide()
			hidden, any = hidden+f.Calls, true
		}
	}
	for any && hidden < Few {
		var smallest *Figures
		for _, f := range parts {
			if !f.Hidden && f.Calls > 0 && (smallest == nil || f.Calls < smallest.Calls) {
				smallest = f
			}
		}
		if smallest == nil {
			return
		}
		smallest.hide()
		hidden += smallest.Calls
	}
}

func (f *Figures) hide() { *f = Figures{Calls: f.Calls, Hidden: true} }

// hide leaves out how many got to the end where few began.
func (c *Completion) hide() {
	if c.Begun < Few {
		c.Done = 0
	}
}

// Share is how many of those who began got to the end; not known where few began. Somebody can end on the web what began
// elsewhere: it is never more than all.
func (c Completion) Share() (float64, bool) {
	if c.Begun < Few {
		return 0, false
	}
	return min(1, float64(c.Done)/float64(c.Begun)), true
}

// Contained is the share of answered calls that were completed without a person, net of those that were followed by
// another call within a day.
func (f Figures) Contained() (float64, bool) {
	if f.Hidden || f.Answered == 0 {
		return 0, false
	}
	return float64(f.Net) / float64(f.Answered), true
}

// BegunDay is how many began to ask for a kind on a channel on a day.
type BegunDay struct {
	Day           nhs.Date
	Channel, Kind string
	N             int
}

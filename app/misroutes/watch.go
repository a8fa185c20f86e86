package misroutes

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"onedoor/app/alarms"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/policy/control"
)

// Watched is what came of a look.
type Watched struct {
	Rules, Drifting, Cleared, FellBack int
}

// Watch gathers, and looks at every rule that can decide now. One that has drifted past its limits raises an alarm with
// its figures and, where the lead chose it, falls back, once. An alarm is cleared when the rule has been within its limits
// for a week (by days) or two (by weeks), or is gone. A rule that has fallen back is not watched away: its alarm stands
// until a person acknowledges it. What a person has acknowledged or restored is judged by the subgroups after that.
func (s *Service) Watch(ctx context.Context, neighbourhood uuid.UUID) (Watched, error) {
	var w Watched
	if err := s.Gather(ctx, neighbourhood); err != nil {
		return w, err
	}
	charts, err := s.Charts(ctx, neighbourhood)
	if err != nil {
		return w, err
	}
	open, err := s.o.Alarms.Open(ctx, neighbourhood)
	if err != nil {
		return w, err
	}
	standing := map[string]alarms.Alarm{}
	for _, a := range open {
		if a.Kind == alarms.RuleDrift {
			standing[a.Subject] = a
		}
	}
	var problems []error
	for i := range charts {
		subject := Subject(charts[i].Table, charts[i].Rule)
		a, isOpen := standing[subject]
		delete(standing, subject)
		w.Rules++
		problems = append(problems, s.look(ctx, neighbourhood, &charts[i], a, isOpen, &w))
	}
	for subject := range standing { // of rules that are there no more
		w.Cleared++
		problems = append(problems, s.o.Alarms.Clear(ctx, neighbourhood, alarms.RuleDrift, subject))
	}
	return w, errors.Join(problems...)
}

func (s *Service) look(ctx context.Context, neighbourhood uuid.UUID, c *Chart, a alarms.Alarm, isOpen bool, w *Watched) error {
	subject, today := Subject(c.Table, c.Rule), s.today()
	p, drifted, err := s.drifted(ctx, neighbourhood, c)
	if err != nil {
		return err
	}
	if drifted && !p.Until.Add(c.Period.quiet()).Before(today) {
		w.Drifting++
		return s.raise(ctx, neighbourhood, c, p, w)
	}
	changed := dateOf(c.Since)
	settled := a.RaisedAt.After(c.Since) || changed.Add(c.Period.quiet()).Before(today)
	if !isOpen || c.FellBack || !settled {
		return nil
	}
	w.Cleared++
	return s.o.Alarms.Clear(ctx, neighbourhood, alarms.RuleDrift, subject)
}

// drifted looks at what came after the rule began to read as it does, or began to again, and after the last time that
// somebody acknowledged that it drifts. A rule's very first version is judged from its first day.
func (s *Service) drifted(ctx context.Context, neighbourhood uuid.UUID, c *Chart) (Point, bool, error) {
	after := dateOf(c.Since)
	if len(c.Points) == 0 || !c.Points[0].From.Before(after) {
		after = nhs.Date{}
	}
	p, found := c.drift(after)
	if !found {
		return p, false, nil
	}
	last, known, err := s.o.Alarms.Last(ctx, neighbourhood, alarms.RuleDrift, Subject(c.Table, c.Rule))
	if err != nil || !known || last.Acknowledged == nil {
		return p, err == nil, err
	}
	if seen := dateOf(last.ClearedAt); after.IsZero() || after.Before(seen) {
		after = seen
	}
	p, found = c.drift(after)
	return p, found, nil
}

// raise tells, falls back where that was chosen, and tells of that too. Told first: whatever comes of the fallback.
func (s *Service) raise(ctx context.Context, neighbourhood uuid.UUID, c *Chart, p Point, w *Watched) error {
	alarm := alarms.Alarm{NeighbourhoodID: neighbourhood, Kind: alarms.RuleDrift, Subject: Subject(c.Table, c.Rule), Says: c.says(p)}
	if err := s.o.Alarms.Raise(ctx, alarm); err != nil || !c.IfDrifts || c.Safety {
		return err
	}
	_, err := s.o.Versions.Fallback(ctx, neighbourhood, c.Table, c.Rule, fallbackNote(alarm.Says))
	var refused *fault.Error
	switch {
	case err == nil:
		w.FellBack++
		alarm.Says += " It now sends to the registered practice, as chosen for this rule. Restore an earlier version to undo that."
	case errors.As(err, &refused) && refused.Kind == fault.Conflict:
		alarm.Says += " It could not fall back to the registered practice by itself: " + refused.Says
		err = nil // a person has to see to it, and is told
	default:
		return err
	}
	return errors.Join(err, s.o.Alarms.Raise(ctx, alarm))
}

func fallbackNote(says string) string {
	return "This rule fell back to the registered practice by itself, as chosen for when it drifts. " + says
}

// says tells the figures, and nothing by which somebody could be recognised.
func (c *Chart) says(p Point) string {
	when := "on " + dayWords(p.From)
	if c.Period == Weekly {
		when = "in the week from " + dayWords(p.From)
	}
	what := fmt.Sprintf("Rule %s of %s: of %s requests %s, %s came back or were said to be in the wrong place", c.Rule, c.Table, Coarse(p.N), when, Coarse(p.X))
	if p.X >= small {
		what += " (" + Percent(p.Rate()) + ")"
	}
	usual := "Usual is " + Percent(c.Baseline.P)
	if p.Beyond == control.Above {
		return what + ". " + usual + ", and for that many the limit is " + Percent(p.Upper) + "."
	}
	return what + ", for at least the eighth " + string(c.Period) + " in a row more than usual. " + usual + "."
}

// small counts are told as a range.
const small = 5

// Coarse is a count as those who see no requests may read it.
func Coarse(n int) string {
	switch {
	case n <= 0:
		return "none"
	case n < small:
		return "1 to " + strconv.Itoa(small-1)
	}
	return strconv.Itoa(n)
}

// Percent is a rate in whole percent, of which what is not quite nothing or all stays so.
func Percent(rate float64) string {
	switch {
	case rate > 0 && rate < 0.01:
		return "under 1%"
	case rate < 1 && rate > 0.99:
		return "over 99%"
	}
	return strconv.FormatFloat(100*rate, 'f', 0, 64) + "%"
}

func dayWords(d nhs.Date) string { return d.Midnight(time.UTC).Format("Monday 2 January 2006") }

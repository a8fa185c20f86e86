package analysis

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/tenants"
)

// places is a directory as the analysis reads it: who could take a request at which moments of a normal week and of the days on
// which other hours hold.
//
// Between two edges, moments at which a day begins, core hours or a service's hours begin or end, or a due time passes an opening,
// nothing changes: so the edges stand for every minute.
type places struct {
	directory *tenants.Directory
	hash      string
	on        nhs.Date
	within    []time.Duration // the shortened answer times of the policy's rules
	days      []nhs.Date      // the week first, from its Monday, then the others
	moments   []time.Time
	day       []int // of each moment, its place in days
	homes     []tenants.Organisation
	offered   []tenants.Service

	services map[serviceTime]bitset // at which moments a service is open, or opens in time
	staff    map[uuid.UUID]bitset
	part     map[uuid.UUID]bitset
}

type serviceTime struct {
	id     uuid.UUID
	within time.Duration // how soon the answer is due; zero for the usual time, openNow for being open
}

const openNow time.Duration = -1

// weekLength is how many of a places' days are the normal week.
const weekLength = 7

// lookAhead is how many days ahead bank holidays and dates with hours of their own are looked at.
const lookAhead = 366

func newPlaces(d *tenants.Directory, on nhs.Date, p *policy.Policy) *places {
	if d == nil {
		return nil
	}
	pl := &places{directory: d, hash: d.Hash(), on: on, within: shortened(p)}
	pl.walkDays()
	for i, day := range pl.days {
		for _, minute := range pl.edges(day) {
			pl.moments = append(pl.moments, clock(day, minute))
			pl.day = append(pl.day, i)
		}
	}
	pl.start()
	return pl
}

func (pl *places) start() {
	pl.services, pl.staff, pl.part = map[serviceTime]bitset{}, map[uuid.UUID]bitset{}, map[uuid.UUID]bitset{}
	pl.offered = pl.directory.Services()
	for _, o := range pl.directory.Organisations() {
		if o.Kind == tenants.Practice || o.ID == pl.directory.Desk().ID {
			pl.homes = append(pl.homes, o)
		}
	}
}

// shortened are the different answer times that rules set.
func shortened(p *policy.Policy) []time.Duration {
	var list []time.Duration
	for _, t := range p.Tables() {
		for _, r := range t.Rules {
			if r.Then.AnswerWithin > 0 && !r.Disabled {
				list = append(list, r.Then.AnswerWithin)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// clock is a wall-clock time in London.
func clock(day nhs.Date, minute int) time.Time {
	return time.Date(day.Year, day.Month, day.Day, minute/60, minute%60, 0, 0, tenants.London())
}

// walkDays chooses a week without a bank holiday or a date with hours of its own, nor in the week after it, if there is one, and
// then the days of the year ahead that have either.
func (pl *places) walkDays() {
	own := map[nhs.Date]bool{}
	for _, s := range pl.directory.Services() {
		for date := range s.Hours.Dates {
			if day, err := nhs.ParseDate(date); err == nil {
				own[day] = true
			}
		}
	}
	special := func(day nhs.Date) bool { return own[day] || tenants.BankHoliday(day) }
	monday := pl.on
	for monday.Midnight(time.UTC).Weekday() != time.Monday {
		monday = monday.Add(1)
	}
	first := monday
	for range lookAhead / weekLength {
		plain := true
		for n := range 2 * weekLength {
			plain = plain && !special(first.Add(n))
		}
		if plain {
			monday = first
			break
		}
		first = first.Add(weekLength)
	}
	for n := range weekLength {
		pl.days = append(pl.days, monday.Add(n))
	}
	for n := range lookAhead {
		if day := pl.on.Add(n); special(day) && !slices.Contains(pl.days, day) {
			pl.days = append(pl.days, day)
		}
	}
}

// edges are the minutes of a day at which something may change.
func (pl *places) edges(day nhs.Date) []int {
	minutes := []int{0}
	add := func(minute int) {
		if minute > 0 && minute < 24*60 {
			minutes = append(minutes, minute)
		}
	}
	for _, p := range coreHoursOn(day) {
		add(p.From)
		add(p.Until)
	}
	for _, s := range pl.directory.Services() {
		for _, p := range s.Hours.On(day) {
			add(p.From)
			add(p.Until)
		}
		for _, within := range pl.within {
			// A service that opens at a moment opens in time for what is asked later than that moment less the answer time.
			for n := range int(within/(24*time.Hour)) + 2 {
				for _, p := range s.Hours.On(day.Add(n)) {
					from := clock(day.Add(n), p.From).Add(-within).In(tenants.London())
					if nhs.DateOf(from) == day {
						add(from.Hour()*60 + from.Minute() + 1)
					}
				}
			}
		}
	}
	slices.Sort(minutes)
	return slices.Compact(minutes)
}

// coreHoursOn are the edges of core hours, whether or not the day has them.
func coreHoursOn(nhs.Date) []tenants.Period {
	return []tenants.Period{tenants.Clock("08:00", "18:30")}
}

// fill asks something of every moment.
func (pl *places) fill(ask func(time.Time) bool) bitset {
	b := make(bitset, (len(pl.moments)+63)/64)
	for i, at := range pl.moments {
		if ask(at) {
			b.add(i)
		}
	}
	return b
}

// serves is when a service's hours serve a request that must be answered by a time, usual or shortened, or only by being open.
func (pl *places) serves(s *tenants.Service, within time.Duration) bitset {
	k := serviceTime{s.ID, within}
	b, known := pl.services[k]
	if !known {
		b = pl.fill(func(at time.Time) bool {
			if within == openNow {
				return s.Hours.Open(at)
			}
			due := policy.AnswerDue(policy.Soon, at)
			if within > 0 && at.Add(within).Before(due) {
				due = at.Add(within)
			}
			opens, ok := s.Hours.NextOpen(at)
			return s.Hours.Open(at) || ok && opens.Before(due)
		})
		pl.services[k] = b
	}
	return b
}

// staffed is when somebody is at an organisation.
func (pl *places) staffed(o tenants.Organisation) bitset {
	b, known := pl.staff[o.ID]
	if !known {
		services := slices.Collect(pl.directory.ServicesOf(o.ID))
		b = pl.fill(func(at time.Time) bool {
			if len(services) == 0 {
				return o.Kind == tenants.Practice && tenants.InCoreHours(at)
			}
			return slices.ContainsFunc(services, func(s tenants.Service) bool { return s.Hours.Open(at) })
		})
		pl.staff[o.ID] = b
	}
	return b
}

// takesPart is when an organisation is under a sharing agreement.
func (pl *places) takesPart(o uuid.UUID) bitset {
	b, known := pl.part[o]
	if !known {
		b = pl.fill(func(at time.Time) bool { return pl.directory.TakesPart(o, nhs.DateOf(at)) })
		pl.part[o] = b
	}
	return b
}

// every is all moments.
func (pl *places) every() bitset { return pl.fill(func(time.Time) bool { return true }) }

// athome is when an organisation is home to those who have it: the desk always, and a practice while it takes part.
func (pl *places) athome(o tenants.Organisation) bitset {
	if o.ID == pl.directory.Desk().ID {
		return pl.every()
	}
	return slices.Clone(pl.takesPart(o.ID))
}

package demo

import (
	"container/heap"
	"encoding/binary"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/policy/simulate"
	"onedoor/tenants"
)

// RiversideSide is what riverside is routed by at first.
func RiversideSide() (simulate.Side, error) {
	p, err := policy.Parse(Riverside)
	if err != nil {
		return simulate.Side{}, err
	}
	d, err := tenants.NewDirectory(contents("riverside", "Riverside", riversidePlaces))
	return simulate.Side{Policy: p, Directory: d}, err
}

// History is n made-up past requests of riverside between two moments, in order of time, each with the rule that decided
// it: nobody's, and the same for the same moments. They are spread as the published figures say: 27 of 100 between 08:00
// and 09:59, 26 of 100 on a Monday; 62 by phone, 22 by web page, 14 in person.
func History(side simulate.Side, from, until time.Time, n int) iter.Seq2[simulate.Request, simulate.RuleName] {
	return func(yield func(simulate.Request, simulate.RuleName) bool) {
		h := newPast(side, until)
		days, total := daysBetween(from, until)
		given, weight := 0, 0
		for _, d := range days {
			weight += d.weight
			upTo := n * weight / max(1, total)
			for _, at := range h.moments(d, upTo-given) {
				if !yield(h.request(at.UTC().Truncate(time.Microsecond))) {
					return
				}
			}
			given = upTo
		}
	}
}

// pastDay is as much of one day as belongs to the period.
type pastDay struct {
	midnight, from, until time.Time
	weight                int
}

// Requests of a week by weekday, Sunday first; a bank holiday is like a Sunday.
var byWeekday = [7]int{2, 26, 19, 17, 16, 16, 4}

func daysBetween(from, until time.Time) (days []pastDay, total int) {
	for on := nhs.DateOf(from.In(tenants.London())); ; {
		midnight := on.Midnight(tenants.London())
		if !midnight.Before(until) {
			return days, total
		}
		next := midnight.AddDate(0, 0, 1)
		d := pastDay{midnight, midnight, next, byWeekday[midnight.Weekday()]}
		if tenants.BankHoliday(on) {
			d.weight = byWeekday[0]
		}
		if d.from.Before(from) {
			d.from = from
		}
		if d.until.After(until) {
			d.until = until
		}
		d.weight = int(time.Duration(d.weight) * 100 * d.until.Sub(d.from) / next.Sub(midnight))
		days = append(days, d)
		total += d.weight
		on = nhs.DateOf(next)
	}
}

// Requests of a day by hour, from midnight.
var byHour = []int{0, 0, 0, 0, 0, 0, 1, 2, 16, 11, 11, 10, 8, 8, 8, 8, 6, 4, 3, 1, 1, 1, 1, 0}

type past struct {
	side    simulate.Side
	until   time.Time
	random  *rand.Rand
	limited []*limitedService
	day     nhs.Date
}

// limitedService is one whose load routing looks at.
type limitedService struct {
	id    uuid.UUID
	today int
	open  openUntil
}

func newPast(side simulate.Side, until time.Time) *past {
	h := &past{side: side, until: until, random: rand.New(rand.NewPCG(7, 26))} //nolint:gosec // the same history each time
	for _, s := range side.Directory.Services() {
		if s.Capacity != (tenants.Capacity{}) {
			h.limited = append(h.limited, &limitedService{id: s.ID})
		}
	}
	return h
}

// moments are when n requests came on a day, in order.
func (h *past) moments(d pastDay, n int) []time.Time {
	list := make([]time.Time, n)
	for i := range list {
		hour := h.weighted(byHour)
		at := d.midnight.Add(time.Duration(hour)*time.Hour + time.Duration(h.random.Int64N(int64(time.Hour))))
		if at.Before(d.from) || !at.Before(d.until) {
			at = d.from.Add(time.Duration(h.random.Int64N(int64(d.until.Sub(d.from)))))
		}
		list[i] = at
	}
	slices.SortFunc(list, time.Time.Compare)
	return list
}

// weighted draws a position by its weight.
func (h *past) weighted(weights []int) int {
	total := 0
	for _, w := range weights {
		total += w
	}
	at := h.random.IntN(total)
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return len(weights) - 1
}

// mix is words by weight.
type mix struct {
	words   []string
	weights []int
}

func (h *past) pick(m mix) string { return m.words[h.weighted(m.weights)] }

func (h *past) request(at time.Time) (simulate.Request, simulate.RuleName) {
	facts := h.facts()
	channel := h.pick(mix{[]string{"phone", "web", "in-person", "app"}, []int{62, 22, 14, 2}})
	r := simulate.Request{
		ID: h.id(at), At: at, Facts: facts, Load: h.load(at), Channel: channel, AgeBand: simulate.AgeBandOfFacts(facts),
		Deprivation: h.deprivation(facts), Language: simulate.NotSaid,
	}
	if channel == "web" || channel == "app" {
		r.Language = h.pick(mix{[]string{"en", "cy", "pl", "ur", "ro"}, []int{88, 2, 4, 3, 3}})
	}
	d := policy.Route(h.side.Policy, facts, h.side.Directory, r.Load, at)
	r.Place, r.Urgency = d.Destination, d.Urgency
	if answered := h.answered(at, d); answered.Before(h.until) {
		r.AnsweredAt = answered
	}
	for _, l := range h.limited {
		if l.id == d.Destination.Service {
			l.today++
			heap.Push(&l.open, h.orUntil(r.AnsweredAt).UnixNano())
		}
	}
	return r, simulate.RuleName{Stage: d.Stage, Table: d.Table, Rule: d.Rule}
}

func (h *past) orUntil(t time.Time) time.Time {
	if t.IsZero() {
		return h.until
	}
	return t
}

// load is what routing saw just then.
func (h *past) load(at time.Time) policy.Load {
	if day := nhs.DateOf(at.In(tenants.London())); day != h.day {
		h.day = day
		for _, l := range h.limited {
			l.today = 0
		}
	}
	load := policy.Load{}
	for _, l := range h.limited {
		for l.open.Len() > 0 && l.open[0] <= at.UnixNano() {
			heap.Pop(&l.open)
		}
		if l.today > 0 || l.open.Len() > 0 {
			load[l.id] = policy.ServiceLoad{Open: l.open.Len(), Today: l.today}
		}
	}
	return load
}

// answered is when somebody had answered: after some time of work in core hours, now and then late.
func (h *past) answered(at time.Time, d policy.Routing) time.Time {
	most := map[policy.Urgency]int{policy.Emergency: 15, policy.Urgent: 150, policy.Soon: 420, policy.Routine: 600}[d.Urgency]
	left := time.Duration(5+h.random.IntN(most)) * time.Minute
	if h.random.IntN(30) == 0 {
		left += 10 * time.Hour
	}
	if d.Offer {
		left = left * 2 / 3 // the practice confirms quickly, and pharmacies and services answer soon
	}
	left += time.Duration(h.random.IntN(60)) * time.Second
	for {
		begin := tenants.NextCoreHours(at)
		end := tenants.CoreDayEnd(nhs.DateOf(begin.In(tenants.London())))
		if room := end.Sub(begin); room < left {
			left, at = left-room, end
			continue
		}
		return begin.Add(left).UTC().Truncate(time.Microsecond)
	}
}

// id is made of the moment, as the product's own are, and of chance.
func (h *past) id(at time.Time) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[:8], uint64(at.UnixMilli())<<16|h.random.Uint64()&0x0fff|0x7000)
	binary.BigEndian.PutUint64(id[8:], h.random.Uint64()>>2|1<<63)
	return id
}

// deprivation follows the practice: its streets are much alike.
func (h *past) deprivation(f policy.Facts) string {
	middle := map[string]int{"A81001": 2, "A81002": 5, "A81003": 8}[f[policy.RegisteredPractice].String()]
	if middle == 0 || h.random.IntN(20) == 0 {
		return simulate.NotKnown
	}
	return simulate.DeprivationBandOf(min(10, max(1, middle-2+h.random.IntN(5))))
}

// openUntil is a heap of moments in nanoseconds.
type openUntil []int64

func (m openUntil) Len() int           { return len(m) }
func (m openUntil) Less(i, j int) bool { return m[i] < m[j] }
func (m openUntil) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }
func (m *openUntil) Push(x any)        { *m = append(*m, x.(int64)) }
func (m *openUntil) Pop() any {
	last := (*m)[len(*m)-1]
	*m = (*m)[:len(*m)-1]
	return last
}

func yes(b bool) policy.Value {
	if b {
		return policy.Text("yes")
	}
	return policy.Text("no")
}

// facts are those of one made-up person's request.
func (h *past) facts() policy.Facts {
	kind := h.pick(mix{
		[]string{"symptoms", "repeat-prescription", "appointment-book", "admin", "test-results", "callback", "fit-note", "appointment-change", "appointment-cancel", "self-referral"},
		[]int{34, 18, 14, 10, 8, 6, 4, 3, 2, 1},
	})
	years := h.age()
	sex := h.pick(mix{[]string{"female", "male", "other"}, []int{57, 42, 1}})
	f := policy.Facts{
		"kind": policy.Text(kind), "age": policy.Int(years), "age-months": policy.Int(years*12 + h.random.IntN(12)), "sex": policy.Text(sex),
		"red-flag":  policy.Text(h.pick(mix{[]string{"none", "unanswered", "urgent", "emergency"}, []int{960, 20, 17, 3}})),
		"free-text": policy.Text(h.pick(mix{[]string{"clear", "urgent", "emergency"}, []int{990, 9, 1}})),
		"recording": policy.Text("none"),
	}
	h.register(f)
	switch kind {
	case "symptoms":
		h.symptoms(f, years, sex)
	case "self-referral":
		f["self-referral-service"] = policy.Text(h.pick(mix{[]string{"physiotherapy", "podiatry", "continence", "weight-management", "other"}, []int{50, 25, 8, 12, 5}}))
	}
	if h.random.IntN(50) == 0 {
		f["own-practice-only"] = policy.Text("yes")
	}
	return f
}

// age: the very young and the old ask most.
func (h *past) age() int {
	band := [][2]int{{0, 4}, {5, 15}, {16, 24}, {25, 44}, {45, 64}, {65, 74}, {75, 84}, {85, 99}}[h.weighted([]int{10, 9, 8, 23, 24, 12, 9, 5})]
	return band[0] + h.random.IntN(band[1]-band[0]+1)
}

func (h *past) register(f policy.Facts) {
	registration := h.pick(mix{[]string{"here", "temporary", "elsewhere", "none"}, []int{95, 2, 2, 1}})
	f["registration"] = policy.Text(registration)
	near := h.random.IntN(3)
	if registration == "here" || registration == "temporary" {
		f[policy.RegisteredPractice] = policy.Text(fmt.Sprintf("A8100%d", near+1))
	}
	if h.random.IntN(10) < 8 {
		f[policy.NominatedPharmacy] = policy.Text([]string{"FRV01", "FRV02", "FRV03", "FRV04"}[(near+h.weighted([]int{6, 1, 1, 2}))%4])
	}
}

func (h *past) symptoms(f policy.Facts, years int, sex string) {
	condition := h.pick(mix{
		[]string{"sore-throat", "earache", "sinusitis", "insect-bite", "impetigo", "shingles", "uti", "other"},
		[]int{10, 6, 5, 4, 2, 2, 8, 63},
	})
	f["condition"] = policy.Text(condition)
	pregnant := "not-applicable"
	if sex == "female" && years >= 12 && years <= 55 {
		pregnant = h.pick(mix{[]string{"no", "yes"}, []int{95, 5}})
	}
	f["pregnant"] = policy.Text(pregnant)
	switch condition {
	case "earache", "impetigo", "uti":
		f["recurrent"] = yes(h.random.IntN(8) == 0)
	case "sinusitis":
		f["chronic"], f["immunosuppressed"] = yes(h.random.IntN(8) == 0), yes(h.random.IntN(25) == 0)
	}
	if condition == "impetigo" {
		f["bullous"] = yes(h.random.IntN(12) == 0)
	}
	if condition == "uti" {
		f["catheter"] = yes(h.random.IntN(30) == 0)
	}
	if condition != "other" && h.random.IntN(2) == 0 {
		f[policy.ChosenPharmacy] = policy.Text(h.pick(mix{[]string{"FRV01", "FRV02", "FRV03", "FRV04"}, []int{4, 2, 3, 2}}))
	}
}

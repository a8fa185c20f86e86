package analysis

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"onedoor/policy"
	"onedoor/tenants"
)

// ending is where a rule's requests may end: which services would see some of them, from which home.
type ending struct {
	*run
	at     int
	it     *rule
	urgent bool
	homes  []homeRegion
	before []box
	seen   map[string]bool // whether some request of the rule fits a service, by what the service asks for
	out    *reply
}

// homeRegion is a home that requests of a rule may have, and those requests.
type homeRegion struct {
	tenants.Organisation
	region box
}

func (r *run) ending(i int, out *reply) *ending {
	m := r.model
	e := &ending{run: r, at: i, it: &m.rules[i], seen: map[string]bool{}, out: out}
	e.urgent = e.it.rank >= policy.Urgent.Rank()
	_, e.before = m.before(e.it.box, i)
	return e
}

// findHomes finds from which homes the rule wins requests.
func (e *ending) findHomes() {
	m := e.model
	var here policy.Set
	if at, ok := m.byName[registrationOf]; ok {
		here = registered(&m.columns[at].domain)
	}
	practice, desk := m.narrow(e.it.box, registrationOf, here), m.narrow(e.it.box, registrationOf, m.besides(registrationOf, here))
	practice, desk = e.some(practice), e.some(desk)
	for _, o := range e.places.homes {
		region := practice
		if o.ID == e.places.directory.Desk().ID {
			region = desk
		}
		if region != nil {
			e.homes = append(e.homes, homeRegion{o, region})
		}
	}
}

// some is a region, or nil if the rule wins none of it.
func (e *ending) some(region box) box {
	if region == nil {
		return nil
	}
	a := e.model.remains(region, e.before, false)
	e.out.steps += a.steps
	e.out.open = e.out.open || !a.decided
	if a.decided && a.example == nil {
		return nil
	}
	return region
}

// fits reports whether a service sees some request of the rule from a home.
func (e *ending) fits(s *tenants.Service, home homeRegion) bool {
	if !sees(s, home.Organisation) {
		return false
	}
	m := e.model
	desk, away := home.ID == e.places.directory.Desk().ID, home.ID != s.OrganisationID
	k := fmt.Sprint(desk, away, s.Kinds, s.Eligibility.Sex, ptr(s.Eligibility.MinAge), ptr(s.Eligibility.MaxAge))
	fits, known := e.seen[k]
	if !known {
		region := home.region
		for fact, set := range accepts(m.byDomain, s) {
			region = m.narrow(region, fact, set)
		}
		if away {
			region = m.narrow(region, ownPracticeOf, shareable(m.byDomain[ownPracticeOf]))
		}
		fits = e.some(region) != nil
		e.seen[k] = fits
	}
	return fits
}

func ptr(n *int) int {
	if n == nil {
		return -1
	}
	return *n
}

// served is when a destination takes a request of the rule from a home, while one organisation (zero for none) is out. What a
// pause keeps from it is left out when pauses count.
func (e *ending) served(d policy.Destination, home homeRegion, out uuid.UUID, pauses bool) (when bitset, stays bool) {
	pl := e.places
	list, stays := pl.takers(&e.it.rule.Then, d)
	when = make(bitset, (len(pl.moments)+63)/64)
	for _, t := range list {
		here := t.organisation.ID == home.ID
		switch {
		case t.organisation.ID == out && out != uuid.Nil:
			continue
		case t.service == nil && here:
			return when, true
		case t.service != nil && (!e.fits(t.service, home) || t.service.Paused && pauses):
			continue
		}
		var hours bitset
		switch {
		case t.service == nil && e.urgent:
			hours = pl.staffed(t.organisation)
		case t.service == nil:
			hours = pl.every()
		case e.urgent || t.onlyOpen:
			hours = pl.serves(t.service, openNow)
		default:
			hours = pl.serves(t.service, e.it.rule.Then.AnswerWithin)
		}
		part, there := pl.takesPart(t.organisation.ID), pl.staffed(home.Organisation)
		for w := range when {
			word := hours[w]
			if !here {
				word &= part[w]
			}
			if !here && e.urgent {
				word &= there[w]
			}
			when[w] |= word
		}
	}
	return when, stays
}

// gaps are, for a home, when no destination of the rule's chain takes a request, so that it stays at home; and when it then ends where
// nobody is though it is urgent.
func (e *ending) gaps(home homeRegion, out uuid.UUID) (unserved, nobody bitset) {
	pl := e.places
	unserved = pl.athome(home.Organisation)
	nobody = append(bitset(nil), unserved...)
	stays := false
	for _, d := range chain(&e.it.rule.Then) {
		when, home := e.served(d, home, out, true)
		for w := range when {
			unserved[w] &^= when[w]
			nobody[w] &^= when[w]
		}
		if stays = stays || home; stays {
			break
		}
	}
	if stays {
		clear(unserved)
	}
	there := pl.staffed(home.Organisation)
	for w := range nobody {
		if nobody[w] &^= there[w]; !e.urgent {
			nobody[w] = 0
		}
	}
	return unserved, nobody
}

func (b bitset) any() bool {
	for _, word := range b {
		if word != 0 {
			return true
		}
	}
	return false
}

// deadEnds asks where a rule's requests end at every minute that matters, and what would end with each organisation.
func (r *run) deadEnds(i int) reply {
	out := reply{}
	it := &r.model.rules[i]
	if r.places == nil || it.empty {
		return out
	}
	e := r.ending(i, &out)
	elsewhere := e.urgent
	for _, d := range chain(&it.rule.Then) {
		elsewhere = elsewhere || d.Kind != policy.ToRegisteredPractice
	}
	if elsewhere { // what stays with the practice and can wait is always taken
		e.findHomes()
	}
	for _, d := range chain(&it.rule.Then) {
		if f, ok := e.destination(d); ok {
			out.findings = append(out.findings, f)
		} else if f, ok := e.never(d); ok {
			out.findings = append(out.findings, f)
		}
	}
	if elsewhere && it.rank < policy.Emergency.Rank() {
		e.whenNobody()
		e.absences()
	}
	return out
}

// never is of a destination that takes no request of the rule at any minute.
func (e *ending) never(d policy.Destination) (Finding, bool) {
	if len(e.homes) == 0 {
		return Finding{}, false // the rule wins nothing: a finding of its own
	}
	paused := false
	for _, home := range e.homes {
		if when, stays := e.served(d, home, uuid.Nil, true); stays || when.any() {
			return Finding{}, false
		}
		when, _ := e.served(d, home, uuid.Nil, false)
		paused = paused || when.any()
	}
	f := e.finding(DeadEnd, Error, d.String())
	f.Says = fmt.Sprintf("Rule %s sends to %s, where nobody takes what it sends at any minute: %s.", e.it.Rule, e.to(d), e.stays())
	if paused {
		f.Severity = Warning
		f.Says = fmt.Sprintf("Rule %s sends to %s, where every service that would take it is paused: until one resumes, %s.", e.it.Rule, e.to(d), e.stays())
	}
	return f, true
}

// stays says what follows when a destination does not serve.
func (e *ending) stays() string {
	if len(e.it.rule.Then.Overflow) > 0 {
		return "what comes after it in the rule is asked"
	}
	return "it stays with the practice"
}

// to says a destination of the rule, with the service wanted there.
func (e *ending) to(d policy.Destination) string {
	if s := e.it.rule.Then.Service; s != "" && (d.Kind == policy.ToChosenPharmacy || d.Kind == policy.ToNominatedPharmacy || d.Kind == policy.ToOrganisation) {
		return d.Words() + " for " + spoken(s)
	}
	return d.Words()
}

func (e *ending) finding(kind Kind, s Severity, parts ...string) Finding {
	return Finding{
		Kind: kind, Severity: s, Table: e.it.Table, Rule: e.it.Rule, Weight: e.model.taken(e.it.box, e.before),
		Key: key(kind, append([]string{e.it.Table, e.it.Rule}, parts...)...), Witness: e.witness(),
	}
}

func (e *ending) witness() policy.Facts {
	a := e.model.remains(e.it.box, e.before, false)
	if a.example == nil {
		return nil
	}
	return e.model.witness(a.example)
}

// whenNobody finds the minutes at which a rule's requests stay at home because nobody whom it names takes them, and those at which
// an urgent one ends where nobody is.
func (e *ending) whenNobody() {
	var unserved, nobody, all bitset
	for _, home := range e.homes {
		u, n := e.gaps(home, uuid.Nil)
		unserved, nobody, all = union(unserved, u), union(nobody, n), union(all, e.places.athome(home.Organisation))
	}
	if nobody.any() {
		f := e.finding(DeadEnd, Warning, "nobody")
		f.At = e.places.first(nobody)
		f.Says = fmt.Sprintf("%s nobody is there for what rule %s makes urgent: the patient is told what to do now.", upper(e.places.say(nobody)), e.it.Rule)
		e.out.findings = append(e.out.findings, f)
	}
	if unserved.any() && !e.urgent && !slices.Equal(unserved, all) {
		f := e.finding(DeadEnd, Note)
		f.At = e.places.first(unserved)
		f.Says = fmt.Sprintf("%s nobody takes what rule %s sends to %s: it stays with the practice.", upper(e.places.say(unserved)), e.it.Rule, e.to(e.it.rule.Then.To))
		e.out.findings = append(e.out.findings, f)
	}
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func union(a, b bitset) bitset {
	if a == nil {
		return append(bitset(nil), b...)
	}
	for w := range a {
		a[w] |= b[w]
	}
	return a
}

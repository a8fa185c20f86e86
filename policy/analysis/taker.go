package analysis

import (
	"slices"

	"github.com/google/uuid"

	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/tenants"
)

// Facts besides the kind and the age by which the resolver passes services over.
const (
	sexOf          = "sex"
	registrationOf = "registration"
	ownPracticeOf  = "own-practice-only"
)

// taker is one queue that a destination may lead to, through a service or named directly.
type taker struct {
	organisation tenants.Organisation
	service      *tenants.Service // nil for a queue named directly
	queue        uuid.UUID
	onlyOpen     bool
}

// takers are the queues that a destination of a rule may lead to, wherever the request comes from; home is the registered practice
// itself, which takes anything.
func (pl *places) takers(o *policy.Outcome, d policy.Destination) (list []taker, home bool) {
	dir := pl.directory
	add := func(s tenants.Service, onlyOpen bool) {
		at, _ := dir.Organisation(s.OrganisationID)
		list = append(list, taker{at, &s, s.QueueID, onlyOpen})
	}
	queue := func(at tenants.Organisation, slug string) {
		if slug == "" {
			slug = tenants.QueueGeneral
		}
		if q, ok := dir.QueueOf(at.ID, slug); ok {
			list = append(list, taker{organisation: at, queue: q.ID})
		}
	}
	switch d.Kind {
	case policy.ToRegisteredPractice:
		return nil, true
	case policy.ToDesk:
		queue(dir.Desk(), d.Queue)
	case policy.ToOrganisation:
		at, ok := dir.ByODS(d.ODS)
		switch {
		case !ok:
		case d.Queue != "":
			queue(at, d.Queue)
		default:
			for s := range dir.ServicesOf(at.ID) {
				if o.Service == "" || s.Slug == o.Service {
					add(s, false)
				}
			}
		}
	case policy.ToChosenPharmacy, policy.ToNominatedPharmacy:
		for _, s := range pl.offered {
			if at, _ := dir.Organisation(s.OrganisationID); at.Kind == tenants.Pharmacy && (o.Service == "" || s.Slug == o.Service) {
				add(s, false)
			}
		}
	case policy.ToService:
		for s := range dir.ServicesNamed(d.Slug) {
			add(s, d.Open)
		}
	case policy.ToCapability:
		for s := range dir.ServicesFor(d.Slug) {
			add(s, d.Open)
		}
	}
	return list, false
}

// chain is a rule's destination and its overflows.
func chain(o *policy.Outcome) []policy.Destination {
	return append([]policy.Destination{o.To}, o.Overflow...)
}

// cuts are the sets of values that services tell apart.
func (pl *places) cuts(domains map[string]*domain) []cut {
	if pl == nil {
		return nil
	}
	var list []cut
	add := func(fact string, set policy.Set) {
		if domains[fact] != nil && len(set) > 0 {
			list = append(list, cut{fact, set})
		}
	}
	for _, s := range pl.directory.Services() {
		for fact, set := range accepts(domains, &s) {
			add(fact, set)
		}
	}
	for fact, set := range map[string]policy.Set{registrationOf: registered(domains[registrationOf]), ownPracticeOf: shareable(domains[ownPracticeOf])} {
		add(fact, set)
	}
	return list
}

// accepts are the values that a service asks for, of the facts that a policy declares. One that no value satisfies has none.
func accepts(domains map[string]*domain, s *tenants.Service) map[string]policy.Set {
	sets := map[string]policy.Set{}
	if d := domains[kindOf]; d != nil && len(s.Kinds) > 0 {
		sets[kindOf] = d.named(s.Kinds...)
	}
	if d := domains[ageOf]; d != nil && (s.Eligibility.MinAge != nil || s.Eligibility.MaxAge != nil) {
		low, high := d.min, d.max
		if s.Eligibility.MinAge != nil {
			low = max(low, *s.Eligibility.MinAge)
		}
		if s.Eligibility.MaxAge != nil {
			high = min(high, *s.Eligibility.MaxAge)
		}
		sets[ageOf] = nil
		if low <= high {
			sets[ageOf] = policy.Set{{Low: d.number(low), High: d.number(high)}}
		}
	}
	if d := domains[sexOf]; d != nil && s.Eligibility.Sex != "" {
		sets[sexOf] = d.named(string(s.Eligibility.Sex))
	}
	return sets
}

// named are the codes of values; those that are not declared are left out.
func (d *domain) named(values ...string) policy.Set {
	var spans []policy.Span
	for _, v := range values {
		if code := d.code(policy.Text(v)); code != d.foreign() {
			spans = append(spans, policy.Span{Low: code, High: code})
		}
	}
	return tidy(spans)
}

// registered are the answers with which the registered practice is home.
func registered(d *domain) policy.Set {
	if d == nil {
		return nil
	}
	return d.named("here", "temporary")
}

// shareable are the answers with which others than the registered practice may see a request.
func shareable(d *domain) policy.Set {
	if d == nil {
		return nil
	}
	return tidy(append(d.named("no"), policy.Span{}))
}

// narrow is a region in which a fact has a value of a set, or nil. A fact that no rule tells apart narrows nothing.
func (l *layout) narrow(region box, fact string, set policy.Set) box {
	at, ok := l.byName[fact]
	if !ok || region == nil {
		return region
	}
	c := &l.columns[at]
	b := slices.Clone(region)
	scratch := make(box, l.words)
	c.set(scratch, set)
	for w := c.first; w < c.last; w++ {
		b[w] &= scratch[w]
	}
	if l.empty(b) {
		return nil
	}
	return b
}

// besides is a set's complement.
func (l *layout) besides(fact string, set policy.Set) policy.Set {
	at, ok := l.byName[fact]
	if !ok {
		return nil
	}
	c := &l.columns[at]
	var rest []policy.Span
	next := uint32(0)
	for _, span := range set {
		if span.Low > next {
			rest = append(rest, policy.Span{Low: next, High: span.Low - 1})
		}
		next = span.High + 1
	}
	if next <= c.foreign() {
		rest = append(rest, policy.Span{Low: next, High: c.foreign()})
	}
	return rest
}

// sees reports whether a service's list of practices has a home's.
func sees(s *tenants.Service, home tenants.Organisation) bool {
	return len(s.Eligibility.Registered) == 0 || home.Kind != tenants.Practice || slices.Contains(s.Eligibility.Registered, nhs.ODSCode(home.ODS))
}

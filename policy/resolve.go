package policy

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"onedoor/tenants"
)

// Candidate is a place that was considered, and why it was chosen or passed over.
type Candidate struct {
	Organisation uuid.UUID `json:"organisation,omitzero"` // zero when the organisation is not known here
	Service      uuid.UUID `json:"service,omitzero"`
	Name         string    `json:"name"`
	Chosen       bool      `json:"chosen"`
	Reason       string    `json:"reason"`
	Says         string    `json:"says"` // staff words
}

// Reasons of candidates.
const (
	ReasonChosen       = "chosen"
	ReasonNotFirst     = "not-first" // it would have served, and another came first
	ReasonNotTaking    = "not-taking-part"
	ReasonPaused       = "paused"
	ReasonKind         = "kind-not-accepted"
	ReasonNotEligible  = "not-eligible"
	ReasonFull         = "full"
	ReasonClosed       = "closed"
	ReasonUnknown      = "unknown-organisation"
	ReasonNotPharmacy  = "not-a-pharmacy"
	ReasonNoPharmacy   = "no-pharmacy-chosen"
	ReasonNoService    = "no-such-service"
	ReasonNoQueue      = "no-such-queue"
	ReasonOwnPractice  = "own-practice-only"
	ReasonNobodyAtHome = "nobody-to-confirm"
)

// maxCandidates is how many a decision tells.
const maxCandidates = 50

// resolver turns what a rule names into one place.
type resolver struct {
	*question
	verdict
	told       *told // nothing when nobody reads why; the places are the same whether or not
	overflowed bool  // the place that the rule names did not serve
	outside    bool  // the pharmacy chosen is not one of this neighbourhood's: a person refers
}

// told is what the resolver says of the places it considered.
type told struct{ candidates []Candidate }

// resolve is where a request stands now, and where it is meant to go.
func (r *resolver) resolve() (home, destination Place) {
	destination = r.destination()
	if destination.Organisation == r.home.ID {
		return destination, destination
	}
	return r.homeQueue(tenants.QueueToVerify), destination
}

func (r *resolver) destination() Place {
	then := &r.rule.Then
	if r.urgency == Emergency {
		return r.stay(tenants.QueueSafety)
	}
	if place, ok := r.try(&then.To); ok {
		return place
	}
	r.overflowed = true
	for i := range then.Overflow {
		if place, ok := r.try(&then.Overflow[i]); ok {
			return place
		}
	}
	return r.stay(r.queueByKind())
}

func (r *resolver) try(d *Destination) (Place, bool) {
	switch d.Kind {
	case ToRegisteredPractice:
		return r.stay(d.Queue), true
	case ToDesk:
		return r.queueAt(r.directory.Desk(), d.Queue)
	case ToOrganisation:
		o, ok := r.directory.ByODS(d.ODS)
		switch {
		case !ok && r.told != nil:
			r.pass(Candidate{Name: string(d.ODS)}, ReasonUnknown, "no organisation of this neighbourhood has the code "+string(d.ODS))
			return Place{}, false
		case !ok:
			return Place{}, false
		case d.Queue != "":
			return r.queueAt(o, d.Queue)
		}
		return r.serviceAt(o, r.rule.Then.Service)
	case ToChosenPharmacy:
		if r.facts[ChosenPharmacy].Known() {
			return r.pharmacy(ChosenPharmacy, "the pharmacy that the patient chose")
		}
		return r.pharmacy(NominatedPharmacy, "the patient's nominated pharmacy")
	case ToNominatedPharmacy:
		return r.pharmacy(NominatedPharmacy, "the patient's nominated pharmacy")
	case ToService:
		return r.first(r.directory.ListNamed(d.Slug), choice{nearest: d.Nearest, onlyOpen: d.Open, none: d})
	case ToCapability:
		return r.first(r.directory.ListFor(d.Slug), choice{nearest: d.Nearest, onlyOpen: d.Open, none: d})
	}
	return Place{}, false
}

// queueByKind is the queue at home that the next rules name for such a request.
func (r *resolver) queueByKind() string {
	next, ok := r.policy.nextHome(r.winner, r.values, r.day)
	if !ok {
		return tenants.QueueGeneral
	}
	return r.policy.program.rules[next].rule.Then.To.Queue
}

// stay keeps a request at home, which takes anything.
func (r *resolver) stay(slug string) Place {
	place := r.homeQueue(slug)
	if r.told != nil {
		queue, _ := r.directory.Queue(place.Queue)
		whose := ": it is the desk for people with no registered practice here."
		switch {
		case r.asked:
			whose = ": it is the practice that the person asked, and nobody knows yet where they are registered."
		case r.practice:
			whose = ": it is the person's registered practice."
		}
		r.add(Candidate{Organisation: r.home.ID, Name: r.home.Name, Chosen: true, Reason: ReasonChosen, Says: r.home.Name + " keeps it, in " + queue.Name + whose})
	}
	return place
}

// homeQueue is the queue with a slug at home, or the general one, which every home has.
func (r *resolver) homeQueue(slug string) Place {
	queue, ok := r.directory.QueueOf(r.home.ID, slug)
	if !ok {
		queue, _ = r.directory.QueueOf(r.home.ID, tenants.QueueGeneral)
	}
	return Place{Organisation: r.home.ID, Queue: queue.ID}
}

// queueAt is a queue named directly.
func (r *resolver) queueAt(o tenants.Organisation, slug string) (Place, bool) {
	if o.ID == r.home.ID {
		return r.stay(slug), true
	}
	if slug == "" {
		slug = tenants.QueueGeneral
	}
	queue, found := r.directory.QueueOf(o.ID, slug)
	reason := r.barred(&o)
	switch {
	case reason != "":
	case !found:
		reason = ReasonNoQueue
	case r.urgent() && !r.staffed(&o):
		reason = ReasonClosed
	}
	if r.told != nil {
		r.tellQueue(&o, slug, queue.Name, reason)
	}
	if reason != "" {
		return Place{}, false
	}
	return Place{Organisation: o.ID, Queue: queue.ID}, true
}

func (r *resolver) tellQueue(o *tenants.Organisation, slug, name, reason string) {
	c := Candidate{Organisation: o.ID, Name: o.Name}
	switch reason {
	case "":
		r.choose(c, "queue "+name)
	case ReasonNoQueue:
		r.pass(c, reason, "it has no queue "+slug)
	case ReasonClosed:
		r.pass(c, reason, "nobody is there now, and this is urgent")
	default:
		r.pass(c, reason, r.whyBarred(reason))
	}
}

func (r *resolver) pharmacy(reference, what string) (Place, bool) {
	known := r.facts[reference].Known()
	o, ok := r.organisation(reference)
	if known && ok && o.Kind == tenants.Pharmacy {
		return r.serviceAt(o, r.rule.Then.Service)
	}
	r.outside = r.outside || known && !ok && !r.ownPracticeOnly()
	if r.told == nil {
		return Place{}, false
	}
	switch {
	case !known:
		r.pass(Candidate{Name: what}, ReasonNoPharmacy, "no pharmacy is chosen or nominated")
	case ok:
		r.pass(Candidate{Organisation: o.ID, Name: o.Name}, ReasonNotPharmacy, "it is no pharmacy")
	case r.ownPracticeOnly():
		r.pass(Candidate{Name: what}, ReasonOwnPractice, r.whyBarred(ReasonOwnPractice))
	default:
		r.pass(Candidate{Name: what + " (" + r.facts[reference].String() + ")"}, ReasonUnknown, "it is not in this neighbourhood: a person will refer")
	}
	return Place{}, false
}

// serviceAt is an organisation's service with a slug, or its first that serves when none is named.
func (r *resolver) serviceAt(o tenants.Organisation, slug string) (Place, bool) {
	return r.first(r.directory.ListOf(o.ID), choice{slug: slug, at: &o})
}

// choice is which services may serve, and how the first of them is found.
type choice struct {
	slug     string // of an organisation's; empty for any
	nearest  bool
	onlyOpen bool
	at       *tenants.Organisation // whose services they are,
	none     *Destination          // or what names them
}

// first is the first service that serves: home's own, then the nearest where the rule asks for that, then those open now,
// then the least busy, then by ODS code. When somebody reads why, the others are told with why not.
func (r *resolver) first(services tenants.ServiceList, c choice) (Place, bool) {
	var best option
	found := false
	var all []option
	for i := range services.Len() {
		s := services.At(i)
		if c.slug != "" && s.Slug != c.slug {
			continue
		}
		o := r.option(s, c.nearest)
		if r.told != nil {
			all = append(all, o)
		}
		if (!found || o.compare(&best) < 0) && r.unfit(&o, c.onlyOpen) == "" {
			best, found = o, true
		}
	}
	if r.told != nil {
		r.tellOptions(all, c)
	}
	if !found {
		return Place{}, false
	}
	return Place{best.organisation.ID, best.service.ID, best.service.QueueID}, true
}

// tellOptions tells the services in the order in which they would serve.
func (r *resolver) tellOptions(all []option, c choice) {
	switch {
	case len(all) > 0:
	case c.at == nil:
		r.pass(Candidate{Name: c.none.Words()}, ReasonNoService, "nobody in this neighbourhood offers it")
	case c.slug == "":
		r.pass(Candidate{Organisation: c.at.ID, Name: c.at.Name}, ReasonNoService, "it has no services")
	default:
		r.pass(Candidate{Organisation: c.at.ID, Name: c.at.Name}, ReasonNoService, "it has no service "+c.slug)
	}
	slices.SortFunc(all, func(a, b option) int { return a.compare(&b) })
	found := false
	for i := range all {
		o := &all[i]
		told := Candidate{Organisation: o.organisation.ID, Service: o.service.ID, Name: o.service.Name + " at " + o.organisation.Name}
		switch reason := r.unfit(o, c.onlyOpen); {
		case reason != "":
			r.pass(told, reason, r.whyUnfit(o, c.onlyOpen, reason))
		case found:
			r.pass(told, ReasonNotFirst, "it could take it, and another came first")
		default:
			found = true
			r.choose(told, r.fit(o))
		}
	}
}

// option is a service that may serve, and what orders it among others.
type option struct {
	service      *tenants.Service
	organisation tenants.Organisation
	load         ServiceLoad
	home         bool
	near         int // how much of the postcode is the home's: 0 to 3
	open         bool
}

func (r *resolver) option(s *tenants.Service, nearest bool) option {
	o := option{service: s, load: r.loadFor(s), home: s.OrganisationID == r.home.ID, open: s.Hours.OpenAt(r.wall)}
	o.organisation, _ = r.directory.Organisation(s.OrganisationID)
	if site, ok := r.directory.Site(s.SiteID); ok && nearest {
		for h := range r.directory.SitesOf(r.home.ID) {
			o.near = max(o.near, nearness(string(h.Postcode), string(site.Postcode)))
		}
	}
	return o
}

func (o *option) compare(other *option) int {
	for _, better := range [4]int{
		boolean(other.home) - boolean(o.home), other.near - o.near, boolean(other.open) - boolean(o.open), o.load.Open - other.load.Open,
	} {
		if better != 0 {
			return better
		}
	}
	if byCode := strings.Compare(string(o.organisation.ODS), string(other.organisation.ODS)); byCode != 0 {
		return byCode
	}
	return slices.Compare(o.service.ID[:], other.service.ID[:])
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// nearness is how much two postcodes share: 3 the sector (LS1 4), 2 the district (LS1), 1 the area (LS), 0 nothing.
func nearness(a, b string) int {
	districtA, restA, okA := strings.Cut(a, " ")
	districtB, restB, okB := strings.Cut(b, " ")
	switch {
	case !okA || !okB || area(districtA) != area(districtB):
		return 0
	case districtA != districtB:
		return 1
	case restA == "" || restB == "" || restA[0] != restB[0]:
		return 2
	}
	return 3
}

// area is the letters that a postcode begins with.
func area(district string) string {
	if i := strings.IndexAny(district, "0123456789"); i >= 0 {
		return district[:i]
	}
	return district
}

func (r *resolver) choose(c Candidate, why string) {
	c.Chosen, c.Reason, c.Says = true, ReasonChosen, c.Name+" takes it: "+why+"."
	r.add(c)
}

// pass notes a candidate that does not serve.
func (r *resolver) pass(c Candidate, reason, why string) {
	c.Reason, c.Says = reason, upper(c.Name)+" was passed over: "+why+"."
	r.add(c)
}

func (r *resolver) add(c Candidate) {
	same := func(known Candidate) bool {
		return known.Organisation == c.Organisation && known.Service == c.Service && known.Name == c.Name && known.Reason == c.Reason
	}
	if len(r.told.candidates) < maxCandidates && !slices.ContainsFunc(r.told.candidates, same) || c.Chosen {
		r.told.candidates = append(r.told.candidates, c)
	}
}

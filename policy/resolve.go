package policy

import (
	"iter"
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
	candidates []Candidate
	overflowed bool // the place that the rule names did not serve
	outside    bool // the pharmacy chosen is not one of this neighbourhood's: a person refers
}

// resolve sets Home, Destination and Offer.
func (r *resolver) resolve(decision *Decision) {
	destination := r.destination()
	decision.Destination = destination
	decision.Offer = destination.Organisation != r.home.ID
	if !decision.Offer {
		decision.Home = destination
		return
	}
	decision.Home = r.homeQueue(tenants.QueueToVerify)
}

func (r *resolver) destination() Place {
	then := &r.rule.Then
	if r.urgency == Emergency {
		return r.stay(tenants.QueueSafety)
	}
	if place, ok := r.try(then.To); ok {
		return place
	}
	r.overflowed = true
	for _, d := range then.Overflow {
		if place, ok := r.try(d); ok {
			return place
		}
	}
	return r.stay(r.queueByKind())
}

func (r *resolver) try(d Destination) (Place, bool) {
	switch d.Kind {
	case ToRegisteredPractice:
		return r.stay(d.Queue), true
	case ToDesk:
		return r.queueAt(r.directory.Desk(), d.Queue)
	case ToOrganisation:
		o, ok := r.directory.ByODS(d.ODS)
		if !ok {
			return r.pass(Candidate{Name: string(d.ODS)}, ReasonUnknown, "no organisation of this neighbourhood has the code "+string(d.ODS))
		}
		if d.Queue != "" {
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
		return r.pick(r.directory.ServicesNamed(d.Slug), d)
	case ToCapability:
		return r.pick(r.directory.ServicesFor(d.Slug), d)
	}
	return Place{}, false
}

// queueByKind is the queue at home that the next rules name for such a request.
func (r *resolver) queueByKind() string {
	at, ok := r.policy.nextHome(r.winner, r.values, r.day)
	if !ok {
		return tenants.QueueGeneral
	}
	return r.policy.program.rules[at].rule.Then.To.Queue
}

// stay keeps a request at home, which takes anything.
func (r *resolver) stay(slug string) Place {
	place := r.homeQueue(slug)
	queue, _ := r.directory.Queue(place.Queue)
	says := r.home.Name + " keeps it, in " + queue.Name + ": it is the person's registered practice."
	if !r.registered {
		says = r.home.Name + " keeps it, in " + queue.Name + ": it is the desk for people with no registered practice here."
	}
	r.add(Candidate{Organisation: r.home.ID, Name: r.home.Name, Chosen: true, Reason: ReasonChosen, Says: says})
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
	c := Candidate{Organisation: o.ID, Name: o.Name}
	if reason, says := r.barred(o); reason != "" {
		return r.pass(c, reason, says)
	}
	if slug == "" {
		slug = tenants.QueueGeneral
	}
	queue, ok := r.directory.QueueOf(o.ID, slug)
	switch {
	case !ok:
		return r.pass(c, ReasonNoQueue, "it has no queue "+slug)
	case r.urgency.Rank() >= Urgent.Rank() && !r.staffed(o):
		return r.pass(c, ReasonClosed, "nobody is there now, and this is urgent")
	}
	return r.choose(c, Place{Organisation: o.ID, Queue: queue.ID}, "queue "+queue.Name), true
}

func (r *resolver) pharmacy(reference, what string) (Place, bool) {
	code := r.facts[reference].String()
	if !r.facts[reference].Known() {
		return r.pass(Candidate{Name: what}, ReasonNoPharmacy, "no pharmacy is chosen or nominated")
	}
	o, ok := r.organisation(reference)
	switch {
	case !ok && r.ownPracticeOnly():
		return r.pass(Candidate{Name: what}, ReasonOwnPractice, "the person asked that only their own practice sees this")
	case !ok:
		r.outside = true
		return r.pass(Candidate{Name: what + " (" + code + ")"}, ReasonUnknown, "it is not in this neighbourhood: a person will refer")
	case o.Kind != tenants.Pharmacy:
		return r.pass(Candidate{Organisation: o.ID, Name: o.Name}, ReasonNotPharmacy, "it is no pharmacy")
	}
	return r.serviceAt(o, r.rule.Then.Service)
}

// serviceAt is an organisation's service with a slug, or its first that serves when none is named.
func (r *resolver) serviceAt(o tenants.Organisation, slug string) (Place, bool) {
	var options []option
	for s := range r.directory.ServicesOf(o.ID) {
		if slug == "" || s.Slug == slug {
			options = append(options, r.option(s, false))
		}
	}
	if len(options) > 0 {
		return r.first(options, false)
	}
	if slug == "" {
		return r.pass(Candidate{Organisation: o.ID, Name: o.Name}, ReasonNoService, "it has no services")
	}
	return r.pass(Candidate{Organisation: o.ID, Name: o.Name}, ReasonNoService, "it has no service "+slug)
}

// pick chooses among all who offer what the rule names.
func (r *resolver) pick(services iter.Seq[tenants.Service], d Destination) (Place, bool) {
	var options []option
	for s := range services {
		options = append(options, r.option(s, d.Nearest))
	}
	if len(options) == 0 {
		return r.pass(Candidate{Name: d.Words()}, ReasonNoService, "nobody in this neighbourhood offers it")
	}
	return r.first(options, d.Open)
}

// first is the first service that serves: home's own, then the nearest where the rule asks for that, then those open now,
// then the least busy, then by ODS code. The others are told with why not.
func (r *resolver) first(options []option, onlyOpen bool) (Place, bool) {
	slices.SortFunc(options, option.compare)
	var place Place
	found := false
	for i := range options {
		o := &options[i]
		c := Candidate{Organisation: o.organisation.ID, Service: o.service.ID, Name: o.service.Name + " at " + o.organisation.Name}
		reason, says := r.unfit(o, onlyOpen)
		switch {
		case reason != "":
			r.pass(c, reason, says)
		case found:
			r.pass(c, ReasonNotFirst, "it could take it, and another came first")
		default:
			found = true
			place = r.choose(c, Place{o.organisation.ID, o.service.ID, o.service.QueueID}, r.fit(o))
		}
	}
	return place, found
}

// option is a service that may serve, and what orders it among others.
type option struct {
	service      tenants.Service
	organisation tenants.Organisation
	load         ServiceLoad
	home         bool
	near         int // how much of the postcode is the home's: 0 to 3
	open         bool
}

func (r *resolver) option(s tenants.Service, nearest bool) option {
	o := option{service: s, load: r.load[s.ID], home: s.OrganisationID == r.home.ID, open: s.Hours.Open(r.at)}
	o.organisation, _ = r.directory.Organisation(s.OrganisationID)
	if o.load != (ServiceLoad{}) {
		r.seen[s.ID] = o.load
	}
	if site, ok := r.directory.Site(s.SiteID); ok && nearest {
		for h := range r.directory.SitesOf(r.home.ID) {
			o.near = max(o.near, nearness(string(h.Postcode), string(site.Postcode)))
		}
	}
	return o
}

func (o option) compare(other option) int {
	for _, better := range []int{
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

func (r *resolver) choose(c Candidate, p Place, why string) Place {
	c.Chosen, c.Reason, c.Says = true, ReasonChosen, c.Name+" takes it: "+why+"."
	r.add(c)
	return p
}

// pass notes a candidate that does not serve.
func (r *resolver) pass(c Candidate, reason, why string) (Place, bool) {
	c.Reason, c.Says = reason, upper(c.Name)+" was passed over: "+why+"."
	r.add(c)
	return Place{}, false
}

func (r *resolver) add(c Candidate) {
	same := func(known Candidate) bool {
		return known.Organisation == c.Organisation && known.Service == c.Service && known.Name == c.Name && known.Reason == c.Reason
	}
	if len(r.candidates) < maxCandidates && !slices.ContainsFunc(r.candidates, same) || c.Chosen {
		r.candidates = append(r.candidates, c)
	}
}

package tenants

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"iter"
	"slices"
	"strings"

	"github.com/google/uuid"

	"onedoor/app/fault"
	"onedoor/app/nhs"
)

// Directory is everything that routing knows about one neighbourhood, at one version. It is immutable once made: a
// change makes a new version with another hash, and a decision names the hash that it was taken by.
type Directory struct {
	doc  directoryDocument
	hash string

	organisations map[uuid.UUID]Organisation
	byODS         map[nhs.ODSCode]uuid.UUID
	sites         map[uuid.UUID]Site
	queues        map[uuid.UUID]Queue
	services      map[uuid.UUID]Service

	// Routing reads these for every request, so they are found without a search.
	queueOf      map[queueName]uuid.UUID
	agreements   map[uuid.UUID][]Agreement
	sitesOf      map[uuid.UUID][]int // positions in doc.Sites
	servicesOf   map[uuid.UUID][]int // positions in doc.Services
	bySlug       map[string][]int
	byCapability map[string][]int
}

type queueName struct {
	organisation uuid.UUID
	slug         string
}

type directoryDocument struct {
	Neighbourhood Neighbourhood  `json:"neighbourhood"`
	Desk          uuid.UUID      `json:"desk"` // the organisation of last resort
	Organisations []Organisation `json:"organisations"`
	Agreements    []Agreement    `json:"agreements"`
	Sites         []Site         `json:"sites"`
	Queues        []Queue        `json:"queues"`
	Services      []Service      `json:"services"`
}

// Contents is what a directory is made of.
type Contents struct {
	Neighbourhood Neighbourhood
	Desk          uuid.UUID // the organisation whose queues are the desk of last resort
	Organisations []Organisation
	Agreements    []Agreement
	Sites         []Site
	Queues        []Queue
	Services      []Service
}

// NewDirectory checks the contents and fixes them as one version. It refuses dangling references, two organisations with
// one ODS code, and a practice or desk without the queues that routing relies on.
func NewDirectory(c Contents) (*Directory, error) {
	doc := directoryDocument(c)
	doc.Organisations = slices.SortedFunc(slices.Values(c.Organisations), func(a, b Organisation) int { return strings.Compare(string(a.ODS), string(b.ODS)) })
	doc.Agreements = sortedByID(c.Agreements, func(a Agreement) string { return a.OrganisationID.String() + a.From.String() })
	doc.Sites = sortedByID(c.Sites, func(s Site) string { return s.ID.String() })
	doc.Queues = sortedByID(c.Queues, func(q Queue) string { return q.ID.String() })
	doc.Services = sortedByID(c.Services, func(s Service) string { return s.ID.String() })
	for i, s := range doc.Services {
		// A list that is absent and a list that is empty mean the same, so they are written, and hashed, the same.
		doc.Services[i].Kinds, doc.Services[i].Capabilities = nilIfEmpty(s.Kinds), nilIfEmpty(s.Capabilities)
		doc.Services[i].Eligibility.Registered = nilIfEmpty(s.Eligibility.Registered)
	}
	for i, s := range doc.Sites {
		doc.Sites[i].Address = nilIfEmpty(s.Address)
	}
	return index(doc)
}

func nilIfEmpty[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

func sortedByID[T any](list []T, key func(T) string) []T {
	return slices.SortedFunc(slices.Values(list), func(a, b T) int { return strings.Compare(key(a), key(b)) })
}

// ParseDirectory reads a stored version.
func ParseDirectory(document []byte) (*Directory, error) {
	var doc directoryDocument
	if err := json.Unmarshal(document, &doc); err != nil {
		return nil, fault.New(fault.Malformed, "directory_format", "A stored directory could not be read.").Because(err)
	}
	return index(doc)
}

func index(doc directoryDocument) (*Directory, error) {
	d := &Directory{
		doc:           doc,
		organisations: map[uuid.UUID]Organisation{}, byODS: map[nhs.ODSCode]uuid.UUID{}, sites: map[uuid.UUID]Site{},
		queues: map[uuid.UUID]Queue{}, services: map[uuid.UUID]Service{},
		queueOf: map[queueName]uuid.UUID{}, agreements: map[uuid.UUID][]Agreement{}, sitesOf: map[uuid.UUID][]int{},
		servicesOf: map[uuid.UUID][]int{}, bySlug: map[string][]int{}, byCapability: map[string][]int{},
	}
	for _, o := range doc.Organisations {
		if _, twice := d.byODS[o.ODS]; twice {
			return nil, fault.New(fault.Invalid, "directory_duplicate", "Two organisations have the ODS code %s.", o.ODS)
		}
		d.organisations[o.ID], d.byODS[o.ODS] = o, o.ID
	}
	for _, a := range doc.Agreements {
		if _, ok := d.organisations[a.OrganisationID]; !ok {
			return nil, dangling("agreement from", a.From.String(), "organisation")
		}
		d.agreements[a.OrganisationID] = append(d.agreements[a.OrganisationID], a)
	}
	for i, s := range doc.Sites {
		if _, ok := d.organisations[s.OrganisationID]; !ok {
			return nil, dangling("site", s.Name, "organisation")
		}
		if err := s.Hours.Check(); err != nil {
			return nil, err
		}
		d.sites[s.ID] = s
		d.sitesOf[s.OrganisationID] = append(d.sitesOf[s.OrganisationID], i)
	}
	for _, q := range doc.Queues {
		if _, ok := d.organisations[q.OrganisationID]; !ok {
			return nil, dangling("queue", q.Name, "organisation")
		}
		name := queueName{q.OrganisationID, q.Slug}
		if _, twice := d.queueOf[name]; twice {
			return nil, fault.New(fault.Invalid, "directory_duplicate", "%s has two queues %q.", d.organisations[q.OrganisationID].Name, q.Slug)
		}
		d.queues[q.ID], d.queueOf[name] = q, q.ID
	}
	for i, s := range doc.Services {
		if q, ok := d.queues[s.QueueID]; !ok || q.OrganisationID != s.OrganisationID {
			return nil, dangling("service", s.Name, "queue")
		}
		if err := s.Hours.Check(); err != nil {
			return nil, err
		}
		if c := s.Capacity; min(c.Open, c.Daily) < 0 || max(c.Open, c.Daily) > maxCapacity {
			return nil, fault.New(fault.Invalid, "service_capacity", "The capacity of %s must be between 1 and %d, or 0 for no limit.", s.Name, maxCapacity)
		}
		d.services[s.ID] = s
		d.servicesOf[s.OrganisationID] = append(d.servicesOf[s.OrganisationID], i)
		d.bySlug[s.Slug] = append(d.bySlug[s.Slug], i)
		for _, capability := range s.Capabilities {
			d.byCapability[capability] = append(d.byCapability[capability], i)
		}
	}
	if _, ok := d.organisations[doc.Desk]; !ok {
		return nil, fault.New(fault.Invalid, "directory_desk", "The neighbourhood has no desk of last resort.")
	}
	for _, o := range doc.Organisations {
		if o.Kind != Practice && o.ID != doc.Desk {
			continue
		}
		for _, slug := range []string{QueueSafety, QueueToVerify, QueueGeneral} {
			if _, ok := d.QueueOf(o.ID, slug); !ok {
				return nil, fault.New(fault.Invalid, "directory_queue", "%s has no queue %q.", o.Name, slug)
			}
		}
	}
	canonical, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(canonical)
	d.hash = hex.EncodeToString(sum[:])
	return d, nil
}

// maxCapacity bounds what has to be counted for each request.
const maxCapacity = 1000

func dangling(what, name, to string) error {
	return fault.New(fault.Invalid, "directory_reference", "The %s %q belongs to no known %s.", what, name, to)
}

// Document is the canonical JSON that the hash is taken of.
func (d *Directory) Document() []byte {
	b, _ := json.Marshal(d.doc) // it was marshalled once already
	return b
}

// Hash is the version: SHA-256 of the document, in hexadecimal.
func (d *Directory) Hash() string { return d.hash }

// Neighbourhood is whose directory this is.
func (d *Directory) Neighbourhood() Neighbourhood { return d.doc.Neighbourhood }

// Desk is the organisation of last resort.
func (d *Directory) Desk() Organisation { return d.organisations[d.doc.Desk] }

// Organisations are all of them, by ODS code, whether or not their agreement holds today.
func (d *Directory) Organisations() []Organisation { return slices.Clone(d.doc.Organisations) }

// TakesPart reports whether an organisation is under a sharing agreement on a day.
func (d *Directory) TakesPart(organisation uuid.UUID, on nhs.Date) bool {
	return slices.ContainsFunc(d.agreements[organisation], func(a Agreement) bool {
		return !on.Before(a.From) && (a.Until.IsZero() || !a.Until.Before(on))
	})
}

// Organisation finds one by id.
func (d *Directory) Organisation(id uuid.UUID) (Organisation, bool) {
	o, ok := d.organisations[id]
	return o, ok
}

// ByODS finds one by its code.
func (d *Directory) ByODS(code nhs.ODSCode) (Organisation, bool) {
	o, ok := d.organisations[d.byODS[code]]
	return o, ok
}

// Queue finds one by id.
func (d *Directory) Queue(id uuid.UUID) (Queue, bool) {
	q, ok := d.queues[id]
	return q, ok
}

// QueueOf finds an organisation's queue by its slug.
func (d *Directory) QueueOf(organisation uuid.UUID, slug string) (Queue, bool) {
	id, ok := d.queueOf[queueName{organisation, slug}]
	return d.queues[id], ok
}

// Queues are all queues.
func (d *Directory) Queues() []Queue { return slices.Clone(d.doc.Queues) }

// Service finds one by id.
func (d *Directory) Service(id uuid.UUID) (Service, bool) {
	s, ok := d.services[id]
	return s, ok
}

// Services are all services.
func (d *Directory) Services() []Service { return slices.Clone(d.doc.Services) }

// ServicesOf are an organisation's services, by id.
func (d *Directory) ServicesOf(organisation uuid.UUID) iter.Seq[Service] {
	return d.pick(d.servicesOf[organisation])
}

// ServicesNamed are the services with a slug, whoever offers them, by id.
func (d *Directory) ServicesNamed(slug string) iter.Seq[Service] { return d.pick(d.bySlug[slug]) }

// ServicesFor are the services with a capability, whoever offers them, by id.
func (d *Directory) ServicesFor(capability string) iter.Seq[Service] {
	return d.pick(d.byCapability[capability])
}

func (d *Directory) pick(positions []int) iter.Seq[Service] {
	return func(yield func(Service) bool) {
		for _, i := range positions {
			if !yield(d.doc.Services[i]) {
				return
			}
		}
	}
}

// ServiceList is services that routing goes through for every request: it copies none of them.
type ServiceList struct {
	directory *Directory
	positions []int
}

// Len is how many there are.
func (l ServiceList) Len() int { return len(l.positions) }

// At is one of them. It is the directory's own, which never changes: read it and leave it as it is.
func (l ServiceList) At(i int) *Service { return &l.directory.doc.Services[l.positions[i]] }

// ListOf are an organisation's services, by id.
func (d *Directory) ListOf(organisation uuid.UUID) ServiceList {
	return ServiceList{d, d.servicesOf[organisation]}
}

// ListNamed are the services with a slug, whoever offers them, by id.
func (d *Directory) ListNamed(slug string) ServiceList { return ServiceList{d, d.bySlug[slug]} }

// ListFor are the services with a capability, whoever offers them, by id.
func (d *Directory) ListFor(capability string) ServiceList {
	return ServiceList{d, d.byCapability[capability]}
}

// SitesOf are an organisation's sites, by id.
func (d *Directory) SitesOf(organisation uuid.UUID) iter.Seq[Site] {
	return func(yield func(Site) bool) {
		for _, i := range d.sitesOf[organisation] {
			if !yield(d.doc.Sites[i]) {
				return
			}
		}
	}
}

// Site finds one by id.
func (d *Directory) Site(id uuid.UUID) (Site, bool) {
	s, ok := d.sites[id]
	return s, ok
}

// Sites are all sites.
func (d *Directory) Sites() []Site { return slices.Clone(d.doc.Sites) }

package simulator

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Effect is one commit, as the ledger lists it.
type Effect struct {
	ID               string    `json:"id"`
	RequestReference string    `json:"request_reference"` // Task.groupIdentifier, ten digits; empty when none was given
	Kind             string    `json:"kind"`              // the request kind, from Task.code; else what was done, such as appointment-booked
	Resource         string    `json:"resource"`          // what was written first, such as Task/7XQ…
	At               time.Time `json:"at"`
}

// resource is FHIR JSON as it came.
type resource = map[string]any

// version is one state of one resource.
type version struct {
	Type     string    `json:"type"`
	ID       string    `json:"id"`
	Version  int       `json:"version"`
	At       time.Time `json:"at"`
	Resource resource  `json:"resource"`
}

func (v version) name() string { return v.Type + "/" + v.ID }
func (v version) etag() string { return `W/"` + strconv.Itoa(v.Version) + `"` }

// commit is one line of the journal.
type commit struct {
	Effect   Effect    `json:"effect"`
	Versions []version `json:"versions"`
}

// records are one organisation's resources and its ledger. Writes are one after the other, and each is atomic.
type records struct {
	mu      sync.Mutex
	now     func() time.Time
	journal journal
	byName  map[string]version
	order   map[string][]string // by type, names in the order of their making
	carry   map[string][]string // by type and identifier, names of what ever carried it, in the order in which they did
	effects []Effect
	// pages are searches that were asked for by form and go on over more pages: their addresses name them and say nothing.
	pages map[string]string
}

func openRecords(folder, name string, now func() time.Time) (*records, error) {
	r := &records{now: now, byName: map[string]version{}, order: map[string][]string{}, carry: map[string][]string{}, effects: []Effect{}, pages: map[string]string{}}
	j, err := openJournal(folder, name, r.apply)
	if err != nil {
		return nil, err
	}
	r.journal = j
	return r, nil
}

func (r *records) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.journal.close()
}

func (r *records) ledger() []Effect {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.effects)
}

// hold makes a version visible without a commit, unless a commit has left another: that stays.
func (r *records) hold(v version) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, exists := r.byName[v.name()]; exists {
		return
	}
	r.order[v.Type] = append(r.order[v.Type], v.name())
	r.show(v)
}

// show makes a version the newest, and found by its identifiers.
func (r *records) show(v version) {
	r.byName[v.name()] = v
	for _, id := range identifiers(v.Resource) {
		if key := v.Type + " " + id; !slices.Contains(r.carry[key], v.name()) {
			r.carry[key] = append(r.carry[key], v.name())
		}
	}
}

// apply makes a commit visible.
func (r *records) apply(c commit) {
	for _, v := range c.Versions {
		if _, exists := r.byName[v.name()]; !exists {
			r.order[v.Type] = append(r.order[v.Type], v.name())
		}
		r.show(v)
	}
	r.effects = append(r.effects, c.Effect)
}

// save writes a transaction's new versions; without any there is no commit and no effect.
func (r *records) save(versions []version) error {
	if len(versions) == 0 {
		return nil
	}
	c := commit{Versions: versions, Effect: Effect{ID: newID(), Resource: versions[0].name(), At: r.now().UTC()}}
	for _, v := range versions {
		if v.Type == "Task" {
			c.Effect.RequestReference = text(v.Resource, "groupIdentifier", "value")
			c.Effect.Kind = text(first(v.Resource, "code", "coding"), "code")
			break
		}
	}
	if versions[0].Type == gpAppointment {
		c.Effect.RequestReference, c.Effect.Kind = gpEffect(versions[0])
	}
	if c.Effect.RequestReference == "" {
		c.Effect.RequestReference = text(first(first(versions[0].Resource, "context", "related"), "identifier"), "value")
	}
	if c.Effect.RequestReference == "" {
		c.Effect.RequestReference = referenceOf(versions)
	}
	if c.Effect.Kind == "" {
		c.Effect.Kind = doneTo(versions[0])
	}
	if err := r.journal.append(c); err != nil {
		return err
	}
	r.apply(c)
	return nil
}

// referenceOf is an identifier of a request, where something such as an appointment carries one. The last stands for who changed
// it last.
func referenceOf(versions []version) string {
	for _, v := range versions {
		for _, id := range slices.Backward(identifiers(v.Resource)) {
			if system, value, _ := strings.Cut(id, "|"); strings.HasSuffix(system, "/request-reference") {
				return value
			}
		}
	}
	return ""
}

// doneTo says what became of a resource that belongs to no task.
func doneTo(v version) string {
	kind := strings.ToLower(v.Type)
	if v.Type != "Appointment" {
		return kind
	}
	switch {
	case text(v.Resource, "status") == "cancelled":
		return kind + "-cancelled"
	case v.Version > 1:
		return kind + "-changed"
	}
	return kind + "-booked"
}

func newID() string { return strings.ToLower(rand.Text()) }

// matching are the resources of a type that carry an identifier, or have an id; both empty match all.
func (r *records) matching(kind string, q query) []version {
	var out []version
	names := r.order[kind]
	if q.carries != "" {
		names = r.carry[kind+" "+q.carries]
	}
	for _, name := range names {
		v := r.byName[name]
		if q.matches(v) {
			out = append(out, v)
		}
	}
	return out
}

// stamped is a resource with the id and version that the server gives it.
func stamped(v version) version {
	r := make(resource, len(v.Resource)+2)
	for k, value := range v.Resource {
		r[k] = value
	}
	r["id"] = v.ID
	r["meta"] = resource{"versionId": strconv.Itoa(v.Version), "lastUpdated": v.At.UTC().Format(time.RFC3339Nano)}
	v.Resource = r
	return v
}

// text walks objects by name to a string; anything else on the way is "".
func text(r resource, path ...string) string {
	for i, name := range path {
		if i == len(path)-1 {
			s, _ := r[name].(string)
			return s
		}
		r, _ = r[name].(map[string]any)
	}
	return ""
}

// first walks objects by name to an object, or to the first object of an array.
func first(r resource, path ...string) resource {
	for _, name := range path {
		switch x := r[name].(type) {
		case map[string]any:
			r = x
		case []any:
			if len(x) == 0 {
				return nil
			}
			r, _ = x[0].(map[string]any)
		default:
			return nil
		}
	}
	return r
}

// identifiers are a resource's own.
func identifiers(r resource) []string {
	list, _ := r["identifier"].([]any)
	var out []string
	for _, x := range list {
		if id, ok := x.(map[string]any); ok {
			out = append(out, fmt.Sprintf("%s|%s", text(id, "system"), text(id, "value")))
		}
	}
	return out
}

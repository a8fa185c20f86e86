package integrations

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/identity"
	"onedoor/policy/access"
	"onedoor/tenants"
)

// Vault seals and opens what belongs to a neighbourhood. It is secrets.Vault.
type Vault interface {
	Seal(ctx context.Context, neighbourhood uuid.UUID, plain, sealedFor []byte) ([]byte, error)
	Open(ctx context.Context, neighbourhood uuid.UUID, sealed, sealedFor []byte) ([]byte, error)
}

// Tester tries a connection. It is systems.Systems.
type Tester interface {
	// Test makes each step, and gives what the system offers when it said so. It changes nothing at the system.
	Test(ctx context.Context, i clinical.Integration) ([]Step, *clinical.Capabilities)
}

// Options are what a Service stands on.
type Options struct {
	Store  Store
	Vault  Vault
	Tester Tester // nil where nothing can be tried
	// Kinds are the catalogue's codes, for which uses can be switched on.
	Kinds []string
	// InDevelopment lets in what is in development nationally.
	InDevelopment bool
	Now           func() time.Time
}

// Service sets integrations up.
type Service struct{ o Options }

// New puts a service together.
func New(o Options) *Service { return &Service{o} }

// object is what the access rules call an integration.
const object = "integration"

// scope is how far a person's permission reaches: their organisations, or for who runs the platform all of a neighbourhood.
func scope(by identity.Principal, action string) tenants.Scope {
	if slices.Contains(by.Reaches(object, action), access.Platform) {
		return tenants.JobOf(by.NeighbourhoodID)
	}
	return by.ScopeFor(object, action)
}

// May reports whether a person may do an action (read, write, test, recorded) to an organisation's integrations.
func (s *Service) May(by identity.Principal, organisation uuid.UUID, action string) bool {
	reach := scope(by, action)
	return reach.Kind == tenants.JobScope || reach.Includes(organisation)
}

// Descriptions are the kinds that can be chosen here.
func (s *Service) Descriptions() []clinical.Description {
	return slices.DeleteFunc(clinical.Descriptions(), func(d clinical.Description) bool { return d.InDevelopment && !s.o.InDevelopment })
}

// List is an organisation's integrations, by name.
func (s *Service) List(ctx context.Context, by identity.Principal, organisation uuid.UUID) ([]Connection, error) {
	if !s.May(by, organisation, "read") {
		return nil, fault.Absent()
	}
	return s.o.Store.List(ctx, scope(by, "read"), organisation)
}

// Get is one of an organisation's integrations.
func (s *Service) Get(ctx context.Context, by identity.Principal, organisation, id uuid.UUID) (Connection, error) {
	return s.found(ctx, by, "read", organisation, id)
}

// found reads one that a person may do an action to, and that is the organisation's.
func (s *Service) found(ctx context.Context, by identity.Principal, action string, organisation, id uuid.UUID) (Connection, error) {
	if !s.May(by, organisation, action) {
		return Connection{}, fault.Absent()
	}
	c, err := s.o.Store.Get(ctx, scope(by, action), id)
	if err != nil {
		return Connection{}, err
	}
	if c.OrganisationID != organisation {
		return Connection{}, fault.Absent()
	}
	return c, nil
}

// Form is what an administrator writes of an integration.
type Form struct {
	Kind     clinical.IntegrationKind // of a new one; it never changes
	Name     string
	BaseURL  string
	Settings map[string]string
	Uses     []clinical.Switched
	// Version is the one that was read; another has been changed meanwhile and is refused (integration_changed).
	Version int
}

// Add makes a new integration of an organisation. It begins paused: nothing leaves before somebody has tried it and resumed
// it. One with an id of its own may be given, so that adding twice makes one.
func (s *Service) Add(ctx context.Context, by identity.Principal, organisation, id uuid.UUID, f Form) (Connection, error) {
	if !s.May(by, organisation, "write") {
		return Connection{}, fault.Absent()
	}
	if id == uuid.Nil {
		id = uuid.Must(uuid.NewV7())
	}
	i := clinical.Integration{ID: id, NeighbourhoodID: by.NeighbourhoodID, OrganisationID: organisation, Kind: f.Kind, Paused: true}
	if err := s.fill(&i, f); err != nil {
		return Connection{}, err
	}
	now := s.o.Now()
	err := s.o.Store.Add(ctx, scope(by, "write"), i, by.Name, now, s.entry(by, "integration.add", now)(i))
	if err != nil {
		return Connection{}, err
	}
	return s.found(ctx, by, "write", organisation, id)
}

// Change replaces what an administrator wrote. A credential was given for an address: where the address changes to another
// host, the credentials are to be given again, so that none can be sent to a place that somebody else chose.
func (s *Service) Change(ctx context.Context, by identity.Principal, organisation, id uuid.UUID, f Form) (Connection, error) {
	if _, err := s.found(ctx, by, "write", organisation, id); err != nil {
		return Connection{}, err
	}
	now := s.o.Now()
	err := s.o.Store.Change(ctx, scope(by, "write"), id, by.Name, now, func(i *clinical.Integration) (Changed, error) {
		if f.Version != i.Version {
			return Changed{}, fault.New(fault.Conflict, "integration_changed", "Somebody else changed this connection. Look at it again, and then change it.")
		}
		before := *i
		if err := s.fill(i, f); err != nil {
			return Changed{}, err
		}
		e := s.entry(by, "integration.change", now)(*i)
		moved := elsewhere(before, *i)
		e.Details["credentials_forgotten"] = moved
		return Changed{e, moved}, nil
	})
	if err != nil {
		return Connection{}, err
	}
	return s.found(ctx, by, "write", organisation, id)
}

// fill puts what was written into an integration, and refuses what could not work.
func (s *Service) fill(i *clinical.Integration, f Form) error {
	d, known := clinical.Describe(i.Kind)
	switch {
	case !known:
		return fault.New(fault.Invalid, "integration_kind", "Choose the kind of connection.")
	case len(d.Needs) > 0:
		return fault.New(fault.Invalid, "integration_not_built", "Nothing of this kind can be set up: %s", d.Says)
	case d.InDevelopment && !s.o.InDevelopment:
		return fault.New(fault.Invalid, "integration_in_development", "This kind of connection is in development nationally. The platform’s operator can allow it.")
	}
	i.Name, i.BaseURL, i.Settings, i.Uses = strings.TrimSpace(f.Name), strings.TrimSpace(f.BaseURL), map[string]string{}, nil
	for name, value := range f.Settings {
		if value = strings.TrimSpace(value); value != "" {
			i.Settings[name] = value
		}
	}
	var wrong []fault.Field
	if i.Name == "" || len(i.Name) > 100 || strings.ContainsAny(i.Name, "\r\n") {
		wrong = append(wrong, fault.Field{Pointer: "/name", Code: "name", Says: "Enter what staff call this system, in up to 100 characters."})
	}
	for _, u := range f.Uses {
		for _, kind := range u.Kinds {
			if !slices.Contains(s.o.Kinds, kind) {
				wrong = append(wrong, fault.Field{Pointer: "/uses", Code: "unknown_kind", Says: "There is no kind of request by one of these codes."})
			}
		}
		if slices.ContainsFunc(i.Uses, func(x clinical.Switched) bool { return x.Use == u.Use }) {
			wrong = append(wrong, fault.Field{Pointer: "/uses", Code: "twice", Says: "A use can be switched on once."})
		}
		i.Uses = append(i.Uses, u)
	}
	if err := i.Check(); err != nil {
		wrong = append(wrong, fault.Field{Pointer: "/base_url", Code: fault.As(err).Code, Says: fault.As(err).Says})
	}
	if err := d.Fits(*i); err != nil {
		wrong = append(wrong, fault.As(err).Fields...)
	}
	if len(wrong) > 0 {
		return fault.InvalidFields(wrong)
	}
	return nil
}

// Pause keeps an integration's deliveries waiting; Resume lets them go.
func (s *Service) Pause(ctx context.Context, by identity.Principal, organisation, id uuid.UUID) (Connection, error) {
	return s.switched(ctx, by, organisation, id, "integration.pause", func(i *clinical.Integration) { i.Paused = true })
}

// Resume lets an integration's deliveries go.
func (s *Service) Resume(ctx context.Context, by identity.Principal, organisation, id uuid.UUID) (Connection, error) {
	return s.switched(ctx, by, organisation, id, "integration.resume", func(i *clinical.Integration) { i.Paused = false })
}

// RecordOnly says whether an integration sends, or only records what it would send.
func (s *Service) RecordOnly(ctx context.Context, by identity.Principal, organisation, id uuid.UUID, only bool) (Connection, error) {
	action := "integration.send"
	if only {
		action = "integration.record-only"
	}
	return s.switched(ctx, by, organisation, id, action, func(i *clinical.Integration) { i.RecordOnly = only })
}

func (s *Service) switched(ctx context.Context, by identity.Principal, organisation, id uuid.UUID, action string, do func(*clinical.Integration)) (Connection, error) {
	if _, err := s.found(ctx, by, "write", organisation, id); err != nil {
		return Connection{}, err
	}
	now := s.o.Now()
	err := s.o.Store.Change(ctx, scope(by, "write"), id, by.Name, now, func(i *clinical.Integration) (Changed, error) {
		do(i)
		return Changed{Entry: s.entry(by, action, now)(*i)}, nil
	})
	if err != nil {
		return Connection{}, err
	}
	return s.found(ctx, by, "write", organisation, id)
}

// Remove takes an integration away, with its credentials and what it recorded. What was sent by it and is not settled then
// needs a person.
func (s *Service) Remove(ctx context.Context, by identity.Principal, organisation, id uuid.UUID) error {
	if _, err := s.found(ctx, by, "write", organisation, id); err != nil {
		return err
	}
	return s.o.Store.Remove(ctx, scope(by, "write"), id, s.entry(by, "integration.remove", s.o.Now()))
}

// Test tries an integration, whether it is paused or not, and keeps what came of it. It asks and changes nothing.
func (s *Service) Test(ctx context.Context, by identity.Principal, organisation, id uuid.UUID) (Connection, error) {
	c, err := s.found(ctx, by, "test", organisation, id)
	if err != nil {
		return Connection{}, err
	}
	if s.o.Tester == nil {
		return Connection{}, fault.New(fault.Unavailable, "integration_no_test", "Connections cannot be tried here.")
	}
	steps, offers := s.o.Tester.Test(ctx, c.Integration)
	now := s.o.Now()
	good := Test{Steps: steps}.Good()
	err = s.o.Store.Tried(context.WithoutCancel(ctx), scope(by, "test"), id, Test{At: now, By: by.Name, Steps: steps}, offers, func(i clinical.Integration) audit.Entry {
		e := s.entry(by, "integration.test", now)(i)
		e.Details["good"] = good
		return e
	})
	if err != nil {
		return Connection{}, err
	}
	return s.found(ctx, by, "test", organisation, id)
}

// entry makes the line of the trail for what is done to an integration: kind and switches, never an address.
func (s *Service) entry(by identity.Principal, action string, now time.Time) func(clinical.Integration) audit.Entry {
	return func(i clinical.Integration) audit.Entry { return entry(by.Actor(), i, action, now) }
}

// entry is what the trail says of an act.
func entry(by audit.Actor, i clinical.Integration, action string, now time.Time) audit.Entry {
	uses := make([]string, len(i.Uses))
	for n, u := range i.Uses {
		uses[n] = fmt.Sprintf("%s %v", u.Use, u.Kinds)
	}
	return audit.Entry{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: i.NeighbourhoodID, OrganisationID: i.OrganisationID, At: now, Actor: by,
		Action: action, SubjectKind: object, Subject: i.ID,
		Details: map[string]any{"kind": i.Kind, "paused": i.Paused, "record_only": i.RecordOnly, "uses": uses},
	}
}

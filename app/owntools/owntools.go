// Package owntools lets an organisation that keeps its own online tool have its patients go on there, by a deep link, with
// custody kept. It holds which organisation keeps which tool, as its administrator set it, and makes the address to go on at:
// the tool's own with an opaque id, and nothing of the person. Package requests keeps the handover, with the organisation
// accountable all the while. It calls no tool: tools and people say here whether they have a request.
package owntools

import (
	"context"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/app/identity"
	"onedoor/app/requests"
	"onedoor/policy/access"
	"onedoor/tenants"
)

// Parameter is where the id stands in the address of a tool.
const Parameter = "handover"

const (
	nameMost    = 80  // characters
	addressMost = 500 // bytes
)

// Tool is what an organisation keeps.
type Tool struct {
	NeighbourhoodID uuid.UUID
	OrganisationID  uuid.UUID
	Name            string // what patients know it by
	Address         string // where they go on
	On              bool   // patients are sent on to it
	// Key is the partner's key that the tool speaks with here: of this organisation's handovers no other key learns or says
	// anything. None: only people say it.
	Key       uuid.UUID
	ChangedBy string
	ChangedAt time.Time
}

// Host is the part of the address that patients are told.
func (t Tool) Host() string {
	u, err := url.Parse(t.Address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// at is where a handover goes on.
func (t Tool) at(handover uuid.UUID) string {
	u, err := url.Parse(t.Address)
	if err != nil {
		return ""
	}
	q := u.Query()
	q.Set(Parameter, handover.String())
	u.RawQuery = q.Encode()
	return u.String()
}

// Standing is what an organisation's tool has left unanswered of the requests that are open with it.
type Standing struct {
	Waiting int       // sent on, with time left to say that it has them
	Silent  int       // it let the time go by, and no person has said either whether it has them
	Since   time.Time // when the first of the silent ones was due; zero for none
}

// Store keeps tools.
type Store interface {
	// Tool is an organisation's, found false where it never had one.
	Tool(ctx context.Context, neighbourhood, organisation uuid.UUID) (t Tool, found bool, err error)
	// Standing is what the tools have left unanswered, by organisation; none for a tool that owes no word.
	Standing(ctx context.Context, neighbourhood uuid.UUID) (map[uuid.UUID]Standing, error)
	// Set keeps one and enters it into the trail, in the scope of who changes it.
	Set(ctx context.Context, scope tenants.Scope, t Tool, entry audit.Entry) error
}

// Keys are the API keys of a neighbourhood that hold. It is identitystore.Store.
type Keys interface {
	Clients(ctx context.Context, neighbourhood uuid.UUID, role tenants.Role) ([]identity.Client, error)
}

// Requests keeps the handovers. It is requests.Service.
type Requests interface {
	ToolOf(ctx context.Context, neighbourhood uuid.UUID, reference requests.Reference) (organisation uuid.UUID, may bool, h *requests.Handover, err error)
	HandOver(ctx context.Context, neighbourhood uuid.UUID, reference requests.Reference, to requests.OwnTool, id uuid.UUID) (requests.Handover, error)
	StayHere(ctx context.Context, neighbourhood uuid.UUID, reference requests.Reference) error
}

// Options are what the service is made of.
type Options struct {
	Store    Store
	Requests Requests
	Keys     Keys
	Now      func() time.Time
	Random   io.Reader
	// Development allows tools on this machine without encryption.
	Development bool
}

// Service is the one way to tools.
type Service struct{ o Options }

// New puts a service together.
func New(o Options) *Service { return &Service{o} }

// Tool is an organisation's, on or off; found false where it never had one.
func (s *Service) Tool(ctx context.Context, neighbourhood, organisation uuid.UUID) (Tool, bool, error) {
	return s.o.Store.Tool(ctx, neighbourhood, organisation)
}

// Standing is what the tools of a neighbourhood have left unanswered, by organisation; none for a tool that owes no word.
func (s *Service) Standing(ctx context.Context, neighbourhood uuid.UUID) (map[uuid.UUID]Standing, error) {
	return s.o.Store.Standing(ctx, neighbourhood)
}

// Keys are those that an organisation may name as its tool's: the keys of its neighbourhood's partners.
func (s *Service) Keys(ctx context.Context, neighbourhood uuid.UUID) ([]identity.Client, error) {
	return s.o.Keys.Clients(ctx, neighbourhood, tenants.Partner)
}

// Set changes an organisation's tool, by its administrator (not_allowed). A name and an https address are needed to switch it
// on, and its key is one of Keys or none (invalid). Who was sent on before stays so.
func (s *Service) Set(ctx context.Context, by requests.Actor, t Tool) error {
	if !slices.ContainsFunc(by.Roles, func(m tenants.Membership) bool {
		_, ok := access.Allow(m.Role, "own-tool", "write")
		return ok && m.NeighbourhoodID == by.Scope.NeighbourhoodID && m.OrganisationID == t.OrganisationID
	}) {
		return fault.New(fault.Forbidden, "not_allowed", "Your role does not allow this.")
	}
	t.Name, t.Address = strings.Join(strings.Fields(t.Name), " "), strings.TrimSpace(t.Address)
	keys, err := s.Keys(ctx, by.Scope.NeighbourhoodID)
	if err != nil {
		return err
	}
	if err := s.check(t, keys); err != nil {
		return err
	}
	t.NeighbourhoodID, t.ChangedBy, t.ChangedAt = by.Scope.NeighbourhoodID, by.Name, s.o.Now()
	return s.o.Store.Set(ctx, by.Scope, t, audit.Entry{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: t.NeighbourhoodID, OrganisationID: t.OrganisationID, At: t.ChangedAt, Actor: by.Actor,
		Action: "own-tool.set", SubjectKind: "organisation", Subject: t.OrganisationID, Details: map[string]any{"on": t.On, "host": t.Host(), "key": t.Key},
	})
}

func (s *Service) check(t Tool, keys []identity.Client) error {
	var wrong []fault.Field
	add := func(pointer, code, says string) {
		wrong = append(wrong, fault.Field{Pointer: pointer, Code: code, Says: says})
	}
	switch {
	case t.Name == "" && t.On:
		add("/name", "required", "Enter the name that your patients know the tool by")
	case utf8.RuneCountInString(t.Name) > nameMost || !utf8.ValidString(t.Name):
		add("/name", "too_long", "The name must be 80 characters or fewer")
	}
	switch {
	case t.Address == "" && t.On:
		add("/address", "required", "Enter the address of the tool")
	case t.Address != "" && !s.allowed(t.Address):
		add("/address", "address_format", "Enter an address that begins with https://, without a user name and without #, of 500 characters or fewer")
	}
	if t.Key != uuid.Nil && !slices.ContainsFunc(keys, func(c identity.Client) bool { return c.ID == t.Key }) {
		add("/key", "unknown_key", "Choose a key from the list")
	}
	if len(wrong) > 0 {
		return fault.InvalidFields(wrong)
	}
	return nil
}

// allowed reports whether people may be sent to an address.
func (s *Service) allowed(address string) bool {
	u, err := url.Parse(address)
	if err != nil || len(address) > addressMost || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Query().Has(Parameter) {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || (s.o.Development && u.Scheme == "http" && ip != nil && ip.IsLoopback())
}

// Way is how a person's own request stands with the tool of the organisation that is accountable for it.
type Way struct {
	Tool     Tool
	Handover *requests.Handover // nil before they go on there
	Address  string             // where they go on; empty before, and once it has been answered
}

// Of is the way of a request; nil where the organisation has no tool that is on, or a person has to deal with it here.
func (s *Service) Of(ctx context.Context, neighbourhood uuid.UUID, reference requests.Reference) (*Way, error) {
	organisation, may, h, err := s.o.Requests.ToolOf(ctx, neighbourhood, reference)
	if err != nil {
		return nil, err
	}
	if h != nil {
		organisation = h.OrganisationID
	}
	tool, found, err := s.o.Store.Tool(ctx, neighbourhood, organisation)
	if err != nil || !found {
		return nil, err
	}
	if h == nil && (!may || !tool.On) {
		return nil, nil
	}
	return way(tool, h), nil
}

func way(t Tool, h *requests.Handover) *Way {
	w := &Way{Tool: t, Handover: h}
	if h.Waiting() && t.On {
		w.Address = t.at(h.ID)
	}
	return w
}

// GoOn keeps that a person goes on in the tool, and says where. Asked again it is the same handover (not_handed_over).
func (s *Service) GoOn(ctx context.Context, neighbourhood uuid.UUID, reference requests.Reference) (*Way, error) {
	w, err := s.Of(ctx, neighbourhood, reference)
	if err != nil {
		return nil, err
	}
	if w == nil {
		return nil, fault.New(fault.Conflict, "not_handed_over", "This request cannot go on in another tool now. It stays here.")
	}
	if w.Handover != nil {
		return w, nil
	}
	id, err := uuid.NewRandomFromReader(s.o.Random)
	if err != nil {
		return nil, err
	}
	h, err := s.o.Requests.HandOver(ctx, neighbourhood, reference, requests.OwnTool{OrganisationID: w.Tool.OrganisationID, Name: w.Tool.Name}, id)
	if err != nil {
		return nil, err
	}
	return way(w.Tool, &h), nil
}

// Stay ends a handover that was not answered: the organisation deals with the request here (tool_answered).
func (s *Service) Stay(ctx context.Context, neighbourhood uuid.UUID, reference requests.Reference) error {
	return s.o.Requests.StayHere(ctx, neighbourhood, reference)
}

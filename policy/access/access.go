// Package access says who may do what: which role may do an action to a kind of object, and how far that reaches. The
// rules are the rows of policy.csv, embedded, matched exactly by casbin, and baked into a map when first asked; casbin
// lives here and nowhere else. It never reads a membership, a tenant or a patient: whose object it is, is for the caller.
package access

import (
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"

	"onedoor/tenants"
)

// Scope is how far a permission reaches.
type Scope string

const (
	Own           Scope = "own"           // what belongs to the organisation of the membership
	Neighbourhood Scope = "neighbourhood" // what belongs to the neighbourhood as a whole, never a patient's
	Platform      Scope = "platform"      // the workings of the platform, never a patient's
	Self          Scope = "self"          // what the caller itself handed in
	Proxy         Scope = "proxy"         // what a person handed in for somebody else, under recorded authority
)

// Scopes are all of them.
func Scopes() []Scope { return []Scope{Own, Neighbourhood, Platform, Self, Proxy} }

// Roles are all roles that the rules know.
func Roles() []tenants.Role {
	return []tenants.Role{
		tenants.Receptionist, tenants.Clinician, tenants.OrgAdmin, tenants.Lead, tenants.Operator, tenants.App, tenants.Partner,
	}
}

const exactMatch = `
[request_definition]
r = role, scope, object, action
[policy_definition]
p = role, scope, object, action
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.role == p.role && r.scope == p.scope && r.object == p.object && r.action == p.action
`

//go:embed policy.csv
var document string

type question struct {
	role           tenants.Role
	object, action string
}

// table holds every decision. It is never changed once baked.
type table struct {
	scopes  map[question]Scope
	actions map[string][]string // by object
}

var baked = sync.OnceValue(func() *table {
	t, err := bake(document)
	if err != nil {
		panic("the access rules are embedded and tested, and yet: " + err.Error())
	}
	return t
})

// Allow says how far a role's permission for an action on a kind of object reaches; not ok means that it has none.
func Allow(role tenants.Role, object, action string) (Scope, bool) {
	s, ok := baked().scopes[question{role, object, action}]
	return s, ok
}

// Known reports whether any role may do this. A route that asks for anything else was misspelt.
func Known(object, action string) bool {
	return slices.Contains(baked().actions[object], action)
}

// bake asks casbin for every combination of the words in the document, so that the map and the rules cannot differ. It
// refuses a role with two reaches for one action, and words that no code knows.
func bake(csvDocument string) (*table, error) {
	enforcer, err := newEnforcer(csvDocument)
	if err != nil {
		return nil, err
	}
	rows, err := enforcer.GetPolicy()
	if err != nil {
		return nil, err
	}
	t := &table{scopes: map[question]Scope{}, actions: map[string][]string{}}
	for _, row := range rows {
		role, scope, object, action := tenants.Role(row[0]), Scope(row[1]), row[2], row[3]
		if !slices.Contains(Roles(), role) || !slices.Contains(Scopes(), scope) {
			return nil, fmt.Errorf("access rule %v: unknown role or scope", row)
		}
		if !slices.Contains(t.actions[object], action) {
			t.actions[object] = append(t.actions[object], action)
		}
	}
	for object, actions := range t.actions {
		for _, action := range actions {
			for _, role := range Roles() {
				if err := t.ask(enforcer, question{role, object, action}); err != nil {
					return nil, err
				}
			}
		}
	}
	return t, nil
}

func (t *table) ask(enforcer *casbin.Enforcer, q question) error {
	for _, scope := range Scopes() {
		ok, err := enforcer.Enforce(string(q.role), string(scope), q.object, q.action)
		if err != nil {
			return fmt.Errorf("access rule for %v: %w", q, err)
		}
		if !ok {
			continue
		}
		if other, twice := t.scopes[q]; twice {
			return fmt.Errorf("access rule for %v reaches both %s and %s", q, other, scope)
		}
		t.scopes[q] = scope
	}
	return nil
}

func newEnforcer(csvDocument string) (*casbin.Enforcer, error) {
	m, err := model.NewModelFromString(exactMatch)
	if err != nil {
		return nil, fmt.Errorf("access model: %w", err)
	}
	enforcer, err := casbin.NewEnforcer(m)
	if err != nil {
		return nil, fmt.Errorf("access model: %w", err)
	}
	r := csv.NewReader(strings.NewReader(csvDocument))
	r.TrimLeadingSpace, r.FieldsPerRecord = true, 5
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return enforcer, nil
		}
		if err != nil {
			return nil, fmt.Errorf("access rules: %w", err)
		}
		if row[0] != "p" {
			return nil, fmt.Errorf("access rules: a row begins with %q; only p is known", row[0])
		}
		added, err := enforcer.AddPolicy(row[1], row[2], row[3], row[4])
		if err != nil {
			return nil, fmt.Errorf("access rule %v: %w", row[1:], err)
		}
		if !added {
			return nil, fmt.Errorf("access rule %v stands twice", row[1:])
		}
	}
}

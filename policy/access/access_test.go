package access

import (
	"testing"

	"onedoor/tenants"
)

// The map answers exactly as casbin does, for every combination of every word.
func TestMapEqualsEnforce(t *testing.T) {
	t.Parallel()
	enforcer, err := newEnforcer(document)
	if err != nil {
		t.Fatal(err)
	}
	actions := map[string]bool{"unheard-of": true}
	for _, list := range baked().actions {
		for _, a := range list {
			actions[a] = true
		}
	}
	objects := []string{"unheard-of"}
	for object := range baked().actions {
		objects = append(objects, object)
	}
	combinations := 0
	for _, role := range append(Roles(), "unheard-of", "") {
		for _, object := range objects {
			for action := range actions {
				got, ok := Allow(role, object, action)
				for _, scope := range Scopes() {
					combinations++
					want, err := enforcer.Enforce(string(role), string(scope), object, action)
					if err != nil {
						t.Fatal(err)
					}
					if (ok && got == scope) != want {
						t.Errorf("%s %s %s in %s: map says %v, casbin says %v", role, action, object, scope, ok && got == scope, want)
					}
				}
			}
		}
	}
	if combinations < 9*5*8*5 {
		t.Errorf("only %d combinations were tried", combinations)
	}
}

// Lines that nobody may move by accident.
func TestLinesThatHold(t *testing.T) {
	t.Parallel()
	for _, role := range []tenants.Role{tenants.Lead, tenants.Operator} {
		for _, object := range []string{"request", "queue", "decision"} {
			for _, action := range []string{"list", "read", "submit", "claim", "outcome"} {
				if _, ok := Allow(role, object, action); ok {
					t.Errorf("%s may %s a %s: it must see no patients", role, action, object)
				}
			}
		}
	}
	for _, role := range Roles() {
		_, lowers := Allow(role, "request", "lower")
		if lowers != (role == tenants.Clinician) {
			t.Errorf("%s lowers urgency: %v; only a clinician does", role, lowers)
		}
		if scope, ok := Allow(role, "policy", "publish"); ok && role != tenants.Lead {
			t.Errorf("%s publishes a policy (%s)", role, scope)
		}
		scope, ok := Allow(role, "request", "read")
		program := role == tenants.App || role == tenants.Partner
		if ok && program != (scope == Self) {
			t.Errorf("%s reads requests in %s", role, scope)
		}
	}
	if Known("request", "destroy") || !Known("request", "claim") {
		t.Error("Known does not follow the rules")
	}
}

func TestBadRulesAreRefused(t *testing.T) {
	t.Parallel()
	for name, rules := range map[string]string{
		"unknown role":  "p, porter, own, request, read\n",
		"unknown scope": "p, lead, everywhere, request, read\n",
		"two reaches":   "p, lead, own, request, read\np, lead, neighbourhood, request, read\n",
		"twice":         "p, lead, own, request, read\np, lead, own, request, read\n",
		"grouping":      "g, alice, lead, x, y\n",
		"short row":     "p, lead, own, request\n",
	} {
		if _, err := bake(rules); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func BenchmarkAllow(b *testing.B) {
	for b.Loop() {
		Allow(tenants.Receptionist, "request", "claim")
	}
}

package routes

import (
	"strings"

	"onedoor/policy/access"
)

// Rule says who may call a route. It stands beside the route, and the zero value is refused at registration.
type Rule string

const (
	// Public is for anybody: it shows and does nothing that belongs to a person or an organisation.
	Public Rule = "public"
	// Patient is for the person whose conversation the cookie holds; with no cookie one begins.
	Patient Rule = "patient"
	// Signed is for a program elsewhere whose every message is signed with a secret that it shares with us, or carries a credential
	// that the handler itself judges: it does that before anything else, and refuses all others as forbidden or not known.
	Signed Rule = "signed"
	// SignedIn is for whoever is known, whatever their role, and concerns only themselves.
	SignedIn Rule = "signed-in"
	// Development is for development mode and callers on this machine; for others the route is not there.
	Development Rule = "development"

	needs = "may "
)

// Need is for principals with a role that allows the action on the object by policy/access. The handler still has to ask
// whose object it is. A pair that no role has is a misspelling, and panics.
func Need(object, action string) Rule {
	if !access.Known(object, action) {
		panic("no access rule mentions " + object + " " + action)
	}
	return Rule(needs + object + " " + action)
}

// Permission is the object and action of a rule made by Need.
func (r Rule) Permission() (object, action string, ok bool) {
	rest, ok := strings.CutPrefix(string(r), needs)
	if !ok {
		return "", "", false
	}
	object, action, ok = strings.Cut(rest, " ")
	return object, action, ok
}

func (r Rule) valid() bool {
	switch r {
	case Public, Patient, Signed, SignedIn, Development:
		return true
	}
	object, action, ok := r.Permission()
	return ok && access.Known(object, action)
}

// Route is one registered route, for tests that walk them all.
type Route struct {
	Method, Path string
	Rule         Rule
}

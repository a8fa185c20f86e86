package policies

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"onedoor/app/fault"
	"onedoor/policy"
)

// cleared is what the safety stage's facts are when a file leaves them out: screened, with nothing found, as a policy's own
// test cases have it. A file that gives one, even as null, is taken at its word.
func cleared() map[string]policy.Value {
	return map[string]policy.Value{"red-flag": policy.Text("none"), "free-text": policy.Text("clear"), "recording": policy.Text("none")}
}

// screened adds what the file leaves out, and tells what it added.
func screened(f policy.Facts) (assumed policy.Facts) {
	assumed = policy.Facts{}
	for name, v := range cleared() {
		if _, given := f[name]; !given {
			f[name], assumed[name] = v, v
		}
	}
	return assumed
}

// known are the facts that a request may have, by name: the policy's, the safety stage's and those that every request has.
func known(p *policy.Policy) map[string]*policy.Fact {
	all := map[string]*policy.Fact{}
	for _, facts := range [][]policy.Fact{policy.CommonFacts(), policy.Safety().Facts(), p.Facts()} {
		for i := range facts {
			all[facts[i].Name] = &facts[i]
		}
	}
	return all
}

func reference(name string) bool {
	switch name {
	case policy.RegisteredPractice, policy.NominatedPharmacy, policy.ChosenPharmacy, policy.ServiceAsked:
		return true
	}
	return false
}

// readFacts reads one flat JSON object of facts.
func readFacts(document []byte) (policy.Facts, error) {
	d := json.NewDecoder(bytes.NewReader(document))
	var facts policy.Facts
	if err := d.Decode(&facts); err != nil {
		return nil, unreadableFacts(err)
	}
	if d.More() || facts == nil {
		return nil, fault.New(fault.Malformed, "facts", "The facts are not one JSON object, such as { \"kind\": \"symptoms\", \"age\": 30 }.")
	}
	return facts, nil
}

func unreadableFacts(err error) error {
	if f := fault.As(err); f.Kind != fault.Internal {
		return fault.New(fault.Malformed, "facts", "The facts cannot be read. %s", f.Says)
	}
	return fault.New(fault.Malformed, "facts", "The facts are not one JSON object, such as { \"kind\": \"symptoms\", \"age\": 30 }: %s.", err)
}

// checkFacts refuses facts that the policy does not have, and values that a fact does not.
func checkFacts(p *policy.Policy, facts policy.Facts) error {
	all := known(p)
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		f, is := all[name]
		switch {
		case reference(name):
			if _, numeric := facts[name].Number(); numeric {
				wrong = append(wrong, fmt.Sprintf("%s is %s: expected a code in quotes.", name, facts[name]))
			}
		case !is:
			wrong = append(wrong, fmt.Sprintf("The policy %s has no fact %q. It has: %s.", p.Name(), clip(name), strings.Join(slices.Sorted(maps.Keys(all)), ", ")))
		case !f.Allows(facts[name]):
			wrong = append(wrong, fmt.Sprintf("%s is %s: expected %s.", name, said(facts[name]), f.Domain()))
		}
	}
	if len(wrong) > 0 {
		return fault.New(fault.Invalid, "facts", "%s", strings.Join(wrong, "\n"))
	}
	return nil
}

func said(v policy.Value) string {
	if _, numeric := v.Number(); numeric {
		return v.String()
	}
	return fmt.Sprintf("%q", clip(v.String()))
}

func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:57]) + "..."
	}
	return s
}

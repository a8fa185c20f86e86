package policy

import (
	"bytes"
	"regexp"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"onedoor/app/nhs"
)

// Limits of one document. They keep compiling and explaining a policy within a moment.
const (
	maxFacts  = 200
	maxValues = 2_000     // of one enumeration
	maxRange  = 1_000_000 // whole numbers of one range
	maxTables = 200
	maxRules  = 20_000
	maxCases  = 10_000
)

// Parse reads, checks and compiles a neighbourhood's policy. A refusal is a *fault.Error that names the first problem's line,
// table, rule and column and what was expected; its Fields hold every problem.
func Parse(document []byte) (*Policy, error) {
	return parse(document, neighbourhood, safety.facts)
}

type stage uint8

const (
	platform      stage = iota // the safety stage: may end in routing
	neighbourhood              // may not declare the platform's facts
)

func parse(document []byte, s stage, given []Fact) (*Policy, error) {
	root, err := readYAML(document)
	if err != nil {
		return nil, err
	}
	r := reader{stage: s, policy: &Policy{document: bytes.Clone(document)}, facts: map[string]*Fact{}, given: given}
	r.read(root)
	if r.fine() {
		r.check(root)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	r.policy.compile()
	r.policy.hash = r.policy.canonicalHash()
	return r.policy, nil
}

// reader turns the document's nodes into a policy and gathers problems.
type reader struct {
	problems
	stage  stage
	policy *Policy
	facts  map[string]*Fact
	given  []Fact // the platform's facts, which a neighbourhood may read
	rules  int
}

func (r *reader) read(root *yaml.Node) {
	var top place
	sections := map[string]entry{}
	for _, e := range r.mapping(root, top, "a policy", "policy", "facts", "tables", "cases") {
		sections[e.key] = e
	}
	if name, ok := sections["policy"]; !ok {
		r.add("policy_name", top, root, "expected the policy's name, as policy: riverside")
	} else if text, ok := r.scalar(name.node, name.place, "the policy's name"); ok {
		if !isSlug(text) {
			r.add("policy_name", name.place, name.node, "%s is no name: expected lower-case letters, digits and hyphens, such as riverside", clip(text))
		}
		r.policy.name = text
	}
	if facts, ok := sections["facts"]; ok {
		r.readFacts(facts)
	}
	r.policy.declared = len(r.policy.facts)
	if r.stage == neighbourhood {
		r.addCommon(sections)
	}
	r.policy.facts = append(r.policy.facts, r.given...)
	for i := range r.policy.facts {
		r.facts[r.policy.facts[i].Name] = &r.policy.facts[i]
	}
	if tables, ok := sections["tables"]; ok {
		r.readTables(tables)
	}
	if cases, ok := sections["cases"]; ok {
		r.readCases(cases)
	}
}

// date reads YYYY-MM-DD.
func (r *reader) date(e entry) nhs.Date {
	text, ok := r.scalar(e.node, e.place, "a date such as 2026-12-31")
	if !ok {
		return nhs.Date{}
	}
	day, err := nhs.ParseDate(text)
	if err != nil {
		r.add("policy_date", e.place, e.node, "expected a real date such as 2026-12-31, found %s", clip(text))
	}
	return day
}

var spanPattern = regexp.MustCompile(`^([1-9][0-9]{0,4})(m|h|d)$`)

const maxSpan = 30 * 24 * time.Hour

// span reads 15m, 4h or 2d.
func (r *reader) span(e entry) time.Duration {
	text, ok := r.scalar(e.node, e.place, "a length of time")
	if !ok {
		return 0
	}
	parts := spanPattern.FindStringSubmatch(text)
	var length time.Duration
	if parts != nil {
		n, _ := strconv.Atoi(parts[1]) // the pattern holds five digits at most
		length = time.Duration(n) * map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[parts[2]]
	}
	if length <= 0 || length > maxSpan {
		r.add("policy_time", e.place, e.node, "expected a length of time such as 15m, 4h or 2d, 30 days at most, found %s", clip(text))
		return 0
	}
	return length
}

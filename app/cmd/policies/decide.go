package policies

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/policy"
	"onedoor/tenants"
)

type decideCommand struct {
	File      string    `arg:"" help:"A policy, or - for standard input."`
	Facts     string    `required:"" placeholder:"FILE.json" help:"What is known of the request, as one JSON object; - for standard input. Screening that is left out counts as clear."`
	Directory string    `placeholder:"FILE.json" help:"The neighbourhood's directory: with it, the place is found too."`
	At        time.Time `help:"The moment, as 2026-12-31T09:00:00Z; the present one unless said."`
	JSON      bool      `name:"json" help:"Print JSON."`
}

// decided is a decision as it is printed, by the rules alone.
type decided struct {
	Policy     string            `json:"policy"`
	PolicyHash string            `json:"policy_hash"`
	SafetyHash string            `json:"safety_hash"`
	At         time.Time         `json:"at"`
	Stage      string            `json:"stage"`
	Table      string            `json:"table"`
	Rule       string            `json:"rule"`
	Sentence   string            `json:"sentence"`
	To         string            `json:"to"`
	Service    string            `json:"service,omitempty"`
	Urgency    policy.Urgency    `json:"urgency"`
	AnswerDue  time.Time         `json:"answer_due"`
	Overflow   []string          `json:"overflow"`
	Tags       []string          `json:"tags"`
	Message    string            `json:"message,omitempty"`
	Because    []string          `json:"because"`
	NearMisses []policy.NearMiss `json:"near_misses"`
	Assumed    policy.Facts      `json:"assumed,omitempty"` // screening that the file left out
}

// placed is the whole decision, with what the rule says.
type placed struct {
	policy.Decision
	Policy     string            `json:"policy"`
	Sentence   string            `json:"sentence"`
	To         string            `json:"to"`
	Service    string            `json:"service,omitempty"`
	Overflow   []string          `json:"overflow"`
	Tags       []string          `json:"tags"`
	NearMisses []policy.NearMiss `json:"near_misses"`
	Assumed    policy.Facts      `json:"assumed,omitempty"`
}

// Run decides and prints.
func (c *decideCommand) Run(s Streams) error {
	p, err := s.policy(c.File)
	if err != nil {
		return err
	}
	document, err := s.read(c.Facts)
	if err != nil {
		return err
	}
	facts, err := readFacts(document)
	if err == nil {
		err = checkFacts(p, facts)
	}
	if err != nil {
		return s.explain(c.Facts, err)
	}
	d, err := s.directory(c.Directory)
	if err != nil {
		return err
	}
	at := c.At
	if at.IsZero() {
		at = time.Now()
	}
	out, whole := decide(p, facts, d, at)
	if d != nil {
		out.Message = whole.Message
	}
	switch {
	case c.JSON && d != nil:
		return s.json(withPlace(out, whole))
	case c.JSON:
		return s.json(out)
	}
	s.decision(out, whole, d)
	return nil
}

func withPlace(out decided, whole policy.Decision) placed {
	return placed{whole, out.Policy, out.Sentence, out.To, out.Service, out.Overflow, out.Tags, out.NearMisses, out.Assumed}
}

// decide decides with a directory, or by the rules alone without one.
func decide(p *policy.Policy, facts policy.Facts, d *tenants.Directory, at time.Time) (decided, policy.Decision) {
	assumed := screened(facts)
	place := d
	if place == nil {
		place = nowhere()
	}
	whole := policy.Decide(p, facts, place, nil, at)
	_, _, rule := policy.RuleFor(p, facts, at)
	out := decided{
		Policy: p.Name(), PolicyHash: whole.PolicyHash, SafetyHash: whole.SafetyHash, At: whole.At, Stage: whole.Stage, Table: whole.Table, Rule: whole.Rule,
		Sentence: rule.Sentence(), To: rule.Then.To.String(), Service: rule.Then.Service, Urgency: whole.Urgency, AnswerDue: whole.AnswerDue,
		Overflow: []string{}, Tags: append([]string{}, rule.Then.Tags...), Message: rule.Then.Message, Because: whole.Because,
		NearMisses: append([]policy.NearMiss{}, whole.NearMisses...), Assumed: assumed,
	}
	for _, o := range rule.Then.Overflow {
		out.Overflow = append(out.Overflow, o.String())
	}
	if d == nil {
		out.Because = byRules(whole)
	}
	return out, whole
}

// byRules is what the rules say, without what was said of places: there were none to look at.
func byRules(d policy.Decision) []string {
	end := slices.IndexFunc(d.Because, func(says string) bool {
		return strings.HasPrefix(says, "Nobody is at ") || slices.ContainsFunc(d.Candidates, func(c policy.Candidate) bool { return c.Says == says })
	})
	if end < 0 {
		return d.Because
	}
	return d.Because[:end]
}

// nowhere is a directory of a desk alone, so that the rules can be asked without one.
func nowhere() *tenants.Directory {
	desk := uuid.MustParse("00000000-0000-4000-8000-000000000001")
	contents := tenants.Contents{
		Neighbourhood: tenants.Neighbourhood{ID: uuid.MustParse("00000000-0000-4000-8000-000000000002"), Slug: "nowhere", Name: "nowhere"},
		Desk:          desk,
		Organisations: []tenants.Organisation{{ID: desk, ODS: "ZZZ99", Name: "the desk", Kind: tenants.Community}},
	}
	for i, slug := range []string{tenants.QueueSafety, tenants.QueueToVerify, tenants.QueueGeneral} {
		id := uuid.UUID{0: byte(i + 1), 6: 0x40, 8: 0x80}
		contents.Queues = append(contents.Queues, tenants.Queue{ID: id, OrganisationID: desk, Slug: slug, Name: slug})
	}
	d, err := tenants.NewDirectory(contents)
	if err != nil {
		panic("a desk with its queues is a directory: " + err.Error())
	}
	return d
}

func (s Streams) decision(out decided, whole policy.Decision, d *tenants.Directory) {
	s.line("%s: rule %s of %s", out.Stage, out.Rule, out.Table)
	s.line("  %s", out.Sentence)
	to := out.To
	if out.Service != "" {
		to += ", service " + out.Service
	}
	s.line("To: %s", to)
	if d != nil {
		s.line("Place: %s", placeWords(whole, d))
	}
	s.line("Urgency: %s, answered by %s", out.Urgency, out.AnswerDue.In(tenants.London()).Format("Monday 2 January 2006 15:04"))
	if len(out.Overflow) > 0 {
		s.line("Overflow: %s", strings.Join(out.Overflow, ", then "))
	}
	if len(out.Tags) > 0 {
		s.line("Tags: %s", strings.Join(out.Tags, ", "))
	}
	if out.Message != "" {
		s.line("Message: %s", out.Message)
	}
	s.line("Because:")
	for _, says := range out.Because {
		s.line("  %s", says)
	}
	for _, m := range out.NearMisses {
		s.line("Nearly: rule %s of %s, but %s is %s and it needs %s.", m.Rule, m.Table, m.Fact, m.Was, m.Needs)
	}
	if len(out.Assumed) > 0 {
		s.line("Screening that the facts leave out counts as clear.")
	}
	s.line("Policy: %s %s", out.Policy, out.PolicyHash)
}

func placeWords(whole policy.Decision, d *tenants.Directory) string {
	o, _ := d.Organisation(whole.Destination.Organisation)
	words := o.Name
	if svc, ok := d.Service(whole.Destination.Service); ok {
		words += ", " + svc.Name
	}
	if q, ok := d.Queue(whole.Destination.Queue); ok {
		words += ", queue " + q.Slug
	}
	if whole.Offer {
		words += " (an offer)"
	}
	return words
}

// Package analysis proves what a lead cannot see by reading: that no request falls through a policy's rules, that every rule
// can be reached, that what a rule names exists and is open, that what is not known or is worse never makes a request less
// safe, and exactly which requests a draft would decide otherwise than the policy that is live.
//
// Every rule is a box, a product of sets of codes, so the answers are exact: boxes are subtracted from boxes, one that leaves a
// single piece always first. What a question's limit or the budget leaves open is reported as undecided, never as fine. Each finding has a witness, the facts of one request that shows it, and one sentence for a lead. The requests looked at
// are those that can reach the neighbourhood's tables: the safety stage lets them go on, and what is worked out from the moment
// has values that some moment has.
//
// Of hours and of places only the directory is read. An organisation that is out is one whose services take nothing; a telephone
// line or an integration that is out matters here only as far as the directory says so, by a paused service or changed hours.
//
// The package is pure: a policy, a directory, a day and counts of past facts are arguments; findings go to package publishing,
// whose gate asks for reasons by their keys, and to the studio.
package analysis

import (
	"context"
	"time"

	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/tenants"
)

// Kind is what a finding is about.
type Kind string

const (
	Gap         Kind = "gap"         // only the catch-all takes it
	Shadow      Kind = "shadow"      // a rule that can never win
	Overlap     Kind = "overlap"     // rules that take the same request and decide otherwise
	DeadEnd     Kind = "dead-end"    // nobody takes it at some minute, or nobody is there though it is urgent
	Loop        Kind = "loop"        // an overflow that leads back to where it came from, or that is never asked
	Unknown     Kind = "unknown"     // what is not known lets a request leave the practice or wait longer
	Monotone    Kind = "monotone"    // a worse answer makes a request less urgent
	OneMissing  Kind = "one-missing" // nobody takes it while one organisation is out
	Destination Kind = "destination" // the directory does not have what a rule names
	Safety      Kind = "safety"      // a rule that would shadow or weaken the safety stage
	Undecided   Kind = "undecided"   // a question that the budget did not suffice to answer
)

// Severity is what a finding does to publishing.
type Severity string

const (
	Error   Severity = "error"   // never publishable
	Warning Severity = "warning" // needs a written reason
	Note    Severity = "note"
)

// RuleRef names a rule as decisions do.
type RuleRef struct {
	Table string `json:"table"`
	Rule  string `json:"rule"`
}

// Finding is one thing that a lead should know before a policy is published.
type Finding struct {
	Kind         Kind         `json:"kind"`
	Severity     Severity     `json:"severity"`
	Table        string       `json:"table,omitempty"`
	Rule         string       `json:"rule,omitempty"`
	Fact         string       `json:"fact,omitempty"`
	By           []RuleRef    `json:"by,omitempty"` // rules that cover, overlap, decide the other answer, or end with the same organisation
	Witness      policy.Facts `json:"witness,omitempty"`
	At           *time.Time   `json:"at,omitempty"`           // of dead ends: the first minute at which it is one
	Organisation string       `json:"organisation,omitempty"` // of one-missing: the ODS code of the one that is out
	Weight       int          `json:"weight,omitempty"`       // past requests that it would have met
	Says         string       `json:"says"`                   // one sentence or two, for a lead
	Key          string       `json:"key"`                    // the same finding after an unrelated edit has the same key: written reasons hang on it
}

// Past is how often some facts were met. What is worked out from the moment is absent, and then counts for every moment.
type Past struct {
	Facts policy.Facts
	Count int
}

// Options are what else an analysis may know.
type Options struct {
	// Directory is where rules lead. Without it nothing is found about places and hours.
	Directory *tenants.Directory
	// On is the first day looked at. Tables that count only between some days are looked at for each set of tables that counts
	// on or after it; without a day, for every such set.
	On nhs.Date
	// Past is what was asked before.
	Past []Past
	// Budget is how many steps, comparisons of two boxes, an analysis may take; zero is DefaultBudget.
	Budget int
}

// DefaultBudget ends the analysis of the largest policy that there may be within some seconds.
const DefaultBudget = 100_000_000

// Report is what an analysis found, what weighs most first.
type Report struct {
	Findings []Finding `json:"findings"`

	policy  *policy.Policy
	options Options
	safety  *policy.Policy
	memory  memory
}

// Check analyses a policy. The error is the context's.
func Check(ctx context.Context, p *policy.Policy, o Options) (*Report, error) {
	return check(ctx, policy.Safety(), p, o, memory{})
}

// Recheck analyses a policy in which one rule was edited, moved, added or removed since this report, and gives what Check would
// give, sooner. Whatever else differs from this report's policy or options makes it look at everything again.
func (r *Report) Recheck(ctx context.Context, p *policy.Policy, changed RuleRef, o Options) (*Report, error) {
	return check(ctx, r.safety, p, o, r.remember(p, changed, o))
}

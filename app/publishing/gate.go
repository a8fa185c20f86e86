package publishing

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/policy/analysis"
	"onedoor/tenants"
)

// Gate is all that stands between a draft and its publication.
type Gate struct {
	Hash    string    `json:"hash"`
	ETag    string    `json:"etag,omitempty"`
	Against string    `json:"against"` // the hash of the version that it would replace; empty for none
	From    time.Time `json:"from"`
	Cases   []Failure `json:"cases"` // stored cases that do not hold
	// Findings are every error, and each warning that the version it would replace does not have.
	Findings []analysis.Finding `json:"findings"`
	Replay   Replay             `json:"replay"`
	Reviewed bool               `json:"reviewed"` // a second person approved exactly this text
	// Blocks keep it from being published whatever is written; Needs each ask for a written reason.
	Blocks []Need `json:"blocks"`
	Needs  []Need `json:"needs"`
}

// Failure is a stored case that does not hold.
type Failure struct {
	Case  string `json:"case"`
	Table string `json:"table"` // what decided
	Rule  string `json:"rule"`
	Says  string `json:"says"`
}

// Need is one thing that is in the way. Key names it: a written reason is given by its key.
type Need struct {
	Key  string `json:"key"`
	Kind string `json:"kind"` // case_fails, finding_error, finding, replay, review_required
	Says string `json:"says"`
	// NoteServes: where no reasons are given at all, the note may stand for this one (Publication.NoteServes). It never does
	// for what a policy contradicts itself in, or lets through unasked.
	NoteServes bool `json:"note_serves"`
}

// noteServes reports whether a warning is about where requests end, which a note on the whole version can answer for.
func noteServes(k analysis.Kind) bool {
	return k == analysis.Gap || k == analysis.DeadEnd || k == analysis.OneMissing
}

// Open reports whether nothing is in the way but reasons.
func (g Gate) Open() bool { return len(g.Blocks) == 0 }

// Gate says what stands in the way of publishing a draft from a moment on (zero: now), and runs what has to be run for it:
// the stored cases, the analysis, and the replay of the last month.
func (s *Service) Gate(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, name string, from time.Time) (Gate, error) {
	_, c, err := s.candidate(ctx, by, neighbourhood, name, from)
	if err != nil {
		return Gate{}, err
	}
	return s.examine(ctx, c)
}

// candidate is a document on its way to become a version, and what it is measured against.
type candidate struct {
	neighbourhood uuid.UUID
	by            audit.Actor // who asks
	draft         string      // its name
	policy        *policy.Policy
	live          Version // zero when there is none
	directory     *tenants.Directory
	from          time.Time
	etag          string
	reviewWanted  bool
	reviewed      bool
	restored      bool // was published before: only what could harm today is asked
	fallback      bool // the product's own act: what is scheduled does not keep it back
}

// candidate reads a draft and what it would replace.
func (s *Service) candidate(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, name string, from time.Time) (Draft, candidate, error) {
	c := candidate{neighbourhood: neighbourhood, by: by, draft: name, from: from}
	var d Draft
	err := s.o.Store.InTx(ctx, neighbourhood, func(tx Tx) (err error) {
		if d, err = find(tx, name); err != nil {
			return err
		}
		set, err := tx.Settings()
		if err != nil {
			return err
		}
		c.etag, c.reviewWanted, c.reviewed = d.ETag(), set.SecondPerson, d.Review.counts(d)
		c.live, _, err = tx.LiveAt(s.moment(from))
		return err
	})
	if err != nil {
		return d, c, err
	}
	if c.policy, err = policy.Parse(d.Document); err != nil {
		return d, c, err
	}
	c.directory, err = s.o.Directories.Live(ctx, neighbourhood, s.o.Now())
	return d, c, err
}

func (s *Service) moment(from time.Time) time.Time {
	if now := s.o.Now(); from.Before(now) {
		return now
	}
	return from
}

// examine runs the gate.
func (s *Service) examine(ctx context.Context, c candidate) (Gate, error) {
	g := Gate{
		Hash: c.policy.Hash(), ETag: c.etag, Against: c.live.Hash, From: s.moment(c.from), Reviewed: c.reviewed,
		Cases: []Failure{}, Blocks: []Need{}, Needs: []Need{},
	}
	for _, f := range c.policy.RunCases(nhs.DateOf(g.From.In(tenants.London()))) {
		g.Cases = append(g.Cases, Failure{f.Case, f.Table, f.Rule, f.Says})
		g.Blocks = append(g.Blocks, Need{Key: "case/" + f.Case, Kind: "case_fails", Says: fmt.Sprintf("The stored case “%s” does not hold: %s", f.Case, f.Says)})
	}
	var err error
	if g.Findings, err = s.analyse(ctx, c, g.From); err != nil {
		return g, err
	}
	for _, f := range g.Findings {
		switch {
		case f.Severity == analysis.Error:
			g.Blocks = append(g.Blocks, Need{Key: f.Key, Kind: "finding_error", Says: f.Says})
		case !c.restored:
			g.Needs = append(g.Needs, Need{f.Key, "finding", f.Says, noteServes(f.Kind)})
		}
	}
	if g.Replay, err = s.replay(ctx, c); err != nil {
		return g, err
	}
	for _, f := range g.Replay.Findings {
		g.Needs = append(g.Needs, Need{f.Key, "replay", f.Says, true})
	}
	if c.reviewWanted && !c.reviewed && !c.restored {
		g.Blocks = append(g.Blocks, Need{Key: "review", Kind: "review_required", Says: "This neighbourhood asks that a second person approves a draft as it is now, before it is published."})
	}
	return g, nil
}

// longest is how long a note or a reason may be.
const longest = 2000

// noted is a note without the space around it; there has to be one (note_required).
func noted(note string) (string, error) {
	note = strings.TrimSpace(note)
	if says := noteProblem(note); says != nil {
		refusal := fault.New(fault.Invalid, says.Code, "%s", says.Says)
		refusal.Fields = []fault.Field{*says}
		return "", refusal
	}
	return note, nil
}

func noteProblem(note string) *fault.Field {
	switch {
	case note == "":
		return &fault.Field{Pointer: "/note", Code: "note_required", Says: "Say in a note why this is published."}
	case len(note) > longest:
		return &fault.Field{Pointer: "/note", Code: "note_too_long", Says: fmt.Sprintf("The note may be %d characters long.", longest)}
	}
	return nil
}

// pass refuses a publication with everything that is missing at once, or gives its reasons.
func (g Gate) pass(p Publication) ([]Reason, error) {
	var missing []fault.Field
	if problem := noteProblem(strings.TrimSpace(p.Note)); problem != nil {
		missing = append(missing, *problem)
	}
	for _, b := range g.Blocks {
		missing = append(missing, fault.Field{Pointer: "", Code: b.Kind, Says: b.Says})
	}
	reasons := []Reason{}
	for _, n := range g.Needs {
		reason := strings.TrimSpace(p.Reasons[n.Key])
		if p.NoteServes && len(p.Reasons) == 0 && n.NoteServes {
			reason = strings.TrimSpace(p.Note)
		}
		switch {
		case reason == "":
			missing = append(missing, fault.Field{Pointer: "/reasons/" + escaped(n.Key), Code: "reason_required", Says: "A written reason is needed: " + n.Says})
		case len(reason) > longest:
			missing = append(missing, fault.Field{Pointer: "/reasons/" + escaped(n.Key), Code: "reason_too_long", Says: fmt.Sprintf("A reason may be %d characters long.", longest)})
		default:
			reasons = append(reasons, Reason{n.Key, n.Says, reason})
		}
	}
	if len(missing) == 0 {
		return reasons, nil
	}
	refusal := fault.New(fault.Invalid, missing[0].Code, "%s", missing[0].Says)
	if more := len(missing) - 1; more > 0 {
		refusal.Code, refusal.Says = "not_publishable", fmt.Sprintf("%s There are %d more things in the way.", missing[0].Says, more)
		if more == 1 {
			refusal.Says = missing[0].Says + " There is 1 more thing in the way."
		}
	}
	refusal.Fields = missing
	return nil, refusal.With("needs", g.Needs).With("blocks", g.Blocks).With("against", g.Against)
}

// escaped is a key as a step of a JSON pointer.
func escaped(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}

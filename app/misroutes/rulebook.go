package misroutes

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/fault"
	"onedoor/app/publishing"
	"onedoor/policy"
)

// rulebook knows what rules meant in each version, and since when the live ones have meant it. It is made for one look.
type rulebook struct {
	read     func(hash string) (*policy.Policy, error) // nil when there is no such version
	policies map[string]*policy.Policy
	versions []publishing.Version // those that were or are in force, newest first
	live     *policy.Policy
}

func (s *Service) rulebook(ctx context.Context, neighbourhood uuid.UUID) (*rulebook, error) {
	list, err := s.o.Versions.Versions(ctx, neighbourhood)
	if err != nil {
		return nil, err
	}
	safety := policy.Safety()
	b := &rulebook{policies: map[string]*policy.Policy{safety.Hash(): safety}}
	b.read = func(hash string) (*policy.Policy, error) {
		v, err := s.o.Versions.Version(ctx, neighbourhood, hash)
		if fault.Is(err, "not_found") {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		p, err := policy.Parse(v.Document)
		if err != nil {
			return nil, nil //nolint:nilerr // written for an older engine: its rules are known by their hash alone
		}
		return p, nil
	}
	for _, v := range list {
		if v.State == publishing.Live || v.State == publishing.Past {
			b.versions = append(b.versions, v)
		}
	}
	if len(b.versions) > 0 {
		b.live, err = b.policy(b.versions[0].Hash)
	}
	return b, err
}

func (b *rulebook) policy(hash string) (*policy.Policy, error) {
	if p, known := b.policies[hash]; known {
		return p, nil
	}
	p, err := b.read(hash)
	if err == nil {
		b.policies[hash] = p
	}
	return p, err
}

// meaning tells a rule's versions apart by what they ask and where they lead. A note, a tag or a message does not make
// another rule of it; a rule of a version that cannot be read means that version.
func (b *rulebook) meaning(hash, table, id string) (string, error) {
	p, err := b.policy(hash)
	if err != nil {
		return "", err
	}
	if p == nil {
		return "version " + hash, nil
	}
	r, found := p.Rule(strings.TrimPrefix(table, SafetyTables), id)
	if !found {
		return "version " + hash, nil
	}
	return meaningOf(r), nil
}

func meaningOf(r policy.Rule) string {
	var b strings.Builder
	for _, c := range r.When {
		b.WriteString(c.Fact + " " + c.Cell.String() + "\n")
	}
	b.WriteString("to " + r.Then.To.String() + " for " + r.Then.Service + " as " + string(r.Then.Urgency))
	for _, o := range r.Then.Overflow {
		b.WriteString("\nthen " + o.String())
	}
	return b.String()
}

// since is when a live rule began to mean what it means; versions that said the same count on.
func (b *rulebook) since(table, id, meaning string) (time.Time, error) {
	var since time.Time
	for _, v := range b.versions {
		m, err := b.meaning(v.Hash, table, id)
		if err != nil {
			return since, err
		}
		if m != meaning {
			return since, nil
		}
		since = v.LiveFrom
	}
	return since, nil
}

// liveRule is a rule that can decide now.
type liveRule struct {
	table  string // as Day has it
	rule   policy.Rule
	safety bool
}

func (b *rulebook) rules() []liveRule {
	var list []liveRule
	if b.live != nil {
		for _, t := range b.live.Tables() {
			for _, r := range t.Rules {
				if !r.Disabled {
					list = append(list, liveRule{t.Name, r, false})
				}
			}
		}
	}
	for _, t := range policy.Safety().Tables() {
		for _, r := range t.Rules {
			if r.Then.To.Kind != policy.ToRouting {
				list = append(list, liveRule{SafetyTables + t.Name, r, true})
			}
		}
	}
	return list
}

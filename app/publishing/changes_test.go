package publishing_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"onedoor/app/publishing"
)

const before = `
policy: riverside # a comment
facts:
  kind: [symptoms, admin]
  age: 0..130
tables:
  - name: first
    rules:
      - { id: a, when: { age: '< 5' }, then: { to: desk, urgency: soon } }
      - { id: b, when: { age: '< 9' }, then: { to: desk, urgency: soon } }
      - { id: c, when: { age: '< 12' }, then: { to: desk, urgency: soon } }
      - { id: d, when: {}, then: { to: desk, urgency: soon } }
cases:
  - { name: one, given: { age: 4 }, expect: { rule: a } }
`

func TestChangesAreToldOneByOne(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, now, want string }{
		"nothing":           {"riverside", "riverside", ""},
		"a comment":         {"# a comment", "# another", ""},
		"layout":            {"{ id: a, when: { age: '< 5' }, then: { to: desk, urgency: soon } }", "id: a\n        when:\n          age: \"< 5\"\n        then: { urgency: soon, to: desk }", ""},
		"a rule":            {"'< 9'", "'< 8'", "rule b of first was changed"},
		"a rule's note":     {"{ id: d,", "{ id: d, note: all, ", "rule d of first was changed"},
		"a rule less":       {"      - { id: b, when: { age: '< 9' }, then: { to: desk, urgency: soon } }\n", "", "rule b of first was removed"},
		"a rule more":       {"      - { id: d,", "      - { id: x, when: { kind: '\"admin\"' }, then: { to: desk, urgency: soon } }\n      - { id: d,", "rule x of first was added"},
		"a fact":            {"0..130", "0..120", "fact age was changed"},
		"a fact's order":    {"  kind: [symptoms, admin]\n  age: 0..130\n", "  age: 0..130\n  kind: [symptoms, admin]\n", "fact age was moved"},
		"a case":            {"{ age: 4 }", "{ age: 3 }", "case one was changed"},
		"a case's name":     {"name: one", "name: two", "case one was removed; case two was added"},
		"the policy's name": {"policy: riverside", "policy: hillside", "policy hillside was changed"},
		"a table's days":    {"  - name: first\n", "  - name: first\n    from: 2026-12-01\n", "table first was changed"},
		"a table's name":    {"  - name: first\n", "  - name: last\n", "table first was removed; table last was added"},
		"an order": {
			"      - { id: a, when: { age: '< 5' }, then: { to: desk, urgency: soon } }\n      - { id: b, when: { age: '< 9' }, then: { to: desk, urgency: soon } }\n      - { id: c, when: { age: '< 12' }, then: { to: desk, urgency: soon } }\n",
			"      - { id: b, when: { age: '< 9' }, then: { to: desk, urgency: soon } }\n      - { id: c, when: { age: '< 12' }, then: { to: desk, urgency: soon } }\n      - { id: a, when: { age: '< 5' }, then: { to: desk, urgency: soon } }\n",
			"rule a of first was moved",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := strings.Replace(before, c.old, c.now, 1)
			if now == before && c.old != c.now {
				t.Fatal("nothing was replaced")
			}
			var says []string
			for _, x := range publishing.Changes([]byte(before), []byte(now)) {
				says = append(says, x.Says)
			}
			if got := strings.Join(says, "; "); got != c.want {
				t.Errorf("told %q, want %q", got, c.want)
			}
		})
	}
}

// What moved is what does not keep its place among the others, however long the list.
func TestOnlyWhatMovedIsToldAsMoved(t *testing.T) {
	t.Parallel()
	document := func(order []int) []byte {
		var b strings.Builder
		b.WriteString("policy: x\ntables:\n  - name: t\n    rules:\n")
		for _, n := range order {
			fmt.Fprintf(&b, "      - { id: r%d, when: {}, then: { to: desk, urgency: soon } }\n", n)
		}
		return []byte(b.String())
	}
	var was []int
	for n := range 3000 {
		was = append(was, n)
	}
	is := append([]int{2999}, was[:2999]...)
	is[10], is[2000] = is[2000], is[10]
	var names []string
	for _, c := range publishing.Changes(document(was), document(is)) {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	if want := []string{"r1999", "r2999", "r9"}; !slices.Equal(names, want) {
		t.Errorf("moved are %v, want %v", names, want)
	}
}

func FuzzChanges(f *testing.F) {
	f.Add(before, before)
	f.Add(before, "policy: x\ntables: [ { name: 1, rules: [ 2, { id: [] } ] } ]\ncases: [ {} ]\nfacts: { 1: { 2: 3 } }\n")
	f.Fuzz(func(t *testing.T, was, is string) {
		if changes := publishing.Changes([]byte(was), []byte(was)); len(changes) != 0 && !strings.Contains(was, "name") && !strings.Contains(was, "id") {
			t.Errorf("a document differs from itself: %+v", changes)
		}
		publishing.Changes([]byte(was), []byte(is))
	})
}

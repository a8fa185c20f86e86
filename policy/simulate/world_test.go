package simulate_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"onedoor/app/demo"
	"onedoor/policy"
	"onedoor/policy/simulate"
)

// until is a Monday: the month before it is what tests simulate.
var until = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

func live(t testing.TB) simulate.Side {
	t.Helper()
	side, err := demo.RiversideSide()
	if err != nil {
		t.Fatal(err)
	}
	return side
}

// edited is riverside's policy with something replaced.
func edited(t testing.TB, side simulate.Side, replace ...string) simulate.Side {
	t.Helper()
	document := demo.Riverside
	for i := 0; i < len(replace); i += 2 {
		if !bytes.Contains(document, []byte(replace[i])) {
			t.Fatal("riverside's policy does not hold", replace[i])
		}
		document = bytes.Replace(document, []byte(replace[i]), []byte(replace[i+1]), 1)
	}
	p, err := policy.Parse(document)
	if err != nil {
		t.Fatal(err)
	}
	return simulate.Side{Policy: p, Directory: side.Directory}
}

// calmer makes symptoms less urgent and keeps sore throats at the practice.
func calmer(t testing.TB, side simulate.Side) simulate.Side {
	return edited(t, side,
		"when: { kind: '\"symptoms\"' }\n        then: { to: registered-practice/queue:clinical, urgency: soon }", "when: { kind: '\"symptoms\"' }\n        then: { to: registered-practice/queue:clinical, urgency: routine }",
		"when: { kind: '\"symptoms\"', condition: '\"sore-throat\"', age: '>= 5', pregnant: '\"yes\", \"no\", \"not-applicable\"' }\n        then: { to: chosen-pharmacy, service: pharmacy-first, urgency: soon, overflow: registered-practice/queue:clinical }",
		"when: { kind: '\"symptoms\"', condition: '\"sore-throat\"', age: '>= 5', pregnant: '\"yes\", \"no\", \"not-applicable\"' }\n        then: { to: registered-practice/queue:callbacks, urgency: soon }")
}

func month(t testing.TB, side simulate.Side, n int) []simulate.Request {
	t.Helper()
	var list []simulate.Request
	for r := range demo.History(side, until.AddDate(0, -1, 0), until, n) {
		list = append(list, r)
	}
	if len(list) != n {
		t.Fatalf("%d past requests; want %d", len(list), n)
	}
	return list
}

func run(t testing.TB, list []simulate.Request, a, b simulate.Side, o simulate.Options) *simulate.Result {
	t.Helper()
	result, err := simulate.Run(t.Context(), simulate.FromSlice(list), a, b, o)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

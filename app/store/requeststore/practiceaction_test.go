package requeststore_test

import (
	"encoding/json"
	"strings"
	"testing"

	"onedoor/app/clinical"
	"onedoor/app/demo/demotest"
	"onedoor/app/requests"
	"onedoor/policy"
)

func TestAnUrgentActionForThePracticeIsATaskForItsPeople(t *testing.T) {
	t.Parallel()
	w, ok := demotest.New(t), must(t)
	ctx, sam, grace := t.Context(), w.Actor(t, "sam.carter"), w.Actor(t, "grace.mensah")
	c := submit(t, w, soreThroat(w))
	ok(w.Requests.Verify(ctx, sam, c))
	ok(w.Requests.Accept(ctx, grace, c))
	ok(w.Requests.Claim(ctx, grace, c))
	_, err := w.Requests.Record(ctx, grace, c, requests.NewOutcome{Code: "done", PracticeAction: strings.Repeat("x", 1001)})
	wantCode(t, err, "invalid")
	v := ok(w.Requests.Record(ctx, grace, c, requests.NewOutcome{Code: "done", PracticeAction: "Blood pressure 190/120: see today."}))
	if v.Status != requests.Closed || len(v.Links) != 2 {
		t.Fatalf("%s, %d deliveries", v.Status, len(v.Links))
	}
	for _, d := range v.Links {
		if promised := d.Purpose == string(clinical.RegisteredPractice); promised == d.DueAt.IsZero() {
			t.Errorf("%s is due %v", d.Purpose, d.DueAt)
		}
	}
	var asked requests.Reference
	for _, e := range v.Staff.Timeline {
		if told, found := e.Details["practice_task"]; found {
			raw, err := json.Marshal(told)
			if err != nil || json.Unmarshal(raw, &asked) != nil {
				t.Fatal(err)
			}
		}
	}
	if asked == "" { // the view of a command has no timeline
		list, err := w.Requests.Get(ctx, grace, c.Reference)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list.Staff.Timeline {
			if told, found := e.Details["practice_task"].(string); found {
				asked = requests.Reference(told)
			}
		}
	}
	if asked == "" {
		t.Fatal("the trail names no task")
	}
	task := ok(w.Requests.Get(ctx, sam, asked))
	if task.Accountable.ODS != "A81001" || task.Status != requests.Queued || task.Urgency.Rank() < policy.Urgent.Rank() || task.Kind != "callback" {
		t.Errorf("%+v", task)
	}
	words := task.Staff.Answers["describe"]
	if len(words) != 1 {
		t.Fatalf("answers %+v", task.Staff.Answers)
	}
	said, err := json.Marshal(words[0])
	if err != nil || !strings.Contains(string(said), "190/120") || !strings.Contains(string(said), "Quayside") || !strings.Contains(string(said), c.Reference.Spaced()) {
		t.Errorf("it says %s", said)
	}
	_, err = w.Requests.Get(ctx, grace, asked)
	wantCode(t, err, "not_found") // it is the practice's alone
	ok(w.Requests.Claim(ctx, sam, requests.Command{Reference: asked}))
}

func TestAPracticeAsksNothingOfItself(t *testing.T) {
	t.Parallel()
	w, ok := demotest.New(t), must(t)
	ctx, sam := t.Context(), w.Actor(t, "sam.carter")
	c := submit(t, w, soreThroat(w))
	ok(w.Requests.Claim(ctx, sam, c))
	_, err := w.Requests.Record(ctx, sam, c, requests.NewOutcome{Code: "done", PracticeAction: "See today."})
	wantCode(t, err, "invalid")
	if v := ok(w.Requests.Get(ctx, sam, c.Reference)); v.Status == requests.Closed {
		t.Error("the request was closed all the same")
	}
}

package publishingstore_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"onedoor/app/demo"
	"onedoor/app/fault"
	"onedoor/app/publishing"
)

// lesser is a policy by which test results wait longer than those that were asked for.
func lesser(t testing.TB) string {
	t.Helper()
	return strings.ReplaceAll(string(demo.Riverside), "to: registered-practice/queue:callbacks, urgency: soon", "to: registered-practice/queue:callbacks, urgency: routine")
}

func TestANewWarningNeedsAReasonThatStaysWithTheVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// Without its own rule, a kind is taken by the last one only.
	document := edited(t, "      - id: admin\n        when: { kind: '\"admin\"' }\n        then: { to: registered-practice/queue:admin, urgency: routine }\n", "")
	document = strings.Replace(document, "  - name: an admin question goes to the admin queue\n    given: { kind: admin }\n    expect: { to: registered-practice/queue:admin, urgency: routine }\n", "", 1)
	w.save(t, neil, "fewer", "", document)
	g, err := w.Gate(t.Context(), neil, riverside, "fewer", time.Time{})
	if err != nil || !g.Open() || len(g.Needs) != 1 || g.Needs[0].Kind != "finding" {
		t.Fatalf("the gate is %+v, %v", g, err)
	}
	key := g.Needs[0].Key
	for name, reasons := range map[string]map[string]string{"none": nil, "another's": {"gap|kind|symptoms": "x"}, "a blank": {key: "  "}} {
		_, err := w.Publish(t.Context(), neil, riverside, "fewer", publishing.Publication{Note: "Fewer rules.", Reasons: reasons})
		if !fault.Is(err, "reason_required") || fault.As(err).Fields[0].Pointer != "/reasons/"+key {
			t.Errorf("with the reasons %s: %v", name, err)
		}
	}
	v, err := w.Publish(t.Context(), neil, riverside, "fewer", publishing.Publication{Note: "Fewer rules.", Reasons: map[string]string{key: "The general queue takes them.", "old": "unused"}})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := w.Version(t.Context(), riverside, v.Hash)
	if err != nil || len(kept.Reasons) != 1 || kept.Reasons[0].Key != key || kept.Reasons[0].Reason != "The general queue takes them." || kept.Reasons[0].Says == "" {
		t.Errorf("kept %+v, %v", kept.Reasons, err)
	}
	if !strings.Contains(string(kept.Findings), key) || kept.Note != "Fewer rules." || kept.PublishedBy != neil.Name {
		t.Errorf("kept %s, %q by %s", kept.Findings, kept.Note, kept.PublishedBy)
	}
	// The next version has it too, and is not asked again.
	w.Pass(time.Minute)
	w.save(t, neil, "fewer", publishing.AnyETag, strings.Replace(document, "Nobody knows yet what it is about.", "Call them.", 1))
	if _, err := w.Publish(t.Context(), neil, riverside, "fewer", publishing.Publication{Note: "Words."}); err != nil {
		t.Errorf("asked again: %v", err)
	}
}

func TestPastRequestsThatBecomeLessUrgentNeedAReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 3 {
		w.askFor(t, "callback")
	}
	w.Pass(time.Hour)
	w.save(t, neil, "later", "", lesser(t))
	_, err := w.Publish(t.Context(), neil, riverside, "later", publishing.Publication{Note: "They can wait."})
	if !fault.Is(err, "reason_required") || !strings.Contains(fault.As(err).Fields[0].Pointer, "less-urgent") {
		t.Fatalf("published: %v", err)
	}
	needs := fault.As(err).Details["needs"].([]publishing.Need)
	v, err := w.Publish(t.Context(), neil, riverside, "later", publishing.Publication{Note: "They can wait.", Reasons: map[string]string{needs[0].Key: "We call everybody the same day anyway."}})
	if err != nil {
		t.Fatal(err)
	}
	if v.Replay.Requests != 3 || v.Replay.NewlyLessUrgent != 3 || len(v.Replay.Findings) != 1 {
		t.Errorf("the replay is %+v", v.Replay)
	}
}

// A program that sends one note and no reasons has written why, for where requests end; never for rules that contradict
// each other.
func TestTheNoteMayStandForReasonsWhereNoneAreGiven(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.askFor(t, "callback")
	w.Pass(time.Hour)
	note := publishing.Publication{Note: "They can wait.", NoteServes: true}
	unreachable := edited(t, "      - id: admin\n", "      - id: nobody\n        when: { kind: '\"callback\"' }\n        then: { to: registered-practice/queue:admin, urgency: soon }\n      - id: admin\n")
	w.save(t, neil, "unreachable", "", unreachable)
	if _, err := w.Publish(t.Context(), neil, riverside, "unreachable", note); !fault.Is(err, "reason_required") || !strings.Contains(err.Error(), "can never be reached") {
		t.Errorf("a rule that nothing reaches: %v", err)
	}
	w.save(t, neil, "later", "", lesser(t))
	other := note
	other.Reasons = map[string]string{"another": "x"}
	if _, err := w.Publish(t.Context(), neil, riverside, "later", other); !fault.Is(err, "reason_required") {
		t.Errorf("with reasons for something else: %v", err)
	}
	v, err := w.Publish(t.Context(), neil, riverside, "later", note)
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Reasons) != 1 || v.Reasons[0].Reason != note.Note || !strings.Contains(v.Reasons[0].Key, "less-urgent") {
		t.Errorf("the version says %+v", v.Reasons)
	}
}

func TestASecondPersonReviewsExactlyThisText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.SetSecondPerson(t.Context(), neil, riverside, true); err != nil {
		t.Fatal(err)
	}
	publish := func() error {
		_, err := w.Publish(t.Context(), neil, riverside, "winter", publishing.Publication{Note: "Same day."})
		return err
	}
	w.save(t, neil, "winter", "", sooner(t))
	if err := publish(); !fault.Is(err, "review_required") {
		t.Errorf("nobody has looked: %v", err)
	}
	if _, err := w.Review(t.Context(), neil, riverside, "winter", true, ""); !fault.Is(err, "own_draft") {
		t.Errorf("reviewed by who saved it: %v", err)
	}
	if _, err := w.Review(t.Context(), priya, riverside, "winter", false, ""); fault.As(err).Kind != fault.Invalid {
		t.Errorf("refused without a word: %v", err)
	}
	if _, err := w.Review(t.Context(), priya, riverside, "winter", false, "Not before Christmas."); err != nil {
		t.Fatal(err)
	}
	if err := publish(); !fault.Is(err, "review_required") {
		t.Errorf("not approved: %v", err)
	}
	if _, err := w.Review(t.Context(), priya, riverside, "winter", true, ""); err != nil {
		t.Fatal(err)
	}
	// Another text is another thing; and who wrote it cannot have reviewed it.
	w.save(t, priya, "winter", publishing.AnyETag, strings.Replace(sooner(t), "Nobody knows yet", "No one knows yet", 1))
	if err := publish(); !fault.Is(err, "review_required") {
		t.Errorf("an older text was approved: %v", err)
	}
	w.save(t, priya, "winter", publishing.AnyETag, sooner(t))
	if err := publish(); !fault.Is(err, "review_required") {
		t.Errorf("approved by who saved it last: %v", err)
	}
	w.save(t, neil, "winter", publishing.AnyETag, sooner(t)+"# the same again\n")
	if err := publish(); err != nil {
		t.Errorf("approved, and only its layout differs: %v", err)
	}
	list, err := w.Versions(t.Context(), riverside)
	if err != nil || list[0].Review == nil || list[0].Review.By != priya.Name {
		t.Errorf("the version says %+v, %v", list[0].Review, err)
	}
	// The way back waits for nobody.
	w.Pass(time.Second)
	if _, err := w.Restore(t.Context(), neil, riverside, list[1].Hash, "Back."); err != nil {
		t.Errorf("the way back: %v", err)
	}
}

func TestPublishingOverAnothersVersionIsRefusedUntilItWasLookedAt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.save(t, neil, "mine", "", noted(t, "Mine."))
	w.save(t, priya, "theirs", "", sooner(t))
	theirs, err := w.Publish(t.Context(), priya, riverside, "theirs", publishing.Publication{Note: "First."})
	if err != nil {
		t.Fatal(err)
	}
	w.Pass(time.Minute)
	_, err = w.Publish(t.Context(), neil, riverside, "mine", publishing.Publication{Note: "Second."})
	if !fault.Is(err, "policy_changed") || fault.As(err).Details["live"] != theirs.Hash {
		t.Fatalf("published over it: %v", err)
	}
	// Their rule becomes less soon again: had anybody asked, the gate would want a reason. It is run against their version.
	g, err := w.Gate(t.Context(), neil, riverside, "mine", time.Time{})
	if err != nil || g.Against != theirs.Hash {
		t.Fatalf("the gate looked at %s, %v", g.Against, err)
	}
	v, err := w.Publish(t.Context(), neil, riverside, "mine", publishing.Publication{Note: "Second.", Against: g.Against})
	if err != nil || v.BasedOn != theirs.Hash {
		t.Errorf("published on %s, %v", v.BasedOn, err)
	}
}

func TestOfManyWhoPublishAtOnceOneDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const people = 6
	names := []string{"a", "b", "c", "d", "e", "f"}
	for _, name := range names[:people] {
		w.save(t, neil, name, "", noted(t, "By "+name+"."))
	}
	errs := make([]error, people)
	var all sync.WaitGroup
	for i, name := range names[:people] {
		all.Go(func() { _, errs[i] = w.Publish(t.Context(), neil, riverside, name, publishing.Publication{Note: name}) })
	}
	all.Wait()
	published := 0
	for _, err := range errs {
		switch {
		case err == nil:
			published++
		case !fault.Is(err, "policy_changed"):
			t.Error(err)
		}
	}
	list, err := w.Versions(t.Context(), riverside)
	if err != nil || published != 1 || len(list) != 2 {
		t.Errorf("%d were told that they published, and there are %d versions, %v", published, len(list), err)
	}
}

func TestAVersionComesIntoForceWhenItIsTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before, err := w.Live(t.Context(), riverside)
	if err != nil {
		t.Fatal(err)
	}
	w.save(t, neil, "winter", "", sooner(t))
	at := w.Now().Add(time.Hour)
	v, err := w.Publish(t.Context(), neil, riverside, "winter", publishing.Publication{Note: "From eleven.", From: at})
	if err != nil || v.State != publishing.Scheduled {
		t.Fatalf("%+v, %v", v, err)
	}
	if got := w.ask(t); got.Decision.PolicyVersion != before.Hash {
		t.Errorf("decided by %s before it is time", got.Decision.PolicyVersion)
	}
	// What would be replaced again by what is scheduled is not published.
	w.save(t, neil, "now", "", noted(t, "Now."))
	if _, err := w.Publish(t.Context(), neil, riverside, "now", publishing.Publication{Note: "Now."}); !fault.Is(err, "version_scheduled") {
		t.Errorf("published before what is scheduled: %v", err)
	}
	// Withdrawn, it never comes; and its draft can be scheduled again, the very same.
	if _, err := w.Withdraw(t.Context(), neil, riverside, v.Hash, "Not yet."); err != nil {
		t.Fatal(err)
	}
	if v, err = w.Publish(t.Context(), neil, riverside, "winter", publishing.Publication{Note: "From half past.", From: at.Add(30 * time.Minute)}); err != nil {
		t.Fatal(err)
	}
	w.Pass(time.Hour)
	if got := w.ask(t); got.Decision.PolicyVersion != before.Hash {
		t.Errorf("decided by %s, which was withdrawn", got.Decision.PolicyVersion)
	}
	w.Pass(30 * time.Minute)
	if got := w.ask(t); got.Decision.PolicyVersion != v.Hash {
		t.Errorf("decided by %s when it is time", got.Decision.PolicyVersion)
	}
	if _, err := w.Withdraw(t.Context(), neil, riverside, v.Hash, "No."); !fault.Is(err, "not_scheduled") {
		t.Errorf("a live version was withdrawn: %v", err)
	}
}

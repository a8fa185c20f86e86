package publishingstore_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"onedoor/app/demo"
	"onedoor/app/directory"
	"onedoor/app/fault"
	"onedoor/app/publishing"
	"onedoor/app/store/directorystore"
	"onedoor/tenants"
)

func TestADestinationThatIsNotThereIsNeverPublished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.save(t, neil, "nowhere", "", strings.ReplaceAll(string(demo.Riverside), "to: service:podiatry", "to: service:acupuncture"))
	_, err := w.Publish(t.Context(), neil, riverside, "nowhere", publishing.Publication{Note: "x", Reasons: map[string]string{}})
	if err == nil {
		t.Fatal("it was published")
	}
	found := false
	for _, f := range fault.As(err).Fields {
		found = found || f.Code == "finding_error"
	}
	if !found {
		t.Errorf("told %v", fault.As(err).Fields)
	}
}

func TestARestoredVersionMustStillLeadSomewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, err := w.Live(t.Context(), riverside)
	if err != nil {
		t.Fatal(err)
	}
	document := strings.ReplaceAll(string(demo.Riverside), "to: service:podiatry", "to: registered-practice")
	w.save(t, neil, "no-podiatry", "", document)
	if _, err := w.Publish(t.Context(), neil, riverside, "no-podiatry", publishing.Publication{Note: "It closes."}); err != nil {
		needs, _ := fault.As(err).Details["needs"].([]publishing.Need)
		reasons := map[string]string{}
		for _, n := range needs {
			reasons[n.Key] = "It closes."
		}
		if _, err := w.Publish(t.Context(), neil, riverside, "no-podiatry", publishing.Publication{Note: "It closes.", Reasons: reasons}); err != nil {
			t.Fatal(err)
		}
	}
	w.closePodiatry(t)
	w.Pass(time.Hour)
	if _, err := w.Restore(t.Context(), neil, riverside, first.Hash, "Back."); !fault.Is(err, "finding_error") && !fault.Is(err, "not_publishable") {
		t.Errorf("restored though podiatry is gone: %v", err)
	}
	if _, err := w.Restore(t.Context(), neil, hillside, first.Hash, "Back."); !fault.Is(err, "not_found") {
		t.Errorf("another neighbourhood restored it: %v", err)
	}
}

// closePodiatry takes the service out of the directory.
func (w world) closePodiatry(t testing.TB) {
	t.Helper()
	_, err := directory.New(directorystore.New(w.DB), w.Now).Change(t.Context(), neil, riverside, "directory.close", nil, func(c *tenants.Contents) error {
		c.Services = slices.DeleteFunc(c.Services, func(s tenants.Service) bool { return s.Slug == "podiatry" })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

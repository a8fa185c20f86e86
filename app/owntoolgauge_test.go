package app

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"onedoor/app/audit"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/directory"
	"onedoor/app/owntools"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/owntoolstore"
)

func TestTheGaugeTellsOfOwnToolsThatAreSilent(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	riverside := demo.NeighbourhoodID("riverside")
	registry := prometheus.NewRegistry()
	tools := owntools.New(owntools.Options{Store: owntoolstore.New(w.DB), Requests: w.Requests})
	registry.MustRegister(newOwnToolGauge(tools, directory.New(directorystore.New(w.DB), w.Now), w.Now))
	who := w.Patients[0]
	receipt, err := w.Requests.Submit(t.Context(), requests.Submission{
		NeighbourhoodID: riverside, Channel: requests.Linked, Kind: "callback", Patient: patients.Given{NHSNumber: who.NHSNumber, BirthDate: who.BirthDate}, AskedOf: who.PracticeID,
		Answers: map[string]json.RawMessage{"red-flags-adult": json.RawMessage(`["none"]`), "callback-topic": json.RawMessage(`"medicines"`)},
		By:      audit.Actor{Kind: audit.Patient},
	})
	if err != nil {
		t.Fatal(err)
	}
	reads := func(when string, want map[string]float64) {
		t.Helper()
		families, err := registry.Gather()
		if err != nil || len(families) != len(want) {
			t.Errorf("%s: %d metrics, %v", when, len(families), err)
		}
		for _, f := range families {
			m := f.GetMetric()
			if len(m) != 1 || m[0].GetGauge().GetValue() != want[f.GetName()] || m[0].GetLabel()[0].GetValue() != "riverside" || m[0].GetLabel()[1].GetValue() != "A81001" {
				t.Errorf("%s: %s is %v, not %v", when, f.GetName(), m, want[f.GetName()])
			}
		}
	}
	reads("before anybody is sent on", nil)
	h, err := w.Requests.HandOver(t.Context(), riverside, receipt.Reference, requests.OwnTool{OrganisationID: who.PracticeID, Name: "Weir Lane Online"}, uuid.New())
	if err != nil {
		t.Fatal(err)
	}
	reads("with time left", map[string]float64{"onedoor_own_tool_waiting": 1, "onedoor_own_tool_silent": 0, "onedoor_own_tool_silent_seconds": 0})
	w.Pass(h.DueAt.Sub(w.Now()) + time.Hour)
	if n, err := w.Requests.EndSilentHandovers(t.Context(), riverside, w.Now()); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	reads("an hour after it was due", map[string]float64{"onedoor_own_tool_waiting": 0, "onedoor_own_tool_silent": 1, "onedoor_own_tool_silent_seconds": 3600})
}

package demo_test

import (
	"testing"
	"time"

	"onedoor/app/clinical/simulator"
	"onedoor/app/demo"
)

// The simulated systems take what the demonstration puts into them.
func TestTheDiaryIsTaken(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	sim, err := simulator.Open("", func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	held := demo.Diary(nil, now)
	slots := 0
	for _, h := range held {
		if err := sim.Hold(h.ODS, h.Kind, h.ID, h.Resource); err != nil {
			t.Errorf("%s/%s: %v", h.Kind, h.ID, err)
		}
		if h.Kind == "Slot" {
			slots++
		}
	}
	if slots != 2*4*10 {
		t.Errorf("%d free times in two weeks", slots)
	}
}

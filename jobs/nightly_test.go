package jobs

import (
	"testing"
	"time"

	"onedoor/tenants"
)

func TestNightlyIsThreeInTheMorningInLondon(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 27, 12, 0, 0, 0, time.UTC)
	for range 10 { // over the change of the clocks
		next := nightly{}.Next(at)
		if local := next.In(tenants.London()); local.Hour() != 3 || local.Minute() != 0 || !next.After(at) || next.Sub(at) > 25*time.Hour {
			t.Fatalf("after %v comes %v", at, local)
		}
		at = next
	}
}

package e2e_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"onedoor/app"
)

// A clinical system fails in each of the ways that such systems do while an outcome is on its way to it. The outcome is
// recorded at once; what is shown of its delivery is true at every moment; and in the end it is filed exactly once.
func TestClinicalSystemsFail(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		mode string
		// allowed are the states that may be shown until the system is well; troubled is the one that is waited for.
		allowed  []string
		troubled string
		// heals is whether it is filed without the system becoming well.
		heals bool
	}{
		{mode: "timeout-after-commit", allowed: []string{"pending", "sent", "filed"}, troubled: "sent", heals: true},
		{mode: "slow", allowed: []string{"pending", "sent", "filed"}, heals: true},
		{mode: "down", allowed: []string{"pending", "sent"}, troubled: "pending"},
		{mode: "rate-limit", allowed: []string{"pending", "sent"}, troubled: "pending"},
		{mode: "conflict", allowed: []string{"pending", "sent"}, troubled: "pending"},
	} {
		t.Run(test.mode, func(t *testing.T) {
			t.Parallel()
			p := start(t)
			p.t = t
			pharmacist := p.as("pharmacist")
			reference := p.toClaimed()
			breaks := p.breaks
			if test.mode == "down" {
				breaks = p.outage
			}
			breaks(t, "FRV01", test.mode)
			if got := pharmacist.command(reference, "outcome", object{"outcome": "done", "note": "Advice given."}); got.Status != "closed" || len(got.Deliveries) != 2 {
				t.Fatalf("the outcome was not recorded: %+v", got)
			}
			// truthful reads the state of the delivery to the failing system. Whatever is shown as filed has happened.
			truthful := func() delivery {
				for _, d := range pharmacist.get(reference).Deliveries {
					if d.Organisation.ODS != "FRV01" {
						continue
					}
					if d.State == "filed" && p.effects(t, "FRV01", reference) != 1 {
						t.Fatalf("shown as filed with %d effects", p.effects(t, "FRV01", reference))
					}
					if !slices.Contains(test.allowed, d.State) {
						t.Fatalf("while the system is in %s, the delivery is shown as %s", test.mode, d.State)
					}
					return d
				}
				t.Fatal("the delivery is gone")
				return delivery{}
			}
			eventually(t, "the trouble is shown", func() bool {
				d := truthful()
				return d.State == "filed" || (d.LastError != "" && (test.troubled == "" || d.State == test.troubled))
			})
			eventually(t, "the other system is not held up", func() bool {
				truthful()
				return pharmacist.get(reference).states()["A81001"] == "filed"
			})
			if test.heals {
				eventually(t, "filed all the same", func() bool { return truthful().State == "filed" })
			} else if n := p.effects(t, "FRV01", reference); n != 0 {
				t.Fatalf("a system in %s has %d effects", test.mode, n)
			}
			breaks(t, "FRV01", "ok")
			test.allowed = append(test.allowed, "filed")
			eventually(t, "filed after the recovery", func() bool { return truthful().State == "filed" })
			p.hasOneEffect(t, "FRV01", reference)
			p.hasOneEffect(t, "A81001", reference)
		})
	}
}

// outage makes an organisation's system misbehave, or well again, as `onedoor simulator outage` does.
func (p *product) outage(t testing.TB, ods, mode string) {
	t.Helper()
	var said strings.Builder
	if err := app.PlayTrouble(t.Context(), p.config, strings.ToLower(ods), mode, time.Hour, &said); err != nil || !strings.Contains(said.String(), "Quayside Pharmacy ("+ods+")") {
		t.Fatalf("%v: it says %q", err, &said)
	}
	if err := app.PlayTrouble(t.Context(), p.config, "Z99999", mode, time.Hour, &said); err == nil {
		t.Error("an organisation that is not there was put out of order")
	}
}

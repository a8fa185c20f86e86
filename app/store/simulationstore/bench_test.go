package simulationstore_test

import (
	"testing"

	"onedoor/app/demo"
	"onedoor/policy"
	"onedoor/policy/simulate"
)

// What a simulation costs from the database, per request.
func BenchmarkSimulate(b *testing.B) {
	w := newWorld(b, 20_000)
	live, err := demo.RiversideSide()
	if err != nil {
		b.Fatal(err)
	}
	other := live
	if other.Policy, err = policy.Parse(draft(b)); err != nil {
		b.Fatal(err)
	}
	from, until := w.Now().AddDate(0, 0, -32), w.Now()
	waits, _, err := w.store.Waits(b.Context(), riverside, from, until, simulate.RecordedLoad)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			err := w.store.Source(riverside, from, until)(b.Context(), 0, 1, func([]simulate.Request) error { return nil })
			if err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(w.past)), "ns/request")
	})
	b.Run("read and decide", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := simulate.Run(b.Context(), w.store.Source(riverside, from, until), live, other, simulate.Options{Waits: waits}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(w.past)), "ns/request")
	})
}

package simulate_test

import (
	"testing"

	"onedoor/policy/simulate"
)

func BenchmarkRun(b *testing.B) {
	side := live(b)
	draft := calmer(b, side)
	list := month(b, side, 20_000)
	waits, err := simulate.Learn(b.Context(), simulate.FromSlice(list), 1)
	if err != nil {
		b.Fatal(err)
	}
	for _, mode := range []simulate.Mode{simulate.RecordedLoad, simulate.ClosedLoop} {
		b.Run(string(mode), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := simulate.Run(b.Context(), simulate.FromSlice(list), side, draft, simulate.Options{Mode: mode, Workers: 1, Waits: waits}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(list)), "ns/request")
		})
	}
}

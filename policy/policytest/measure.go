package policytest

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"onedoor/policy"
)

// figures are what Measure finds at one size.
type figures struct {
	rules           int
	engine, scan    float64 // nanoseconds for a decision
	allocs          float64
	parse, compiled time.Duration // reading the document; compiling what was read
	live            int           // bytes that compiling leaves
}

// Measure prints what the engine costs at 10, 100, 1,000 and 10,000 rules beside a plain scan: strings in, decision out, eight
// facts, requests that every rule takes alike. Engine and scan take turns, and the least of each counts: what the machine
// does besides only ever adds.
func Measure(out io.Writer, rounds int) error {
	fmt.Fprintln(out, " rules   engine ns     scan ns   scan/engine   allocs   read ms   compile ms   live KiB")
	var first, last figures
	for _, rules := range []int{10, 100, 1000, 10_000} {
		f, err := measure(rules, rounds)
		if err != nil {
			return err
		}
		if rules == 10 {
			first = f
		}
		last = f
		_, err = fmt.Fprintf(out, "%6d %11.1f %11.1f %13.1f %8.0f %9.1f %12.1f %10d\n",
			f.rules, f.engine, f.scan, f.scan/f.engine, f.allocs, ms(f.parse), ms(f.compiled), f.live/1024)
		if err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "from 10 to 10,000 rules a decision costs %.1f times as much (the scan %.0f times)\n", last.engine/first.engine, last.scan/first.scan)
	return err
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func measure(rules, rounds int) (figures, error) {
	p, requests := Uniform(rules, 128)
	scan := policy.NewScan(p)
	for _, values := range requests {
		if p.Match(values, Day) != scan.Match(values, Day) {
			return figures{}, fmt.Errorf("the engine and the scan disagree on %v of %d rules", values, rules)
		}
	}
	f := figures{rules: rules}
	f.allocs = allocs(requests, func(v []policy.Value) { p.Match(v, Day) })
	document := p.Document()
	for range rounds {
		start := time.Now()
		Parse(document)
		f.parse = least(f.parse, time.Since(start))
		start = time.Now()
		p.Recompiled()
		f.compiled = least(f.compiled, time.Since(start))
	}
	f.live = live(p)
	for range rounds {
		engine := timed(requests, func(v []policy.Value) { p.Match(v, Day) })
		plain := timed(requests, func(v []policy.Value) { scan.Match(v, Day) })
		if f.engine == 0 || engine < f.engine {
			f.engine = engine
		}
		if f.scan == 0 || plain < f.scan {
			f.scan = plain
		}
	}
	return f, nil
}

// allocs is how often a decision asks for memory.
func allocs(requests [][]policy.Value, decide func([]policy.Value)) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, values := range requests {
		decide(values)
	}
	runtime.ReadMemStats(&after)
	return float64((after.Mallocs - before.Mallocs) / uint64(len(requests)))
}

func least(known, now time.Duration) time.Duration {
	if known == 0 {
		return now
	}
	return min(known, now)
}

// timed is nanoseconds for a decision over a few hundredths of a second.
func timed(requests [][]policy.Value, decide func([]policy.Value)) float64 {
	decisions, start := 0, time.Now()
	for time.Since(start) < 20*time.Millisecond {
		for _, values := range requests {
			decide(values)
		}
		decisions += len(requests)
	}
	return float64(time.Since(start).Nanoseconds()) / float64(decisions)
}

// live is the bytes that a compiled policy holds more than the one that was read.
func live(p *policy.Policy) int {
	heap := func() int {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc) //nolint:gosec // a heap fits
	}
	var kept []*policy.Policy
	before := heap()
	const copies = 4
	for range copies {
		kept = append(kept, p.Recompiled())
	}
	held := heap() - before
	runtime.KeepAlive(slices.Clone(kept))
	return held / copies
}

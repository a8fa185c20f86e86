package policies

import (
	"math/rand/v2"
	"slices"
	"time"

	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/tenants"
)

type benchCommand struct {
	File     string `arg:"" help:"A policy, or - for standard input."`
	Requests int    `default:"4096" help:"How many random requests there are."`
	Rounds   int    `default:"9" help:"How often each way is measured, turn by turn; the median counts."`
	Seed     uint64 `default:"1" help:"Which requests they are."`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// measured is what one run measured. Times are of the table work: facts in, the rule that takes them out.
type measured struct {
	Rules    int     `json:"rules"`
	Facts    int     `json:"facts"`
	Requests int     `json:"requests"`
	Scan     float64 `json:"scan_ns"`     // rule after rule
	Compiled float64 `json:"compiled_ns"` // as requests are decided
	Ratio    float64 `json:"ratio"`       // scan to compiled
	Parse    float64 `json:"parse_ms"`    // reading and compiling the document, once
}

const (
	maxBench = 1_000_000
	// roundTime is how long one way is measured in one round.
	roundTime = 20 * time.Millisecond
)

// Run measures and prints.
func (c *benchCommand) Run(s Streams) error {
	if c.Requests < 1 || c.Requests > maxBench || c.Rounds < 1 || c.Rounds > 1000 {
		return fault.New(fault.Invalid, "bench", "Expected 1 to %d requests and 1 to 1000 rounds.", maxBench)
	}
	document, err := s.read(c.File)
	if err != nil {
		return err
	}
	begun := time.Now()
	p, err := policy.Parse(document)
	if err != nil {
		return s.explain(c.File, err)
	}
	m := measured{Parse: float64(time.Since(begun).Microseconds()) / 1000, Facts: len(p.Facts()), Requests: c.Requests}
	for _, t := range p.Tables() {
		m.Rules += len(t.Rules)
	}
	requests := randomRequests(p, c.Requests, c.Seed)
	on := nhs.DateOf(time.Now().In(tenants.London()))
	scan := policy.NewScan(p)
	for _, values := range requests {
		if p.Match(values, on) != scan.Match(values, on) {
			return fault.New(fault.Internal, "bench", "The compiled policy and the scan disagree.")
		}
	}
	var scans, compiled []float64
	for range c.Rounds {
		scans = append(scans, timed(requests, func(v []policy.Value) { scan.Match(v, on) }))
		compiled = append(compiled, timed(requests, func(v []policy.Value) { p.Match(v, on) }))
	}
	m.Scan, m.Compiled = median(scans), median(compiled)
	m.Ratio = m.Scan / m.Compiled
	if c.JSON {
		return s.json(m)
	}
	s.line("%d rules over %d facts, read and compiled in %.1f ms; %d random requests, median of %d rounds", m.Rules, m.Facts, m.Parse, m.Requests, c.Rounds)
	s.line("rule after rule  %8.0f ns a decision", m.Scan)
	s.line("compiled         %8.0f ns a decision, %.1f times faster", m.Compiled, m.Ratio)
	return nil
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

// timed is nanoseconds a request.
func timed(requests [][]policy.Value, decide func([]policy.Value)) float64 {
	done := 0
	begun := time.Now()
	for time.Since(begun) < roundTime {
		for _, values := range requests {
			decide(values)
		}
		done += len(requests)
	}
	return float64(time.Since(begun).Nanoseconds()) / float64(done)
}

// randomRequests are requests whose every fact is any of its values, or not known.
func randomRequests(p *policy.Policy, count int, seed uint64) [][]policy.Value {
	r := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // the same requests again are wanted here
	facts := p.Facts()
	requests := make([][]policy.Value, count)
	for i := range requests {
		values := make([]policy.Value, len(facts))
		for k := range facts {
			n := r.IntN(facts[k].Size() + 1)
			switch {
			case n == facts[k].Size():
			case facts[k].Numeric():
				values[k] = policy.Int(facts[k].Min + n)
			default:
				values[k] = policy.Text(facts[k].Values[n])
			}
		}
		requests[i] = values
	}
	return requests
}

package policies

import (
	"cmp"
	"context"
	"slices"
	"time"

	"onedoor/policy"
	"onedoor/policy/simulate"
	"onedoor/tenants"
)

type simulateCommand struct {
	File      string    `arg:"" help:"The draft, or - for standard input."`
	Live      string    `required:"" placeholder:"LIVE" help:"The policy that is live."`
	Requests  string    `required:"" placeholder:"FILE.jsonl" help:"Past requests, one JSON object a line: facts, and at, channel, age_band, deprivation, language, answered_at where known."`
	Directory string    `placeholder:"FILE.json" help:"The neighbourhood's directory: with it, places and queues are compared, and without it what the rules say."`
	Mode      string    `enum:"recorded-load,closed-loop" default:"recorded-load" help:"With a directory: each request alone, or in order of time, as routing changes the queues."`
	At        time.Time `help:"The moment of requests that have none; the present one unless said."`
	Explain   int       `default:"1000" help:"How many moved requests are explained at most."`
	JSON      bool      `name:"json" help:"Print JSON."`
}

// simulated is what the rules alone would have decided otherwise.
type simulated struct {
	Requests        int     `json:"requests"`
	Moved           int     `json:"moved"` // to another destination or service
	NewlyLessUrgent int     `json:"newly_less_urgent"`
	NewlyMoreUrgent int     `json:"newly_more_urgent"`
	Matrix          []*cell `json:"matrix"`
	Moves           []move  `json:"moves"`
	Left            int     `json:"moves_left_out,omitempty"` // moved requests beyond those explained
	byEnds          map[[2]end]*cell
	live, draft     *policy.Policy
	most            int
}

type end struct {
	To      string         `json:"to"`
	Service string         `json:"service,omitempty"`
	Urgency policy.Urgency `json:"urgency"`
}

type cell struct {
	From     end  `json:"from"`
	To       end  `json:"to"`
	Requests int  `json:"requests"`
	Changed  bool `json:"changed"`
}

// move is one request that goes elsewhere, or is as urgent otherwise, with why by both policies.
type move struct {
	Line  int          `json:"line"`
	Facts policy.Facts `json:"facts"`
	From  decidedBy    `json:"from"`
	To    decidedBy    `json:"to"`
}

type decidedBy struct {
	end
	Stage   string   `json:"stage"`
	Table   string   `json:"table"`
	Rule    string   `json:"rule"`
	Because []string `json:"because"`
}

// Run replays and prints.
func (c *simulateCommand) Run(ctx context.Context, s Streams) error {
	draft, err := s.policy(c.File)
	if err != nil {
		return err
	}
	live, err := s.policy(c.Live)
	if err != nil {
		return err
	}
	d, err := s.directory(c.Directory)
	if err != nil {
		return err
	}
	if c.At.IsZero() {
		c.At = time.Now()
	}
	if d != nil {
		return c.placed(ctx, s, simulate.Side{Policy: live, Directory: d}, simulate.Side{Policy: draft, Directory: d})
	}
	m := &simulated{Moves: []move{}, byEnds: map[[2]end]*cell{}, live: live, draft: draft, most: c.Explain}
	err = s.requests(c.Requests, func(r request) error {
		if r.At.IsZero() {
			r.At = c.At
		}
		m.take(r)
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	m.sort()
	if c.JSON {
		return s.json(m)
	}
	s.simulated(m)
	return nil
}

func (m *simulated) take(r request) {
	was, _ := decide(m.live, r.Facts, nil, r.At)
	would, _ := decide(m.draft, r.Facts, nil, r.At)
	from, to := endOf(was), endOf(would)
	m.Requests += r.Count
	key := [2]end{from, to}
	if m.byEnds[key] == nil {
		m.byEnds[key] = &cell{From: from, To: to, Changed: from != to}
		m.Matrix = append(m.Matrix, m.byEnds[key])
	}
	m.byEnds[key].Requests += r.Count
	if from == to {
		return
	}
	if from.To != to.To || from.Service != to.Service {
		m.Moved += r.Count
	}
	switch a, b := from.Urgency.Rank(), to.Urgency.Rank(); {
	case b < a:
		m.NewlyLessUrgent += r.Count
	case b > a:
		m.NewlyMoreUrgent += r.Count
	}
	if len(m.Moves) >= m.most {
		m.Left++
		return
	}
	m.Moves = append(m.Moves, move{r.Line, r.Facts, by(was), by(would)})
}

func endOf(d decided) end { return end{d.To, d.Service, d.Urgency} }

func by(d decided) decidedBy { return decidedBy{endOf(d), d.Stage, d.Table, d.Rule, d.Because} }

// sort puts what moves first, and then the most requests.
func (m *simulated) sort() {
	slices.SortStableFunc(m.Matrix, func(a, b *cell) int {
		if a.Changed != b.Changed {
			if a.Changed {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.Requests, a.Requests)
	})
}

func (s Streams) simulated(m *simulated) {
	s.line("%d requests: %d go elsewhere, %d are less urgent, %d more urgent.", m.Requests, m.Moved, m.NewlyLessUrgent, m.NewlyMoreUrgent)
	for _, c := range m.Matrix {
		if !c.Changed {
			s.line("%8d  stay with %s", c.Requests, endText(c.From))
			continue
		}
		s.line("%8d  from %s to %s", c.Requests, endText(c.From), endText(c.To))
	}
	for _, x := range m.Moves {
		s.line("line %d: %s", x.Line, factsText(x.Facts))
		s.line("    live:  rule %s of %s, to %s", x.From.Rule, x.From.Table, endText(x.From.end))
		s.line("    draft: rule %s of %s, to %s", x.To.Rule, x.To.Table, endText(x.To.end))
	}
	if m.Left > 0 {
		s.line("and %d more that move.", m.Left)
	}
}

func endText(e end) string {
	to := e.To
	if e.Service != "" {
		to += ", service " + e.Service
	}
	return to + " (" + string(e.Urgency) + ")"
}

// explained is a run with places, and some of what moves explained.
type explained struct {
	*simulate.Result
	Moves []placedMove `json:"moves"`
}

type placedMove struct {
	Line  int             `json:"line"`
	Live  policy.Decision `json:"live"`
	Draft policy.Decision `json:"draft"`
}

// placed replays with a directory, as the studio does.
func (c *simulateCommand) placed(ctx context.Context, s Streams, live, draft simulate.Side) error {
	list, lines, err := c.history(s)
	if err != nil {
		return err
	}
	result, err := simulate.Run(ctx, simulate.FromSlice(list), live, draft, simulate.Options{Mode: simulate.Mode(c.Mode), Samples: max(c.Explain, 1)})
	if err != nil {
		return err
	}
	out := explained{Result: result, Moves: []placedMove{}}
	for i := range result.Matrix {
		if !result.Matrix[i].Changed() {
			continue
		}
		for _, sample := range result.Matrix[i].Samples {
			at := slices.IndexFunc(list, func(r simulate.Request) bool { return r.ID == sample.ID })
			if at < 0 || len(out.Moves) >= c.Explain {
				continue
			}
			both := simulate.Explain(&list[at], sample, live, draft)
			out.Moves = append(out.Moves, placedMove{lines[sample.ID], both.Live, both.Draft})
		}
	}
	if c.JSON {
		return s.json(out)
	}
	s.explained(out, live.Directory)
	return nil
}

func (s Streams) explained(x explained, d *tenants.Directory) {
	s.line("%d requests: %d go elsewhere, %d are less urgent, %d more urgent, %d become late (%s).", x.Requests, x.Moved, x.NewlyLessUrgent, x.NewlyMoreUrgent, x.NewlyLate, x.Mode)
	for i := range x.Matrix {
		c := &x.Matrix[i]
		if c.Changed() {
			s.line("%8d  from %s to %s", c.Requests, placeText(c.From), placeText(c.To))
		} else {
			s.line("%8d  stay with %s", c.Requests, placeText(c.From))
		}
	}
	for _, f := range x.Findings {
		s.line("%s", f.Says)
	}
	for _, m := range x.Moves {
		s.line("line %d: %s", m.Line, factsText(m.Live.Facts))
		s.line("    live:  rule %s of %s, to %s (%s)", m.Live.Rule, m.Live.Table, placeWords(m.Live, d), m.Live.Urgency)
		s.line("    draft: rule %s of %s, to %s (%s)", m.Draft.Rule, m.Draft.Table, placeWords(m.Draft, d), m.Draft.Urgency)
	}
}

func placeText(e simulate.End) string {
	words := e.Organisation
	if e.Service != "" {
		words += ", " + e.Service
	}
	return words + ", queue " + e.Queue + " (" + string(e.Urgency) + ")"
}

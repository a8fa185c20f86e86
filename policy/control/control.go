// Package control is Shewhart's chart for proportions, the p-chart: of the requests that a rule sent in a day or a week, how
// many came back, and whether that is more than chance would have it. It tells what is unlike the usual, and never why. It
// knows no rules, days or people: callers give it subgroups and draw what it returns.
//
// The centre line comes from a baseline period, of which points that are out of limits themselves are left out (phase I), and
// is then kept. Limits stand three standard deviations from it, for the size of each subgroup. Where counts are small the
// normal approximation is wrong, and the limits are exact: a count is beyond them when the binomial distribution gives it,
// and everything further out, less than the 0.00135 that lie beyond three standard deviations of a normal one. A second
// signal is a shift: eight points in a row on one side of the centre.
//
// Sources: D. C. Montgomery, Introduction to Statistical Quality Control, chapter 7 (the control chart for fraction
// nonconforming; its worked example is in the tests); NHS England, Making Data Count, for the way in which a chart is read
// and for not acting on single points within limits. Of their rules two are used here: more of them mean more false alarms.
package control

// Point is a subgroup: of N, X had what is counted.
type Point struct{ N, X int }

// Rate is the proportion.
func (p Point) Rate() float64 {
	if p.N == 0 {
		return 0
	}
	return float64(p.X) / float64(p.N)
}

// Side is where a point lies against the centre line or the limits.
type Side int8

// The sides.
const (
	Below  Side = -1
	Within Side = 0 // within the limits, or on the centre line
	Above  Side = 1
)

const (
	// RunLength points in a row on one side are a shift.
	RunLength = 8
	// tail is what a normal distribution has beyond three standard deviations, on one side.
	tail = 0.00135
	// enough is how many of each sort must be expected in a subgroup for the normal approximation to hold.
	enough = 10
	// rounds of leaving out bound phase I, and so does a quarter of the points.
	rounds = 5
)

// Baseline is the usual, and how much it was learnt from.
type Baseline struct {
	P     float64 // the centre line: strictly between 0 and 1
	N, X  int
	Used  int // points
	Apart int // points of the baseline period that were left out, being out of limits themselves
}

// Learn takes the baseline of a period's points. Points of which more than a quarter would have to be left out are no steady
// process, and all are kept: limits are then wide, and say little.
func Learn(points []Point) Baseline {
	all := usual(points, 0)
	used, b := points, all
	for range rounds {
		var kept []Point
		for _, p := range used {
			if b.Judge(p).Beyond == Within {
				kept = append(kept, p)
			}
		}
		if len(kept) == len(used) {
			return b
		}
		if 4*(len(points)-len(kept)) > len(points) {
			return all
		}
		used, b = kept, usual(kept, len(points)-len(kept))
	}
	return b
}

func usual(points []Point, apart int) Baseline {
	b := Baseline{Used: len(points), Apart: apart}
	for _, p := range points {
		b.N, b.X = b.N+p.N, b.X+p.X
	}
	// None or all of a baseline does not make the other impossible: half of one is taken to have been.
	switch {
	case b.X <= 0:
		b.P = 0.5 / float64(b.N+1)
	case b.X >= b.N:
		b.P = (float64(b.N) + 0.5) / float64(b.N+1)
	default:
		b.P = float64(b.X) / float64(b.N)
	}
	return b
}

// Judged is a point against its limits.
type Judged struct {
	Point
	Lower, Upper float64 // rates: what lies on them is within
	Exact        bool    // the limits are the binomial distribution's
	Beyond       Side    // out of limits
	Side         Side    // of the centre line
	Run          Side    // it belongs to a run of eight or more on this side
	Shift        bool    // with it, a run has reached eight
}

// Signal is the side to which a point says that something has changed.
func (j Judged) Signal() Side {
	if j.Beyond != Within {
		return j.Beyond
	}
	if j.Shift {
		return j.Run
	}
	return Within
}

// Judge tells where a single point lies. An empty one lies within.
func (b Baseline) Judge(p Point) Judged {
	j := Judged{Point: p, Upper: 1}
	if p.N == 0 {
		return j
	}
	n := float64(p.N)
	if expected := n * b.P; expected >= enough && n-expected >= enough {
		j.Lower, j.Upper = shewhart(b.P, n)
		j.Beyond, j.Side = against(p.Rate(), j.Lower, j.Upper), against(p.Rate(), b.P, b.P)
		return j
	}
	low, middle, high := exact(p.N, b.P)
	j.Lower, j.Upper, j.Exact = float64(low)/n, float64(high)/n, true
	x := float64(p.X)
	j.Beyond = against(x, float64(low), float64(high))
	// A count that could hardly be lower is not below the centre: none of ten is what one in a hundred looks like.
	j.Side = against(x, min(n*b.P, float64(middle)), max(n*b.P, float64(middle)))
	return j
}

func against(x, low, high float64) Side {
	switch {
	case x > high:
		return Above
	case x < low:
		return Below
	}
	return Within
}

// Chart judges points in the order of time, and finds runs. A point on the centre line ends a run.
func (b Baseline) Chart(points []Point) []Judged {
	list := make([]Judged, len(points))
	begun := 0 // where the run that is going on began
	for i, p := range points {
		list[i] = b.Judge(p)
		if i == 0 || list[i].Side == Within || list[i].Side != list[i-1].Side {
			begun = i
		}
		if list[i].Side == Within || i-begun+1 < RunLength {
			continue
		}
		list[i].Shift = true
		for k := begun; k <= i; k++ {
			list[k].Run = list[i].Side
		}
	}
	return list
}

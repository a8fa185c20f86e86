package control

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// frozen orange juice concentrate: 30 samples of 50 cans each, as in chapter 7 of Montgomery's book.
var cans = []int{12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6}

func near(got, want float64) bool { return math.Abs(got-want) < 0.00005 }

func TestMontgomerysExample(t *testing.T) {
	t.Parallel()
	points := make([]Point, len(cans))
	for i, x := range cans {
		points[i] = Point{50, x}
	}
	first := usual(points, 0)
	if !near(first.P, 0.2313) {
		t.Errorf("the first centre line is %.4f; the book has 0.2313", first.P)
	}
	if j := first.Judge(points[0]); !near(j.Upper, 0.4102) || !near(j.Lower, 0.0524) || j.Exact {
		t.Errorf("the first limits are %.4f and %.4f; the book has 0.0524 and 0.4102", j.Lower, j.Upper)
	}
	// Samples 15 and 23 are out of limits, and are left out; the revised upper limit is 0.3893. The book then finds sample 21
	// out of it and keeps it, since no cause was found; phase I here has no causes, and leaves it out too.
	var beyond []int
	for i, j := range first.Chart(points) {
		if j.Beyond != Within {
			beyond = append(beyond, i+1)
		}
	}
	if len(beyond) != 2 || beyond[0] != 15 || beyond[1] != 23 {
		t.Errorf("out of the first limits are %v; the book has 15 and 23", beyond)
	}
	revised := usual(append(append(append([]Point{}, points[:14]...), points[15:22]...), points[23:]...), 2)
	if j := revised.Judge(points[0]); !near(revised.P, 0.2150) || !near(j.Upper, 0.3893) || !near(j.Lower, 0.0407) {
		t.Errorf("revised: %.4f, %.4f, %.4f; the book has 0.0407, 0.2150 and 0.3893", j.Lower, revised.P, j.Upper)
	}
	if learnt := Learn(points); learnt.Apart != 3 || learnt.Used != 27 || learnt.X != 281 || learnt.N != 27*50 {
		t.Errorf("learnt %+v", learnt)
	}
}

func TestExactLimits(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		n                 int
		p                 float64
		low, middle, high int
	}{
		// P(X ≥ 5) of 10 with 0.1 is 0.00163, P(X ≥ 6) 0.00015.
		"ten, of which one is usual": {10, 0.1, 0, 1, 5},
		// 0.05³ is 0.000125, and two or more of three 0.00725.
		"three, one in twenty":               {3, 0.05, 0, 0, 2},
		"one alone is never a signal":        {1, 0.05, 0, 0, 1},
		"one alone, and very rare":           {1, 0.001, 0, 0, 0},
		"as many as not":                     {20, 0.5, 4, 10, 16}, // P(X ≤ 3) is 0.00129, P(X ≤ 4) 0.0059
		"ten, of which nine are usual":       {10, 0.9, 5, 9, 10},
		"forty, one in a hundred":            {40, 0.01, 0, 0, 3},
		"many, so rare that none is usual":   {100000, 0.000001, 0, 0, 2},
		"many, with what is nearly certain":  {1000, 0.9999, 998, 1000, 1000},
		"so many that the first term is nil": {5000, 0.4, 1896, 2000, 2104},
	} {
		low, middle, high := exact(test.n, test.p)
		if low != test.low || middle != test.middle || high != test.high {
			t.Errorf("%s: %d, %d, %d; want %d, %d, %d", name, low, middle, high, test.low, test.middle, test.high)
		}
	}
}

// The limits agree with the binomial distribution in whole numbers, which round nothing.
func TestExactLimitsAreTheDistributions(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		n, thousandths := 1+random.IntN(60), 1+random.IntN(998)
		low, middle, high := exact(n, float64(thousandths)/1000)
		// P(X ≤ x), times 1000 to the n.
		below := make([]*big.Int, n+1)
		sum := new(big.Int)
		for x := 0; x <= n; x++ {
			term := new(big.Int).Binomial(int64(n), int64(x))
			term.Mul(term, new(big.Int).Exp(big.NewInt(int64(thousandths)), big.NewInt(int64(x)), nil))
			term.Mul(term, new(big.Int).Exp(big.NewInt(int64(1000-thousandths)), big.NewInt(int64(n-x)), nil))
			sum.Add(sum, term)
			below[x] = new(big.Int).Set(sum)
		}
		chance := func(v *big.Int) float64 { f, _ := new(big.Rat).SetFrac(v, sum).Float64(); return f }
		atMost := func(x int) float64 {
			if x < 0 {
				return 0
			}
			return chance(below[x])
		}
		atLeast := func(x int) float64 {
			if x <= 0 {
				return 1
			}
			if x > n {
				return 0
			}
			return chance(new(big.Int).Sub(sum, below[x-1]))
		}
		const off = 1e-9
		if atLeast(high) < tail-off || atLeast(high+1) > tail+off || atMost(low) < tail-off || atMost(low-1) > tail+off {
			t.Fatalf("%d of %d/1000: limits %d and %d", n, thousandths, low, high)
		}
		if atMost(middle) < 0.5-off || atLeast(middle) < 0.5-off {
			t.Fatalf("%d of %d/1000: median %d", n, thousandths, middle)
		}
	}
}

func TestEightInARowAreAShift(t *testing.T) {
	t.Parallel()
	b := Baseline{P: 0.2}
	high, low, on := Point{100, 24}, Point{100, 16}, Point{100, 20}
	repeat := func(p Point, n int) (list []Point) {
		for range n {
			list = append(list, p)
		}
		return list
	}
	for name, test := range map[string]struct {
		points  []Point
		shifts  int
		members int
		side    Side
	}{
		"seven above":                         {repeat(high, 7), 0, 0, Within},
		"eight above":                         {repeat(high, 8), 1, 8, Above},
		"ten above":                           {repeat(high, 10), 3, 10, Above},
		"eight below":                         {repeat(low, 8), 1, 8, Below},
		"one on the line between":             {append(append(repeat(high, 7), on), repeat(high, 7)...), 0, 0, Within},
		"one on the other side between":       {append(append(repeat(high, 7), low), repeat(high, 8)...), 1, 8, Above},
		"an empty subgroup between":           {append(append(repeat(high, 7), Point{}), repeat(high, 1)...), 0, 0, Within},
		"none of few is not below the centre": {repeat(Point{2, 0}, 30), 0, 0, Within},
		"one of few, each time, is above it":  {repeat(Point{2, 1}, 8), 1, 8, Above},
		"nothing at all":                      {nil, 0, 0, Within},
	} {
		shifts, members := 0, 0
		for _, j := range b.Chart(test.points) {
			if j.Shift {
				shifts++
				if j.Signal() != test.side {
					t.Errorf("%s: the signal is %d", name, j.Signal())
				}
			}
			if j.Run != Within {
				members++
			}
		}
		if shifts != test.shifts || members != test.members {
			t.Errorf("%s: %d shifts, %d in a run; want %d and %d", name, shifts, members, test.shifts, test.members)
		}
	}
}

func TestABaselineOfNoneOrAllLeavesTheOtherPossible(t *testing.T) {
	t.Parallel()
	none := Learn([]Point{{50, 0}, {50, 0}})
	if none.P <= 0 || none.Judge(Point{10, 1}).Beyond != Within || none.Judge(Point{10, 2}).Beyond != Above {
		t.Errorf("none: %+v", none)
	}
	all := Learn([]Point{{50, 50}, {50, 50}})
	if all.P >= 1 || all.Judge(Point{10, 9}).Beyond != Within || all.Judge(Point{10, 8}).Beyond != Below {
		t.Errorf("all: %+v", all)
	}
	if nothing := Learn(nil); nothing.P <= 0 || nothing.P >= 1 || nothing.Judge(Point{}).Beyond != Within {
		t.Errorf("nothing: %+v", nothing)
	}
}

func TestAnUnsteadyBaselineIsKeptWhole(t *testing.T) {
	t.Parallel()
	points := []Point{{100, 5}, {100, 90}, {100, 4}, {100, 95}, {100, 50}, {100, 3}}
	if b := Learn(points); b.Apart != 0 || b.Used != len(points) {
		t.Errorf("learnt %+v", b)
	}
}

// Under the usual rate, single points are beyond the limits about as rarely as three standard deviations say.
func TestFalseAlarmsAreRare(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for _, test := range []struct {
		n int
		p float64
	}{{8, 0.05}, {30, 0.1}, {200, 0.1}, {400, 0.5}} {
		b, beyond := Baseline{P: test.p}, 0
		const draws = 20000
		for range draws {
			x := 0
			for range test.n {
				if random.Float64() < test.p {
					x++
				}
			}
			if b.Judge(Point{test.n, x}).Beyond != Within {
				beyond++
			}
		}
		if rate := float64(beyond) / draws; rate > 0.006 {
			t.Errorf("%d with %.2f: %.4f are beyond the limits", test.n, test.p, rate)
		}
	}
}

func FuzzJudge(f *testing.F) {
	f.Add(50, 12, 347, 1500)
	f.Add(1, 1, 0, 0)
	f.Fuzz(func(t *testing.T, n, x, usualX, usualN int) {
		if n < 0 || n > 3000 || x < 0 || x > n || usualN < 0 || usualN > 1_000_000 || usualX < 0 || usualX > usualN {
			return
		}
		b := Learn([]Point{{usualN, usualX}})
		j := b.Judge(Point{n, x})
		if !(b.P > 0 && b.P < 1) || math.IsNaN(j.Lower+j.Upper) || j.Lower < 0 || j.Upper > 1 || j.Lower > j.Upper {
			t.Fatalf("%+v of %+v", j, b)
		}
		if rate := j.Rate(); n > 0 && (j.Beyond == Above) != (rate > j.Upper) || (j.Beyond == Below) != (rate < j.Lower && n > 0) {
			t.Fatalf("%+v: beyond and limits disagree", j)
		}
	})
}

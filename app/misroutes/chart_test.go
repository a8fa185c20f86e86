package misroutes

import (
	"strings"
	"testing"

	"onedoor/app/nhs"
	"onedoor/app/requests"
)

// monday is the first day of what the tests count.
var monday = nhs.Date{Year: 2026, Month: 1, Day: 5}

// counted makes one day for each pair of decisions and returned, from a day on.
func counted(from nhs.Date, pairs ...[2]int) (days []Day) {
	for i, p := range pairs {
		days = append(days, Day{On: from.Add(i), Decisions: p[0], Returned: p[1], Reasons: map[requests.MisrouteReason]int{requests.WrongService: p[1]}})
	}
	return days
}

func same(n int, pair [2]int) (list [][2]int) {
	for range n {
		list = append(list, pair)
	}
	return list
}

func drawn(days []Day, today nhs.Date) *Chart {
	c := &Chart{Table: "main", Rule: "one"}
	c.draw(days, today)
	return c
}

func TestABusyRuleIsChartedByDaysAndAQuietOneByWeeks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		days   []Day
		period Period
		points int
	}{
		"twelve on most days":                  {counted(monday, same(28, [2]int{12, 1})...), Daily, 28},
		"eleven on most days":                  {counted(monday, same(28, [2]int{11, 1})...), Weekly, 4},
		"many at first, few afterwards":        {counted(monday, append(same(20, [2]int{40, 1}), same(8, [2]int{1, 0})...)...), Daily, 28},
		"few at first, many afterwards":        {counted(monday, append(same(20, [2]int{1, 0}), same(8, [2]int{40, 1})...)...), Weekly, 4},
		"nothing at all":                       {nil, Weekly, 0},
		"days on which nothing came are none":  {counted(monday, append(same(14, [2]int{0, 0}), same(14, [2]int{20, 1})...)...), Daily, 14},
		"several versions on one day are one":  {append(counted(monday, [2]int{8, 1}), counted(monday, [2]int{8, 1})...), Daily, 1},
		"more returned than decided cannot be": {counted(monday, [2]int{12, 20}), Daily, 1},
	} {
		c := drawn(test.days, monday.Add(400))
		if c.Period != test.period || len(c.Points) != test.points {
			t.Errorf("%s: by %s, %d points", name, c.Period, len(c.Points))
		}
		for _, p := range c.Points {
			if p.X > p.N || p.N == 0 {
				t.Errorf("%s: %d of %d", name, p.X, p.N)
			}
		}
	}
}

func TestTheBaselineIsTheFirstCompleteSubgroups(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		days    []Day
		today   nhs.Date
		learnt  int
		signals bool
	}{
		"nineteen days are too few":       {counted(monday, same(19, [2]int{20, 1})...), monday.Add(19), 0, false},
		"the twentieth is not over":       {counted(monday, same(20, [2]int{20, 1})...), monday.Add(19), 0, false},
		"twenty days":                     {counted(monday, same(20, [2]int{20, 1})...), monday.Add(20), 20, false},
		"eight weeks of few":              {counted(monday, same(56, [2]int{1, 0})...), monday.Add(56), 8, false},
		"eight weeks of very few go on":   {weekly(12, 4, 0), monday.Add(90), 10, false},
		"what comes after is not learnt":  {counted(monday, append(same(20, [2]int{20, 1}), [2]int{20, 15})...), monday.Add(21), 20, true},
		"a bad day in the baseline":       {counted(monday, append(append(same(10, [2]int{20, 1}), [2]int{20, 15}), same(10, [2]int{20, 1})...)...), monday.Add(21), 20, false},
		"fewer than usual are no alarm":   {counted(monday, append(same(20, [2]int{40, 20}), same(3, [2]int{40, 0})...)...), monday.Add(23), 20, false},
		"eight days a little above usual": {counted(monday, append(same(20, [2]int{50, 5}), same(8, [2]int{50, 7})...)...), monday.Add(28), 20, true},
		"seven days a little above usual": {counted(monday, append(same(20, [2]int{50, 5}), same(7, [2]int{50, 7})...)...), monday.Add(27), 20, false},
	} {
		c := drawn(test.days, test.today)
		learnt := 0
		for _, p := range c.Points {
			if p.InBaseline {
				learnt++
			}
		}
		if learnt != test.learnt || (c.Baseline != nil) != (learnt > 0) {
			t.Errorf("%s: learnt from %d: %+v", name, learnt, c.Baseline)
		}
		if _, drifted := c.drift(nhs.Date{}); drifted != test.signals {
			t.Errorf("%s: drifted %v", name, drifted)
		}
	}
}

// weekly makes one day in each week.
func weekly(weeks, decisions, returned int) (days []Day) {
	for i := range weeks {
		days = append(days, counted(monday.Add(7*i), [2]int{decisions, returned})...)
	}
	return days
}

func TestWhatSomebodyHasSeenIsNotLookedAtAgain(t *testing.T) {
	t.Parallel()
	days := counted(monday, append(same(20, [2]int{20, 1}), [2]int{20, 15}, [2]int{20, 14}, [2]int{20, 1})...)
	c := drawn(days, monday.Add(23))
	p, drifted := c.drift(nhs.Date{})
	if !drifted || p.From != monday.Add(21) || p.X != 14 {
		t.Fatalf("the newest is %+v, %v", p, drifted)
	}
	if p, drifted = c.drift(monday.Add(20)); !drifted || p.X != 14 {
		t.Errorf("after the first: %+v, %v", p, drifted)
	}
	if p, drifted = c.drift(monday.Add(21)); drifted {
		t.Errorf("after both: %+v", p)
	}
	run := drawn(counted(monday, append(same(20, [2]int{50, 5}), same(12, [2]int{50, 7})...)...), monday.Add(32))
	if _, drifted := run.drift(monday.Add(25)); drifted {
		t.Error("a run of which only six came after what was seen")
	}
}

func TestAnAlarmTellsFiguresAndNoSmallCounts(t *testing.T) {
	t.Parallel()
	c := drawn(counted(monday, append(same(20, [2]int{20, 1}), [2]int{20, 15})...), monday.Add(21))
	p, _ := c.drift(nhs.Date{})
	want := "Rule one of main: of 20 requests on Sunday 25 January 2026, 15 came back or were said to be in the wrong place (75%). Usual is 5%, and for that many the limit is 25%."
	if says := c.says(p); says != want {
		t.Errorf("it says %q", says)
	}
	run := drawn(counted(monday, append(same(20, [2]int{40, 2}), same(8, [2]int{40, 3})...)...), monday.Add(28))
	p, drifted := run.drift(nhs.Date{})
	if says := run.says(p); !drifted || !strings.Contains(says, "1 to 4 came back or were said to be in the wrong place, for at least the eighth day in a row more than usual. Usual is 5%.") {
		t.Errorf("%v: it says %q", drifted, says)
	}
	for n, words := range map[int]string{0: "none", 1: "1 to 4", 4: "1 to 4", 5: "5"} {
		if Coarse(n) != words {
			t.Errorf("%d is told as %q", n, Coarse(n))
		}
	}
	for rate, words := range map[float64]string{0: "0%", 0.001: "under 1%", 0.014: "1%", 0.5: "50%", 0.999: "over 99%", 1: "100%"} {
		if Percent(rate) != words {
			t.Errorf("%v is told as %q", rate, Percent(rate))
		}
	}
}

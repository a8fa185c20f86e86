package studio

import (
	"strings"
	"time"

	"onedoor/app/misroutes"
	"onedoor/app/nhs"
	"onedoor/app/wording"
	"onedoor/policy/control"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// pointsShown is how many days or weeks a chart shows, the newest.
const pointsShown = 60

// told is the smallest count that is told exactly (misroutes.Coarse tells smaller ones as a range).
const told = 5

// figures are what came of a rule as it read, coarsened.
func figures(c misroutes.Chart, id, heading string) pages.MisrouteFigures {
	f := pages.MisrouteFigures{ID: id, Heading: heading}
	if c.Decisions == 0 {
		f.Says = []string{"It has sent nothing yet."}
		return f
	}
	f.Says = []string{"Of " + misroutes.Coarse(c.Decisions) + " requests that it sent, " + misroutes.Coarse(c.Returned) + " were declined or said to be in the wrong place."}
	if c.Baseline == nil {
		f.Says = append(f.Says, "What is usual for it is still being learnt, so there are no limits yet.")
	}
	f.Chart = controlChart(c, id, strings.ToLower(heading))
	for _, r := range c.Reasons {
		f.Reasons = append(f.Reasons, pages.MisrouteReason{Reason: r.Reason.Title(), Count: misroutes.Coarse(r.Count)})
	}
	return f
}

func controlChart(c misroutes.Chart, id, reading string) *pages.ControlChart {
	chart := &pages.ControlChart{ID: id + "-chart", Caption: "Requests of rule " + c.Rule + " in the wrong place, by " + string(c.Period) + ", " + reading}
	if c.Baseline != nil {
		chart.Centre, chart.Usual = c.Baseline.P, misroutes.Percent(c.Baseline.P)
	}
	beyond := 0
	for _, p := range c.Points[max(0, len(c.Points)-pointsShown):] {
		point := controlPoint(c, p)
		if point.Mark == pages.MarkBeyond {
			beyond++
		}
		chart.Points = append(chart.Points, point)
	}
	chart.Says = wording.Counted(len(chart.Points), string(c.Period), string(c.Period)+"s") + ". "
	switch {
	case c.Baseline == nil:
		chart.Says += "There are no limits yet."
	case beyond == 0:
		chart.Says += "None is out of limits. Usual is " + chart.Usual + "."
	default:
		chart.Says += wording.Counted(beyond, "is", "are") + " out of limits. Usual is " + chart.Usual + "."
	}
	chart.Says += " The table below says the same."
	return chart
}

func controlPoint(c misroutes.Chart, p misroutes.Point) pages.ControlPoint {
	point := pages.ControlPoint{
		When: dayWords(p.From), Short: p.From.Midnight(time.UTC).Format("2 Jan"), Of: misroutes.Coarse(p.N), Came: misroutes.Coarse(p.X), Limit: "–", Found: "–",
	}
	if c.Period == misroutes.Weekly {
		point.When = "Week from " + point.When
	}
	if c.Baseline != nil {
		if point.Found = foundWords(p); p.N >= told { // the limits of fewer would tell how few they are
			point.Limits, point.Lower, point.Upper = true, p.Lower, p.Upper
			point.Limit = "up to " + misroutes.Percent(p.Upper)
			if p.Lower > 0 {
				point.Limit = misroutes.Percent(p.Lower) + " to " + misroutes.Percent(p.Upper)
			}
		}
	}
	var low, high float64
	point.Rated, low, high = rated(p.Point)
	if point.Rate = p.Rate(); high > low {
		if point.Limits { // on which side of the limits it lies is told
			low, high = clipped(p, low, high)
			point.Rated = misroutes.Percent(low) + " to " + misroutes.Percent(high)
		}
		point.Low, point.High, point.Rate = low, high, (low+high)/2
	}
	if c.Baseline == nil {
		return point
	}
	switch {
	case p.Beyond != control.Within:
		point.Mark = pages.MarkBeyond
	case p.Run != control.Within:
		point.Mark = pages.MarkShift
	case p.InBaseline:
		point.Mark = pages.MarkBaseline
	}
	return point
}

// clipped is a range as far as it lies on the point's side of its limits.
func clipped(p misroutes.Point, low, high float64) (float64, float64) {
	switch p.Beyond {
	case control.Above:
		return max(low, p.Upper), high
	case control.Below:
		return low, min(high, p.Lower)
	}
	return max(low, p.Lower), max(min(high, p.Upper), low)
}

// foundWords are what a point says.
func foundWords(p misroutes.Point) string {
	switch {
	case p.Beyond == control.Above:
		return "Above the limit"
	case p.Beyond == control.Below:
		return "Below the limit"
	case p.Run == control.Above:
		return "One of eight or more in a row above the usual"
	case p.Run == control.Below:
		return "One of eight or more in a row below the usual"
	case p.InBaseline:
		return "Within the limits; the usual was learnt from it"
	}
	return "Within the limits"
}

// rated is a rate in words, and the ends of the range where the counts are too small to be told exactly.
func rated(p control.Point) (words string, low, high float64) {
	small := func(n int) bool { return n > 0 && n < told }
	switch {
	case p.X == 0:
		return "0%", 0, 0
	case !small(p.X):
		return misroutes.Percent(p.Rate()), 0, 0
	case small(p.N):
		return "not told", 1.0 / (told - 1), 1
	}
	low, high = 1/float64(p.N), min(1, (told-1)/float64(p.N))
	return misroutes.Percent(low) + " to " + misroutes.Percent(high), low, high
}

func dayWords(d nhs.Date) string { return d.Midnight(time.UTC).Format("2 January 2006") }

func plainWords(s string) locales.Text { return locales.Plain(s) }

package pages

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ControlChart is a rate over time, with its usual and its limits: drawn, and in full in a table.
type ControlChart struct {
	ID      string
	Caption string
	Says    string // what there is to see, in a sentence, for those who do not see the drawing
	// Centre is the usual rate; without one (Usual is empty) there are no lines.
	Centre float64
	Usual  string
	Points []ControlPoint // in the order of time
}

// ControlPoint is a day or a week.
type ControlPoint struct {
	When  string // as the table has it
	Short string // as the axis has it
	Rate  float64
	// Low and High are the ends of a range, where the figure is not told exactly; both zero for one that is.
	Low, High    float64
	Limits       bool
	Lower, Upper float64
	Mark         ControlMark

	Of, Came, Rated, Limit, Found string // the table's words
}

// ControlMark is how a point is drawn: a shape, and only then a colour.
type ControlMark string

// The marks.
const (
	MarkPlain    ControlMark = ""
	MarkBaseline ControlMark = "baseline" // the usual was learnt from it
	MarkShift    ControlMark = "shift"    // one of eight in a row on one side
	MarkBeyond   ControlMark = "beyond"   // out of limits
)

// ranges reports whether some figures are not told exactly.
func (c ControlChart) ranges() bool {
	for _, p := range c.Points {
		if p.High > p.Low {
			return true
		}
	}
	return false
}

// The drawing's measures, in its own units.
const (
	chartWidth  = 720.0
	chartHeight = 280.0
	chartLeft   = 52.0
	chartRight  = 12.0
	chartTop    = 12.0
	chartBottom = 36.0
)

// plot places rates and points in the drawing.
type plot struct {
	chart ControlChart
	most  float64 // the rate at its top
}

func (c ControlChart) plot() plot {
	most := c.Centre
	for _, p := range c.Points {
		most = max(most, p.Rate, p.High)
		if p.Limits && p.Upper < 1 { // a limit of everything tells nothing, and would flatten the rest
			most = max(most, p.Upper)
		}
	}
	return plot{c, min(1, math.Ceil(max(most, 0.05)*20)/20)}
}

func (p plot) x(i int) float64 {
	width := chartWidth - chartLeft - chartRight
	if len(p.chart.Points) == 1 {
		return chartLeft + width/2
	}
	return chartLeft + width*(float64(i)+0.5)/float64(len(p.chart.Points))
}

func (p plot) y(rate float64) float64 {
	return chartTop + (chartHeight-chartTop-chartBottom)*(1-min(rate, p.most)/p.most)
}

func place(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// steps is the line of a limit: level over each point, and broken where a point has none.
func (p plot) steps(of func(ControlPoint) float64) string {
	var b strings.Builder
	half := (chartWidth - chartLeft - chartRight) / float64(max(1, len(p.chart.Points))) / 2
	joined := false
	for i, point := range p.chart.Points {
		if !point.Limits {
			joined = false
			continue
		}
		y, command := place(p.y(of(point))), "M"
		if joined {
			command = "L"
		}
		fmt.Fprintf(&b, "%s%s %sL%s %s", command, place(p.x(i)-half), y, place(p.x(i)+half), y)
		joined = true
	}
	return b.String()
}

func (p plot) upper() string { return p.steps(func(c ControlPoint) float64 { return c.Upper }) }
func (p plot) lower() string { return p.steps(func(c ControlPoint) float64 { return c.Lower }) }

// line joins the points.
func (p plot) line() string {
	var b strings.Builder
	for i, point := range p.chart.Points {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(place(p.x(i)) + "," + place(p.y(point.Rate)))
	}
	return b.String()
}

// shape is the outline of a mark around its place.
func (p plot) shape(i int) string {
	point := p.chart.Points[i]
	x, y := p.x(i), p.y(point.Rate)
	corner := func(dx, dy float64) string { return place(x+dx) + " " + place(y+dy) }
	switch point.Mark {
	case MarkBeyond: // a diamond
		return "M" + corner(0, -8) + "L" + corner(8, 0) + "L" + corner(0, 8) + "L" + corner(-8, 0) + "Z"
	case MarkShift: // a square
		return "M" + corner(-5, -5) + "L" + corner(5, -5) + "L" + corner(5, 5) + "L" + corner(-5, 5) + "Z"
	}
	return "M" + corner(-4, 0) + "a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z"
}

// tick is a mark on the axis of rates.
type tick struct {
	Rate float64
	Text string
}

func (p plot) ticks() []tick {
	var list []tick
	for i := range 5 {
		rate := p.most * float64(i) / 4
		list = append(list, tick{rate, strconv.FormatFloat(math.Round(10_000*rate)/100, 'f', -1, 64) + "%"})
	}
	return list
}

// labelled are the points whose time is written below: at most eight, evenly.
func (p plot) labelled() []int {
	const most = 8
	every := (len(p.chart.Points) + most - 1) / most
	var list []int
	for i := 0; i < len(p.chart.Points); i += max(1, every) {
		list = append(list, i)
	}
	return list
}

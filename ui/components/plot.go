package components

import (
	"fmt"
	"strings"
)

// Plot is lines over equal steps, such as the hours of a week: at most two, told apart by how they are drawn as well as by
// colour, and named in words. A page puts the same figures in a table beside it.
type Plot struct {
	ID          string
	Title       string // of the picture, read aloud
	Description string
	Unit        string // what the figures count, above the scale
	Ticks       []PlotTick
	Series      []PlotSeries
}

// PlotTick is a word under the place where a step begins.
type PlotTick struct {
	At   int
	Text string
}

// PlotSeries is one line.
type PlotSeries struct {
	Name   string
	Values []int
}

const (
	plotWidth  = 960
	plotHeight = 272
	plotLeft   = 52
	plotRight  = 948
	plotTop    = 60
	plotBottom = 236
)

// plotDrawing is a Plot with everything in its place.
type plotDrawing struct {
	paths   []string
	scale   []plotMark
	ticks   []plotMark
	legends []int // where each name begins
}

type plotMark struct {
	at   int
	text string
}

func (p Plot) draw() plotDrawing {
	var d plotDrawing
	steps, most := 1, 1
	for _, s := range p.Series {
		steps = max(steps, len(s.Values))
		for _, v := range s.Values {
			most = max(most, v)
		}
	}
	top := roundUp(most)
	x := func(step int) float64 { return plotLeft + float64(step)*(plotRight-plotLeft)/float64(steps) }
	y := func(value int) float64 { return plotBottom - float64(value)*(plotBottom-plotTop)/float64(top) }
	for _, s := range p.Series {
		var path strings.Builder
		for i, v := range s.Values {
			verb := "L"
			if i == 0 {
				verb = "M"
			}
			fmt.Fprintf(&path, "%s%.1f %.1fH%.1f", verb, x(i), y(v), x(i+1))
		}
		d.paths = append(d.paths, path.String())
	}
	parts := 4
	for top%parts != 0 {
		parts--
	}
	for i := 0; i <= parts; i++ {
		value := top * i / parts
		d.scale = append(d.scale, plotMark{int(y(value)), fmt.Sprint(value)})
	}
	for _, t := range p.Ticks {
		d.ticks = append(d.ticks, plotMark{int(x(t.At)), t.Text})
	}
	at := plotLeft
	for _, s := range p.Series {
		d.legends = append(d.legends, at)
		at += 76 + 8*len(s.Name)
	}
	return d
}

// roundUp is the end of a scale: 1, 2 or 5 of a power of ten, or 4 of it, where that is closer.
func roundUp(most int) int {
	for power := 1; ; power *= 10 {
		for _, n := range []int{1, 2, 4, 5, 8} {
			if n*power >= most {
				return n * power
			}
		}
	}
}

package components

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func sampleFlow() Flow {
	return Flow{
		ID: "sample", Title: "Where <needs> go", Description: "Lines lead from left to right.", Columns: [3]string{"Need", "Rule", "Goes to"},
		Nodes: [3][]FlowNode{
			{{Text: "Get help with symptoms"}, {Text: "Ask us to call you back"}},
			{{Text: "Sore throat", Second: "Soon, 12", Mark: "Changed"}, {Text: "Callback", Second: "Routine, 0"}, {Text: strings.Repeat("long ", 20)}},
			{{Text: "The registered practice"}},
		},
		Links: []FlowLink{{Column: 0, From: 0, To: 0, Weight: 12}, {Column: 0, From: 1, To: 1}, {Column: 1, From: 0, To: 0, Weight: 12}, {Column: 1, From: 2, To: 0, Weight: 3}},
	}
}

func TestBoxesOfAPictureStandApartAndInside(t *testing.T) {
	t.Parallel()
	d := sampleFlow().draw()
	if len(d.boxes) != 6 || len(d.lines) != 4 {
		t.Fatalf("%d boxes, %d lines", len(d.boxes), len(d.lines))
	}
	for i, a := range d.boxes {
		if a.x < 0 || a.x+a.width > d.width || a.y < flowTop-flowApart || a.y+a.height > d.height {
			t.Errorf("box %d stands outside: %+v in %d by %d", i, a, d.width, d.height)
		}
		for _, line := range slices.Concat(a.lines, a.second) {
			if line.y <= a.y || line.y >= a.y+a.height || utf8.RuneCountInString(line.text) > flowLetters+4 {
				t.Errorf("box %d: the line %q is not inside it", i, line.text)
			}
		}
		for _, b := range d.boxes[i+1:] {
			if a.x == b.x && a.y < b.y+b.height && b.y < a.y+a.height {
				t.Errorf("boxes stand on each other: %+v %+v", a, b)
			}
		}
	}
	if first, last := d.lines[0], d.lines[3]; first.width != "10.0" || first.nobody || !last.nobody {
		t.Errorf("the thickest is %+v, the last %+v", first, last)
	}
}

func TestAnEmptyPictureIsDrawn(t *testing.T) {
	t.Parallel()
	if d := (Flow{}).draw(); len(d.boxes) != 0 || d.height < flowTop {
		t.Errorf("%+v", d)
	}
	if d := (Plot{Series: []PlotSeries{{Name: "None"}}}).draw(); len(d.paths) != 1 || len(d.scale) < 2 {
		t.Errorf("%+v", d)
	}
}

func TestAScaleEndsAtARoundNumberAboveTheHighest(t *testing.T) {
	t.Parallel()
	for most, want := range map[int]int{1: 1, 2: 2, 3: 4, 5: 5, 6: 8, 9: 10, 11: 20, 41: 50, 79: 80, 81: 100, 1001: 2000} {
		if got := roundUp(most); got != want {
			t.Errorf("%d: %d; want %d", most, got, want)
		}
	}
	d := Plot{Series: []PlotSeries{{Values: []int{0, 5, 7}}, {Values: []int{1, 0, 0}}}, Ticks: []PlotTick{{0, "Monday"}}}.draw()
	for i, m := range d.scale {
		if m.at < plotTop || m.at > plotBottom || (i > 0 && m.at >= d.scale[i-1].at) {
			t.Errorf("the scale is not upright: %+v", d.scale)
		}
	}
}

// Pictures are well formed, named and described for those who hear them, and hold no style that the page's policy refuses.
func TestPicturesAreWellFormedAndDescribed(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	plot := Plot{ID: "plot", Title: "Requests & hours", Description: "Two lines.", Unit: "Requests", Series: []PlotSeries{{"In force", []int{1, 2}}, {"Draft", []int{2, 1}}}}
	for _, render := range []error{FlowPicture(sampleFlow()).Render(context.Background(), &b), LinePlot(plot).Render(context.Background(), &b)} {
		if render != nil {
			t.Fatal(render)
		}
	}
	page := b.String()
	for _, want := range []string{`aria-labelledby="sample-title sample-desc"`, `<title id="sample-title">Where &lt;needs&gt; go</title>`, `<desc id="plot-desc">Two lines.</desc>`, `role="img"`, `tabindex="0"`, ">Changed. Soon, 12<", ">In force<", ">Draft<"} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is not there", want)
		}
	}
	if strings.Contains(page, " style=") {
		t.Error("a style stands in the markup")
	}
	for decoder := xml.NewDecoder(strings.NewReader("<all>" + page + "</all>")); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

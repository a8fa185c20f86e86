package components

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Flow is a picture in three columns: what stands on the left leads through the middle to the right. It is drawn by the
// server; whoever cannot see it reads the table that a page puts beside it.
type Flow struct {
	ID          string
	Title       string // of the picture, read aloud
	Description string
	Columns     [3]string
	Nodes       [3][]FlowNode
	Links       []FlowLink
}

// FlowNode is one box. Second is a quieter line under its text; Mark a word that sets it apart, such as new.
type FlowNode struct{ Text, Second, Mark string }

// FlowLink leads from a node of a column to one of the next; both count from 0. Weight is how much goes that way, and
// makes the line thicker; nothing draws it thin and broken.
type FlowLink struct{ Column, From, To, Weight int }

const (
	flowBox      = 236 // width of a box
	flowBetween  = 126 // room for lines
	flowTop      = 44  // room for headings
	flowLine     = 19
	flowSecond   = 17
	flowPadding  = 9
	flowApart    = 10
	flowLetters  = 29 // of a line in a box
	flowThickest = 10
)

// flowDrawing is a Flow with everything in its place.
type flowDrawing struct {
	width, height int
	headings      [3]flowText
	boxes         []flowBoxed
	lines         []flowCurve
}

type flowText struct {
	x, y int
	text string
}

type flowBoxed struct {
	x, y, width, height int
	marked              bool
	lines               []flowText
	second              []flowText
}

type flowCurve struct {
	path   string
	width  string
	nobody bool
}

// draw works out where everything stands.
func (f Flow) draw() flowDrawing {
	d := flowDrawing{width: 3*flowBox + 2*flowBetween + 2}
	var columns [3][]flowBoxed
	var heights [3]int
	for column, nodes := range f.Nodes {
		x := 1 + column*(flowBox+flowBetween)
		d.headings[column] = flowText{x, 24, f.Columns[column]}
		for _, n := range nodes {
			box := newFlowBox(x, n)
			columns[column] = append(columns[column], box)
			heights[column] += box.height
		}
		d.height = max(d.height, heights[column]+flowApart*len(nodes))
	}
	var middle [3][]int // of each box, from the top
	for column, boxes := range columns {
		// A column with fewer boxes is spread over the height of the others, so that lines are short.
		apart := (d.height - heights[column]) / max(1, len(boxes))
		y := flowTop + (apart-flowApart)/2
		for _, box := range boxes {
			box.move(y)
			middle[column] = append(middle[column], y+box.height/2)
			y += box.height + apart
			d.boxes = append(d.boxes, box)
		}
	}
	d.height += flowTop
	most := 1
	for _, l := range f.Links {
		most = max(most, l.Weight)
	}
	// The thick lines are drawn first, so that the thin ones can be followed over them.
	links := slices.SortedStableFunc(slices.Values(f.Links), func(a, b FlowLink) int { return b.Weight - a.Weight })
	for _, l := range links {
		from, to := 1+l.Column*(flowBox+flowBetween)+flowBox, 1+(l.Column+1)*(flowBox+flowBetween)
		y1, y2 := middle[l.Column][l.From], middle[l.Column+1][l.To]
		curve := flowCurve{path: fmt.Sprintf("M%d %dC%d %d %d %d %d %d", from, y1, from+flowBetween/2, y1, to-flowBetween/2, y2, to, y2)}
		curve.nobody = l.Weight == 0
		curve.width = fmt.Sprintf("%.1f", 1.5+float64(l.Weight)*(flowThickest-1.5)/float64(most))
		d.lines = append(d.lines, curve)
	}
	return d
}

// newFlowBox is a box at the top of the picture.
func newFlowBox(x int, n FlowNode) flowBoxed {
	box := flowBoxed{x: x, width: flowBox, marked: n.Mark != ""}
	at := flowPadding
	for _, line := range wrapped(n.Text, flowLetters) {
		at += flowLine
		box.lines = append(box.lines, flowText{x + 12, at - 5, line})
	}
	second := n.Second
	if n.Mark != "" {
		second = strings.TrimSuffix(n.Mark+". "+second, ". ")
	}
	for _, line := range wrapped(second, flowLetters+4) {
		at += flowSecond
		box.second = append(box.second, flowText{x + 12, at - 5, line})
	}
	box.height = at + flowPadding
	return box
}

// move puts a box, with its lines, lower.
func (b *flowBoxed) move(by int) {
	b.y += by
	for i := range b.lines {
		b.lines[i].y += by
	}
	for i := range b.second {
		b.second[i].y += by
	}
}

// wrapped breaks a text into lines of no more than a number of letters; a longer word stands alone.
func wrapped(text string, most int) []string {
	var lines []string
	for word := range strings.FieldsSeq(text) {
		last := len(lines) - 1
		if last >= 0 && utf8.RuneCountInString(lines[last])+1+utf8.RuneCountInString(word) <= most {
			lines[last] += " " + word
			continue
		}
		lines = append(lines, word)
	}
	return lines
}

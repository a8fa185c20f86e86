package edit

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// block is a list of a document that is written in lines, one item beginning with a dash under the other. Each item is the
// comment directly above it and its own lines; what is between items, such as blank lines, belongs to none and stays.
type block struct {
	lines  []string // of the whole document, with their ends
	list   *yaml.Node
	indent int // of the dashes
	end    string
	items  []extent
}

// extent is where an item stands: lines [head, start) are its comment, [start, stop) itself.
type extent struct{ head, start, stop int }

func newBlock(text []byte, list *yaml.Node) (*block, bool) {
	if list.Kind != yaml.SequenceNode || list.Style&yaml.FlowStyle != 0 || len(list.Content) == 0 {
		return nil, false
	}
	b := &block{lines: strings.SplitAfter(string(text), "\n"), list: list, indent: list.Column - 1, end: "\n"}
	if strings.HasSuffix(b.lines[0], "\r\n") {
		b.end = "\r\n"
	}
	if n := len(b.lines); b.lines[n-1] == "" {
		b.lines = b.lines[:n-1]
	} else {
		b.lines[n-1] += b.end
	}
	after := 0
	for _, item := range list.Content {
		x, ok := b.extent(item, after)
		if !ok {
			return nil, false
		}
		b.items = append(b.items, x)
		after = x.stop
	}
	return b, true
}

// extent finds an item's lines, none of them before after.
func (b *block) extent(item *yaml.Node, after int) (extent, bool) {
	start := item.Line - 1
	for start >= after && !b.dash(start) {
		start--
	}
	if start < after || start >= len(b.lines) {
		return extent{}, false
	}
	stop := start + 1
	for stop < len(b.lines) && (blank(b.lines[stop]) || indentOf(b.lines[stop]) > b.indent) {
		stop++
	}
	for blank(b.lines[stop-1]) {
		stop--
	}
	head := start
	for head > after && comment(b.lines[head-1]) && indentOf(b.lines[head-1]) <= b.indent {
		head--
	}
	return extent{head, start, stop}, true
}

func (b *block) dash(line int) bool {
	if line >= len(b.lines) || indentOf(b.lines[line]) != b.indent {
		return false
	}
	rest := strings.TrimSpace(b.lines[line])
	return rest == "-" || strings.HasPrefix(rest, "- ")
}

func (b *block) bytes() []byte { return []byte(strings.Join(b.lines, "")) }

// put writes lines without indentation or ends where an item is, or, at a position behind the last one, after it.
func (b *block) put(from, to int, lines []string) {
	written := make([]string, len(lines))
	for i, line := range lines {
		if line != "" {
			line = strings.Repeat(" ", b.indent) + line
		}
		written[i] = line + b.end
	}
	b.lines = slices.Replace(b.lines, from, to, written...)
}

// insert writes an item before the one at a position, or after the last.
func (b *block) insert(at int, lines []string) {
	line := b.items[len(b.items)-1].stop
	if at < len(b.items) {
		line = b.items[at].head
	}
	b.put(line, line, lines)
}

// replace writes an item anew. The comment above it stays.
func (b *block) replace(at int, lines []string) { b.put(b.items[at].start, b.items[at].stop, lines) }

// remove takes an item out, with the comment directly above it, and with it the blank lines that set it apart.
func (b *block) remove(at int) {
	x := b.items[at]
	stop := x.stop
	for at+1 < len(b.items) && stop < len(b.lines) && blank(b.lines[stop]) {
		stop++
	}
	b.lines = slices.Delete(b.lines, x.head, stop)
}

// swap exchanges an item with the next one, each with its comment.
func (b *block) swap(at int) {
	x, y := b.items[at], b.items[at+1]
	exchanged := slices.Concat(b.lines[y.head:y.stop], b.lines[x.stop:y.head], b.lines[x.head:x.stop])
	copy(b.lines[x.head:y.stop], exchanged)
}

// own are an item's lines without the list's indentation and their ends.
func (b *block) own(at int) []string {
	x := b.items[at]
	var own []string
	for _, line := range b.lines[x.start:x.stop] {
		line = strings.TrimRight(line, "\r\n")
		own = append(own, line[min(b.indent, len(line)):])
	}
	return own
}

func blank(line string) bool { return strings.TrimSpace(line) == "" }

func comment(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), "#") }

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

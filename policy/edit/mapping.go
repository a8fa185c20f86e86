package edit

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// pair is a key of a mapping with what it is to hold; a value of nil means that the key is not to be there.
type pair struct {
	key   string
	value *yaml.Node
	// same says that what the key holds now means the same: it stays as it is written.
	same bool
	// inner are the pairs of a mapping, so that one that is written in lines is changed line by line.
	inner []pair
}

// rewrite changes a mapping that is written in lines, one key under the other. The lines are those of the item that the
// mapping is in; first is the number of the first of them in the document. Keys that stay the same, and comments between
// keys, are not touched. Dashed says that the first key stands behind the item's dash and has to stay.
func rewrite(lines []string, first int, mapping *yaml.Node, indent int, dashed bool, pairs []pair) ([]string, bool) {
	if mapping.Kind != yaml.MappingNode || mapping.Style&yaml.FlowStyle != 0 || len(mapping.Content) == 0 {
		return nil, false
	}
	var out []string
	at := 0
	written := map[string]bool{}
	for i := 0; i < len(mapping.Content); i += 2 {
		key, held := mapping.Content[i], mapping.Content[i+1]
		from, to := key.Line-first, len(lines)
		if i+2 < len(mapping.Content) {
			to = mapping.Content[i+2].Line - first
		}
		if from < at || to <= from || to > len(lines) || i == 0 && dashed && from != 0 {
			return nil, false // two keys in a line, or a layout that is not understood
		}
		if i == 0 {
			out = append(out, lines[:from]...)
		}
		at = to
		body, tail := lines[from:to], 0
		for tail < len(body)-1 && (blank(body[len(body)-1-tail]) || comment(body[len(body)-1-tail]) && indentOf(body[len(body)-1-tail]) <= indent) {
			tail++
		}
		rest := body[len(body)-tail:]
		p, ok := find(pairs, key.Value)
		written[key.Value] = true
		switch {
		case !ok || p.same:
			out = append(out, body...)
			continue
		case p.value == nil && i == 0 && dashed:
			return nil, false
		case p.value == nil:
		case p.inner != nil && held.Kind == yaml.MappingNode && held.Style&yaml.FlowStyle == 0 && len(held.Content) > 0:
			inside, ok := rewrite(body[1:len(body)-tail], first+from+1, held, indent+held.Column-key.Column, false, p.inner)
			if !ok {
				return nil, false
			}
			out = append(append(out, body[0]), inside...)
		default:
			line := body[0][:min(indent, len(body[0]))] + key.Value + ": " + flow(p.value)
			if held.LineComment != "" && len(body)-tail == 1 {
				line += " " + held.LineComment
			}
			out = append(out, line)
		}
		out = append(out, rest...)
	}
	end := len(out)
	for end > 0 && (blank(out[end-1]) || comment(out[end-1])) {
		end--
	}
	var added []string
	for _, p := range pairs {
		if p.value != nil && !written[p.key] {
			added = append(added, strings.Repeat(" ", indent)+p.key+": "+flow(p.value))
		}
	}
	return append(out[:end:end], append(added, out[end:]...)...), true
}

func find(pairs []pair, key string) (pair, bool) {
	for _, p := range pairs {
		if p.key == key {
			return p, true
		}
	}
	return pair{}, false
}

// flow writes a value in one line.
func flow(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		if len(n.Content) == 0 {
			return "{}"
		}
		var list []string
		for i := 0; i+1 < len(n.Content); i += 2 {
			list = append(list, flow(n.Content[i])+": "+flow(n.Content[i+1]))
		}
		return "{ " + strings.Join(list, ", ") + " }"
	case yaml.SequenceNode:
		var list []string
		for _, item := range n.Content {
			list = append(list, flow(item))
		}
		return "[" + strings.Join(list, ", ") + "]"
	}
	scalar := *n
	scalar.HeadComment, scalar.LineComment, scalar.FootComment = "", "", ""
	if strings.ContainsAny(scalar.Value, "\n\r") {
		scalar.Style = yaml.DoubleQuotedStyle
	}
	// Within a flow sequence the encoder quotes whatever a flow mapping must have quoted.
	written, err := yaml.Marshal(&yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle, Content: []*yaml.Node{&scalar}})
	if err != nil {
		return `""` // a plain string is always written; what is not as asked is refused afterwards
	}
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(string(written)), "["), "]")
}

func text(s string) *yaml.Node {
	n := new(yaml.Node)
	n.SetString(s)
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off": // which older readers of YAML take for true and false
		n.Style = yaml.DoubleQuotedStyle
	}
	if strings.ContainsAny(s, "\n\r") {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// quoted is a cell, which people who write policies always put in quotes.
func quoted(s string) *yaml.Node {
	n := text(s)
	n.Style = yaml.SingleQuotedStyle
	return n
}

func plain(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: s} }

func mapping(pairs []pair) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
	for _, p := range pairs {
		if p.value != nil {
			n.Content = append(n.Content, text(p.key), p.value)
		}
	}
	return n
}

func sequence(items ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle, Content: items}
}

package policy

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"onedoor/app/fault"
)

// maxDocument is how large a document may be, in bytes.
const maxDocument = 4 << 20

// readYAML reads one plain document: no anchors or aliases, which can grow without bound, and no tags of its own.
func readYAML(document []byte) (*yaml.Node, error) {
	if len(document) > maxDocument {
		return nil, fault.New(fault.TooLarge, "policy_too_large", "A policy may be 4 MiB at most.")
	}
	if !utf8.Valid(document) {
		return nil, fault.New(fault.Malformed, "policy_yaml", "The policy is not UTF-8 text.")
	}
	decoder := yaml.NewDecoder(bytes.NewReader(document))
	var root yaml.Node
	if err := decoder.Decode(&root); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, fault.New(fault.Malformed, "policy_yaml", "The policy is empty.")
		}
		return nil, fault.New(fault.Malformed, "policy_yaml", "The policy is not YAML: %s.", clean(err)).Because(err)
	}
	var second yaml.Node
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, fault.New(fault.Malformed, "policy_yaml", "The policy must be one YAML document: expected its end, found a second one.")
	}
	if root.Kind != yaml.DocumentNode || len(root.Content) != 1 {
		return nil, fault.New(fault.Malformed, "policy_yaml", "The policy is empty.")
	}
	if err := plain(root.Content[0]); err != nil {
		return nil, err
	}
	return root.Content[0], nil
}

func clean(err error) string {
	return strings.TrimSuffix(strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "yaml: ")), " "), ".")
}

func plain(node *yaml.Node) error {
	if node.Kind == yaml.AliasNode || node.Anchor != "" {
		return fault.New(fault.Malformed, "policy_yaml", "Line %d: anchors and aliases (& and *) are not taken here: expected the values themselves.", node.Line)
	}
	switch node.ShortTag() {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!map", "!!seq":
	default:
		return fault.New(fault.Malformed, "policy_yaml", "Line %d: the tag %s is not taken here: expected a plain value.", node.Line, clip(node.ShortTag()))
	}
	for _, child := range node.Content {
		if err := plain(child); err != nil {
			return err
		}
	}
	return nil
}

// entry is one key of a mapping and its value.
type entry struct {
	key   string
	node  *yaml.Node
	place place
}

// mapping reads a mapping in document order. It notes duplicate keys, and keys that are not allowed when any are named.
func (ps *problems) mapping(node *yaml.Node, at place, what string, allowed ...string) []entry {
	if node.Kind != yaml.MappingNode {
		ps.add("policy_shape", at, node, "expected %s, as keys and values", what)
		return nil
	}
	seen := make(map[string]bool, len(node.Content)/2)
	var entries []entry
	for i := 0; i+1 < len(node.Content) && !ps.full(); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			ps.add("policy_key", at, key, "expected a plain key")
		case seen[key.Value]:
			ps.add("policy_duplicate_key", at.under(key.Value), key, "the key %s stands here twice: expected it once", clip(key.Value))
		case len(allowed) > 0 && !contains(allowed, key.Value):
			ps.add("policy_key", at.under(key.Value), key, "the key %s is not known here: expected %s", clip(key.Value), orList(allowed))
		default:
			seen[key.Value] = true
			entries = append(entries, entry{key.Value, value, at.under(key.Value)})
		}
	}
	return entries
}

func contains(list []string, s string) bool {
	for _, item := range list {
		if item == s {
			return true
		}
	}
	return false
}

// list reads a sequence; nothing at all is an empty one.
func (ps *problems) list(node *yaml.Node, at place, what string) []*yaml.Node {
	if node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" {
		return nil
	}
	if node.Kind != yaml.SequenceNode {
		ps.add("policy_shape", at, node, "expected %s, as a list", what)
		return nil
	}
	return node.Content
}

// scalar reads a single value as it is written.
func (ps *problems) scalar(node *yaml.Node, at place, what string) (string, bool) {
	if node.Kind != yaml.ScalarNode || node.ShortTag() == "!!null" {
		ps.add("policy_shape", at, node, "expected %s", what)
		return "", false
	}
	return node.Value, true
}

// truth reads true or false.
func (ps *problems) truth(e entry, what string) bool {
	if e.node.Kind != yaml.ScalarNode || e.node.ShortTag() != "!!bool" {
		ps.add("policy_shape", e.place, e.node, "expected %s, or false", what)
		return false
	}
	return e.node.Value == "true"
}

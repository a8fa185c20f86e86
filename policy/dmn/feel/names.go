package feel

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Names are the names that an expression may use. FEEL's names may hold spaces and signs, so that what is one name
// depends on which there are: "Monthly Fee - Discount" is one, two or three.
type Names struct {
	variables patterns
	members   patterns
	types     map[string]*Type
	typeNames patterns
}

// longBuiltins are the built-in functions whose names are several words.
var longBuiltins = []string{
	"substring before", "substring after", "string length", "upper case", "lower case", "starts with", "ends with", "string join",
	"list contains", "insert before", "index of", "distinct values", "list replace", "get value", "get entries", "context put", "context merge",
	"date and time", "years and months duration", "day of year", "day of week", "month of year", "week of year", "round up", "round down", "round half up", "round half down",
	"met by", "overlaps before", "overlaps after", "finished by", "started by",
}

// NewNames collects variables, members (names of entries of contexts) and types.
func NewNames(variables, members []string, types map[string]*Type) *Names {
	n := &Names{variables: patterns{}, members: patterns{}, types: types, typeNames: patterns{}}
	for _, name := range longBuiltins {
		n.variables.add(name)
	}
	for _, name := range []string{"time offset", "start included", "end included"} {
		n.members.add(name)
	}
	for name := range types {
		n.typeNames.add(name)
	}
	for _, v := range variables {
		n.variables.add(v)
	}
	for _, m := range members {
		n.members.add(m)
	}
	return n
}

// patterns are the names that are more than one word, by their first word.
type patterns map[string][]pattern

type pattern struct {
	name  string
	parts []string
}

func (p patterns) add(name string) {
	parts := split(name)
	if len(parts) > 1 || len(parts) == 1 && !plain(name) {
		p[parts[0]] = append(p[parts[0]], pattern{name, parts})
	}
}

// Plain reports whether text is a name of one word.
func plain(name string) bool {
	for i, c := range name {
		if i == 0 && !nameStart(c) || !namePart(c) {
			return false
		}
	}
	return name != ""
}

// longest finds the longest of the names at a place: where it ends, or -1.
func (p patterns) longest(src string, pos int, first string) (name string, end int) {
	end = -1
	for _, candidate := range p[first] {
		if e := candidate.match(src, pos); e > end {
			name, end = candidate.name, e
		}
	}
	return name, end
}

func (p pattern) match(src string, pos int) int {
	for i, part := range p.parts {
		start := pos
		for pos < len(src) {
			c, size := utf8.DecodeRuneInString(src[pos:])
			if !unicode.IsSpace(c) {
				break
			}
			pos += size
		}
		word := namePart(firstRune(part))
		if i > 0 && word && start == pos && namePart(lastRune(p.parts[i-1])) {
			return -1
		}
		if !strings.HasPrefix(src[pos:], part) {
			return -1
		}
		pos += len(part)
		if word && pos < len(src) && namePart(firstRune(src[pos:])) {
			return -1
		}
	}
	return pos
}

func firstRune(s string) rune {
	c, _ := utf8.DecodeRuneInString(s)
	return c
}

func lastRune(s string) rune {
	c, _ := utf8.DecodeLastRuneInString(s)
	return c
}

// split cuts a name into words and signs.
func split(name string) []string {
	var parts []string
	word := ""
	flush := func() {
		if word != "" {
			parts = append(parts, word)
			word = ""
		}
	}
	for _, c := range name {
		switch {
		case namePart(c):
			word += string(c)
		case unicode.IsSpace(c):
			flush()
		default:
			flush()
			parts = append(parts, string(c))
		}
	}
	flush()
	return parts
}

func nameStart(c rune) bool {
	return c == '_' || c == '?' || unicode.IsLetter(c) || c >= 0x10000 && c <= 0xEFFFF || c >= 0x2070 && c <= 0x218F || c >= 0x200C && c <= 0x200D
}

func namePart(c rune) bool {
	return nameStart(c) || unicode.IsDigit(c) || c == 0xB7 || c >= 0x0300 && c <= 0x036F || c >= 0x203F && c <= 0x2040
}

// Tidy is a name with its white space as single spaces.
func Tidy(name string) string { return strings.Join(strings.Fields(name), " ") }

package local

import (
	"fmt"
	"strings"
)

// Saying is something that people say, and the kind of request that they mean by it.
type Saying struct {
	Words string
	Kind  string // "" when no kind fits
}

// noKind heads sayings that no kind fits.
const noKind = "none"

// ReadSayings reads a list: a heading such as [fit-note], and one saying a line below it. Lines that begin with # say
// something of the list.
func ReadSayings(list string) ([]Saying, error) {
	var sayings []Saying
	kind, headed := "", false
	for n, line := range strings.Split(list, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[' && line[len(line)-1] == ']':
			kind, headed = line[1:len(line)-1], true
			if kind == noKind {
				kind = ""
			}
		case !headed:
			return nil, fmt.Errorf("local: line %d: %q stands before the first heading", n+1, line)
		default:
			sayings = append(sayings, Saying{line, kind})
		}
	}
	if len(sayings) == 0 {
		return nil, errNoSayings
	}
	return sayings, nil
}

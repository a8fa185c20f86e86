package policies

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"onedoor/app/fault"
	"onedoor/policy"
	"onedoor/policy/analysis"
)

// maxLine is how long one request's line may be.
const maxLine = 1 << 20

// request is one line of a file of past requests.
type request struct {
	Line        int          `json:"-"`
	Facts       policy.Facts `json:"facts"`
	Count       int          `json:"count"`
	At          time.Time    `json:"at"`
	Channel     string       `json:"channel"`
	AgeBand     string       `json:"age_band"`
	Deprivation string       `json:"deprivation"`
	Language    string       `json:"language"`
	AnsweredAt  time.Time    `json:"answered_at"`
}

// requests reads a file of requests, line by line: memory does not grow with it. Facts that a policy does not have are left
// for it to pass by, since past requests were made under other versions.
func (s Streams) requests(name string, each func(request) error) error {
	in := s.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return unreadable(name, err)
		}
		defer f.Close()
		in = f
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	n := 0
	for lines.Scan() {
		n++
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		r, err := readRequest(line)
		if err != nil {
			return fault.New(fault.Malformed, "requests", "%s, line %d: %s", name, n, fault.As(err).Says)
		}
		r.Line = n
		if err := each(r); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fault.New(fault.Malformed, "requests", "%s, line %d cannot be read: %s.", name, n+1, err)
	}
	return nil
}

func readRequest(line []byte) (request, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	var r request
	if err := d.Decode(&r); err != nil {
		if f := fault.As(err); f.Kind != fault.Internal {
			return r, f
		}
		return r, fault.New(fault.Malformed, "requests", "expected one JSON object with facts, such as { \"facts\": { \"kind\": \"symptoms\", \"age\": 30 } }: %s.", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return r, fault.New(fault.Malformed, "requests", "expected one JSON object, found more after it.")
	}
	if r.Facts == nil {
		return r, fault.New(fault.Malformed, "requests", "expected facts, as { \"facts\": { \"kind\": \"symptoms\", \"age\": 30 } }.")
	}
	if r.Count == 0 {
		r.Count = 1
	}
	if r.Count < 0 {
		return r, fault.New(fault.Malformed, "requests", "expected a count of 1 or more, found %d.", r.Count)
	}
	return r, nil
}

// past counts requests with the same facts; no name is none.
func (s Streams) past(name string) ([]analysis.Past, error) {
	if name == "" {
		return nil, nil
	}
	counts := map[string]int{}
	facts := map[string]policy.Facts{}
	err := s.requests(name, func(r request) error {
		screened(r.Facts)
		key := factsText(r.Facts)
		counts[key] += r.Count
		facts[key] = r.Facts
		return nil
	})
	var all []analysis.Past
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, analysis.Past{Facts: facts[key], Count: counts[key]})
	}
	return all, err
}

// factsText writes facts on one line, always in the same order.
func factsText(f policy.Facts) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(f)) {
		parts = append(parts, fmt.Sprintf("%s: %s", name, f[name]))
	}
	return strings.Join(parts, ", ")
}

package simulate

import (
	"encoding/binary"
	"maps"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"onedoor/app/fault"
	"onedoor/policy"
)

// EncodeFacts writes facts as one short line of ASCII, always the same for the same facts: name=text and name#number, in
// order of name, with semicolons between; what is unknown is left out. A byte that would be read as something else is
// written as % and two hexadecimal digits.
func EncodeFacts(f policy.Facts) string {
	var b []byte
	for _, name := range slices.Sorted(maps.Keys(f)) {
		v := f[name]
		if !v.Known() {
			continue
		}
		if len(b) > 0 {
			b = append(b, ';')
		}
		b = escape(b, name)
		if n, ok := v.Number(); ok {
			b = strconv.AppendInt(append(b, '#'), int64(n), 10)
		} else {
			b = escape(append(b, '='), v.String())
		}
	}
	return string(b)
}

const hexDigits = "0123456789abcdef"

func escape(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c > ' ' && c < 0x7f && c != ';' && c != '=' && c != '#' && c != '%' {
			b = append(b, c)
		} else {
			b = append(b, '%', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return b
}

func unescape(s []byte) (string, bool) {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b = append(b, s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		n, err := strconv.ParseUint(string(s[i+1:i+3]), 16, 8)
		if err != nil {
			return "", false
		}
		b = append(b, byte(n))
		i += 2
	}
	return string(b), true
}

// Decoder reads what EncodeFacts and EncodeLoad wrote. It remembers the pairs that it has read, since a neighbourhood's
// facts repeat: reading a known one allocates nothing. It is for one goroutine.
type Decoder struct {
	pairs map[string]pair
}

type pair struct {
	name  string
	value policy.Value
}

// maxPairsKept bounds what a decoder remembers.
const maxPairsKept = 1 << 15

// NewDecoder makes one.
func NewDecoder() *Decoder { return &Decoder{pairs: map[string]pair{}} }

// Facts reads a line into a map, which it empties first (history_facts).
func (d *Decoder) Facts(line []byte, into policy.Facts) error {
	clear(into)
	for len(line) > 0 {
		end := 0
		for end < len(line) && line[end] != ';' {
			end++
		}
		p, known := d.pairs[string(line[:end])]
		if !known {
			var ok bool
			if p, ok = readPair(line[:end]); !ok {
				return fault.New(fault.Internal, "history_facts", "The facts of a past request cannot be read.")
			}
			if len(d.pairs) < maxPairsKept {
				d.pairs[string(line[:end])] = p
			}
		}
		into[p.name] = p.value
		if end == len(line) {
			return nil
		}
		if line = line[end+1:]; len(line) == 0 {
			return fault.New(fault.Internal, "history_facts", "The facts of a past request end too early.")
		}
	}
	return nil
}

func readPair(text []byte) (p pair, ok bool) {
	at := slices.IndexFunc(text, func(c byte) bool { return c == '=' || c == '#' })
	if at < 1 {
		return p, false
	}
	if p.name, ok = unescape(text[:at]); !ok {
		return p, false
	}
	if text[at] == '#' {
		n, err := strconv.Atoi(string(text[at+1:]))
		p.value = policy.Int(n)
		return p, err == nil
	}
	value, ok := unescape(text[at+1:])
	p.value = policy.Text(value)
	return p, ok && p.value.Known()
}

// EncodeLoad writes the loads that are not nothing: for each service its id and two varints, in order of id.
func EncodeLoad(l policy.Load) []byte {
	ids := make([]uuid.UUID, 0, len(l))
	for id, load := range l {
		if load != (policy.ServiceLoad{}) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	b := []byte{}
	for _, id := range ids {
		b = append(b, id[:]...)
		b = binary.AppendVarint(b, int64(l[id].Open))
		b = binary.AppendVarint(b, int64(l[id].Today))
	}
	return b
}

// Load reads loads into a map, which it empties first (history_load).
func (d *Decoder) Load(b []byte, into policy.Load) error {
	clear(into)
	for len(b) > 0 {
		if len(b) < 18 {
			return fault.New(fault.Internal, "history_load", "The load that a past request saw cannot be read.")
		}
		id := uuid.UUID(b[:16])
		open, n := binary.Varint(b[16:])
		if n <= 0 {
			return fault.New(fault.Internal, "history_load", "The load that a past request saw cannot be read.")
		}
		b = b[16+n:]
		today, n := binary.Varint(b)
		if n <= 0 {
			return fault.New(fault.Internal, "history_load", "The load that a past request saw ends too early.")
		}
		b = b[n:]
		into[id] = policy.ServiceLoad{Open: int(open), Today: int(today)}
	}
	return nil
}

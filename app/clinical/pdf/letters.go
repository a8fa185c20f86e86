package pdf

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"
)

// letters tells which the fonts can draw.
type letters []*sfnt.Font

func knownLetters(fonts ...[]byte) (letters, error) {
	var out letters
	for _, raw := range fonts {
		f, err := sfnt.Parse(raw)
		if err != nil {
			return nil, fmt.Errorf("read a font: %w", err)
		}
		out = append(out, f)
	}
	return out, nil
}

// drawable is text in which each letter can be drawn. Letters that come apart into a base and an accent are put together
// first: so arrive the ŵ and ŷ of some keyboards.
func (l letters) drawable(s string) string {
	var b strings.Builder
	var buffer sfnt.Buffer
	for _, r := range norm.NFC.String(s) {
		switch {
		case r == '\n':
			b.WriteRune(r)
		case r == '\t' || unicode.Is(unicode.Zs, r):
			b.WriteByte(' ')
		case unicode.IsControl(r):
		case l.has(&buffer, r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "[U+%04X]", r)
		}
	}
	return b.String()
}

// has leaves out what lies beyond the basic plane, which the library cannot write.
func (l letters) has(buffer *sfnt.Buffer, r rune) bool {
	if r > 0xFFFF {
		return false
	}
	for _, f := range l {
		if i, err := f.GlyphIndex(buffer, r); err != nil || i == 0 {
			return false
		}
	}
	return true
}

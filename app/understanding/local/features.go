package local

import (
	"math"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// feature is one word, pair of words or part of a word of a text, and how much it weighs there.
type feature struct {
	index int
	value float32
}

// Pairs of words and parts of words count for less than words.
const (
	pairValue = 1.0
	partValue = 0.7
)

// fold cuts a text into words without case, marks, accents and apostrophes: people leave them out.
func fold(text string) []string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(text)) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r), strings.ContainsRune("'’‘`´", r):
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Fields(b.String())
}

// each names every feature of a text, once for each time that it stands there.
func each(words []string, found func(name string, value float32)) {
	for i, w := range words {
		found("w "+w, 1)
		before := "^"
		if i > 0 {
			before = words[i-1]
		}
		found("p "+before+" "+w, pairValue)
		runes := []rune("^" + w + "$")
		for n := 3; n <= 4; n++ {
			for j := 0; j+n <= len(runes); j++ {
				found("c "+string(runes[j:j+n]), partValue)
			}
		}
	}
}

// features are those of a text that training knew, in the order of their index. All that stand there share one length of 1,
// those that training did not know too: the less of a text is known, the less it says.
func (m *classifier) features(text string) []feature {
	known := make(map[int]float32)
	strange := make(map[string]float32)
	each(fold(text), func(name string, value float32) {
		if i, ok := m.vocabulary[name]; ok {
			known[i] += value
			return
		}
		strange[name] += value
	})
	fs := make([]feature, 0, len(known))
	for i, v := range known {
		fs = append(fs, feature{i, v})
	}
	slices.SortFunc(fs, func(a, b feature) int { return a.index - b.index })
	length := 0.0
	for _, f := range fs {
		length += float64(f.value) * float64(f.value)
	}
	for _, v := range strange { // the same few values in any order: halves and ones, which add up exactly
		length += float64(v) * float64(v)
	}
	if length == 0 {
		return nil
	}
	scale := float32(1 / math.Sqrt(length))
	for i := range fs {
		fs[i].value *= scale
	}
	return fs
}

package speech

import (
	"regexp"
	"strings"
	"unicode"
)

var (
	// numberLike finds runs of digits, in groups too, that may be names and not amounts.
	numberLike = regexp.MustCompile(`\+?\b\d+(?: \d+)*\b`)
	// partOfMore is what follows or goes before a number that is part of a time, a sum or a date.
	partOfMore = ":.,/-"
)

// Aloud writes numbers that are names as single digits: 999, 111, telephone and NHS numbers. An engine would say nine hundred
// and ninety nine. Amounts, dates and times stay.
func Aloud(text string) string {
	var b strings.Builder
	end := 0
	for _, at := range numberLike.FindAllStringIndex(text, -1) {
		b.WriteString(text[end:at[0]])
		end = at[1]
		number := text[at[0]:at[1]]
		if !touches(text, at[0], at[1]) && isName(number) {
			number = strings.Join(strings.Split(digitsOf(number), ""), " ")
		}
		b.WriteString(number)
	}
	return b.String() + text[end:]
}

// touches reports whether the number goes on beyond itself, as 10:30 and 1,000 do. A stop at the end of a sentence is none.
func touches(text string, from, to int) bool {
	before := from > 1 && strings.ContainsRune(partOfMore, rune(text[from-1])) && isDigit(text[from-2])
	after := to+1 < len(text) && strings.ContainsRune(partOfMore, rune(text[to])) && isDigit(text[to+1])
	return before || after
}

func isName(number string) bool {
	digits := len(digitsOf(number))
	switch {
	case number == "999", number == "111", number == "112", number == "119":
		return true
	case strings.Contains(number, " "): // 999 000 1006, but not 27 2027
		return digits >= 7
	}
	return digits >= 5 || (digits >= 3 && number[0] == '0') || number[0] == '+'
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, s)
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// Slowly writes a reference, a number or a postcode so that it is said one letter or digit at a time: "48205" becomes
// "4. 8. 2. 0. 5." Engines make a pause at each stop. Words around it stay as they are: what holds a digit is said slowly, and
// letters alone where they are one or two capitals.
func Slowly(text string) string {
	words := strings.Fields(text)
	for i, word := range words {
		bare := []rune(strings.TrimRight(word, ".,;:!?"))
		spelt := strings.ContainsFunc(word, unicode.IsDigit) ||
			(len(bare) <= 2 && strings.ToUpper(string(bare)) == string(bare) && strings.ContainsFunc(word, unicode.IsLetter))
		if !spelt {
			continue
		}
		var parts []string
		for _, r := range bare {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				parts = append(parts, string(unicode.ToUpper(r))+".")
			}
		}
		words[i] = strings.Join(parts, " ")
	}
	return strings.Join(words, " ")
}

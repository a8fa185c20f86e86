package espeak

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// What espeak-ng 1.51 cannot say in Welsh is written out for it: it says 12 as ten two, leaves out ten's own word in 18, and
// reads dates and letters of English measures as words. Numbers are in the decimal way that Welsh schools teach, dates and
// hours of the clock in the way that people say them.

var welshNumber = regexp.MustCompile(`\b(?:` +
	`(\d{1,2}) (Ionawr|Chwefror|Mawrth|Ebrill|Mai|Mehefin|Gorffennaf|Awst|Medi|Hydref|Tachwedd|Rhagfyr)\b(?: (\d{4})\b)?` + // 1 2 3
	`|(\d{1,2})(?::(\d\d))?(am|pm)\b` + // 4 5 6
	`|(\d{1,2}):(\d\d)\b` + // 7 8
	`|(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?(?: ?(°C|mg|%))?)`) // 9 10 11

// capitals are letters that are said one by one, such as UTI. A Roman numeral or a word in capitals is longer or never said.
var capitals = regexp.MustCompile(`\b[A-Z]{2,4}\b`)

// welsh writes numbers, dates, times and abbreviations as words.
func welsh(text string) string {
	text = capitals.ReplaceAllStringFunc(text, func(s string) string { return strings.Join(strings.Split(s, ""), " ") })
	var b strings.Builder
	end := 0
	for _, at := range welshNumber.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(text[end:at[0]])
		part := func(n int) string {
			if at[2*n] < 0 {
				return ""
			}
			return text[at[2*n]:at[2*n+1]]
		}
		words := welshOf(part)
		switch before := wordBefore(text[:at[0]]); {
		case softens(before):
			words = soften(words)
		case aspirates(before):
			words = aspirate(words)
		}
		b.WriteString(words)
		end = at[1]
	}
	return b.String() + text[end:]
}

func welshOf(part func(int) string) string {
	number := func(n int) int {
		v, err := strconv.Atoi(strings.ReplaceAll(part(n), ",", ""))
		if err != nil {
			return -1
		}
		return v
	}
	switch {
	case part(2) != "":
		return welshDate(number(1), part(2), part(3))
	case part(6) != "":
		return welshClock(number(4), part(5), part(6))
	case part(8) != "":
		return welshHour(number(7), part(8))
	}
	words := welshCardinal(number(9), part(9))
	if decimals := part(10); decimals != "" {
		words += " pwynt " + welshDigits(decimals)
	}
	switch part(11) {
	case "°C":
		words += " gradd"
	case "mg":
		words += " miligram" //nolint:misspell // it is Welsh
	case "%":
		words += " y cant"
	}
	return words
}

func welshUnits() [10]string {
	return [10]string{"dim", "un", "dau", "tri", "pedwar", "pump", "chwech", "saith", "wyth", "naw"}
}

// welshCardinal is a number below a million in words; a longer one is said digit by digit.
func welshCardinal(n int, written string) string {
	units := welshUnits()
	multiples := [10]string{"", "", "dau", "tri", "pedwar", "pum", "chwe", "saith", "wyth", "naw"}
	hundreds := [10]string{"", "cant", "dau gant", "tri chant", "pedwar cant", "pum cant", "chwe chant", "saith cant", "wyth cant", "naw cant"}
	thousands := [10]string{"", "mil", "dwy fil", "tair mil", "pedair mil", "pum mil", "chwe mil", "saith mil", "wyth mil", "naw mil"}
	switch {
	case n < 0 || n >= 1_000_000 || (len(written) > 1 && written[0] == '0'):
		return welshDigits(written)
	case n < 10:
		return units[n]
	case n == 10:
		return "deg"
	case n < 20:
		return "un deg " + units[n%10]
	case n < 100:
		words := multiples[n/10] + " deg"
		if n/10 == 2 {
			words = "dau ddeg"
		}
		if n%10 > 0 {
			words += " " + units[n%10]
		}
		return words
	case n < 1000:
		return hundreds[n/100] + welshRest(n%100)
	case n < 10_000:
		return thousands[n/1000] + welshRest(n%1000)
	}
	return welshCardinal(n/1000, "") + " mil" + welshRest(n%1000)
}

// welshRest is what follows hundreds or thousands: up to ten it needs "and", which changes the sound after it.
func welshRest(n int) string {
	switch {
	case n == 0:
		return ""
	case n > 10:
		return " " + welshCardinal(n, "")
	case n == 1 || n == 8:
		return " ac " + welshCardinal(n, "")
	}
	return " a " + aspirate(welshCardinal(n, ""))
}

func welshDigits(digits string) string {
	units := welshUnits()
	var words []string
	for _, r := range digits {
		if '0' <= r && r <= '9' {
			words = append(words, units[r-'0'])
		}
	}
	return strings.Join(words, " ")
}

// welshDate is a day as it is said: y seithfed ar hugain o Ebrill.
func welshDate(day int, month, year string) string {
	days := [32]string{
		"", "y cyntaf", "yr ail", "y trydydd", "y pedwerydd", "y pumed", "y chweched", "y seithfed", "yr wythfed", "y nawfed", "y degfed",
		"yr unfed ar ddeg", "y deuddegfed", "y trydydd ar ddeg", "y pedwerydd ar ddeg", "y pymthegfed", "yr unfed ar bymtheg",
		"yr ail ar bymtheg", "y deunawfed", "y pedwerydd ar bymtheg", "yr ugeinfed", "yr unfed ar hugain", "yr ail ar hugain",
		"y trydydd ar hugain", "y pedwerydd ar hugain", "y pumed ar hugain", "y chweched ar hugain", "y seithfed ar hugain",
		"yr wythfed ar hugain", "y nawfed ar hugain", "y degfed ar hugain", "yr unfed ar ddeg ar hugain",
	}
	said := welshCardinal(day, "") + " " + month
	if day >= 1 && day < len(days) {
		said = days[day] + " o " + soften(month)
	}
	if year == "" {
		return said
	}
	return said + ", " + welshYear(year)
}

// welshYear is a year as it is said: mil naw wyth pedwar, dwy fil dau ddeg saith.
func welshYear(year string) string {
	n, err := strconv.Atoi(year)
	if err != nil {
		return welshDigits(year)
	}
	if n > 1000 && n < 2000 && n%100 != 0 {
		return "mil " + welshDigits(year[1:])
	}
	return welshCardinal(n, year)
}

// welshClock is a time of a twelve-hour clock; minutes is empty or two digits.
func welshClock(hour int, minutes, half string) string {
	part := "y bore"
	switch {
	case half == "pm" && (hour == 12 || hour < 6):
		part = "y prynhawn"
	case half == "pm":
		part = "yr hwyr"
	}
	return welshHour(hour, minutes) + " " + part
}

func welshHour(hour int, minutes string) string {
	said := welshCardinal(hour, "")
	switch hour {
	case 11:
		said = "un ar ddeg"
	case 12:
		said = "deuddeg"
	}
	n, err := strconv.Atoi(minutes)
	switch {
	case minutes == "" || err != nil || n == 0:
		return said + " o’r gloch"
	case n < 10:
		return said + " " + welshDigits(minutes)
	}
	return said + " " + welshCardinal(n, "")
}

// wordBefore is the word that a text ends with, when only a space follows it.
func wordBefore(text string) string {
	if !strings.HasSuffix(text, " ") {
		return ""
	}
	words := strings.FieldsFunc(strings.ToLower(text), unicode.IsSpace)
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}

// softens reports whether a word changes the first sound after it: i dri, neu ddau, am bump.
func softens(word string) bool {
	switch word {
	case "i", "o", "am", "ar", "at", "dan", "dros", "drwy", "trwy", "heb", "hyd", "gan", "tan", "wrth", "neu":
		return true
	}
	return false
}

// aspirates reports whether a word breathes on the first sound after it: a thri, na phump.
func aspirates(word string) bool {
	switch word {
	case "a", "â", "na", "tua", "gyda":
		return true
	}
	return false
}

func aspirate(words string) string {
	for _, sound := range []string{"ch", "th", "ph"} {
		if !strings.HasPrefix(words, sound) && strings.HasPrefix(words, sound[:1]) {
			return sound + words[1:]
		}
	}
	return words
}

// soften is the soft mutation of a word's first sound.
func soften(words string) string {
	lower := strings.ToLower(words)
	for _, sound := range [][2]string{{"ch", "ch"}, {"th", "th"}, {"p", "b"}, {"t", "d"}, {"c", "g"}, {"b", "f"}, {"d", "dd"}, {"m", "f"}, {"g", ""}, {"rh", "r"}, {"ll", "l"}} {
		if !strings.HasPrefix(lower, sound[0]) {
			continue
		}
		changed := sound[1] + words[len(sound[0]):]
		if unicode.IsUpper(rune(words[0])) && changed != "" {
			changed = strings.ToUpper(changed[:1]) + changed[1:]
		}
		return changed
	}
	return words
}

package understanding

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// What stands where something was taken out.
const (
	redactedNumber   = "[number]"
	redactedName     = "[name]"
	redactedDate     = "[date]"
	redactedPostcode = "[postcode]"
	redactedAddress  = "[address]"
)

// Redactor takes out of words what can identify somebody. It holds no state but its patterns, and serves everybody at once.
type Redactor struct{ patterns []pattern }

// pattern finds what can identify somebody. Patterns take out too much rather than too little: what is left has to say only
// what the person needs.
type pattern struct {
	find    *regexp.Regexp
	becomes string
}

const months = `(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|` +
	`ionawr|chwefror|mawrth|ebrill|mai|mehefin|gorffennaf|awst|medi|hydref|tachwedd|rhagfyr)`

// NewRedactor makes a redactor. It is made once: its patterns take a while to read.
func NewRedactor() *Redactor {
	return &Redactor{[]pattern{
		{regexp.MustCompile(`(?i)[^\s@]+@[^\s@]+`), redactedAddress},
		{regexp.MustCompile(`(?i)\b(?:https?://|www\.)\S+`), redactedAddress},
		{regexp.MustCompile(`(?i)\b[a-z]{1,2}[0-9][a-z0-9]?\s*[0-9][a-z]{2}\b`), redactedPostcode},
		{regexp.MustCompile(`\b\d{1,4}[./-]\d{1,2}(?:[./-]\d{1,4})?\b`), redactedDate},
		{regexp.MustCompile(`(?i)\b\d{1,2}(?:st|nd|rd|th|ain|af|fed|ed|eg|il|ydd)?\s+(?:of\s+|o\s+)?` + months + `\b(?:\s+\d{2,4})?`), redactedDate},
		{regexp.MustCompile(`(?i)\b` + months + `\s+\d{1,2}(?:st|nd|rd|th)?\b(?:,?\s+\d{4})?`), redactedDate},
		{regexp.MustCompile(`\b(?:19|20)\d\d\b`), redactedDate},
		{regexp.MustCompile(`(?i)\b\d+[a-z]?,?\s+(?:[\p{L}'’]+\s+){1,3}(?:street|st|road|rd|avenue|ave|lane|ln|close|drive|way|court|place|terrace|gardens|crescent|heol|stryd|ffordd|lôn|maes)\b`), redactedAddress},
		{regexp.MustCompile(`(?i)\b\d+[a-z]?,?\s+(?:heol|stryd|ffordd|lôn|maes|clos|rhodfa)\s+(?:y\s+|yr\s+)?[\p{L}'’]+`), redactedAddress},
		{regexp.MustCompile(`\+?\d(?:[\s().-]*\d){4,}`), redactedNumber},
		{regexp.MustCompile(`(?i)\b(?:(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|treble|triple|dim|sero|un|dau|tri|pedwar|pump|chwech|saith|wyth|naw)[\s,-]+){4,}\p{L}+`), redactedNumber},
		{regexp.MustCompile(`(?i)\b(my name is|my name's|i am called|i'm called|speaking is|on behalf of|fy enw i yw|fy enw yw|enw i yw|enw i ydy|fy enw i ydy)\s+(?:\p{L}[\p{L}'’-]*\s?){1,3}`), "$1 " + redactedName + " "},
		{regexp.MustCompile(`\b((?i:mr|mrs|miss|ms|mx|dr|doctor|nurse|sister|professor|prof|meddyg|nyrs))\.?\s+(\p{Lu}[\p{L}'’-]*(?:\s+\p{Lu}[\p{L}'’-]*)?)`), "$1 " + redactedName},
		{regexp.MustCompile(`\b(I am|I'm|I’m|[Tt]his is|called|Dw i'n|Rwy'n|yw|ydy)\s+\p{Lu}[\p{L}'’-]+(?:\s+\p{Lu}[\p{L}'’-]+)+`), "$1 " + redactedName},
	}}
}

// Redact takes out of a text what can identify somebody: e-mail addresses, postcodes and streets, dates, long numbers, keyed or
// spoken, and names, both those given and those that people introduce. It cannot find every name, which is why words go
// elsewhere only where an organisation has chosen such a model.
func (r *Redactor) Redact(words string, names ...string) string {
	for _, name := range names {
		for _, part := range strings.FieldsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || r == '-' }) {
			if len([]rune(part)) < 2 {
				continue
			}
			found := regexp.MustCompile(`(?i)(^|[^\p{L}])` + regexp.QuoteMeta(part) + `($|[^\p{L}])`)
			for range 2 { // the blank between two of them belongs to the first
				words = found.ReplaceAllString(words, "${1}"+redactedName+"${2}")
			}
		}
	}
	for _, p := range r.patterns {
		words = p.find.ReplaceAllString(words, p.becomes)
	}
	return strings.Join(slices.DeleteFunc(strings.Split(words, " "), func(s string) bool { return s == "" }), " ")
}

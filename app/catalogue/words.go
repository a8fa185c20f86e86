package catalogue

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// token is one word of a text as the screen sees it: in lower case, without apostrophes.
type token struct {
	word   string
	clause int // a phrase does not cross from one clause to the next: they end with a comma or a stronger mark
	part   int // a denial does not cross from one part to the next: clauses, and lines too
}

type tokens []token

// tokenise cuts a text into words. Kinds of apostrophes, case, white space and characters that cannot be seen make no
// difference; hyphens and slashes divide words.
func tokenise(text string) tokens {
	var t tokens
	var word strings.Builder
	clause, part := 0, 0
	finish := func() {
		if word.Len() > 0 {
			t = append(t, token{word.String(), clause, part})
			word.Reset()
		}
	}
	runes := []rune(norm.NFD.String(text)) // letters apart from their accents, which people leave out
	for i, r := range runes {
		switch {
		case 'a' <= r && r <= 'z':
			word.WriteRune(r)
		case strings.ContainsRune("'’‘ʼ`´′", r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r), unicode.IsDigit(r):
			word.WriteRune(unicode.ToLower(r))
		case r == '.' && i > 0 && i+1 < len(runes) && unicode.IsDigit(runes[i-1]) && unicode.IsDigit(runes[i+1]):
			word.WriteRune(r)
		case strings.ContainsRune(".,;:!?()[]{}…–—•", r):
			finish()
			clause++
			part++
		case r == '\n' || r == '\r':
			finish()
			part++
		default:
			finish()
		}
	}
	finish()
	return t
}

// negative words deny what follows, or are part of a phrase that itself says what cannot be done.
func negative(word string) bool {
	return denying(word) || among(word, "cant cannot couldnt wont unable stopped")
}

func denying(word string) bool {
	return among(word, "no not never without nor neither denies denied deny denying dont doesnt didnt havent hasnt hadnt isnt arent wasnt werent")
}

// denyingInWelsh words deny a Welsh phrase that follows. They are kept from English ones: dim is a word there too.
func denyingInWelsh(word string) bool {
	return among(word, "dim ddim heb nid nad sdim sai sain methu fethu methun ffili ffaelu ffaelun")
}

// linking words can stand in the gap of a phrase.
func linking(word string) bool {
	return among(word, "a an the in on of my his her their our its is are am was has have had been be being feels feel feeling felt "+
		"really very so quite just all getting gets got going to it this that bit little some up out at and any only even i he she "+
		"keep keeps seems looks looking me him them both left right one side sudden suddenly severe bad badly with own which who does whole entire full your you "+
		"y yr yn fy fi ei eu ein eich ar o am na wedi dim iawn ofnadwy cas drwg mor cael gael mae")
}

// passing words can stand between a denial and what is denied: no signs of any chest pain.
func passing(word string) bool {
	return among(word, "a an the any have had has having got get getting been be experiencing experience experienced feel feeling felt "+
		"suffer suffered suffering from real sign signs of symptom symptoms severe bad new more longer current currently history at all "+
		"in my his her their there this evidence obvious significant much such other further associated complaining noticed "+
		"thought thoughts thinking plan plans intent intention about to actively sudden really")
}

// turning words begin something new, which an earlier denial does not reach.
func turning(word string) bool {
	return among(word, "i ive im he hes she shes they theyre we you it its but however although though and because since except until now "+
		"just only so with then after when is are am due")
}

// among reports whether a word is one of a list. The lists are short, and a text is at most a page.
func among(word, list string) bool {
	for rest := list; rest != ""; {
		var next string
		next, rest, _ = strings.Cut(rest, " ")
		if next == word {
			return true
		}
	}
	return false
}

// denied reports whether the phrase at tokens [start, end) is said to be absent.
func (t tokens) denied(start, end int, welsh bool) bool {
	return t.deniedAfter(end) || (t.deniedBefore(start, end, welsh) && !t.comparesAfter(end))
}

// deniedAfter knows answers to a question: Chest pain? No.
func (t tokens) deniedAfter(end int) bool {
	if end >= len(t) || !among(t[end].word, "no none nil") {
		return false
	}
	return end+1 == len(t) || t[end+1].part != t[end].part
}

// listMost is how many words of a list a denial reaches over: no cough, cold or chest pain.
const listMost = 6

func (t tokens) deniedBefore(start, end int, welsh bool) bool {
	part := t[start].part
	list := 0 // words of a list passed over
	inList := false
	for i := start - 1; i >= 0; i-- {
		word := t[i].word
		if t[i].part != part {
			// A comma is passed only within a list that ends with "or".
			if t[i].clause == t[start].clause || (!inList && !t.listEnds(end)) {
				return false
			}
			part, inList = t[i].part, true
		}
		switch {
		case denying(word), welsh && among(word, "dim ddim heb nid nad sdim"):
			return true
		case among(word, "or nor"), welsh && among(word, "neu na"):
			inList = true
		case turning(word):
			return false
		case passing(word), welsh && among(word, "o unrhyw arwydd arwyddion cael gael gen gyda efo da na y yn teimlo"):
		case inList && list < listMost:
			list++
		default:
			return false
		}
	}
	return false
}

// listEnds reports whether a list goes on after a phrase and ends with "or".
func (t tokens) listEnds(end int) bool {
	for i := end; i < len(t) && i < end+listMost; i++ {
		if among(t[i].word, "or nor") {
			return true
		}
		if turning(t[i].word) || denying(t[i].word) {
			return false
		}
	}
	return false
}

// comparesAfter knows what only sounds like a denial: never had chest pain like this; no chest pain until today.
func (t tokens) comparesAfter(end int) bool {
	for i := end; i < len(t) && i < end+4 && t[i].part == t[end].part; i++ {
		if among(t[i].word, "like before until till so as") {
			return true
		}
		if t[i].word == "this" && i+1 < len(t) && among(t[i+1].word, "bad severe strong") {
			return true
		}
	}
	return false
}

// pastReach is how far, in words, a sign of the past is looked for on each side of a phrase.
const pastReach = 6

// past reports whether the phrase is about long ago or about somebody's death. A word of the present beside it undoes that:
// it stays an emergency.
func (t tokens) past(start, end int) bool {
	past, present := false, false
	look := func(i int) (goOn bool) {
		if t[i].part != t[start].part || among(t[i].word, "and but with then because") {
			return false
		}
		past = past || t.pastAt(i)
		present = present || among(t[i].word, "now today tonight currently again started morning minute minutes hour hours having worse")
		return true
	}
	for i := start - 1; i >= 0 && i >= start-pastReach && look(i); i-- {
	}
	for i := end; i < len(t) && i < end+pastReach && look(i); i++ {
	}
	return past && !present
}

func (t tokens) pastAt(i int) bool {
	word := t[i].word
	previous := ""
	if i > 0 {
		previous = t[i-1].word
	}
	switch word {
	case "died", "history", "previously", "previous", "risk", "prevention", "leaflet", "screening", "clinic", "anniversary", "funeral":
		return true
	case "ago":
		return among(previous, "year years month months weeks")
	case "year", "month", "week":
		return previous == "last"
	case "away":
		return previous == "passed"
	case "past":
		return previous == "the"
	case "farw": // bu farw: died
		return previous == "bu"
	case "nol", "ol": // flynyddoedd yn ôl: years ago
		return previous == "yn" && i > 1 && among(t[i-2].word, "blynedd flynedd flynyddoedd blynyddoedd mis misoedd fisoedd")
	case "llynedd": // last year
		return true
	}
	return len(word) == 4 && (strings.HasPrefix(word, "19") || strings.HasPrefix(word, "20")) && previous == "in"
}

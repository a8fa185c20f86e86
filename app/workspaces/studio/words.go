package studio

import (
	"regexp"
	"strings"

	"onedoor/policy"
	"onedoor/ui/pages"
)

// What the codes are called on these pages. A colour goes with a word and never instead of it.

// noticeWords say what has just been done. It is named by a code in the address, and never carried in it.
func noticeWords(done string) string {
	switch done {
	case "begun":
		return "The draft is begun. Nothing that you change here has an effect until the draft is published."
	case "discarded":
		return "The draft is discarded."
	case "shadow-on":
		return "The draft is now tried on live requests, without effect."
	case "shadow-off":
		return "The draft is no longer tried on live requests."
	case "saved":
		return "Saved."
	case "added":
		return "The rule is added."
	case "removed":
		return "The rule is removed."
	case "case-added":
		return "The case is added."
	case "case-saved":
		return "The case is saved."
	case "case-removed":
		return "The case is removed."
	}
	return ""
}

func urgencyLabel(u policy.Urgency) pages.Label {
	switch u {
	case policy.Emergency:
		return pages.Label{Text: "Emergency", Colour: "red"}
	case policy.Urgent:
		return pages.Label{Text: "Urgent", Colour: "orange"}
	case policy.Soon:
		return pages.Label{Text: "Soon", Colour: "blue"}
	case policy.Routine:
		return pages.Label{Text: "Routine", Colour: "grey"}
	}
	return pages.Label{}
}

// codes are what looks like one: words with hyphens between them.
var codes = regexp.MustCompile(`[a-z0-9]+(?:-[a-z0-9]+)+`)

// plainly says a sentence that was written elsewhere without the policy's codes: pregnant-under-16 as pregnant under 16.
func (o *opened) plainly(says string) string {
	if o.names == nil {
		o.names = map[string]bool{}
		for _, t := range o.policy.Tables() {
			o.names[t.Name] = true
			for _, r := range t.Rules {
				o.names[r.ID], o.names[r.Then.Service], o.names[r.Then.To.Queue], o.names[r.Then.To.Slug] = true, true, true, true
			}
		}
		for _, f := range o.policy.Facts() {
			o.names[f.Name] = true
			for _, v := range f.Values {
				o.names[v] = true
			}
		}
	}
	return codes.ReplaceAllStringFunc(says, func(code string) string {
		if o.names[code] {
			return spoken(code)
		}
		return code
	})
}

// spoken turns a code into words: not-applicable into not applicable.
func spoken(code string) string { return strings.ReplaceAll(code, "-", " ") }

// titled is a code as a name on a line of its own: sore-throat as Sore throat. Short codes that are abbreviations stay
// as people write them.
func titled(code string) string {
	words := strings.Fields(spoken(code))
	for i, word := range words {
		switch word {
		case "uti", "gp", "nhs", "msk":
			words[i] = strings.ToUpper(word)
		}
	}
	said := strings.Join(words, " ")
	if said == "" {
		return said
	}
	return strings.ToUpper(said[:1]) + said[1:]
}

package operations

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/fault"
	"onedoor/app/speech"
	"onedoor/app/wording"
	"onedoor/ui/pages"
)

// What the line says is some hundreds of phrases: they are shown in parts, by what their ids begin with.

// promptPart is some of the phrases.
type promptPart struct {
	slug, text string
	lines      []speech.Line
}

// promptParts are all phrases in parts: the line's own words, the safety questions, the menu, each kind of request, and
// letters and digits.
func promptParts(lines []speech.Line) []promptPart {
	parts := []promptPart{{slug: "line", text: "The line itself"}, {slug: "safety", text: "Safety questions"}, {slug: "menu", text: "The menu of requests"}}
	titles := make(map[string]string)
	for _, line := range lines {
		if kind, ok := strings.CutPrefix(line.Phrase, "title."); ok {
			titles[kind] = line.Texts[speech.English]
		}
	}
	characters := promptPart{slug: "characters", text: "Letters and digits"}
	for _, line := range lines {
		slug := partOf(line.Phrase)
		if slug == characters.slug {
			characters.lines = append(characters.lines, line)
			continue
		}
		i := slices.IndexFunc(parts, func(p promptPart) bool { return p.slug == slug })
		if i < 0 {
			text := titles[slug]
			if text == "" {
				text = slug
			}
			i = len(parts)
			parts = append(parts, promptPart{slug: slug, text: text})
		}
		parts[i].lines = append(parts[i].lines, line)
	}
	return append(parts, characters)
}

// partOf is where a phrase belongs: question.symptoms.duration, text.question.safety.age-band, kind.callback, welcome.
func partOf(phrase string) string {
	rest := strings.TrimPrefix(strings.TrimPrefix(phrase, "text."), "answer.")
	if rest, ok := strings.CutPrefix(rest, "question."); ok {
		kind, _, _ := strings.Cut(rest, ".")
		return kind
	}
	first, _, more := strings.Cut(phrase, ".")
	switch {
	case !more:
		return "line"
	case first == "character":
		return "characters"
	}
	return "menu" // kind., title., meant.
}

type promptKey struct{ phrase, language string }

// promptHow is who says a phrase on a line.
type promptHow struct {
	prompt        speech.Prompt
	own           bool // the line's own recording
	stale         bool // it has one, of words that have changed since
	neighbourhood bool // the neighbourhood's recording, on an organisation's line
}

func (h promptHow) label() pages.Label {
	switch {
	case h.own:
		return pages.Label{Text: "Recorded", Colour: "green"}
	case h.stale:
		return pages.Label{Text: "Words have changed", Colour: "yellow"}
	case h.neighbourhood:
		return pages.Label{Text: "Neighbourhood’s recording", Colour: "blue"}
	}
	return pages.Label{Text: "Computer voice", Colour: "grey"}
}

func (h promptHow) words(now time.Time) string {
	switch {
	case h.own:
		return "Uploaded by " + h.prompt.By.Name + " at " + wording.Moment(h.prompt.At, now) + "."
	case h.stale:
		return "There is a recording of other words, by " + h.prompt.By.Name + ". It is not played, because the words have changed since: record it again."
	case h.neighbourhood:
		return "The neighbourhood’s recording is played, until you upload your own."
	}
	return "A computer voice says it, until you upload a recording."
}

// saidAt is who says each phrase on a line.
func (w *Workspace) saidAt(k *call, p place) (map[promptKey]promptHow, error) {
	said := make(map[promptKey]promptHow)
	of := make(map[promptKey]string)
	for _, line := range w.Prompts.Lines() {
		for language, text := range line.Texts {
			of[promptKey{line.Phrase, language}] = speech.WordsHash(text, language)
		}
	}
	whose := []uuid.UUID{uuid.Nil}
	if p.organisation != uuid.Nil {
		whose = append(whose, p.organisation)
	}
	for _, organisation := range whose {
		list, err := w.Prompts.Recorded(k.ctx(), k.who.NeighbourhoodID, organisation)
		if err != nil {
			return nil, err
		}
		for _, prompt := range list {
			key := promptKey{prompt.Phrase, prompt.Language}
			how, fits := said[key], of[key] == prompt.Of
			switch {
			case organisation == p.organisation:
				how.prompt, how.own, how.stale = prompt, fits, !fits
			case fits:
				how.neighbourhood = true
			}
			said[key] = how
		}
	}
	return said, nil
}

// lineAt is the phrase in the address, and the part that it belongs to.
func (w *Workspace) lineAt(k *call) (speech.Line, promptPart, error) {
	for _, part := range promptParts(w.Prompts.Lines()) {
		for _, line := range part.lines {
			if line.Phrase == k.c.Param("phrase") {
				return line, part, nil
			}
		}
	}
	return speech.Line{}, promptPart{}, fault.Absent()
}

func languageName(language string) string {
	if language == speech.Welsh {
		return "Welsh"
	}
	return "English"
}

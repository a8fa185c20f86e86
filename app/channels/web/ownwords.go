package web

import (
	"encoding/json"
	"log/slog"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"onedoor/app/catalogue"
	"onedoor/app/intake"
	"onedoor/app/routes"
	"onedoor/app/understanding"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// ownWordsMost is how much somebody can write in their own words, in characters.
const ownWordsMost = 1000

// ownWords is what somebody wrote, on its way from one page to the next in the form itself: nothing is kept of it until they
// choose what it is about.
type ownWords struct {
	words string
	use   uuid.UUID // of the proposal that was made, to say what became of it
	note  string    // a message that explains why they are asked again
}

func readOwnWords(form url.Values) ownWords {
	said := ownWords{words: strings.TrimSpace(form.Get("words"))}
	if utf8.RuneCountInString(said.words) > ownWordsMost {
		said.words = ""
	}
	if use, err := uuid.Parse(form.Get("use")); err == nil {
		said.use = use
	}
	return said
}

func (o ownWords) hidden() []pages.Hidden {
	var hidden []pages.Hidden
	if o.words != "" {
		hidden = append(hidden, pages.Hidden{Name: "words", Value: o.words})
	}
	if o.use != uuid.Nil {
		hidden = append(hidden, pages.Hidden{Name: "use", Value: o.use.String()})
	}
	return hidden
}

// offersOwnWords reports whether this front door asks people what they need in their own words. When that cannot be found
// out it does not: the list is always there.
func (h *Handlers) offersOwnWords(v *visit) bool {
	if h.Understanding == nil {
		return false
	}
	offered, err := h.Understanding.Offers(v.ctx(), v.directory.Neighbourhood().ID, uuid.Nil)
	if err != nil {
		h.Log.LogAttrs(v.ctx(), slog.LevelError, "whether own words are asked for could not be read", slog.String("cause", err.Error()))
	}
	return offered && err == nil
}

// askOwnWords asks what somebody needs in their own words, where the neighbourhood has turned that on.
func (h *Handlers) askOwnWords(v *visit) error {
	if !h.offersOwnWords(v) {
		return v.to("")
	}
	return h.showOwnWords(v, "", nil)
}

func (h *Handlers) showOwnWords(v *visit, words string, problems []components.Problem) error {
	page := v.frame(v.say("own-words-title"), problems)
	page.Back = v.path("")
	return v.show(problems, pages.AskOwnWords(pages.OwnWords{
		Menu: v.path(""),
		Form: pages.Form{
			Page: page, Problems: problems, Action: v.path("own-words"),
			Controls: []pages.Control{{Area: &components.Field{
				ID: "words", Name: "words", Label: v.say("own-words-label"), Size: "l", Heading: true, Hint: v.say("own-words-hint"),
				Error: components.ErrorFor(problems, "words"), Value: words, MaxLength: ownWordsMost,
			}}},
		},
	}))
}

// understand reads what somebody wrote. The rules that find emergencies come before any model; without a proposal there is the
// list, with the words kept for the form.
func (h *Handlers) understand(v *visit) error {
	form, err := routes.ReadForm(v.Context)
	if err != nil {
		return err
	}
	words := strings.TrimSpace(form.Get("words"))
	wrong := locales.Text{}
	switch {
	case h.Understanding == nil:
		return v.to("")
	case h.Catalogue.Screen().Read(words, true).Level == catalogue.Emergency:
		return h.emergencyInWords(v, words)
	case words == "":
		wrong = v.say("own-words-missing")
	case utf8.RuneCountInString(words) > ownWordsMost:
		wrong = v.say("error-too-long", locales.Args{"Limit": ownWordsMost})
	}
	if !wrong.Empty() {
		return h.showOwnWords(v, words, []components.Problem{{Target: "words", Says: wrong}})
	}
	proposal, outcome, err := h.Understanding.Propose(v.ctx(), v.directory.Neighbourhood().ID, uuid.Nil, words, v.lang, intake.ChannelWeb)
	if err != nil { // ours, and no reason to ask nobody: there is the list
		h.Log.LogAttrs(v.ctx(), slog.LevelError, "words were not understood", slog.String("cause", err.Error()))
	}
	switch outcome {
	case understanding.Emergency:
		return h.emergencyInWords(v, words)
	case understanding.Proposed:
		return h.propose(v, ownWords{words: words, use: proposal.Use}, proposal.Kind, proposal.Answers, nil)
	}
	return h.showDoor(v, ownWords{words: words, use: proposal.Use, note: "own-words-unsure"}, nil)
}

// emergencyInWords stops at once, with what was written handed in as it stands.
func (h *Handlers) emergencyInWords(v *visit, words string) error {
	kind, item := h.emergencyKind()
	if err := h.start(v, kind); err != nil {
		return err
	}
	if runes := []rune(words); item.MaxLength > 0 && len(runes) > item.MaxLength { // what stopped it may stand at the end
		words = string(runes[:item.MaxLength/2]) + string(runes[len(runes)-item.MaxLength/2:])
	}
	if checked, err := item.Check([]catalogue.Value{catalogue.Text(words)}); err == nil {
		v.talk.Answers[item.LinkID] = checked
	}
	return h.stop(v)
}

// emergencyKind is the kind as which an emergency is handed in that was found before a kind was chosen, and its item for words:
// a clinical request or, where a neighbourhood has none, the first that takes words.
func (h *Handlers) emergencyKind() (string, *catalogue.Item) {
	if kind, ok := h.Catalogue.Kind("symptoms"); ok {
		if it := wordsItem(kind); it != nil {
			return kind.Code, it
		}
	}
	for _, kind := range h.Catalogue.Kinds() {
		if it := wordsItem(kind); it != nil {
			return kind.Code, it
		}
	}
	return h.Catalogue.Kinds()[0].Code, &catalogue.Item{Type: catalogue.TypeText}
}

// wordsItem is a kind's question for several lines of words that is asked whatever was answered before.
func wordsItem(kind *catalogue.Kind) *catalogue.Item {
	for _, it := range kind.Questionnaire.Questions() {
		if it.Type == catalogue.TypeText && it.Asked() && !it.Safety() && len(it.EnableWhen) == 0 {
			return it
		}
	}
	return nil
}

// inOwnWords suggests what somebody wrote for a kind's question about it.
func (h *Handlers) inOwnWords(code, words string) catalogue.Answers {
	kind, ok := h.Catalogue.Kind(code)
	if !ok || words == "" {
		return nil
	}
	it := wordsItem(kind)
	if it == nil {
		return nil
	}
	return catalogue.Answers{it.LinkID: {catalogue.Text(words)}}
}

// propose shows a proposal, which the person confirms or refuses. The form carries it: what comes back is checked as any
// answer is, since anybody can send anything.
func (h *Handlers) propose(v *visit, said ownWords, code string, answers catalogue.Answers, problems []components.Problem) error {
	kind, _ := h.Catalogue.Kind(code)
	raw, err := json.Marshal(answers)
	if err != nil {
		return err
	}
	title := v.words(kind.Title)
	p := pages.Proposal{Question: v.say("proposal-legend", locales.Args{"Kind": title.Says}), Form: pages.Form{
		Page: v.frame(v.say("proposal-title"), problems), Problems: problems, Action: v.path("own-words/answer"),
		Hidden: append(said.hidden(), pages.Hidden{Name: "kind", Value: code}, pages.Hidden{Name: "answers", Value: string(raw)}),
		Controls: []pages.Control{{Radios: &components.Choice{
			ID: "right", Name: "right", Legend: v.say("proposal-right"), Size: "m",
			Error:   components.ErrorFor(problems, "right"),
			Options: []components.Option{{Value: "yes", Text: v.say("yes")}, {Value: "no", Text: v.say("proposal-no")}},
		}}},
	}}
	p.Back = v.path("own-words")
	for _, it := range kind.Questionnaire.Questions() {
		row := components.SummaryRow{Key: v.words(it.Text)}
		for _, value := range answers[it.LinkID] {
			row.Values = append(row.Values, locales.Plain(h.Catalogue.Answer(v.lang, it, value)))
		}
		if len(row.Values) > 0 {
			p.Answers.Rows = append(p.Answers.Rows, row)
		}
	}
	if len(h.inOwnWords(code, said.words)) > 0 {
		p.Answers.Rows = append(p.Answers.Rows, components.SummaryRow{Key: v.say("proposal-words"), Values: []locales.Text{locales.Plain(said.words)}})
	}
	return v.show(problems, pages.Confirm(p))
}

// answerProposal takes yes or no. Yes begins the kind, with what was proposed filled in at each question; no is the list.
func (h *Handlers) answerProposal(v *visit) error {
	form, err := routes.ReadForm(v.Context)
	if err != nil {
		return err
	}
	said := readOwnWords(form)
	kind, ok := h.Catalogue.Kind(form.Get("kind"))
	if !ok {
		return v.to("")
	}
	answers := proposedAnswers(kind, form.Get("answers"))
	switch form.Get("right") {
	case "yes":
	case "no":
		said.note = "own-words-refused"
		return h.showDoor(v, said, nil)
	default:
		return h.propose(v, said, kind.Code, answers, []components.Problem{{Target: "right", Says: v.say("proposal-error")}})
	}
	h.chose(v, said, kind.Code)
	if err := h.start(v, kind.Code); err != nil {
		return err
	}
	for id, values := range h.inOwnWords(kind.Code, said.words) {
		answers[id] = values
	}
	if err := h.Walker.Suggest(v.talk, answers); err != nil {
		return err
	}
	if err := v.save(); err != nil {
		return err
	}
	return v.to("question")
}

// proposedAnswers reads answers that a form brought back, and keeps those that could have been proposed.
func proposedAnswers(kind *catalogue.Kind, raw string) catalogue.Answers {
	var given catalogue.Answers
	kept := make(catalogue.Answers)
	if json.Unmarshal([]byte(raw), &given) != nil {
		return kept
	}
	for id, values := range given {
		it, ok := kind.Questionnaire.Item(id)
		if !ok || !understanding.Proposable(it) {
			continue
		}
		if checked, err := it.Check(values); err == nil && len(checked) > 0 {
			kept[id] = checked
		}
	}
	return kept
}

// chose tells what a person chose after they wrote in their own words. It is a count, and never in their way.
func (h *Handlers) chose(v *visit, said ownWords, kind string) {
	if h.Understanding == nil || said.use == uuid.Nil {
		return
	}
	if err := h.Understanding.Chose(v.ctx(), v.directory.Neighbourhood().ID, said.use, kind); err != nil {
		h.Log.LogAttrs(v.ctx(), slog.LevelWarn, "what was chosen could not be noted", slog.String("cause", err.Error()))
	}
}

// listen lets understanding hear, beside the rules, what was written in answer to a question: never words that it had
// suggested there itself.
func (h *Handlers) listen(v *visit, it *catalogue.Item, values []catalogue.Value, suggested bool) {
	if h.Understanding == nil || suggested || it.Type != catalogue.TypeText || len(values) == 0 {
		return
	}
	words, _ := values[0].Text()
	d := v.talk.Details
	h.Understanding.Listen(understanding.Heard{
		NeighbourhoodID: v.talk.NeighbourhoodID, Words: words, Language: v.lang, Channel: intake.ChannelWeb, Kind: v.talk.Kind, LinkID: it.LinkID,
		Names: []string{d.GivenName, d.FamilyName},
	})
}

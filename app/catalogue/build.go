package catalogue

import (
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"
)

// builder turns one FHIR Questionnaire into the types of this package, and collects what is wrong with it. The questions of
// a kind are written by people who are not programmers: each refusal names the file, the item and what was expected.
type builder struct {
	file     string
	facts    []FactType
	byLinkID map[string]*Item
	all      []*Item // in document order, groups too
	wrong    []error
}

// unknownCode is the option "I do not know": an answer, and yet no fact.
const unknownCode = "unknown"

// defaultMaxLength is how long free words may be, in characters, where the item says nothing.
const defaultMaxLength = 2000

var (
	fhirName = regexp.MustCompile(`^[A-Z][A-Za-z0-9_]{0,254}$`)
	codeForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
)

func (b *builder) refuse(linkID, format string, args ...any) {
	says := fmt.Sprintf(format, args...)
	if linkID == "" {
		b.wrong = append(b.wrong, fmt.Errorf("catalogue: %s: %s", b.file, says))
		return
	}
	b.wrong = append(b.wrong, fmt.Errorf("catalogue: %s: item %q: %s", b.file, linkID, says))
}

func (b *builder) kind(r *fhirQuestionnaire) *Kind {
	if r.ResourceType != "Questionnaire" {
		b.refuse("", "resourceType must be Questionnaire")
	}
	if r.URL == "" || r.Version == "" || r.Title == "" || r.Status != "active" {
		b.refuse("", "url, version and title are needed, and the status active")
	}
	if !fhirName.MatchString(r.Name) {
		b.refuse("", "name %q must begin with a capital and hold letters and digits only", r.Name)
	}
	code := ""
	if len(r.Code) == 1 && r.Code[0].System == kindSystem {
		code = r.Code[0].Code
	}
	if !codeForm.MatchString(code) {
		b.refuse("", "code must be one coding of %s, in lower case with hyphens", kindSystem)
	}
	x := extensions{r.Extension, []string{extSay, extGroup, extOutcome}}
	for _, says := range x.problems() {
		b.refuse("", "%s", says)
	}
	q := &Questionnaire{url: r.URL, version: r.Version, kind: code, byLinkID: b.byLinkID}
	q.items = b.items(r.Item, nil)
	for _, it := range b.all {
		if it.Type != TypeGroup {
			q.questions = append(q.questions, it)
		}
	}
	k := &Kind{
		Code: code, Title: r.Title, Description: r.Description, Questionnaire: q,
		Say: x.text(extSay), Group: x.text(extGroup), Outcomes: b.outcomes(r.Extension),
	}
	if k.Say == "" || k.Group == "" {
		b.refuse("", "the menu on the telephone needs the extensions say and group")
	}
	b.checkSafety(q)
	return k
}

func (b *builder) outcomes(list []fhirExtension) []Outcome {
	var outcomes []Outcome
	for _, x := range list {
		if x.URL != extOutcome || x.ValueCoding == nil {
			continue
		}
		o := Outcome{x.ValueCoding.Code, x.ValueCoding.Display}
		if !codeForm.MatchString(o.Code) {
			b.refuse("", "outcome %q must be in lower case with hyphens", o.Code)
		}
		if slices.ContainsFunc(outcomes, func(other Outcome) bool { return other.Code == o.Code }) {
			b.refuse("", "outcome %q stands twice", o.Code)
		}
		outcomes = append(outcomes, o)
	}
	if !slices.ContainsFunc(outcomes, func(o Outcome) bool { return o.Code == "done" }) {
		b.refuse("", "the outcome done is missing")
	}
	return outcomes
}

func (b *builder) items(list []*fhirItem, parent *Item) []*Item {
	items := make([]*Item, 0, len(list))
	for _, f := range list {
		if f == nil {
			b.refuse("", "an item is null")
			continue
		}
		items = append(items, b.item(f, parent))
	}
	return items
}

func (b *builder) item(f *fhirItem, parent *Item) *Item {
	x := extensions{f.Extension, []string{extFact, extDerived, extHint, extSay, extKey, extKeyLength, extMin, extMax, extHidden}}
	for _, says := range x.problems() {
		b.refuse(f.LinkID, "%s", says)
	}
	it := &Item{
		LinkID: f.LinkID, Text: f.Text, Type: f.Type, Required: f.Required, Repeats: f.Repeats, MaxLength: f.MaxLength,
		EnableAny: f.EnableBehavior == "any", Hint: x.text(extHint), Say: x.text(extSay), Fact: x.text(extFact),
		Hidden: x.is(extHidden), Min: x.integer(extMin), Max: x.integer(extMax),
		derivation: x.text(extDerived), parent: parent,
	}
	it.Derived = it.derivation != ""
	if it.FreeText() && it.MaxLength == 0 {
		it.MaxLength = defaultMaxLength
	}
	b.checkItem(f, it)
	it.Options = b.options(f, it)
	it.RedFlag = slices.ContainsFunc(it.Options, func(o Option) bool { return o.RedFlag != "" })
	// Conditions come before the item itself is known, so that it can only refer to what was asked before it.
	it.EnableWhen = b.conditions(f)
	if _, twice := b.byLinkID[it.LinkID]; twice {
		b.refuse(it.LinkID, "the linkId stands twice")
	}
	b.byLinkID[it.LinkID] = it
	b.all = append(b.all, it)
	b.checkFact(it)
	b.checkKey(it, x)
	it.Items = b.items(f.Item, it)
	return it
}

func (b *builder) options(f *fhirItem, it *Item) []Option {
	options := make([]Option, 0, len(f.AnswerOption))
	for _, o := range f.AnswerOption {
		x := extensions{o.Extension, []string{extSay, extGroup, extRedFlag, extCrisis, extExclusive}}
		for _, says := range x.problems() {
			b.refuse(it.LinkID, "%s", says)
		}
		if o.ValueCoding == nil || !codeForm.MatchString(o.ValueCoding.Code) || o.ValueCoding.Display == "" {
			b.refuse(it.LinkID, "an option needs a valueCoding with a code in lower case with hyphens, and a display")
			continue
		}
		option := Option{
			Code: o.ValueCoding.Code, Display: o.ValueCoding.Display, Say: x.text(extSay), Group: x.text(extGroup),
			RedFlag: x.text(extRedFlag), Crisis: x.is(extCrisis), Exclusive: x.is(extExclusive),
		}
		if option.Say == "" {
			option.Say = option.Display
		}
		if option.RedFlag != "" && option.RedFlag != Urgent && option.RedFlag != Emergency {
			b.refuse(it.LinkID, "option %q: a red flag is urgent or emergency", option.Code)
		}
		if option.Exclusive && !it.Repeats {
			b.refuse(it.LinkID, "option %q: exclusive has a meaning only where the item repeats", option.Code)
		}
		if option.Exclusive && option.RedFlag != "" {
			b.refuse(it.LinkID, "option %q: it cannot be a red flag and exclusive", option.Code)
		}
		if slices.ContainsFunc(options, func(other Option) bool { return other.Code == option.Code }) {
			b.refuse(it.LinkID, "option %q stands twice", option.Code)
		}
		options = append(options, option)
	}
	return options
}

func (b *builder) checkItem(f *fhirItem, it *Item) {
	if !codeForm.MatchString(it.LinkID) {
		b.refuse(it.LinkID, "a linkId is in lower case with hyphens")
	}
	if it.Text == "" || !utf8.ValidString(it.Text) {
		b.refuse(it.LinkID, "text is needed")
	}
	switch it.Type {
	case TypeGroup, TypeBoolean, TypeChoice, TypeInteger, TypeDate, TypeString, TypeText:
	default:
		b.refuse(it.LinkID, "the type %q is not one that every channel can ask", it.Type)
	}
	if (it.Type == TypeGroup) != (len(f.Item) > 0) {
		b.refuse(it.LinkID, "a group, and nothing else, holds other items")
	}
	if (it.Type == TypeChoice) != (len(f.AnswerOption) > 0) {
		b.refuse(it.LinkID, "a choice, and nothing else, has options")
	}
	if it.Repeats && it.Type != TypeChoice {
		b.refuse(it.LinkID, "only a choice can repeat: a keypad cannot say that a list has ended")
	}
	if f.MaxLength < 0 || (f.MaxLength > 0 && !it.FreeText()) {
		b.refuse(it.LinkID, "maxLength is for a string or a text")
	}
	if it.Type != TypeInteger && (it.Min != nil || it.Max != nil) {
		b.refuse(it.LinkID, "minValue and maxValue are for an integer")
	}
	if it.Type == TypeInteger && (it.Min == nil || it.Max == nil || *it.Min > *it.Max) {
		b.refuse(it.LinkID, "an integer needs minValue and maxValue")
	}
	if it.Derived && !derivable(it.derivation) {
		b.refuse(it.LinkID, "nothing is known of how to derive %q", it.derivation)
	}
	if f.ReadOnly != it.Hidden || (it.Hidden && (!it.Derived || it.Required)) {
		b.refuse(it.LinkID, "a hidden item is readOnly, derived and not required, and no other is readOnly")
	}
	if len(f.EnableWhen) > 1 && f.EnableBehavior != "any" && f.EnableBehavior != "all" {
		b.refuse(it.LinkID, "several conditions need enableBehavior any or all")
	}
	if len(f.EnableWhen) < 2 && f.EnableBehavior != "" {
		b.refuse(it.LinkID, "enableBehavior needs several conditions")
	}
}

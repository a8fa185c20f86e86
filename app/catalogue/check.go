package catalogue

import (
	"slices"
	"strings"

	"onedoor/app/nhs"
)

// conditions reads an item's enableWhen. What it refers to must stand earlier and be comparable.
func (b *builder) conditions(f *fhirItem) []Condition {
	conditions := make([]Condition, 0, len(f.EnableWhen))
	for _, w := range f.EnableWhen {
		value, kind, ok := w.answer()
		if !ok {
			b.refuse(f.LinkID, "a condition on %q needs exactly one answer to compare with", w.Question)
			continue
		}
		asked, known := b.byLinkID[w.Question]
		if !known || asked.Type == TypeGroup {
			b.refuse(f.LinkID, "a condition is on %q, which is not a question that stands before it", w.Question)
			continue
		}
		switch w.Operator {
		case "exists":
			if kind != TypeBoolean {
				b.refuse(f.LinkID, "exists needs answerBoolean")
			}
		case "=", "!=":
			if kind != asked.Type {
				b.refuse(f.LinkID, "a condition compares %q, of type %s, with another type", w.Question, asked.Type)
			}
		case ">", "<", ">=", "<=":
			if kind != asked.Type || (kind != TypeInteger && kind != TypeDate) {
				b.refuse(f.LinkID, "%s is for integers and dates", w.Operator)
			}
		default:
			b.refuse(f.LinkID, "the operator %q is not known", w.Operator)
		}
		if code, _ := value.Text(); kind == TypeChoice && asked.Type == TypeChoice {
			if _, listed := asked.Option(code); !listed {
				b.refuse(f.LinkID, "a condition compares %q with %q, which is not one of its options", w.Question, code)
			}
		}
		conditions = append(conditions, Condition{w.Question, w.Operator, value})
	}
	return conditions
}

// answer is the value to compare with, and the type of item that it fits.
func (w fhirEnableWhen) answer() (Value, string, bool) {
	var value Value
	var kind string
	count := 0
	if w.AnswerBoolean != nil {
		value, kind, count = Bool(*w.AnswerBoolean), TypeBoolean, count+1
	}
	if w.AnswerInteger != nil {
		value, kind, count = Int(*w.AnswerInteger), TypeInteger, count+1
	}
	if w.AnswerDate != nil {
		if _, err := nhs.ParseDate(*w.AnswerDate); err != nil {
			return Value{}, "", false
		}
		value, kind, count = Text(*w.AnswerDate), TypeDate, count+1
	}
	if w.AnswerString != nil {
		value, kind, count = Text(*w.AnswerString), TypeString, count+1
	}
	if w.AnswerCoding != nil {
		value, kind, count = Text(w.AnswerCoding.Code), TypeChoice, count+1
	}
	return value, kind, count == 1
}

// checkFact refuses an item that could give a fact no policy has heard of.
func (b *builder) checkFact(it *Item) {
	if it.RedFlag && it.Fact != "red-flag" {
		b.refuse(it.LinkID, "an item with red flags gives the fact red-flag")
	}
	if it.Fact == "" {
		return
	}
	i := slices.IndexFunc(b.facts, func(f FactType) bool { return f.Name == it.Fact })
	if i < 0 {
		b.refuse(it.LinkID, "the fact %q is not declared in %s", it.Fact, factsFile)
		return
	}
	declared := b.facts[i]
	switch it.Type {
	case TypeBoolean:
		if !slices.Contains(declared.Values, "yes") || !slices.Contains(declared.Values, "no") {
			b.refuse(it.LinkID, "a boolean gives yes or no, which fact %q does not declare", it.Fact)
		}
	case TypeInteger:
		if declared.Min == nil || it.Min == nil || it.Max == nil || *it.Min < *declared.Min || *it.Max > *declared.Max {
			b.refuse(it.LinkID, "its range is not within that of fact %q", it.Fact)
		}
	case TypeChoice:
		b.checkChoiceFact(it, declared)
	default:
		b.refuse(it.LinkID, "an item of type %s cannot give a fact", it.Type)
	}
}

func (b *builder) checkChoiceFact(it *Item, declared FactType) {
	if it.Fact == "red-flag" {
		if !it.RedFlag {
			b.refuse(it.LinkID, "it gives the fact red-flag, and none of its options is one")
		}
		return
	}
	if it.Repeats {
		b.refuse(it.LinkID, "an item that repeats cannot give a fact: a fact has one value")
	}
	for _, o := range it.Options {
		if o.Code != unknownCode && !slices.Contains(declared.Values, o.Code) {
			b.refuse(it.LinkID, "option %q is not a value of fact %q in %s", o.Code, it.Fact, factsFile)
		}
	}
}

// checkSafety refuses a kind that does not begin with the safety questions.
func (b *builder) checkSafety(q *Questionnaire) {
	want := []string{"age-band", "red-flags-adult", "red-flags-child"}
	var found []string
	for _, it := range q.questions {
		if it.Asked() && len(found) < len(want) {
			found = append(found, it.LinkID)
		}
	}
	if !slices.Equal(found, want) || q.items[0].LinkID != safetyGroup {
		b.refuse("", "the first questions must be %s, and are %s", strings.Join(want, ", "), strings.Join(found, ", "))
		return
	}
	for _, linkID := range want[1:] {
		it := q.byLinkID[linkID]
		none, listed := it.Option(None)
		emergency := slices.ContainsFunc(it.Options, func(o Option) bool { return o.RedFlag == Emergency })
		if !it.Repeats || !it.RedFlag || !emergency || !listed || !none.Exclusive {
			b.refuse(linkID, "it must repeat, and have an emergency and the exclusive option none")
		}
	}
	for _, code := range []string{AgeBand(0), AgeBand(5), AgeBand(16)} {
		if _, ok := q.byLinkID["age-band"].Option(code); !ok || q.byLinkID["age-band"].derivation != deriveAgeBand {
			b.refuse("age-band", "it must be derived, and have the option %q", code)
		}
	}
}

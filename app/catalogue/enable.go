package catalogue

import (
	"slices"

	"onedoor/app/nhs"
)

// Known is what is known of the person whom the request is for. It fills derived items, so that they are not asked.
type Known struct {
	AgeYears, AgeMonths *int // completed; nil is unknown
	Sex                 nhs.Sex
	// Recorded are the linkIds of free text that was spoken and that nobody has heard yet.
	Recorded []string
}

// KnownOf works out ages at a day from a birth date, either of which may be zero for unknown.
func KnownOf(birth nhs.Date, sex nhs.Sex, at nhs.Date) Known {
	k := Known{Sex: sex}
	if birth.IsZero() || at.Before(birth) {
		return k
	}
	years, months := birth.Age(at), birth.AgeMonths(at)
	k.AgeYears, k.AgeMonths = &years, &months
	return k
}

func (k Known) years() (int, bool) {
	switch {
	case k.AgeYears != nil:
		return *k.AgeYears, true
	case k.AgeMonths != nil:
		return *k.AgeMonths / 12, true
	}
	return 0, false
}

// The ways in which an item's answer can follow from what is known.
const (
	deriveAge       = "age"
	deriveAgeBand   = "age-band"
	deriveSex       = "sex"
	derivePregnancy = "pregnancy"
)

func derivable(derivation string) bool {
	return slices.Contains([]string{deriveAge, deriveAgeBand, deriveSex, derivePregnancy}, derivation)
}

// Pregnancy is asked about from the first of these ages to the last, in completed years: wide, since a wrong
// "not applicable" could let a request leave the practice.
const (
	pregnancyFrom  = 10
	pregnancyUntil = 60
)

func derive(derivation string, known Known) (Value, bool) {
	years, aged := known.years()
	switch derivation {
	case deriveAge:
		return Int(int64(years)), aged
	case deriveAgeBand:
		return Text(AgeBand(years)), aged
	case deriveSex:
		return Text(string(known.Sex)), known.Sex != ""
	case derivePregnancy:
		outside := aged && (years < pregnancyFrom || years > pregnancyUntil)
		return Text("not-applicable"), known.Sex == nhs.Male || outside
	}
	return Value{}, false
}

// presumed reports whether what follows is only likely: then what somebody says of themselves counts more, or a referral
// could leave the practice on the strength of our guess.
func presumed(derivation string) bool { return derivation == derivePregnancy }

// Settle goes through the items in document order: it fills in what follows from what is known, and leaves out answers to
// items that are not enabled. Ignored are the linkIds of answers that were given and do not count, in document order; an
// answer that says what is known anyway counts. Settling twice changes nothing.
func (q *Questionnaire) Settle(given Answers, known Known) (settled Answers, ignored []string) {
	settled = make(Answers, len(given))
	ignored = make([]string, 0)
	for _, it := range q.questions {
		values := given[it.LinkID]
		if !q.enabled(it, settled) {
			if len(values) > 0 {
				ignored = append(ignored, it.LinkID)
			}
			continue
		}
		value, follows := derive(it.derivation, known)
		switch {
		case follows && (len(values) == 0 || !presumed(it.derivation)):
			settled[it.LinkID] = []Value{value}
			if len(values) > 0 && !slices.Equal(values, settled[it.LinkID]) {
				ignored = append(ignored, it.LinkID)
			}
		case len(values) == 0:
		case it.Hidden:
			ignored = append(ignored, it.LinkID)
		default:
			settled[it.LinkID] = slices.Clone(values)
		}
	}
	return settled, ignored
}

// Asks reports whether an item is to be asked of a person of whom this is known: it is enabled by settled answers, and its
// own does not follow from what is known.
func (q *Questionnaire) Asks(it *Item, settled Answers, known Known) bool {
	if !it.Asked() || !q.enabled(it, settled) {
		return false
	}
	_, follows := derive(it.derivation, known)
	return !follows
}

// Enabled reports whether an item and all groups around it are enabled by these answers. An answer to an item that is itself
// disabled does not count. An unknown linkId is not enabled.
func (q *Questionnaire) Enabled(linkID string, a Answers) bool {
	it, ok := q.byLinkID[linkID]
	if !ok {
		return false
	}
	settled, _ := q.Settle(a, knownOf(a))
	return q.enabled(it, settled)
}

// knownOf reads back what Settle filled in, so that settled answers stay as they are.
func knownOf(a Answers) Known {
	var known Known
	if values := a["age"]; len(values) == 1 {
		if n, ok := values[0].Int(); ok {
			years := int(n)
			known.AgeYears = &years
		}
	}
	if values := a["sex"]; len(values) == 1 {
		known.Sex = nhs.Sex(values[0].text)
	}
	return known
}

// enabled reads conditions over answers that are settled as far as the item; conditions refer to earlier items only.
func (q *Questionnaire) enabled(it *Item, settled Answers) bool {
	for ; it != nil; it = it.parent {
		if !it.holds(settled) {
			return false
		}
	}
	return true
}

func (it *Item) holds(a Answers) bool {
	if len(it.EnableWhen) == 0 {
		return true
	}
	for _, c := range it.EnableWhen {
		if c.holds(a[c.Question]) == it.EnableAny {
			return it.EnableAny
		}
	}
	return !it.EnableAny
}

// holds compares as FHIR R4 does: without an answer only exists can hold; = and the orders need one answer that compares;
// != needs an answer, and that none is equal.
func (c Condition) holds(answers []Value) bool {
	if c.Operator == "exists" {
		want, _ := c.Answer.Bool()
		return (len(answers) > 0) == want
	}
	if len(answers) == 0 {
		return false
	}
	if c.Operator == "!=" {
		return !slices.Contains(answers, c.Answer)
	}
	return slices.ContainsFunc(answers, func(v Value) bool {
		order, comparable := v.compare(c.Answer)
		if !comparable {
			return false
		}
		switch c.Operator {
		case "=":
			return order == 0
		case ">":
			return order > 0
		case "<":
			return order < 0
		case ">=":
			return order >= 0
		case "<=":
			return order <= 0
		}
		return false
	})
}

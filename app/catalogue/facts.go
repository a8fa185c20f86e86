package catalogue

import (
	"onedoor/policy"
)

// Facts are what policy decides from: kind, age, age-months and sex where known, every item that gives a fact and was
// answered, and three that are never unknown:
//
//	red-flag   emergency, urgent, unanswered (an enabled red-flag item was left out) or none
//	free-text  emergency, urgent or clear, from the phrase screen over all free words
//	recording  unheard when somebody spoke in place of writing and nobody has heard it, else none
//
// An answer that is missing, or is "I do not know", gives no fact. Answers need not be settled. Where two enabled items
// give the same fact, the first in the document that was answered does.
func (q *Questionnaire) Facts(a Answers, known Known) policy.Facts {
	settled, _ := q.Settle(a, known)
	facts := policy.Facts{
		"kind":      policy.Text(q.kind),
		"red-flag":  policy.Text(q.redFlag(settled)),
		"free-text": policy.Text(string(q.freeText(settled))),
		"recording": policy.Text(q.recording(settled, known)),
	}
	if years, ok := known.years(); ok {
		facts["age"] = policy.Int(years)
	}
	if known.AgeMonths != nil {
		facts["age-months"] = policy.Int(*known.AgeMonths)
	}
	if known.Sex != "" {
		facts["sex"] = policy.Text(string(known.Sex))
	}
	for _, it := range q.questions {
		values := settled[it.LinkID]
		if it.Fact == "" || it.RedFlag || len(values) != 1 {
			continue
		}
		if _, given := facts[it.Fact]; given {
			continue
		}
		if fact := factOf(values[0]); fact.Known() {
			facts[it.Fact] = fact
		}
	}
	return facts
}

func factOf(v Value) policy.Value {
	if yes, ok := v.Bool(); ok {
		if yes {
			return policy.Text("yes")
		}
		return policy.Text("no")
	}
	if n, ok := v.Int(); ok {
		return policy.Int(int(n))
	}
	if v.text == unknownCode {
		return policy.Value{}
	}
	return policy.Text(v.text)
}

// redFlag is the worst of all red-flag items that are enabled.
func (q *Questionnaire) redFlag(settled Answers) string {
	worst := None
	for _, it := range q.questions {
		if !it.RedFlag || !q.enabled(it, settled) {
			continue
		}
		values := settled[it.LinkID]
		if len(values) == 0 && worst == None {
			worst = Unanswered
		}
		for _, v := range values {
			o, _ := it.Option(v.text)
			switch o.RedFlag {
			case Emergency:
				return Emergency
			case Urgent:
				worst = Urgent
			}
		}
	}
	return worst
}

// freeText is the worst that the phrase screen finds in any free words.
func (q *Questionnaire) freeText(settled Answers) Level {
	worst := Level(Clear)
	for _, it := range q.questions {
		if finding := q.screenItem(it, settled); finding.Level.rank() > worst.rank() {
			worst = finding.Level
		}
	}
	return worst
}

func (q *Questionnaire) screenItem(it *Item, settled Answers) Finding {
	values := settled[it.LinkID]
	if !it.FreeText() || len(values) == 0 {
		return Finding{Level: Clear}
	}
	return q.screen.Read(values[0].text, !settled.has("age-band", AgeBand(16)))
}

func (q *Questionnaire) recording(settled Answers, known Known) string {
	for _, id := range known.Recorded {
		if it, ok := q.byLinkID[id]; ok && it.FreeText() && q.enabled(it, settled) && len(settled[id]) == 0 {
			return "unheard"
		}
	}
	return None
}

// Alarm is an answer that stops the conversation: call 999.
type Alarm struct {
	LinkID string // the item whose answer it is
	// Words is true for free words that the phrase screen found, false for a red flag that was chosen.
	Words bool
	// Crisis is true when all that was found is a mental-health crisis, for which other help exists besides 999.
	Crisis bool
}

// Alarm finds the first answer that is an emergency. Answers need not be settled.
func (q *Questionnaire) Alarm(a Answers, known Known) (Alarm, bool) {
	settled, _ := q.Settle(a, known)
	for _, it := range q.questions {
		alarm := Alarm{LinkID: it.LinkID, Crisis: true}
		found := false
		for _, v := range settled[it.LinkID] {
			if o, ok := it.Option(v.text); ok && o.RedFlag == Emergency {
				found, alarm.Crisis = true, alarm.Crisis && o.Crisis
			}
		}
		if finding := q.screenItem(it, settled); finding.Level == Emergency {
			found, alarm.Words, alarm.Crisis = true, true, finding.Crisis
		}
		if found {
			return alarm, true
		}
	}
	return Alarm{}, false
}

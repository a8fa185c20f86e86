package policy

import (
	"fmt"
	"strings"
	"time"
)

// Sentence is the rule in plain words.
func (r *Rule) Sentence() string {
	var b strings.Builder
	if conditions := r.conditions(); conditions != "" {
		b.WriteString("When " + conditions + ", ")
	} else {
		b.WriteString("Always ")
	}
	b.WriteString(r.Then.words())
	b.WriteByte('.')
	return b.String()
}

func (r *Rule) conditions() string {
	var list []string
	for _, c := range r.When {
		if !c.Cell.anything {
			list = append(list, spoken(c.Fact)+" is "+c.Cell.Words())
		}
	}
	return andList(list)
}

func (o *Outcome) words() string {
	if o.To.Kind == ToRouting {
		return "go on to the neighbourhood's own rules"
	}
	var b strings.Builder
	if o.Urgency == Emergency {
		b.WriteString("stop and tell the patient to call 999; a person checks at ")
	} else {
		b.WriteString("send to ")
	}
	b.WriteString(o.To.Words())
	if o.Service != "" {
		b.WriteString(" for " + spoken(o.Service))
	}
	b.WriteString(", as " + string(o.Urgency))
	if o.AnswerWithin > 0 {
		b.WriteString(", answered within " + span(o.AnswerWithin))
	}
	if o.CareWithin > 0 {
		b.WriteString(", cared for within " + span(o.CareWithin))
	}
	if len(o.Overflow) > 0 {
		list := make([]string, 0, len(o.Overflow))
		for _, d := range o.Overflow {
			list = append(list, d.Words())
		}
		b.WriteString("; if that cannot take it, to " + strings.Join(list, ", then to "))
	}
	return b.String()
}

// span says a length of time in whole minutes, hours or days.
func span(d time.Duration) string {
	say := func(n int, unit string) string {
		if n == 1 {
			return "1 " + unit
		}
		return fmt.Sprintf("%d %ss", n, unit)
	}
	switch minutes := int(d / time.Minute); {
	case minutes%(24*60) == 0:
		return say(minutes/(24*60), "day")
	case minutes%60 == 0:
		return say(minutes/60, "hour")
	default:
		return say(minutes, "minute")
	}
}

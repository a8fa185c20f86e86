package reception

import (
	"slices"
	"strings"
	"time"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/app/wording"
	"onedoor/tenants"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// panel is a request as this person sees it, with what they can do about it.
func (w *Workspace) panel(k *call, v requests.View, tried attempt) (*pages.RequestPanel, error) {
	p := &pages.RequestPanel{
		Reference: string(v.Reference), Spaced: v.Reference.Spaced(), Version: v.Version, Href: k.list.request(v.Reference), Back: k.list.href(),
		Context: k.list.context(), Focus: tried.attended, Kind: v.KindTitle, Urgency: urgencyLabel(v.Urgency),
		Status: statusLabel(v.Status, v.Claimed != nil), Due: dueOf(v.AnswerDue, k.now), Standing: standing(k, v),
		Done:    doneWords(tried.done, destinationName(v)),
		Because: v.Decision.Because, Rule: v.Decision.Rule, Policy: v.Decision.PolicyVersion,
		Explain: join(root+"/requests/"+string(v.Reference)+"/explanation", nil),
	}
	p.Due.Answered = v.Status == requests.Closed
	if tried.fault != nil {
		p.Changed, p.Problems = refusal(tried)
	}
	if s := v.Staff; s != nil {
		p.Name = wholeName(s.Patient)
		p.Facts = who(k, s.Patient)
		p.Patient = append(w.supportFacts(k, v), patientFacts(k, v)...)
		p.Answers = w.answers(v.Kind, s, !s.Patient.BirthDate.IsZero())
		p.Begun, p.Recordings = w.begun(s.Incomplete), w.spoken(k, v)
		p.Timeline, p.Readers = timeline(k, s.Timeline)
		if v.Outcome == nil && s.CloseReason != "" {
			p.Result = []pages.Fact{{Key: "Closed without an outcome", Values: []string{s.CloseReason}, Quoted: true}}
		}
	}
	if o := v.Outcome; o != nil {
		p.Result = []pages.Fact{{Key: "Outcome", Values: []string{o.Title}}}
		if o.Note != "" {
			p.Result = append(p.Result, pages.Fact{Key: "Note", Values: paragraphs(o.Note), Quoted: true})
		}
		p.Result = append(p.Result, pages.Fact{Key: "Recorded", Values: []string{o.By + ", " + wording.ShortMoment(o.At, k.now)}})
	}
	for _, d := range v.Links {
		label, says := deliveryWords(d.State)
		says += dueWords(d, k.now)
		if d.TheirReference != "" {
			says += " Their reference is " + d.TheirReference + "."
		}
		p.Deliveries = append(p.Deliveries, pages.DeliveryLine{
			Organisation: d.Organisation.Name, Purpose: purposeWords(d.Purpose), State: label, Says: says, Why: d.LastError,
			At: wording.ShortMoment(d.UpdatedAt, k.now),
		})
	}
	p.Misrouted, p.Misroute = misroutedLines(k, v), misroutedForm(k, v, tried, p.Problems)
	w.actions(k, v, p, tried)
	w.national(k, v, p)
	return p, w.appointmentFacts(k, v, p)
}

// dueWords say until when a document is to be in the record, as long as it is not.
func dueWords(d requests.DeliveryView, now time.Time) string {
	switch {
	case d.DueAt.IsZero() || d.State == clinical.Filed:
		return ""
	case now.After(d.DueAt):
		return " It was due there by " + wording.ShortMoment(d.DueAt, now) + ", and is late."
	}
	return " It is due there by " + wording.ShortMoment(d.DueAt, now) + "."
}

// standing says who is accountable, who works on it and what it waits for.
func standing(k *call, v requests.View) []string {
	if v.Status == requests.Closed {
		return []string{v.Accountable.Name + " answered it, " + wording.ShortMoment(v.Updated, k.now) + "."}
	}
	first := v.Accountable.Name + " is accountable" + accountableSince(k, v) + ". Queue: " + v.Queue.Name + "."
	switch {
	case v.Claimed != nil && v.Claimed.ByID == k.by.ID:
		first += " You claimed it at " + wording.ShortMoment(v.Claimed.At, k.now) + "."
	case v.Claimed != nil:
		first += " " + v.Claimed.By + " claimed it at " + wording.ShortMoment(v.Claimed.At, k.now) + "."
	case v.Offered == nil:
		first += " Nobody has claimed it."
	}
	lines := []string{first}
	if o := v.Offered; o != nil {
		line := "Offered to " + placeName(o.NamedDestination) + " at " + wording.ShortMoment(o.At, k.now) + ". Without an answer it comes back at " + wording.ShortMoment(o.ExpiresAt, k.now) + "."
		if o.Reason != "" {
			line += " Reason: “" + o.Reason + "”"
		}
		lines = append(lines, line)
	}
	if v.Status == requests.ToVerify {
		lines = append(lines, "Meant for "+placeName(v.Destination)+", once a person here has confirmed it.")
	}
	if v.Staff != nil {
		for _, a := range v.Staff.Arrivals {
			if a.Standing {
				lines = append(lines, ownSystem(k, a))
			}
		}
	}
	if line := toolStanding(k, v); line != "" {
		lines = append(lines, line)
	}
	if v.CareDue != nil {
		lines = append(lines, "Care itself is due at "+wording.ShortMoment(*v.CareDue, k.now)+".")
	}
	return lines
}

// ownSystem says how it stands in an organisation's own system.
func ownSystem(k *call, a requests.ArrivalView) string {
	line := "It is a task in " + a.Organisation.Name + "’s own system too, where nobody has begun it"
	if a.Stage == clinical.StageInHand {
		line = "It is in hand in " + a.Organisation.Name + "’s own system"
	}
	line += ", as of " + wording.ShortMoment(a.At, k.now) + "."
	if a.TheirReference != "" {
		line += " They call it " + a.TheirReference + "."
	}
	if a.Says != "" {
		line += " It says: “" + a.Says + "”"
	}
	return line
}

func accountableSince(k *call, v requests.View) string {
	since := v.Submitted
	if v.Staff != nil {
		for _, e := range v.Staff.Timeline {
			if e.Action == "request.accept" {
				since = e.At
			}
		}
	}
	return ", since " + wording.ShortMoment(since, k.now)
}

func placeName(d requests.NamedDestination) string {
	if d.Service == "" || strings.Contains(d.Name, d.Service) {
		return d.Name
	}
	return d.Name + " (" + d.Service + ")"
}

func destinationName(v requests.View) string {
	if v.Offered != nil {
		return v.Offered.Name
	}
	return v.Destination.Name
}

func wholeName(g patients.Given) string {
	if name := strings.TrimSpace(g.GivenName + " " + g.FamilyName); name != "" {
		return name
	}
	return "Name not given"
}

// who identifies the patient in three facts, under the name.
func who(k *call, g patients.Given) []pages.Fact {
	facts := []pages.Fact{{Key: "Born", Values: []string{born(g.BirthDate, k)}}, {Key: "Sex", Values: []string{sexWords(g.Sex)}}}
	number := g.NHSNumber.Spaced()
	if number == "" {
		number = "not known"
	}
	return append(facts, pages.Fact{Key: "NHS number", Values: []string{number}})
}

func patientFacts(k *call, v requests.View) []pages.Fact {
	s := v.Staff
	var facts []pages.Fact
	add := func(key, value string) {
		if value != "" {
			facts = append(facts, pages.Fact{Key: key, Values: []string{value}})
		}
	}
	restricted := s.Held != nil && s.Held.Restricted
	if restricted {
		add("Registered practice", notShown)
	} else if s.Practice != nil {
		add("Registered practice", s.Practice.Name)
	} else {
		add("Registered practice", "Not one of this neighbourhood’s, or not known")
	}
	if !s.OnRegister {
		add("Register", "Nobody on the register matched for certain. Check who this is.")
	}
	if s.Patient.Mobile != "" {
		add("Telephone", s.Patient.Mobile.Local())
	} else {
		add("Telephone", "Not given")
	}
	if s.Patient.SafeToText != nil {
		add("Safe to text", map[bool]string{true: "Yes", false: "No. Do not text, and leave no message."}[*s.Patient.SafeToText])
	}
	postcode := string(s.Patient.Postcode)
	if s.Patient.Postcode == nhs.NoFixedAbode {
		postcode += " (no fixed abode)"
	}
	if restricted {
		postcode = notShown
	}
	add("Postcode", postcode)
	add("House number", s.Patient.HouseNumber)
	if s.Proxy != nil {
		add("Asked by", s.Proxy.Name+" ("+s.Proxy.Relationship+")")
	}
	add("Language", languageWords(s.Language))
	add("Came in", channelWords(v.Channel)+", "+wording.ShortMoment(v.Submitted, k.now))
	if v.Submitted.Sub(s.FirstAt).Minutes() >= 1 {
		add("First contact", wording.ShortMoment(s.FirstAt, k.now))
	}
	return facts
}

// notShown stands for what nobody may be told.
const notShown = "Not shown: the national record is restricted"

// answers are what was said, under the questionnaire's own questions and in its order. What follows from a known birth
// date was not asked, and is not shown as if it had been.
func (w *Workspace) answers(kind string, s *requests.StaffView, birthKnown bool) []pages.Fact {
	definition, ok := w.Catalogue.Kind(kind)
	if !ok {
		return nil
	}
	var facts []pages.Fact
	for _, item := range definition.Questionnaire.Questions() {
		values, answered := s.Answers[item.LinkID]
		if _, said := s.Recordings[item.LinkID]; said && !answered {
			facts = append(facts, pages.Fact{Key: item.Text, Values: []string{spokenWords}})
			continue
		}
		if !answered || item.Hidden || (item.Derived && birthKnown) {
			continue
		}
		fact := pages.Fact{Key: item.Text, Quoted: item.FreeText()}
		for _, v := range values {
			words, raised := answerWords(item, v)
			fact.Values = append(fact.Values, words...)
			fact.Raised = fact.Raised || raised
		}
		facts = append(facts, fact)
	}
	return facts
}

// paragraphs are the lines of somebody's words.
func paragraphs(s string) []string {
	lines := strings.Split(strings.ReplaceAll(strings.TrimSpace(s), "\r\n", "\n"), "\n")
	return slices.DeleteFunc(lines, func(line string) bool { return strings.TrimSpace(line) == "" })
}

func day(d nhs.Date) string { return locales.Day(locales.English, d) }

// timeline is the trail of a request in words, newest first, with those who only looked apart.
func timeline(k *call, entries []audit.Entry) (happened, read []pages.TimelineLine) {
	for _, e := range slices.Backward(entries) {
		says, note, looked := entryWords(k, e)
		line := pages.TimelineLine{At: wording.ShortMoment(e.At, k.now), Stamp: e.At.UTC().Format("2006-01-02T15:04:05Z"), Says: says, Note: note}
		if looked {
			read = append(read, line)
		} else {
			happened = append(happened, line)
		}
	}
	return happened, read
}

func organisationName(d *tenants.Directory, id any) string {
	parsed, ok := asID(id)
	if !ok {
		return "another organisation"
	}
	if o, ok := d.Organisation(parsed); ok {
		return o.Name
	}
	return "another organisation"
}

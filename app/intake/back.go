package intake

import (
	"slices"

	"onedoor/app/catalogue"
	"onedoor/app/fault"
)

// Back goes to the step before the one that Next gives: it reports false at the first. Nothing that was answered is lost.
func (w *Walker) Back(c *Conversation) (bool, error) {
	q, err := w.questionnaire(c)
	if err != nil {
		return false, err
	}
	if err := c.touch(w.now()); err != nil {
		return false, err
	}
	trail := w.trail(c, q)
	known := c.Known(w.today())
	at := len(trail)
	if c.At != (Place{}) {
		if i := slices.Index(trail, c.At); i >= 0 {
			at = i
		}
	} else if alarm, found := q.Alarm(c.Answers, known); found {
		// From the page that stops, back means the answer that stopped it.
		at = slices.Index(trail, Place{LinkID: alarm.LinkID}) + 1
	}
	if at <= 0 {
		return false, nil
	}
	c.At = trail[at-1]
	return true, nil
}

// Revisit goes to one step that was passed, to change what was said there.
func (w *Walker) Revisit(c *Conversation, place Place) error {
	q, err := w.questionnaire(c)
	if err != nil {
		return err
	}
	if err := c.touch(w.now()); err != nil {
		return err
	}
	if !slices.Contains(w.trail(c, q), place) {
		return fault.New(fault.Invalid, "not_asked", "This question is not one of those that were asked.")
	}
	c.At = place
	return nil
}

// trail is every step that was passed and is still one, in the order of asking.
func (w *Walker) trail(c *Conversation, q *catalogue.Questionnaire) []Place {
	known := c.Known(w.today())
	settled, _ := q.Settle(c.Answers, known)
	var trail []Place
	for _, it := range q.Questions() {
		if q.Asks(it, settled, known) && c.answered(it.LinkID) {
			trail = append(trail, Place{LinkID: it.LinkID})
		}
	}
	for _, detail := range append(c.Details.wanted(c.Channel), Pharmacy) {
		if c.Details.asked(detail) {
			trail = append(trail, Place{Detail: detail})
		}
	}
	return trail
}

// Line is one line of the answers to check.
type Line struct {
	Place    Place
	Question string
	// Answers are the words of each answer; none when it was left out.
	Answers []string
	// Recorded is true when the answer was spoken.
	Recorded bool
}

// Review is every question that was asked and counts, with what was said, in the order of asking; then the details.
func (w *Walker) Review(c *Conversation) ([]Line, error) {
	q, err := w.questionnaire(c)
	if err != nil {
		return nil, err
	}
	trail := w.trail(c, q)
	lines := make([]Line, 0, len(trail))
	for _, place := range trail {
		if place.LinkID == "" {
			lines = append(lines, Line{Place: place, Question: place.Detail.Question(), Answers: c.Details.words(place.Detail)})
			continue
		}
		it, _ := q.Item(place.LinkID)
		line := Line{Place: place, Question: it.Text, Recorded: c.Recordings[place.LinkID] != ""}
		for _, v := range c.Answers[place.LinkID] {
			line.Answers = append(line.Answers, it.Words(v))
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// Question is how a detail is asked of the person whom the request is for.
func (d Detail) Question() string {
	switch d {
	case Name:
		return "What is the name of the person who needs help?"
	case BirthDate:
		return "What is their date of birth?"
	case NHSNumber:
		return "What is their NHS number?"
	case Postcode:
		return "What is their postcode?"
	case HouseNumber:
		return "What is the number of their house or flat?"
	case Sex:
		return "What is their sex?"
	case Mobile:
		return "What mobile number can we use?"
	case SafeToText:
		return "Is it safe to text this number?"
	case Pharmacy:
		return "Which pharmacy would you like to use?"
	}
	return ""
}

func (d *Details) words(detail Detail) []string {
	if slices.Contains(d.Unknown, detail) {
		return nil
	}
	switch detail {
	case Name:
		return []string{d.GivenName + " " + d.FamilyName}
	case BirthDate:
		return []string{catalogue.SpokenDate(d.BirthDate)}
	case NHSNumber:
		return []string{d.NHSNumber.Spaced()}
	case Postcode:
		return []string{string(d.Postcode)}
	case HouseNumber:
		return []string{d.HouseNumber}
	case Sex:
		return []string{string(d.Sex)}
	case Mobile:
		return []string{d.Mobile.Local()}
	case SafeToText:
		if *d.SafeToText {
			return []string{"Yes"}
		}
		return []string{"No"}
	case Pharmacy:
		return []string{string(d.ChosenPharmacy)}
	}
	return nil
}

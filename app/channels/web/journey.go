package web

import (
	"slices"
	"strconv"

	"onedoor/app/catalogue"
	"onedoor/app/intake"
)

// resume goes to the page where the conversation stands.
func (h *Handlers) resume(v *visit) error {
	step, err := h.Walker.Next(v.ctx(), v.talk)
	if err != nil {
		return err
	}
	if step.Kind == intake.StepStop {
		return h.stop(v)
	}
	return v.to(h.pageOf(v.talk, step))
}

// goOn keeps what was just answered and goes to the next page. An emergency comes before everything, keeping included.
func (h *Handlers) goOn(v *visit) error {
	if _, found := h.alarm(v.talk); found {
		return h.stop(v)
	}
	if err := v.save(); err != nil {
		return err
	}
	return h.resume(v)
}

// pageOf is the page of a step.
func (h *Handlers) pageOf(talk *intake.Conversation, step intake.Step) string {
	switch step.Kind {
	case intake.StepAsk:
		return h.pageAt(talk, intake.Place{LinkID: step.Item.LinkID})
	case intake.StepDetails:
		return h.pageAt(talk, intake.Place{Detail: step.Details[0]})
	case intake.StepPharmacy:
		return "pharmacy"
	case intake.StepStop:
		return "emergency"
	case intake.StepDone:
		return "sent"
	}
	return "check-answers"
}

// pageAt is the page of a place. Questions are numbered as they stand in the Questionnaire, so that a browser's history says
// nothing of what they ask.
func (h *Handlers) pageAt(talk *intake.Conversation, place intake.Place) string {
	switch {
	case place.LinkID != "":
		i := slices.IndexFunc(h.questions(talk), func(it *catalogue.Item) bool { return it.LinkID == place.LinkID })
		return "question/" + strconv.Itoa(i+1)
	case place.Detail == intake.Pharmacy:
		return "pharmacy"
	}
	for _, p := range aboutYou() {
		if slices.Contains(p.details, place.Detail) {
			return "about-you/" + p.slug
		}
	}
	return ""
}

func (h *Handlers) questions(talk *intake.Conversation) []*catalogue.Item {
	kind, ok := h.Catalogue.Kind(talk.Kind)
	if !ok {
		return nil
	}
	return kind.Questionnaire.Questions()
}

// reached reports whether a page may be shown: it was passed, or it is the next one.
func (h *Handlers) reached(v *visit, place intake.Place) (bool, error) {
	passed := *v.talk
	if h.Walker.Revisit(&passed, place) == nil {
		return true, nil
	}
	step, err := h.Walker.Next(v.ctx(), v.talk)
	if err != nil {
		return false, err
	}
	switch step.Kind {
	case intake.StepAsk:
		return step.Item.LinkID == place.LinkID, nil
	case intake.StepDetails:
		return slices.Contains(step.Details, place.Detail), nil
	case intake.StepPharmacy:
		return place.Detail == intake.Pharmacy, nil
	}
	return false, nil
}

// back is the address of the page before a place; the front door before the first.
func (h *Handlers) back(v *visit, place intake.Place) string {
	from := *v.talk
	if h.Walker.Revisit(&from, place) != nil {
		from.At = intake.Place{} // not passed yet: what was passed last is before it
	}
	if went, err := h.Walker.Back(&from); err != nil || !went {
		return v.path("")
	}
	return v.path(h.pageAt(v.talk, from.At))
}

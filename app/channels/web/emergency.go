package web

import (
	"log/slog"

	"onedoor/app/catalogue"
	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/tenants"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// alarm is the answer that stops a conversation, whether or not it was sent since.
func (h *Handlers) alarm(talk *intake.Conversation) (catalogue.Alarm, bool) {
	kind, ok := h.Catalogue.Kind(talk.Kind)
	if !ok {
		return catalogue.Alarm{}, false
	}
	return kind.Questionnaire.Alarm(talk.Answers, talk.Known(nhs.DateOf(h.Now().In(tenants.London()))))
}

// stop ends a conversation with 999. What was answered is handed in first, so that it is recorded even if the person goes
// no further; when that fails they are told to call 999 all the same, and that nobody was told.
func (h *Handlers) stop(v *visit) error {
	receipt, err := h.submit(v.ctx(), v.talk)
	if err == nil {
		err = h.Walker.Submit(v.talk, string(receipt.Reference))
	}
	if err == nil {
		err = v.save()
	}
	if err == nil {
		return v.to("emergency")
	}
	h.Log.LogAttrs(v.ctx(), slog.LevelError, "an emergency could not be recorded in full", slog.String("cause", err.Error()))
	return h.showEmergency(v, receipt)
}

// emergency shows the page again, after a conversation that was stopped or a decision that was an emergency.
func (h *Handlers) emergency(v *visit) error {
	if v.talk.Submitted == "" {
		if _, found := h.alarm(v.talk); !found {
			return h.resume(v)
		}
		return h.stop(v)
	}
	receipt, err := h.submit(v.ctx(), v.talk)
	if err != nil {
		h.Log.LogAttrs(v.ctx(), slog.LevelError, "an emergency's receipt could not be read", slog.String("cause", err.Error()))
		receipt.Reference = requests.Reference(v.talk.Submitted)
		return h.showEmergency(v, receipt)
	}
	if receipt.Status != requests.Diverted {
		return v.to("sent")
	}
	return h.showEmergency(v, receipt)
}

func (h *Handlers) showEmergency(v *visit, receipt requests.Receipt) error {
	alarm, _ := h.alarm(v.talk)
	done := v.say("emergency-not-recorded")
	if receipt.Reference != "" {
		done = v.say("emergency-anonymous", locales.Args{"Accountable": receipt.Accountable.Name})
		if d := v.talk.Details; d.Mobile != "" || d.NHSNumber != "" || (!d.BirthDate.IsZero() && d.Postcode != "") {
			done = v.say("emergency-recorded", locales.Args{"Accountable": receipt.Accountable.Name})
		}
	}
	return v.show(nil, pages.EmergencyStop(pages.Emergency{
		Page: v.frame(v.say("emergency-title"), nil), Done: []locales.Text{done}, Reference: string(receipt.Reference),
		AlsoEnglish: v.lang != locales.English, Crisis: alarm.Crisis, Finish: v.path("forget"), Again: v.path(""),
	}))
}

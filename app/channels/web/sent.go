package web

import (
	"onedoor/app/messages"
	"onedoor/app/requests"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// sent confirms a request: its reference, who has it, what happens next and by when.
func (h *Handlers) sent(v *visit) error {
	if v.talk.Submitted == "" {
		return h.resume(v)
	}
	if shown, err := h.settledBySelf(v); shown || err != nil {
		return err
	}
	receipt, err := h.submit(v.ctx(), v.talk) // the same conversation gives the same receipt
	if err != nil {
		return err
	}
	if receipt.Status == requests.Diverted {
		return v.to("emergency")
	}
	next := []locales.Text{whatNext(v, receipt)}
	if safe := v.talk.Details.SafeToText; safe != nil && !*safe {
		next = append(next, v.say("next-no-texts"))
	}
	tool := h.ownTool(v, receipt)
	var now *pages.ByYourself
	if tool == nil || tool.Stay == "" { // who is on the way to another tool has one thing to do
		now = h.byYourself(v)
	}
	return v.show(nil, pages.Confirmation(pages.Sent{
		Page: v.frame(v.say("sent-title"), nil), Reference: string(receipt.Reference), Next: next,
		Urgent111: receipt.Message == messages.OutOfHours, Status: v.path("status"), Finish: v.path("forget"), Now: now, OwnTool: tool,
	}))
}

func whatNext(v *visit, r requests.Receipt) locales.Text {
	return locales.Plain(messages.WhatHappensNext(v.lang, r.Message, messages.Facts{
		Accountable: r.Accountable.Name, Destination: r.Destination.Name, AnswerDue: r.AnswerDue,
	}))
}

package web_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"onedoor/app/channels/web"
	"onedoor/app/requests"
)

func TestARedFlagStopsEverything(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.visit(t)
	v.get("")
	v.send("kind", "repeat-prescription")
	v.send("answer", "16-or-over")
	v.send("answer", "chest-pain", "answer", "stroke-signs")
	v.wants("Immediate action required: Call 999 now")
	v.shows(`href="tel:999"`, "18001 999", "999bsl.co.uk", "We have recorded your answers so far", "They do not know who you are")
	reference := v.reference()
	if strings.Contains(v.body, "Samaritans") {
		t.Error("help for a crisis is offered to somebody with chest pain")
	}

	v.get("question")
	v.wants("Immediate action required: Call 999 now")
	if again := v.reference(); again != reference {
		t.Errorf("looked at again, the reference is %s and was %s", again, reference)
	}
	v.get("check-answers")
	v.wants("Immediate action required: Call 999 now")
	v.get("")
	v.wants("What do you need help with?")
}

func TestACrisisIsToldWhereElseToTurn(t *testing.T) {
	t.Parallel()
	v := open(t).visit(t)
	v.get("?lang=cy")
	v.send("kind", "callback")
	v.send("answer", "16-or-over")
	v.send("answer", "danger-of-suicide-or-self-harm")
	v.wants("Angen gweithredu ar unwaith: Ffoniwch 999 nawr")
	v.shows("116 123", `<div lang="en">`, "Call 999 now")
}

func TestAnEmergencyThatCannotBeRecordedIsStillAnEmergency(t *testing.T) {
	t.Parallel()
	s := open(t, func(o *web.Options) {
		o.Requests = requestsThat{o.Requests, func(context.Context, requests.Submission) (requests.Receipt, error) {
			return requests.Receipt{}, errors.New("the database is away")
		}}
	})
	v := s.visit(t)
	v.get("")
	v.send("kind", "symptoms")
	v.send("answer", "under-5")
	v.send("answer", "child-fit")
	v.wants("Immediate action required: Call 999 now")
	v.shows("We could not record your answers")
	if v.status != http.StatusOK {
		t.Errorf("status %d", v.status)
	}
}

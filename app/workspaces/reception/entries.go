package reception

import (
	"strings"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/catalogue"
	"onedoor/app/requests"
	"onedoor/policy"
)

type answer = catalogue.Value

// answerWords are one answer as people say it, and whether it is a reason for haste.
func answerWords(item *catalogue.Item, v answer) (words []string, raised bool) {
	if yes, ok := v.Bool(); ok {
		if yes {
			return []string{"Yes"}, false
		}
		return []string{"No"}, false
	}
	text, isText := v.Text()
	if !isText {
		return []string{v.String()}, false
	}
	switch item.Type {
	case catalogue.TypeChoice:
		if o, ok := item.Option(text); ok {
			return []string{o.Display}, o.RedFlag != ""
		}
	case catalogue.TypeDate:
		if d := v.Date(); !d.IsZero() {
			return []string{day(d)}, false
		}
	}
	return paragraphs(text), false
}

// entryWords say what an entry of the trail records; looked is true for those who only read.
func entryWords(k *call, e audit.Entry) (says, note string, looked bool) {
	actor := actorName(k, e)
	note, _ = e.Details["reason"].(string)
	if says := tracedWords(actor, e); says != "" {
		return says, "", false
	}
	if says := toolWords(k, actor, e); says != "" {
		return says, note, false
	}
	if in, _ := e.Details["in"].(string); in == "own-system" {
		if says := ownSystemWords(k, e); says != "" {
			return says, note, false
		}
	}
	switch e.Action {
	case "request.submit":
		return submittedWords(e), "", false
	case "request.read":
		return actor + " opened it", "", true
	case "decision.read":
		return actor + " read the whole explanation", "", true
	case "request.read-handover":
		return actor + " asked how it stands", "", true
	case "request.track":
		return "The patient looked how it stands", "", true
	case "request.verify":
		return actor + " verified it, and offered it to " + organisationName(k.directory, e.Details["to"]), "", false
	case "request.accept":
		return actor + " accepted it for " + organisationName(k.directory, e.OrganisationID) + ", which is accountable from then on", "", false
	case "request.decline":
		return organisationName(k.directory, e.Details["by_organisation"]) + " declined the offer", note, false
	case "request.return":
		return organisationName(k.directory, e.Details["from"]) + " did not answer the offer, and it came back", "", false
	case "request.claim":
		return actor + " claimed it", "", false
	case "request.release":
		return actor + " released it", "", false
	case "request.transfer":
		return actor + " offered it to " + organisationName(k.directory, e.Details["to"]), note, false
	case "request.raise":
		return actor + " raised the urgency" + fromTo(e), note, false
	case "request.lower":
		return actor + " lowered the urgency" + fromTo(e), note, false
	case "request.misrouted":
		code, _ := e.Details["code"].(string)
		return actor + " said that it was sent to the wrong place: " + lowerFirst(requests.MisrouteReason(code).Title()), "", false
	case "request.outcome":
		return actor + " recorded the outcome", "", false
	case "request.close":
		return actor + " closed it without an outcome", note, false
	case "request.in-hand":
		return organisationName(k.directory, e.Details["organisation"]) + " took it in hand in its own system", "", false
	case "request.sent-back":
		return organisationName(k.directory, e.Details["by_organisation"]) + " sent it back from its own system", note, false
	case "request.refused":
		return "The task was ended in " + organisationName(k.directory, e.Details["by_organisation"]) + "’s own system without being done. It stands here", note, false
	case "recording.play":
		return actor + " played a recording", "", true
	case "recording.hear":
		return actor + " marked a recording as heard", "", false
	case "appointment.ask":
		return actor + " asked the practice’s system to " + actWords(e), "", false
	case "appointment.booked", "appointment.moved", "appointment.cancelled", "appointment.amended":
		return "The practice’s system confirmed it: the appointment was " + strings.TrimPrefix(e.Action, "appointment."), "", false
	case "appointment.unknown":
		return "The practice’s system did not confirm it in time, and is asked again", "", false
	case "appointment.refused":
		return "The practice’s system did not " + actWords(e), "", false
	case "appointment.list":
		return actor + " looked at the patient’s appointments", "", true
	case "delivery.replay":
		return actor + " sent the outcome to the clinical system again", "", false
	}
	return actor + ": " + e.Action, note, false
}

// ownSystemWords say what an organisation did in its own system, where it does the same here by hand.
func ownSystemWords(k *call, e audit.Entry) string {
	organisation := organisationName(k.directory, e.Details["organisation"])
	switch e.Action {
	case "request.accept":
		return organisation + " accepted it in its own system, and is accountable from then on"
	case "request.decline":
		return organisation + " declined the offer in its own system"
	case "request.outcome":
		return organisation + " finished it in its own system"
	}
	return ""
}

// actWords say what was asked of the system's appointments.
func actWords(e audit.Entry) string {
	switch act, _ := e.Details["act"].(string); act {
	case "move":
		return "move the appointment"
	case "cancel":
		return "cancel the appointment"
	case "amend":
		return "change the appointment’s reason"
	}
	return "book the appointment"
}

func submittedWords(e audit.Entry) string {
	channel, _ := e.Details["channel"].(string)
	switch {
	case e.Actor.Kind == audit.Person && e.Actor.Name != "":
		return e.Actor.Name + " took it down"
	case channel == "phone":
		return "It came in by phone"
	case channel == "in-person":
		return "It came in in person"
	case channel == "link":
		return "It came in by a link to the organisation’s own online tool"
	case channel == "app":
		return "It came in through an app"
	}
	return "It came in online"
}

func actorName(k *call, e audit.Entry) string {
	switch {
	case e.Actor.ID == k.by.ID && k.by.ID != uuid.Nil:
		return "You"
	case e.Actor.Kind == audit.System:
		return "Onedoor"
	case e.Actor.Name != "":
		return e.Actor.Name
	case e.Actor.Kind == audit.Patient:
		return "The patient"
	}
	return "Somebody"
}

func fromTo(e audit.Entry) string {
	from, _ := e.Details["from"].(string)
	to, _ := e.Details["to"].(string)
	if from == "" || to == "" {
		return ""
	}
	return " from " + lowerFirst(urgencyLabel(policy.Urgency(from)).Text) + " to " + lowerFirst(urgencyLabel(policy.Urgency(to)).Text)
}

func lowerFirst(s string) string {
	if s == "" || s[0] < 'A' || s[0] > 'Z' {
		return s
	}
	return string(s[0]+'a'-'A') + s[1:]
}

// asID reads an id of a detail: the trail's JSON has it as text.
func asID(v any) (uuid.UUID, bool) {
	switch x := v.(type) {
	case uuid.UUID:
		return x, x != uuid.Nil
	case string:
		id, err := uuid.Parse(x)
		return id, err == nil
	}
	return uuid.Nil, false
}

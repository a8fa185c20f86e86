// Package messages holds what is said to the patient about a request: templates by code and language, filled from plain
// facts. It sends nothing. A text names organisations and times, never the reason for asking.
package messages

import (
	"strings"
	"time"

	"onedoor/tenants"
)

// The codes that a decision or a change of state can give the patient.
const (
	PracticeQueue   = "practice-queue"
	PharmacyOffer   = "pharmacy-offer"
	ServiceOffer    = "service-offer"
	DeskQueue       = "desk-queue"
	PracticeUrgent  = "practice-urgent"
	DeskUrgent      = "desk-urgent"
	WillRefer       = "practice-will-refer"
	CallPractice    = "call-practice-now"
	WithDestination = "with-destination"
	Emergency       = "emergency-999"
	OutOfHours      = "out-of-hours-111"
	Answered        = "answered"
	ToolWaiting     = "own-tool-waiting"
	ToolTaken       = "own-tool-taken"
)

// Facts fill a text.
type Facts struct {
	Accountable string // the organisation that answers for the request now
	Destination string // where it is meant to go
	AnswerDue   time.Time
}

var texts = map[string]map[string]string{
	"en": {
		PracticeQueue:   "{accountable} has your request. You will have an answer by {due}.",
		PharmacyOffer:   "{accountable} will check your request and send it to {destination}. You will have an answer by {due}. You do not need to do anything until then.",
		ServiceOffer:    "{accountable} will check your request and send it to {destination}. You will have an answer by {due}.",
		DeskQueue:       "{accountable} has your request and will make sure that the right team answers it. You will have an answer by {due}.",
		PracticeUrgent:  "{accountable} has your request and will deal with it by {due}. If you get worse before then, call 111, or 999 in an emergency.",
		DeskUrgent:      "{accountable} has your request and will deal with it by {due}. If you get worse before then, call 111, or 999 in an emergency.",
		WillRefer:       "{accountable} has your request and will arrange it with the place you chose. You will have an answer by {due}.",
		CallPractice:    "Call {accountable} now and say that your request is urgent. It also has your request and must answer by {due}. In an emergency, call 999.",
		WithDestination: "{accountable} has your request. You will have an answer by {due}.",
		Emergency:       "Call 999 now, or go to A&E. Your answers suggest an emergency. {accountable} has been told and will check.",
		OutOfHours:      "If you cannot wait, call 111 or go to 111.nhs.uk now. {accountable} is closed and will see your request first thing. You will have an answer by {due}.",
		Answered:        "{accountable} has answered your request.",
		ToolWaiting:     "You chose to go on in {accountable}’s own online form. {accountable} keeps this request as well. If the form does not tell us that it has your request, a person at {accountable} looks at it. You will have an answer by {due}.",
		ToolTaken:       "{accountable} has your request in its own online form, and deals with it there. You will have an answer by {due}.",
	},
	"cy": {
		PracticeQueue:   "Mae eich cais gyda {accountable}. Cewch ateb erbyn {due}.",
		PharmacyOffer:   "Bydd {accountable} yn gwirio eich cais ac yn ei anfon at {destination}. Cewch ateb erbyn {due}. Nid oes angen i chi wneud dim tan hynny.",
		ServiceOffer:    "Bydd {accountable} yn gwirio eich cais ac yn ei anfon at {destination}. Cewch ateb erbyn {due}.",
		DeskQueue:       "Mae eich cais gyda {accountable}, a fydd yn sicrhau bod y tîm cywir yn ei ateb. Cewch ateb erbyn {due}.",
		PracticeUrgent:  "Mae eich cais gyda {accountable}, a fydd yn delio ag ef erbyn {due}. Os byddwch yn gwaethygu cyn hynny, ffoniwch 111, neu 999 mewn argyfwng.",
		DeskUrgent:      "Mae eich cais gyda {accountable}, a fydd yn delio ag ef erbyn {due}. Os byddwch yn gwaethygu cyn hynny, ffoniwch 111, neu 999 mewn argyfwng.",
		WillRefer:       "Mae eich cais gyda {accountable}, a fydd yn ei drefnu gyda’r lle a ddewisoch. Cewch ateb erbyn {due}.",
		CallPractice:    "Ffoniwch {accountable} nawr a dywedwch fod eich cais yn un brys. Mae eich cais yno hefyd, a rhaid iddynt ateb erbyn {due}. Mewn argyfwng, ffoniwch 999.",
		WithDestination: "Mae eich cais gyda {accountable}. Cewch ateb erbyn {due}.",
		Emergency:       "Ffoniwch 999 nawr, neu ewch i’r adran achosion brys. Mae eich atebion yn awgrymu argyfwng. Mae {accountable} wedi cael gwybod a bydd yn gwirio.",
		OutOfHours:      "Os na allwch aros, ffoniwch 111 neu ewch i 111.nhs.uk nawr. Mae {accountable} ar gau a bydd yn gweld eich cais cyn gynted ag y bydd yn agor. Cewch ateb erbyn {due}.",
		Answered:        "Mae {accountable} wedi ateb eich cais.",
		ToolWaiting:     "Fe ddewisoch fynd ymlaen yn ffurflen ar-lein {accountable} ei hun. Mae {accountable} yn cadw’r cais hwn hefyd. Os na fydd y ffurflen yn dweud wrthym fod eich cais ganddi, bydd rhywun yn {accountable} yn edrych arno. Cewch ateb erbyn {due}.",
		ToolTaken:       "Mae eich cais gan {accountable} yn ei ffurflen ar-lein ei hun, ac maent yn delio ag ef yno. Cewch ateb erbyn {due}.",
	},
}

// WhatHappensNext says in the patient's words what happens next and by when. A language without the text gets English; a
// code without a text gets the practice's.
func WhatHappensNext(language, code string, f Facts) string {
	text, ok := texts[language][code]
	if !ok {
		language = "en"
		if text, ok = texts["en"][code]; !ok {
			text = texts["en"][PracticeQueue]
		}
	}
	return strings.NewReplacer("{accountable}", f.Accountable, "{destination}", f.Destination, "{due}", When(language, f.AnswerDue)).Replace(text)
}

var months = map[string][]string{
	"cy": {"Ionawr", "Chwefror", "Mawrth", "Ebrill", "Mai", "Mehefin", "Gorffennaf", "Awst", "Medi", "Hydref", "Tachwedd", "Rhagfyr"},
}

var days = map[string][]string{
	"cy": {"dydd Sul", "dydd Llun", "dydd Mawrth", "dydd Mercher", "dydd Iau", "dydd Gwener", "dydd Sadwrn"},
}

// When is a moment as people say it: 6:30pm on Monday 23 November.
func When(language string, at time.Time) string {
	local := at.In(tenants.London())
	clock := strings.Replace(local.Format("3:04pm"), ":00", "", 1)
	if language == "cy" {
		return clock + " " + days["cy"][local.Weekday()] + " " + local.Format("2") + " " + months["cy"][local.Month()-1]
	}
	return clock + " on " + local.Format("Monday 2 January")
}

// Package web is how patients come in by browser: a neighbourhood's front door, one question a page, the answers to check,
// and what happens next. It drives package intake and shows package ui's pages; it decides nothing and stores nothing
// itself. Everything works without JavaScript.
//
// What was answered stays on the server, found by a random token in a cookie, and is forgotten an hour after the last
// answer. Addresses hold a neighbourhood and the number of a question, and nothing of the person. One file is one page:
// its form, what it refuses, and where it leads.
package web

import (
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"

	"onedoor/app/catalogue"
	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/app/routes"
)

// Options are what the pages are made of. All but Contacts, Line, Understanding and NHSLogo are needed.
type Options struct {
	Catalogue      *catalogue.Catalogue
	Walker         *intake.Walker // made with requests.NeedsPharmacy
	Requests       Requests
	Neighbourhoods Neighbourhoods
	Directories    Directories
	Conversations  Conversations
	Contacts       Contacts      // nil: those who begin are not counted
	Understanding  Understanding // nil: nobody is asked in their own words
	SelfService    SelfService   // nil: nobody settles anything by themselves
	Needs          Needs         // nil: nobody is asked what they need
	OwnTools       OwnTools      // nil: nobody goes on in an organisation's own tool
	Now            func() time.Time
	Random         io.Reader
	Log            *slog.Logger
	// Line is the telephone number of a neighbourhood's line, on which conversations go on; empty, or nil for none known.
	Line func(neighbourhood uuid.UUID) nhs.Phone
	// NHSLogo shows the NHS logo, which is for NHS bodies.
	NHSLogo bool
}

// Handlers are the patient's pages.
type Handlers struct {
	Options
}

func (o Options) line(neighbourhood uuid.UUID) nhs.Phone {
	if o.Line == nil {
		return ""
	}
	return o.Line(neighbourhood)
}

// New makes the pages.
func New(o Options) *Handlers { return &Handlers{o} }

// Register adds every page with the rule for who may see it.
func (h *Handlers) Register(s *routes.Server) {
	s.Add(http.MethodGet, "/", routes.Public, h.find)
	s.Add(http.MethodGet, "/:neighbourhood", routes.Public, h.slash)
	s.Add(http.MethodGet, "/:neighbourhood/", routes.Public, h.at(h.door))
	s.Add(http.MethodGet, "/:neighbourhood/start", routes.Public, h.at(h.toDoor))
	s.Add(http.MethodPost, "/:neighbourhood/start", routes.Patient, h.at(h.begin))

	s.Add(http.MethodGet, "/:neighbourhood/go/:ods", routes.Public, h.at(h.explainTool))
	s.Add(http.MethodPost, "/:neighbourhood/go/:ods", routes.Patient, h.at(h.beginLinked))
	s.Add(http.MethodPost, "/:neighbourhood/go-on-at-tool", routes.Patient, h.after(h.goOnAtTool))
	s.Add(http.MethodPost, "/:neighbourhood/stay-here", routes.Patient, h.after(h.stayHere))

	s.Add(http.MethodGet, "/:neighbourhood/own-words", routes.Patient, h.at(h.askOwnWords))
	s.Add(http.MethodPost, "/:neighbourhood/own-words", routes.Patient, h.at(h.understand))
	s.Add(http.MethodGet, "/:neighbourhood/own-words/answer", routes.Patient, h.at(h.askOwnWords))
	s.Add(http.MethodPost, "/:neighbourhood/own-words/answer", routes.Patient, h.at(h.answerProposal))

	s.Add(http.MethodGet, "/:neighbourhood/question", routes.Patient, h.during(h.resume))
	s.Add(http.MethodGet, "/:neighbourhood/question/:number", routes.Patient, h.during(h.askQuestion))
	s.Add(http.MethodPost, "/:neighbourhood/question/:number", routes.Patient, h.during(h.answerQuestion))

	for _, p := range aboutYou() {
		s.Add(http.MethodGet, "/:neighbourhood/about-you/"+p.slug, routes.Patient, h.during(h.askDetail(p)))
		s.Add(http.MethodPost, "/:neighbourhood/about-you/"+p.slug, routes.Patient, h.during(h.giveDetail(p)))
	}
	for _, p := range []struct {
		path     string
		ask, set page
	}{
		{"needs", h.askNeeds, h.giveNeeds},
		{"needs/recorded", h.askWhose, h.chooseWhose},
		{"needs/code", h.askNeedsProof("code"), h.giveNeedsProof("code")},
		{"needs/pin", h.askNeedsProof("pin"), h.giveNeedsProof("pin")},
	} {
		s.Add(http.MethodGet, "/:neighbourhood/"+p.path, routes.Patient, h.during(h.needing(p.ask)))
		s.Add(http.MethodPost, "/:neighbourhood/"+p.path, routes.Patient, h.during(h.needing(p.set)))
	}
	s.Add(http.MethodGet, "/:neighbourhood/pharmacy", routes.Patient, h.during(h.askPharmacy))
	s.Add(http.MethodPost, "/:neighbourhood/pharmacy", routes.Patient, h.during(h.choosePharmacy))
	s.Add(http.MethodGet, "/:neighbourhood/pharmacy/other", routes.Patient, h.during(h.askOtherPharmacy))
	s.Add(http.MethodPost, "/:neighbourhood/pharmacy/other", routes.Patient, h.during(h.chooseOtherPharmacy))

	s.Add(http.MethodGet, "/:neighbourhood/check-answers", routes.Patient, h.during(h.checkAnswers))
	s.Add(http.MethodPost, "/:neighbourhood/check-answers", routes.Patient, h.during(h.send))
	s.Add(http.MethodGet, "/:neighbourhood/sent", routes.Patient, h.after(h.sent))
	s.Add(http.MethodGet, "/:neighbourhood/emergency", routes.Patient, h.after(h.emergency))
	for _, p := range []struct {
		path     string
		ask, set page
	}{
		{"who", h.settling(h.askWho), h.settling(h.chooseWho)},
		{"code", h.settling(h.askProof("code")), h.settling(h.giveProof("code"))},
		{"pin", h.settling(h.askProof("pin")), h.settling(h.giveProof("pin"))},
		{"appointment", h.proved(h.askSlot), h.proved(h.takeSlot)},
		{"appointments", h.proved(h.askWhich), h.proved(h.chooseWhich)},
		{"time", h.proved(h.askWhich), h.proved(h.changeTime)},
		{"medicines", h.proved(h.askMedicines), h.proved(h.orderMedicines)},
	} {
		s.Add(http.MethodGet, "/:neighbourhood/by-yourself/"+p.path, routes.Patient, h.after(p.ask))
		s.Add(http.MethodPost, "/:neighbourhood/by-yourself/"+p.path, routes.Patient, h.after(p.set))
	}
	s.Add(http.MethodGet, "/:neighbourhood/by-yourself", routes.Patient, h.after(h.settling(h.beginBySelf)))
	s.Add(http.MethodPost, "/:neighbourhood/forget", routes.Patient, h.at(h.forget))

	s.Add(http.MethodGet, "/:neighbourhood/go-on", routes.Public, h.at(h.askReference))
	s.Add(http.MethodPost, "/:neighbourhood/go-on", routes.Public, h.at(h.takeUp))

	s.Add(http.MethodGet, "/:neighbourhood/status", routes.Public, h.at(h.askStatus))
	s.Add(http.MethodPost, "/:neighbourhood/status", routes.Public, h.at(h.showStatus))
}

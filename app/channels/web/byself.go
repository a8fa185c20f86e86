package web

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"

	"github.com/google/uuid"

	"onedoor/app/callers"
	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/app/selfservice"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// SelfService is what people settle by themselves once their request was sent. It is selfservice.Service.
type SelfService interface {
	Offers(ctx context.Context, v selfservice.Visit) ([]selfservice.Act, error)
	SendCode(ctx context.Context, v selfservice.Visit, language string) error
	Prove(ctx context.Context, v selfservice.Visit, codeOrPIN string) (callers.Proof, error)
	Proved(ctx context.Context, v selfservice.Visit, proof callers.Proof) error
	Slots(ctx context.Context, v selfservice.Visit, proof callers.Proof, q clinical.SlotQuery) ([]selfservice.OfferedSlot, error)
	Appointments(ctx context.Context, v selfservice.Visit, proof callers.Proof) ([]selfservice.OfferedAppointment, error)
	Book(ctx context.Context, v selfservice.Visit, proof callers.Proof, slot string) (clinical.Appointment, error)
	Move(ctx context.Context, v selfservice.Visit, proof callers.Proof, appointment, slot string) (clinical.Appointment, error)
	Cancel(ctx context.Context, v selfservice.Visit, proof callers.Proof, appointment string) (clinical.Appointment, error)
	Medicines(ctx context.Context, v selfservice.Visit, proof callers.Proof) ([]selfservice.OfferedMedicine, error)
	Order(ctx context.Context, v selfservice.Visit, proof callers.Proof, medicines []string) error
}

// proofCookie names what was proved, for as long as the browser is open. It is of no use without the conversation's own.
const proofCookie = "onedoor-proof"

// bySelf is a visit of somebody who settles what they sent.
type bySelf struct {
	*visit
	of    selfservice.Visit
	acts  []selfservice.Act
	proof callers.Proof // zero until they proved who they are
}

// settling is for pages after a request was sent whose practice offers something; all others lead to what was sent.
func (h *Handlers) settling(page func(b *bySelf) error) page {
	return func(v *visit) error {
		b, err := h.bySelf(v)
		if err != nil {
			return err
		}
		if b == nil || len(b.acts) == 0 {
			return v.to("sent")
		}
		return page(b)
	}
}

// proved is for those of them that show what a practice knows of a person.
func (h *Handlers) proved(page func(b *bySelf) error) page {
	return h.settling(func(b *bySelf) error {
		if b.proof.ID == uuid.Nil {
			return b.to("by-yourself/who")
		}
		err := h.SelfService.Proved(b.ctx(), b.of, b.proof)
		if fault.Is(err, "not_proved") {
			routes.ClearCookie(b.Context, proofCookie)
			return b.to("by-yourself/who")
		}
		if err != nil {
			return err
		}
		return page(b)
	})
}

// bySelf is nil where nothing was sent, or nobody can settle anything by themselves.
func (h *Handlers) bySelf(v *visit) (*bySelf, error) {
	if h.SelfService == nil || v.talk == nil || v.talk.Submitted == "" {
		return nil, nil
	}
	b := &bySelf{visit: v, of: selfservice.Visit{
		NeighbourhoodID: v.directory.Neighbourhood().ID, Reference: requests.Reference(v.talk.Submitted), Channel: requests.Web,
	}}
	b.proof = b.readProof()
	var err error
	b.acts, err = h.SelfService.Offers(v.ctx(), b.of)
	return b, err
}

func (b *bySelf) readProof() (proof callers.Proof) {
	value, ok := routes.ReadCookie(b.Context, proofCookie)
	if !ok {
		return callers.Proof{}
	}
	plain, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || json.Unmarshal(plain, &proof) != nil || proof.NeighbourhoodID != b.of.NeighbourhoodID {
		return callers.Proof{}
	}
	return proof
}

func (b *bySelf) keepProof(proof callers.Proof) error {
	plain, err := json.Marshal(proof)
	if err != nil {
		return err
	}
	routes.SetCookie(b.Context, routes.Cookie{Name: proofCookie, Value: base64.RawURLEncoding.EncodeToString(plain)})
	return nil
}

// byYourself offers what can be done now on the page that confirms a request; nil for nothing. That it cannot be found out is no
// reason to keep the confirmation back.
func (h *Handlers) byYourself(v *visit) *pages.ByYourself {
	b, err := h.bySelf(v)
	if err != nil {
		h.Log.WarnContext(v.ctx(), "what somebody can settle by themselves could not be found out", "error", err.Error())
		return nil
	}
	if b == nil || len(b.acts) == 0 {
		return nil
	}
	first := string(b.acts[0])
	return &pages.ByYourself{
		Heading: v.say("by-self-heading-" + first), Says: v.say("by-self-says"),
		Link: pages.Link{Text: v.say("by-self-link-" + first), Href: v.path("by-yourself")},
	}
}

// beginBySelf goes to the page of what was asked for.
func (h *Handlers) beginBySelf(b *bySelf) error {
	switch {
	case slices.Contains(b.acts, selfservice.Order):
		return b.to("by-yourself/medicines")
	case slices.Contains(b.acts, selfservice.Book):
		return b.to("by-yourself/appointment")
	}
	return b.to("by-yourself/appointments")
}

// askWho asks how somebody wants to prove who they are. Everybody sees the same page.
func (h *Handlers) askWho(b *bySelf) error { return h.showWho(b, url.Values{}, nil) }

func (h *Handlers) showWho(b *bySelf, form url.Values, problems []components.Problem) error {
	options := []components.Option{
		{Value: "code", Text: b.say("by-self-who-code"), Hint: b.say("by-self-who-code-hint"), Checked: form.Get("by") == "code"},
		{Value: "pin", Text: b.say("by-self-who-pin"), Hint: b.say("by-self-who-pin-hint"), Checked: form.Get("by") == "pin"},
	}
	if !b.mayText() {
		options = options[1:]
	}
	f := pages.Form{
		Page: b.frame(b.say("by-self-who"), problems), Problems: problems, Action: b.path("by-yourself/who"),
		Heading: b.say("by-self-who"), Intro: []locales.Text{b.say("by-self-who-says")},
		Controls: []pages.Control{{Radios: &components.Choice{
			ID: "by", Name: "by", Legend: b.say("by-self-who-legend"), Size: "s", Error: components.ErrorFor(problems, "by"), Options: options,
		}}},
		After: []pages.Link{{Text: b.say("by-self-leave"), Href: b.path("sent")}},
	}
	f.Back = b.path("sent")
	return b.show(problems, pages.Ask(f))
}

// mayText is false for somebody who said that a text is not safe: no code is sent then, to whatever number.
func (b *bySelf) mayText() bool {
	safe := b.talk.Details.SafeToText
	return safe == nil || *safe
}

// chooseWho sends a code, or asks for the PIN.
func (h *Handlers) chooseWho(b *bySelf) error {
	form, err := routes.ReadForm(b.Context)
	if err != nil {
		return err
	}
	switch by := form.Get("by"); {
	case by == "pin":
		return b.to("by-yourself/pin")
	case by == "code" && b.mayText():
		err := h.SelfService.SendCode(b.ctx(), b.of, b.lang)
		if fault.Is(err, "too_many_tries") {
			return h.left(b, "by-self-tries")
		}
		if err != nil {
			return err
		}
		return b.to("by-yourself/code")
	}
	return h.showWho(b, form, []components.Problem{b.problemAt("by", "by-self-who-error")})
}

// askProof asks for the code or the PIN; which says which.
func (h *Handlers) askProof(which string) func(b *bySelf) error {
	return func(b *bySelf) error { return h.showProof(b, which, nil) }
}

func (h *Handlers) showProof(b *bySelf, which string, problems []components.Problem) error {
	f := pages.Form{
		Page: b.frame(b.say("by-self-"+which), problems), Problems: problems, Action: b.path("by-yourself/" + which),
		Controls: []pages.Control{{Text: &components.Field{
			ID: "proof", Name: "proof", Label: b.say("by-self-" + which), Size: "l", Heading: true, Hint: b.say("by-self-" + which + "-hint"), Width: 10,
			Error: components.ErrorFor(problems, "proof"), Code: true, InputMode: "numeric", Autocomplete: "one-time-code",
		}}},
		After: []pages.Link{{Text: b.say("by-self-again"), Href: b.path("by-yourself/who")}, {Text: b.say("by-self-leave"), Href: b.path("sent")}},
	}
	f.Back = b.path("by-yourself/who")
	return b.show(problems, pages.Ask(f))
}

// giveProof checks it. Whatever is wrong, the answer is the same one.
func (h *Handlers) giveProof(which string) func(b *bySelf) error {
	return func(b *bySelf) error {
		form, err := routes.ReadForm(b.Context)
		if err != nil {
			return err
		}
		given := trimmed(form, "proof")
		if given == "" {
			return h.showProof(b, which, []components.Problem{b.problemAt("proof", "by-self-"+which+"-missing")})
		}
		proof, err := h.SelfService.Prove(b.ctx(), b.of, given)
		switch {
		case fault.Is(err, "not_proved"):
			return h.showProof(b, which, []components.Problem{b.problemAt("proof", "by-self-not-proved")})
		case fault.Is(err, "too_many_tries"):
			return h.left(b, "by-self-tries")
		case err != nil:
			return err
		}
		if err := b.keepProof(proof); err != nil {
			return err
		}
		return h.beginBySelf(b)
	}
}

// left says why nothing was done, and that the request stands all the same.
func (h *Handlers) left(b *bySelf, why string) error {
	return b.show(nil, pages.Settled(pages.BySelf{
		Page: b.frame(b.say("by-self-left"), nil), Heading: b.say("by-self-left"), Says: []locales.Text{b.say(why), b.say("by-self-stands")},
		Links: []pages.Link{{Text: b.say("by-self-back"), Href: b.path("sent")}},
	}))
}

// troubledBySelf says what is true of a try that failed; false where it has no words for it.
func (h *Handlers) troubledBySelf(b *bySelf, err error) (bool, error) {
	f := fault.As(err)
	switch f.Code {
	case "booking_unknown", "order_unknown":
		return true, h.left(b, "by-self-unknown")
	case "booking_open", "order_exists", "already_booked", "not_by_self", "request_closed", "not_their_request":
		return true, h.left(b, "by-self-under-way")
	case "booking_refused", "order_refused", "appointments_not_offered", "medicines_not_offered":
		return true, h.left(b, "by-self-refused")
	case "appointments_unavailable", "medicines_unavailable":
		return true, h.left(b, "by-self-unavailable")
	case "not_proved":
		routes.ClearCookie(b.Context, proofCookie)
		return true, b.to("by-yourself/who")
	case "offer_ended":
		return true, h.beginBySelf(b)
	}
	return false, err
}

// settled says what was done.
func (h *Handlers) settled(b *bySelf, act selfservice.Act, rows []components.SummaryRow) error {
	return b.show(nil, pages.Settled(pages.BySelf{
		Page: b.frame(b.say("by-self-done-"+string(act)), nil), Heading: b.say("by-self-done-" + string(act)), Done: true,
		Reference: string(b.of.Reference), List: components.SummaryList{Rows: rows}, Says: []locales.Text{b.say("by-self-next-" + string(act))},
		Finish: b.path("forget"),
	}))
}

// settledBySelf shows how the request stands once somebody settled it by themselves: what was promised when it was sent is
// not true any more.
func (h *Handlers) settledBySelf(v *visit) (shown bool, err error) {
	if _, ok := routes.ReadCookie(v.Context, proofCookie); !ok || h.SelfService == nil {
		return false, nil
	}
	view, err := h.Requests.Track(v.ctx(), v.directory.Neighbourhood().ID, requests.Reference(v.talk.Submitted), v.talk.Details.BirthDate, v.lang)
	if fault.Is(err, "not_found") || (err == nil && view.Status != requests.Closed) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, h.showRequest(v, view)
}

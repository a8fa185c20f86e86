package dialogue

import (
	"context"
	"errors"

	"onedoor/app/callers"
	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/app/selfservice"
	"onedoor/tenants"
	"onedoor/ui/locales"
)

// SelfService is what callers settle by themselves once their request was sent. It is selfservice.Service.
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

// settling is how far a caller has come with it.
type settling struct {
	Act   selfservice.Act
	Proof callers.Proof `json:",omitzero"`
	// Own is the token of the appointment that is changed; empty until it was picked.
	Own string `json:",omitempty"`
	// From is the first entry of the list that is offered now, and Picked the token and words of what was picked.
	From   int      `json:",omitempty"`
	Picked entry    `json:",omitzero"`
	Basket []string `json:",omitempty"` // medicines picked before
}

// entry is one thing that can be picked.
type entry struct{ Token, Says string }

// actWords are the phrases that offer an act, ask whether it is meant, and say that it is done.
func actWords(act selfservice.Act) (offer, sure, done string) {
	switch act {
	case selfservice.Change:
		return "self-offer-change", "self-sure-change", "self-done-change"
	case selfservice.Cancel:
		return "self-offer-cancel", "self-sure-cancel", "self-done-cancel"
	case selfservice.Order:
		return "self-offer-order", "self-sure-order", "self-done-order"
	case selfservice.Book:
	}
	return "self-offer-book", "self-sure-book", "self-done-book"
}

// pickMost is how many are said at once: the ear keeps no more.
const pickMost = 3

func (s *State) visit() selfservice.Visit {
	return selfservice.Visit{NeighbourhoodID: s.NeighbourhoodID, Reference: s.Sent, Channel: requests.Phone, CallID: s.CallID}
}

// offersSelf reports whether what was just sent can be settled now, and begins it. That it cannot be found out keeps nobody.
func (d *Driver) offersSelf(ctx context.Context, s *State) bool {
	s.Self = nil
	if d.selfService == nil {
		return false
	}
	acts, err := d.selfService.Offers(ctx, s.visit())
	if err != nil {
		d.failed(ctx, s, "what a caller can settle by themselves could not be found out", err)
	}
	if len(acts) == 0 {
		return false
	}
	s.Self = &settling{Act: acts[0]}
	return true
}

func (d *Driver) askSelf(_ context.Context, s *State) (Turn, error) {
	offer, _, _ := actWords(s.Self.Act)
	return Turn{Say: []Phrase{d.say(s, offer)}, Expect: s.keys(1)}, nil
}

func (d *Driver) keySelf(ctx context.Context, s *State, keys string) (Turn, error) {
	switch keys {
	case "1":
		if s.Proof != nil && d.selfService.Proved(ctx, s.visit(), *s.Proof) == nil { // proved once for the call
			s.Self.Proof = *s.Proof
			return d.enter(ctx, s, stepSelfPick)
		}
		return d.enter(ctx, s, stepSelfBy)
	case "", "2":
		return d.leaveSelf(ctx, s)
	}
	return Turn{}, refusal("wrong-key")
}

// leaveSelf leaves it to the practice.
func (d *Driver) leaveSelf(ctx context.Context, s *State) (Turn, error) {
	s.Self, s.Repeat = nil, false
	return d.enter(ctx, s, stepSent, d.say(s, "self-stands"))
}

func (d *Driver) keySelfBy(ctx context.Context, s *State, keys string) (Turn, error) {
	switch keys {
	case "1":
		if safe := s.Talk.Details.SafeToText; safe != nil && !*safe { // no code goes to whatever number then
			s.ByPIN = true
			return d.enter(ctx, s, stepSelfProve)
		}
		if err := d.selfService.SendCode(ctx, s.visit(), known(s.Language)); err != nil {
			return d.notSettled(ctx, s, err)
		}
		s.ByPIN = false
		return d.enter(ctx, s, stepSelfProve)
	case "2":
		s.ByPIN = true
		return d.enter(ctx, s, stepSelfProve)
	}
	return Turn{}, refusal("wrong-key")
}

func (d *Driver) keySelfProve(ctx context.Context, s *State, keys string) (Turn, error) {
	if len(keys) != proofKeys {
		return Turn{}, refusal("not-proved")
	}
	proof, err := d.selfService.Prove(ctx, s.visit(), keys)
	if fault.Is(err, "not_proved") {
		return Turn{}, refusal("not-proved")
	}
	if err != nil {
		return d.notSettled(ctx, s, err)
	}
	s.Self.Proof, s.Proof = proof, &proof
	details := s.Talk.Details
	lead := d.heed(ctx, s, proof, patients.Given{NHSNumber: details.NHSNumber, BirthDate: details.BirthDate})
	return d.enter(ctx, s, stepSelfPick, lead...)
}

// picking reports what is picked now: an appointment of the caller's own comes before its new time.
func (z *settling) picking() string {
	switch {
	case z.Act == selfservice.Order:
		return "self-medicines"
	case z.Act == selfservice.Book || z.Own != "":
		return "self-slots"
	}
	return "self-appointments"
}

// entries are what there is to pick from now. It is read anew each time: others take slots meanwhile.
func (d *Driver) selfEntries(ctx context.Context, s *State) (list []entry, err error) {
	switch s.Self.picking() {
	case "self-medicines":
		medicines, err := d.selfService.Medicines(ctx, s.visit(), s.Self.Proof)
		for _, m := range medicines {
			if m.Token != "" {
				list = append(list, entry{m.Token, m.Name})
			}
		}
		return list, err
	case "self-slots":
		slots, err := d.selfService.Slots(ctx, s.visit(), s.Self.Proof, clinical.SlotQuery{})
		for _, slot := range slots {
			list = append(list, entry{slot.Token, d.appointmentWords(s, clinical.Appointment{Start: slot.Start, With: slot.With})})
		}
		return list, err
	}
	appointments, err := d.selfService.Appointments(ctx, s.visit(), s.Self.Proof)
	for _, a := range appointments {
		list = append(list, entry{a.Token, d.appointmentWords(s, a.Appointment)})
	}
	return list, err
}

func (d *Driver) appointmentWords(s *State, a clinical.Appointment) string {
	when := sentence(locales.Moment(known(s.Language), a.Start.In(tenants.London())))
	if a.With == "" {
		return when
	}
	return when + ", " + a.With
}

func (d *Driver) askSelfPick(ctx context.Context, s *State) (Turn, error) {
	list, err := d.selfEntries(ctx, s)
	if err != nil {
		return d.notSettled(ctx, s, err)
	}
	if len(list) == 0 {
		return d.enterLeft(ctx, s, "self-nothing")
	}
	if s.Self.From >= len(list) {
		s.Self.From = 0
	}
	say := []Phrase{d.say(s, s.Self.picking())}
	for i, e := range list[s.Self.From:min(len(list), s.Self.From+pickMost)] {
		say = append(say, s.private(d.words.text(s.Language, "press", "choice", e.Says, "key", string(rune('1'+i)))))
	}
	if len(list) > pickMost {
		say = append(say, d.say(s, "self-more"))
	}
	return Turn{Say: append(say, d.say(s, "self-none")), Expect: s.keys(1)}, nil
}

func (d *Driver) keySelfPick(ctx context.Context, s *State, keys string) (Turn, error) {
	switch keys {
	case "4":
		s.Self.From += pickMost
		return d.enter(ctx, s, stepSelfPick)
	case "5":
		return d.leaveSelf(ctx, s)
	case "1", "2", "3":
		list, err := d.selfEntries(ctx, s)
		if err != nil {
			return d.notSettled(ctx, s, err)
		}
		i := s.Self.From + int(keys[0]-'1')
		if i >= len(list) {
			return Turn{}, refusal("wrong-key")
		}
		s.Self.Picked = list[i] // said back before anything is done: another may stand there since it was said
		if s.Self.Act == selfservice.Change && s.Self.Own == "" {
			s.Self.Own, s.Self.From = list[i].Token, 0
			return d.enter(ctx, s, stepSelfPick)
		}
		return d.enter(ctx, s, stepSelfSure)
	}
	return Turn{}, refusal("wrong-key")
}

func (d *Driver) askSelfSure(_ context.Context, s *State) (Turn, error) {
	_, sure, _ := actWords(s.Self.Act)
	return Turn{Say: []Phrase{s.private(s.Self.Picked.Says + "."), d.say(s, sure)}, Expect: s.keys(1)}, nil
}

func (d *Driver) keySelfSure(ctx context.Context, s *State, keys string) (Turn, error) {
	z := s.Self
	switch {
	case keys == "2":
		return d.enter(ctx, s, stepSelfPick)
	case keys == "3" && z.Act == selfservice.Order:
		z.Basket = append(z.Basket, z.Picked.Token)
		return d.enter(ctx, s, stepSelfPick)
	case keys != "1":
		return Turn{}, refusal("wrong-key")
	}
	var err error
	switch z.Act {
	case selfservice.Book:
		_, err = d.selfService.Book(ctx, s.visit(), z.Proof, z.Picked.Token)
	case selfservice.Change:
		_, err = d.selfService.Move(ctx, s.visit(), z.Proof, z.Own, z.Picked.Token)
	case selfservice.Cancel:
		_, err = d.selfService.Cancel(ctx, s.visit(), z.Proof, z.Picked.Token)
	case selfservice.Order:
		err = d.selfService.Order(ctx, s.visit(), z.Proof, append(z.Basket, z.Picked.Token))
	}
	if err != nil {
		return d.notSettled(ctx, s, err)
	}
	_, _, done := actWords(z.Act)
	s.Self, s.Repeat = nil, false
	return d.enter(ctx, s, stepSent, d.say(s, done), s.private(z.Picked.Says+"."))
}

// notSettled says what is true of a try that failed, and goes on: with other slots, or with the request as it stands.
func (d *Driver) notSettled(ctx context.Context, s *State, err error) (Turn, error) {
	var taken *selfservice.TakenError
	if errors.As(err, &taken) {
		return d.enter(ctx, s, stepSelfPick, d.say(s, "self-taken"))
	}
	switch f := fault.As(err); f.Code {
	case "offer_ended":
		return d.enter(ctx, s, stepSelfPick)
	case "too_many_tries", "not_proved":
		return d.enterLeft(ctx, s, "too-many-tries")
	case "booking_unknown", "order_unknown":
		return d.enterLeft(ctx, s, "self-unknown")
	case "booking_open", "order_exists", "already_booked", "not_by_self", "request_closed", "not_their_request":
		return d.enterLeft(ctx, s, "self-under-way")
	case "booking_refused", "order_refused", "appointments_not_offered", "medicines_not_offered", "appointments_unavailable", "medicines_unavailable":
		return d.enterLeft(ctx, s, "self-not-done")
	}
	d.failed(ctx, s, "a caller could not settle something by themselves", err)
	return d.enterLeft(ctx, s, "self-not-done")
}

// enterLeft says why nothing came of it, and that the request stands.
func (d *Driver) enterLeft(ctx context.Context, s *State, why string) (Turn, error) {
	s.Self, s.Repeat = nil, false
	return d.enter(ctx, s, stepSent, d.say(s, why), d.say(s, "self-stands"))
}

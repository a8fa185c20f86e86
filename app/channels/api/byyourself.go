package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"onedoor/app/callers"
	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/routes"
	"onedoor/app/selfservice"
)

// SelfService is what people settle by themselves once their request was handed in. It is selfservice.Service.
type SelfService interface {
	Offers(ctx context.Context, v selfservice.Visit) ([]selfservice.Act, error)
	SendCode(ctx context.Context, v selfservice.Visit, language string) error
	Prove(ctx context.Context, v selfservice.Visit, codeOrPIN string) (callers.Proof, error)
	Slots(ctx context.Context, v selfservice.Visit, proof callers.Proof, q clinical.SlotQuery) ([]selfservice.OfferedSlot, error)
	Appointments(ctx context.Context, v selfservice.Visit, proof callers.Proof) ([]selfservice.OfferedAppointment, error)
	Book(ctx context.Context, v selfservice.Visit, proof callers.Proof, slot string) (clinical.Appointment, error)
	Move(ctx context.Context, v selfservice.Visit, proof callers.Proof, appointment, slot string) (clinical.Appointment, error)
	Cancel(ctx context.Context, v selfservice.Visit, proof callers.Proof, appointment string) (clinical.Appointment, error)
	Medicines(ctx context.Context, v selfservice.Visit, proof callers.Proof) ([]selfservice.OfferedMedicine, error)
	Order(ctx context.Context, v selfservice.Visit, proof callers.Proof, medicines []string) error
}

// askedBySelf is what a call may send: each uses some of it.
type askedBySelf struct {
	Proof       string     `json:"proof"`
	Code        string     `json:"code"`
	Language    string     `json:"language"`
	From        *time.Time `json:"from"`
	To          *time.Time `json:"to"`
	Held        string     `json:"held"`
	Slot        string     `json:"slot"`
	Appointment string     `json:"appointment"`
	Medicines   []string   `json:"medicines"`

	proof callers.Proof
}

type slotItem struct {
	Slot  string    `json:"slot"` // the token
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	With  string    `json:"with,omitempty"`
	Where string    `json:"where,omitempty"`
	Held  string    `json:"held,omitempty"`
}

type appointmentItem struct {
	Appointment string    `json:"appointment,omitempty"` // the token; none once it was changed
	Start       time.Time `json:"start"`
	End         time.Time `json:"end"`
	With        string    `json:"with,omitempty"`
	Where       string    `json:"where,omitempty"`
	ByPhone     bool      `json:"by_phone"`
}

type medicineItem struct {
	Medicine string `json:"medicine,omitempty"` // the token; none where it cannot be ordered
	Name     string `json:"name"`
	Dosage   string `json:"dosage,omitempty"`
	Quantity string `json:"quantity,omitempty"`
	WhyNot   string `json:"why_not,omitempty"`
}

func (a *API) addBySelf(s *routes.Server) {
	const root = "/api/v1/requests/:reference/by-yourself"
	rule := routes.Need("request", "settle")
	s.Add(http.MethodGet, root, rule, a.bySelf(func(c echo.Context, v selfservice.Visit, _ askedBySelf) (any, error) {
		acts, err := a.o.SelfService.Offers(c.Request().Context(), v)
		if acts == nil {
			acts = []selfservice.Act{}
		}
		return map[string]any{"acts": acts}, err
	}))
	for name, do := range map[string]func(context.Context, selfservice.Visit, askedBySelf) (any, error){
		"code": a.sendCode, "proof": a.proveSelf, "slots": a.slots, "appointments": a.ownAppointments, "book": a.book, "move": a.move,
		"cancel": a.cancel, "medicines": a.medicines, "order": a.order,
	} {
		s.Add(http.MethodPost, root+"/"+name, rule, a.bySelf(func(c echo.Context, v selfservice.Visit, in askedBySelf) (any, error) {
			return do(c.Request().Context(), v, in)
		}))
	}
}

// bySelf reads a call of the program that handed the request in; for any other there is no such request.
func (a *API) bySelf(do func(c echo.Context, v selfservice.Visit, in askedBySelf) (any, error)) echo.HandlerFunc {
	return func(c echo.Context) error {
		ref, err := reference(c)
		if err != nil {
			return err
		}
		if a.o.SelfService == nil {
			return fault.Absent()
		}
		p := routes.Principal(c)
		var in askedBySelf
		if c.Request().Method == http.MethodPost {
			if err := routes.ReadJSON(c, &in); err != nil {
				return err
			}
		}
		in.proof = parseProof(in.Proof)
		view, err := a.o.Requests.Get(c.Request().Context(), readerOf(p), ref)
		if err != nil {
			return err
		}
		reply, err := do(c, selfservice.Visit{NeighbourhoodID: p.NeighbourhoodID, Reference: ref, Channel: view.Channel}, in)
		if err != nil {
			return takenInstead(err)
		}
		if reply == nil {
			return c.NoContent(http.StatusNoContent)
		}
		return routes.WriteJSON(c, http.StatusOK, reply)
	}
}

// parseProof reads a proof that proveSelf gave; what cannot be read proves nothing, and is told so where it is used.
func parseProof(text string) (proof callers.Proof) {
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(plain, &proof) != nil {
		return callers.Proof{}
	}
	return proof
}

// takenInstead tells which slots are free where somebody else has taken the one that was chosen.
func takenInstead(err error) error {
	var taken *selfservice.TakenError
	if !errors.As(err, &taken) {
		return err
	}
	return fault.New(fault.Conflict, "slot_taken", "Somebody else has just taken this appointment. Choose another one.").
		With("next", slotItems(taken.Next)).Because(err)
}

func (a *API) sendCode(ctx context.Context, v selfservice.Visit, in askedBySelf) (any, error) {
	return nil, a.o.SelfService.SendCode(ctx, v, in.Language)
}

func (a *API) proveSelf(ctx context.Context, v selfservice.Visit, in askedBySelf) (any, error) {
	proof, err := a.o.SelfService.Prove(ctx, v, in.Code)
	if err != nil {
		return nil, err
	}
	plain, err := json.Marshal(proof)
	return map[string]string{"proof": base64.RawURLEncoding.EncodeToString(plain)}, err
}

func (a *API) slots(ctx context.Context, v selfservice.Visit, in askedBySelf) (any, error) {
	q := clinical.SlotQuery{Held: clinical.Held(in.Held)}
	switch q.Held {
	case "", clinical.InPerson, clinical.ByTelephone, clinical.ByVideo:
	default:
		return nil, fault.InvalidFields([]fault.Field{{Pointer: "/held", Code: "unknown_held", Says: "An appointment is held in-person, by telephone or by video."}})
	}
	if in.From != nil {
		q.From = *in.From
	}
	if in.To != nil {
		q.To = *in.To
	}
	list, err := a.o.SelfService.Slots(ctx, v, in.proof, q)
	return map[string]any{"items": slotItems(list)}, err
}

func slotItems(list []selfservice.OfferedSlot) []slotItem {
	items := make([]slotItem, len(list))
	for i, s := range list {
		items[i] = slotItem{s.Token, s.Start, s.End, s.With, s.Where, string(s.Held)}
	}
	return items
}

func (a *API) ownAppointments(ctx context.Context, v selfservice.Visit, in askedBySelf) (any, error) {
	list, err := a.o.SelfService.Appointments(ctx, v, in.proof)
	items := make([]appointmentItem, len(list))
	for i, x := range list {
		items[i] = appointmentOf(x.Appointment)
		items[i].Appointment = x.Token
	}
	return map[string]any{"items": items}, err
}

func appointmentOf(x clinical.Appointment) appointmentItem {
	return appointmentItem{Start: x.Start, End: x.End, With: x.With, Where: x.Where, ByPhone: x.ByPhone}
}

func (a *API) book(ctx context.Context, v selfservice.Visit, in askedBySelf) (any, error) {
	x, err := a.o.SelfService.Book(ctx, v, in.proof, in.Slot)
	return appointmentOf(x), err
}

func (a *API) move(ctx context.Context, v selfservice.Visit, in askedBySelf) (any, error) {
	x, err := a.o.SelfService.Move(ctx, v, in.proof, in.Appointment, in.Slot)
	return appointmentOf(x), err
}

func (a *API) cancel(ctx context.Context, v selfservice.Visit, in askedBySelf) (any, error) {
	x, err := a.o.SelfService.Cancel(ctx, v, in.proof, in.Appointment)
	return appointmentOf(x), err
}

func (a *API) medicines(ctx context.Context, v selfservice.Visit, in askedBySelf) (any, error) {
	list, err := a.o.SelfService.Medicines(ctx, v, in.proof)
	items := make([]medicineItem, len(list))
	for i, m := range list {
		items[i] = medicineItem{m.Token, m.Name, m.Dosage, m.Quantity, m.Why}
	}
	return map[string]any{"items": items}, err
}

func (a *API) order(ctx context.Context, v selfservice.Visit, in askedBySelf) (any, error) {
	return nil, a.o.SelfService.Order(ctx, v, in.proof, in.Medicines)
}

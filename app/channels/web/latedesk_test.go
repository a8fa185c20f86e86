package web_test

import (
	"context"

	"onedoor/app/callers"
	"onedoor/app/clinical"
	"onedoor/app/selfservice"
	"onedoor/app/selfservice/selfservicetest"
)

// lateDesk is a desk that is made once the world is there.
type lateDesk struct{ desk **selfservicetest.Desk }

func (l lateDesk) s() *selfservice.Service { return (*l.desk).Service }

func (l lateDesk) Offers(ctx context.Context, v selfservice.Visit) ([]selfservice.Act, error) {
	return l.s().Offers(ctx, v)
}

func (l lateDesk) SendCode(ctx context.Context, v selfservice.Visit, language string) error {
	return l.s().SendCode(ctx, v, language)
}

func (l lateDesk) Prove(ctx context.Context, v selfservice.Visit, given string) (callers.Proof, error) {
	return l.s().Prove(ctx, v, given)
}

func (l lateDesk) Proved(ctx context.Context, v selfservice.Visit, p callers.Proof) error {
	return l.s().Proved(ctx, v, p)
}

func (l lateDesk) Slots(ctx context.Context, v selfservice.Visit, p callers.Proof, q clinical.SlotQuery) ([]selfservice.OfferedSlot, error) {
	return l.s().Slots(ctx, v, p, q)
}

func (l lateDesk) Appointments(ctx context.Context, v selfservice.Visit, p callers.Proof) ([]selfservice.OfferedAppointment, error) {
	return l.s().Appointments(ctx, v, p)
}

func (l lateDesk) Book(ctx context.Context, v selfservice.Visit, p callers.Proof, slot string) (clinical.Appointment, error) {
	return l.s().Book(ctx, v, p, slot)
}

func (l lateDesk) Move(ctx context.Context, v selfservice.Visit, p callers.Proof, appointment, slot string) (clinical.Appointment, error) {
	return l.s().Move(ctx, v, p, appointment, slot)
}

func (l lateDesk) Cancel(ctx context.Context, v selfservice.Visit, p callers.Proof, appointment string) (clinical.Appointment, error) {
	return l.s().Cancel(ctx, v, p, appointment)
}

func (l lateDesk) Medicines(ctx context.Context, v selfservice.Visit, p callers.Proof) ([]selfservice.OfferedMedicine, error) {
	return l.s().Medicines(ctx, v, p)
}

func (l lateDesk) Order(ctx context.Context, v selfservice.Visit, p callers.Proof, medicines []string) error {
	return l.s().Order(ctx, v, p, medicines)
}

package needs_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/callers"
	"onedoor/app/fault"
	"onedoor/app/needs"
	"onedoor/app/nhs"
	"onedoor/app/patients"
)

// known proves everybody but those whose proof has ended.
type known struct {
	needs.Callers
	ended bool
}

func (k known) Whose(context.Context, callers.Proof) (patients.Patient, error) {
	if k.ended {
		return patients.Patient{}, fault.New(fault.Forbidden, "not_proved", "Prove it again.")
	}
	return patients.Patient{NHSNumber: "9990001006"}, nil
}

// registers answer as a function does.
type registers func(context.Context, nhs.Number) (patients.Needs, error)

func (r registers) NeedsOf(ctx context.Context, _ uuid.UUID, number nhs.Number) (patients.Needs, error) {
	return r(ctx, number)
}

func TestWhatIsRecordedIsReadWithinTheBudget(t *testing.T) {
	t.Parallel()
	some := patients.Needs{Interpreter: true}
	broken := errors.New("the database is away")
	for name, c := range map[string]struct {
		answers registers
		ended   bool
		want    bool // that an interpreter is needed
		err     string
	}{
		"a register that answers": {answers: func(_ context.Context, n nhs.Number) (patients.Needs, error) {
			if n != "9990001006" {
				return patients.Needs{}, errors.New("somebody else was asked for")
			}
			return some, nil
		}, want: true},
		"a register that is silent": {answers: func(ctx context.Context, _ nhs.Number) (patients.Needs, error) {
			<-ctx.Done()
			return patients.Needs{}, ctx.Err()
		}},
		"one register that answers where another is silent": {answers: func(ctx context.Context, _ nhs.Number) (patients.Needs, error) {
			<-ctx.Done()
			return some, nil
		}, want: true},
		"our own trouble": {answers: func(context.Context, nhs.Number) (patients.Needs, error) { return patients.Needs{}, broken }, err: broken.Error()},
		"a proof that has ended": {answers: func(context.Context, nhs.Number) (patients.Needs, error) {
			t.Error("it was read all the same")
			return some, nil
		}, ended: true, err: "not_proved: Prove it again."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := needs.New(needs.Options{Registers: c.answers, Callers: known{ended: c.ended}, Budget: 20 * time.Millisecond})
			got, err := s.Recorded(t.Context(), callers.Proof{NeighbourhoodID: uuid.New()})
			if got.Interpreter != c.want || (err == nil) != (c.err == "") || (err != nil && err.Error() != c.err) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

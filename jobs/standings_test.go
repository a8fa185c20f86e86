package jobs

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/requests"
	"onedoor/tenants"
)

// register holds arrivals that are due, and writes down what the job makes of each.
type register struct {
	due    []requests.Arrival
	stood  map[uuid.UUID]clinical.Stage
	putOff map[uuid.UUID]time.Duration
	now    time.Time
}

func (r *register) DueArrivals(context.Context, uuid.UUID, int) ([]requests.Arrival, error) {
	return r.due, nil
}

func (r *register) PutOffReading(_ context.Context, a requests.Arrival, until time.Time) error {
	r.putOff[a.ID] = until.Sub(r.now)
	return nil
}

func (r *register) Stood(_ context.Context, d clinical.Delivery, standing clinical.Standing, _ bool) error {
	r.stood[d.ID] = standing.Stage
	return nil
}

func (r *register) StoodOrder(_ context.Context, a requests.Arrival, _ requests.Reference, standing clinical.Standing, _ bool) error {
	r.stood[a.ID] = standing.Stage
	return nil
}

func (r *register) Get(_ context.Context, _ tenants.Scope, id uuid.UUID) (clinical.Delivery, error) {
	for _, a := range r.due {
		if a.ID == id {
			return clinical.Delivery{ID: id, OrganisationID: a.OrganisationID}, nil
		}
	}
	return clinical.Delivery{}, errors.New("no such delivery")
}

// board answers with a stage or an error, and counts how often it is asked; with neither it is no task board.
type board struct {
	clinical.System
	stage clinical.Stage
	err   error
	asked int
}

func (b *board) Standing(context.Context, clinical.Delivery) (clinical.Standing, bool, error) {
	b.asked++
	return clinical.Standing{Stage: b.stage}, b.err == nil, b.err
}

// filesOnly is a system that cannot say how a task stands.
type filesOnly struct{ clinical.System }

func TestHowRequestsStandIsReadAndASystemInTroubleIsLeftAlone(t *testing.T) {
	t.Parallel()
	var (
		well, down, refuses = &board{stage: clinical.StageDone}, &board{err: &clinical.Unavailable{Says: "It is down."}}, &board{err: &clinical.Refused{Says: "It does not tell."}}
		silent              = filesOnly{}
	)
	systems := map[string]struct {
		system clinical.System
		err    error
		wait   time.Duration // until it is asked again; none where it answered
	}{
		"a system that answers":                      {system: well},
		"a system that is down":                      {system: down, wait: troubledWait},
		"a system that does not tell":                {system: refuses, wait: neverWait},
		"a system that cannot say how a task stands": {system: silent, wait: neverWait},
		"a connection that is paused":                {err: clinical.ErrPaused, wait: troubledWait},
		"a connection that was removed":              {err: &clinical.Refused{Says: "It was removed."}, wait: neverWait},
		"an order where nobody can order":            {wait: neverWait},
	}
	r := &register{stood: map[uuid.UUID]clinical.Stage{}, putOff: map[uuid.UUID]time.Duration{}, now: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	of, names := map[uuid.UUID]string{}, map[uuid.UUID]string{}
	for name := range systems {
		organisation := uuid.New()
		of[organisation] = name
		for range 2 { // the second shows whether one in trouble is asked again at once
			id := uuid.New()
			names[id] = name
			r.due = append(r.due, requests.Arrival{ID: id, OrganisationID: organisation, Ordered: name == "an order where nobody can order"})
		}
	}
	w := &standingsWorker{
		standings: Standings{Arrivals: r, Filed: r, System: func(_ context.Context, d clinical.Delivery) (clinical.System, error) {
			s := systems[of[d.OrganisationID]]
			return s.system, s.err
		}},
		options: Options{Now: func() time.Time { return r.now }, Logger: slog.New(slog.DiscardHandler)},
	}
	if err := w.turn(t.Context(), uuid.New()); err != nil {
		t.Fatal(err)
	}
	for id, name := range names {
		stage, stood := r.stood[id]
		if want := systems[name].wait; r.putOff[id] != want || stood != (want == 0) {
			t.Errorf("%s: put off for %s, not %s; passed on: %v", name, r.putOff[id], want, stood)
		}
		if stood && stage != clinical.StageDone {
			t.Errorf("%s: %s was passed on", name, stage)
		}
	}
	if well.asked != 2 || down.asked != 1 || refuses.asked != 2 {
		t.Errorf("asked %d times, %d while it is down, and %d where it does not tell", well.asked, down.asked, refuses.asked)
	}
}

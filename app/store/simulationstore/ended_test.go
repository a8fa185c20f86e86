package simulationstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/simulations"
	"onedoor/policy/simulate"
)

func TestARunningRunIsCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 800)
	ctx := t.Context()
	held := newGate(w.store)
	service := simulations.New(held, w.Now)
	r, err := service.Start(ctx, lead, riverside, question(t))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- service.Execute(ctx, riverside, r.ID) }()
	<-held.reached
	if _, err := service.Cancel(ctx, lead, riverside, r.ID); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got, err := service.Get(ctx, riverside, r.ID); err != nil || got.State != simulations.Cancelled || got.Result != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAQueuedRunIsCancelledAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10)
	ctx := t.Context()
	r, err := w.service.Start(ctx, lead, riverside, question(t))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := w.service.Cancel(ctx, lead, riverside, r.ID); err != nil || got.State != simulations.Cancelled {
		t.Fatalf("%+v, %v", got, err)
	}
	if err := w.service.Execute(ctx, riverside, r.ID); err != nil {
		t.Fatal(err)
	}
	if got, err := w.service.Get(ctx, riverside, r.ID); err != nil || got.State != simulations.Cancelled {
		t.Errorf("%+v, %v", got, err)
	}
}

// A process that is asked to stop puts its run back; one that dies says nothing, and the run is taken from it.
func TestARunOutlivesItsProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 800)
	r, err := w.service.Start(t.Context(), lead, riverside, question(t))
	if err != nil {
		t.Fatal(err)
	}
	held := newGate(w.store)
	stopping, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- simulations.New(held, w.Now).Execute(stopping, riverside, r.ID) }()
	<-held.reached
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if got, err := w.service.Get(t.Context(), riverside, r.ID); err != nil || got.State != simulations.Queued {
		t.Fatalf("after a stop: %+v, %v", got, err)
	}

	// The next process claims it and is never heard of again.
	dead := uuid.New()
	if _, _, claimed, err := w.store.Claim(t.Context(), riverside, r.ID, dead, w.Now()); err != nil || !claimed {
		t.Fatal(claimed, err)
	}
	if n, err := w.service.Resume(t.Context(), riverside); err != nil || n != 0 {
		t.Fatalf("%d runs are lost before their lease ends: %v", n, err)
	}
	w.Pass(simulations.Lease + time.Second)
	before := w.queued(t)
	if n, err := w.service.Resume(t.Context(), riverside); err != nil || n != 1 {
		t.Fatalf("%d runs are lost: %v", n, err)
	}
	if w.queued(t) != before+1 {
		t.Error("the run has no new job")
	}
	// It comes back to life too late: the run is no longer its own.
	if state, err := w.store.Progress(t.Context(), riverside, r.ID, dead, 5, 10, w.Now()); err != nil || state != simulations.ProgressTaken {
		t.Errorf("progress of the dead: %v, %v", state, err)
	}
	if err := w.store.Finish(t.Context(), riverside, r.ID, dead, simulations.Ending{State: simulations.Done, Result: &simulate.Result{}, At: w.Now()}); err != nil {
		t.Fatal(err)
	}
	if err := w.service.Execute(t.Context(), riverside, r.ID); err != nil {
		t.Fatal(err)
	}
	if got, err := w.service.Get(t.Context(), riverside, r.ID); err != nil || got.State != simulations.Done || got.Result.Requests == 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestARunThatIsLostTwiceFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10)
	ctx := t.Context()
	r, err := w.service.Start(ctx, lead, riverside, question(t))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, _, claimed, err := w.store.Claim(ctx, riverside, r.ID, uuid.New(), w.Now()); err != nil || !claimed {
			t.Fatal(claimed, err)
		}
		w.Pass(simulations.Lease + time.Second)
		if n, err := w.service.Resume(ctx, riverside); err != nil || n != 1 {
			t.Fatal(n, err)
		}
	}
	if got, err := w.service.Get(ctx, riverside, r.ID); err != nil || got.State != simulations.Failed || got.Problem == "" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAQueuedRunWhoseJobWasLostGetsAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10)
	r, err := w.service.Start(t.Context(), lead, riverside, question(t))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		w.Pass(5 * simulations.Lease)
		if n, err := w.service.Resume(t.Context(), riverside); err != nil || n != 1 {
			t.Fatal(n, err)
		}
	}
	if err := w.service.Execute(t.Context(), riverside, r.ID); err != nil {
		t.Fatal(err)
	}
	if got, err := w.service.Get(t.Context(), riverside, r.ID); err != nil || got.State != simulations.Done {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestRunNowIsCancelledWithItsCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 800)
	held := newGate(w.store)
	ctx, leave := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := simulations.New(held, w.Now).RunNow(ctx, lead, riverside, question(t))
		ended <- err
	}()
	<-held.reached
	leave()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	list, err := w.service.List(t.Context(), riverside, "")
	if err != nil || len(list) != 1 || list[0].State != simulations.Cancelled {
		t.Errorf("%+v, %v", list, err)
	}
}

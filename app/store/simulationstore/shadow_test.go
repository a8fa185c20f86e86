package simulationstore_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/demo"
	"onedoor/app/simulations"
	"onedoor/jobs"
)

func shadowing(t *testing.T) simulations.ShadowDraft {
	return simulations.ShadowDraft{NeighbourhoodID: riverside, Name: "sore-throats", Document: draft(t)}
}

func (w *world) shadow(t *testing.T, name string) simulations.Shadow {
	t.Helper()
	list, err := w.service.Shadows(t.Context(), riverside, name)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d shadows: %v", len(list), err)
	}
	return list[0]
}

func TestADraftShadowsWhatComesAfterItBegan(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 300) // what came before does not count
	ctx := t.Context()
	d := shadowing(t)
	follow := func(want int) {
		t.Helper()
		if n, err := w.service.Follow(ctx, d); err != nil || n != want {
			t.Fatalf("%d differences: %v; want %d", n, err, want)
		}
	}
	follow(0)
	w.Pass(time.Second)
	for range 3 {
		w.soreThroat(t, 0)
	}
	follow(3)
	follow(3) // the same ones, which are kept once
	w.Pass(10 * time.Minute)
	follow(3) // the last look was just after them
	w.Pass(10 * time.Minute)
	follow(0)
	s := w.shadow(t, "sore-throats")
	if s.Requests != 3 || s.Different != 3 || !s.Seen.Equal(w.Now()) {
		t.Errorf("%+v", s)
	}
	cells, err := w.service.ShadowCells(ctx, riverside, s.Draft, s.Hash)
	if err != nil || len(cells) != 1 || cells[0].Requests != 3 {
		t.Fatalf("%+v: %v", cells, err)
	}
	if cells[0].From.Organisation != "Millpond Chemist" || cells[0].To.Queue != "Callbacks" {
		t.Errorf("from %+v to %+v", cells[0].From, cells[0].To)
	}
	moves, err := w.service.ShadowMoves(ctx, d, cells[0].ID)
	if err != nil || len(moves) != 3 {
		t.Fatalf("%d moves: %v", len(moves), err)
	}
	for _, m := range moves {
		if m.Live.Rule != "sore-throat" || m.Live.Place == m.Draft.Place || len(m.Live.Because) == 0 || len(m.Draft.Because) == 0 {
			t.Errorf("%+v", m)
		}
	}
	live := simulations.ShadowDraft{NeighbourhoodID: riverside, Name: "as-it-is", Document: demo.Riverside}
	if _, err := w.service.Follow(ctx, live); err != nil {
		t.Fatal(err)
	}
	w.soreThroat(t, 0)
	if n, err := w.service.Follow(ctx, live); err != nil || n != 0 {
		t.Errorf("the live rules differ from themselves %d times: %v", n, err)
	}
	if s := w.shadow(t, "as-it-is"); s.Requests != 1 {
		t.Errorf("%d requests were looked at; want 1", s.Requests)
	}
}

func TestAnotherTenantSeesNoShadow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	ctx := t.Context()
	d := shadowing(t)
	if _, err := w.service.Follow(ctx, d); err != nil {
		t.Fatal(err)
	}
	w.soreThroat(t, 0)
	if n, err := w.service.Follow(ctx, d); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	s := w.shadow(t, d.Name)
	cells, err := w.service.ShadowCells(ctx, riverside, d.Name, s.Hash)
	if err != nil || len(cells) != 1 {
		t.Fatal(cells, err)
	}
	if list, err := w.service.Shadows(ctx, hillside, ""); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	if list, err := w.service.ShadowCells(ctx, hillside, d.Name, s.Hash); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	theirs := d
	theirs.NeighbourhoodID = hillside
	if list, err := w.service.ShadowMoves(ctx, theirs, cells[0].ID); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	if n, err := w.service.RemoveShadows(ctx, hillside, w.Now().AddDate(1, 0, 0)); err != nil || n != 0 {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := w.service.RemoveShadows(ctx, riverside, w.Now()); err != nil || n != 0 {
		t.Errorf("%d are removed while they are followed: %v", n, err)
	}
	if n, err := w.service.RemoveShadows(ctx, riverside, w.Now().AddDate(1, 0, 0)); err != nil || n != 1 {
		t.Errorf("%d, %v", n, err)
	}
}

func TestADraftThatCannotDecideTouchesNoRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	broken := simulations.ShadowDraft{NeighbourhoodID: riverside, Name: "broken", Document: []byte("policy: [")}
	if _, err := w.service.Follow(t.Context(), broken); err == nil {
		t.Error("a document that does not parse was followed")
	}
	w.soreThroat(t, 0)
}

// drafts is what publishing tells.
type drafts struct {
	list  []simulations.ShadowDraft
	asked atomic.Int32
}

func (d *drafts) Shadowing(_ context.Context, neighbourhood uuid.UUID) ([]simulations.ShadowDraft, error) {
	d.asked.Add(1)
	if neighbourhood != riverside {
		return nil, errors.New("trouble in one neighbourhood")
	}
	return d.list, nil
}

func TestJobsSimulateAndFollow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 500)
	d := &drafts{list: []simulations.ShadowDraft{{NeighbourhoodID: riverside, Name: "broken", Document: []byte("?")}, shadowing(t)}}
	client, err := jobs.New(w.DB, jobs.Work{
		Neighbourhoods: func(context.Context) ([]uuid.UUID, error) { return []uuid.UUID{hillside, riverside}, nil },
		Simulations:    w.service, Shadows: jobs.Shadows{Drafts: d, Follower: w.service},
	}, jobs.Options{Now: w.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := client.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	r, err := w.service.Start(t.Context(), lead, riverside, question(t))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "a job has executed the run", func() bool {
		got, err := w.service.Get(t.Context(), riverside, r.ID)
		return err == nil && got.State == simulations.Done
	})
	eventually(t, "the draft beside a broken one is followed", func() bool {
		list, err := w.service.Shadows(t.Context(), riverside, "sore-throats")
		return err == nil && len(list) == 1 && d.asked.Load() >= 2
	})
}

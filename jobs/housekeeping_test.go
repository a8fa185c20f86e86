package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/database/testdb"
	"onedoor/app/directory"
	"onedoor/app/requests"
	"onedoor/jobs"
)

func jobsOptions() jobs.Options { return jobs.Options{SweepEvery: time.Second} }

type offers chan uuid.UUID

func (o offers) EndSilentHandovers(context.Context, uuid.UUID, time.Time) (int, error) { return 0, nil }

func (o offers) ReturnExpiredOffers(_ context.Context, neighbourhood uuid.UUID, now time.Time) (int, error) {
	if now.IsZero() {
		return 0, errors.New("no time")
	}
	o <- neighbourhood
	return 1, errors.New("trouble in one neighbourhood does not keep it from the next")
}

func TestHousekeepingRunsInEveryNeighbourhood(t *testing.T) {
	t.Parallel()
	neighbourhoods := []uuid.UUID{uuid.New(), uuid.New()}
	returned, removed := make(offers, 10), make(chan string, 10)
	remove := func(name string) jobs.Expiring {
		return jobs.Expiring{Name: name, Remove: func(context.Context, time.Time) (int, error) {
			removed <- name
			return 1, errors.New("trouble with one does not keep it from the next")
		}}
	}
	client, err := jobs.New(testdb.New(t), jobs.Work{
		Offers: returned, Neighbourhoods: func(context.Context) ([]uuid.UUID, error) { return neighbourhoods, nil },
		Expiring: []jobs.Expiring{remove("conversations"), remove("sessions")},
	}, jobs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(ctx); err != nil {
		t.Fatal(err)
	}
	for _, want := range neighbourhoods {
		if got := <-returned; got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
	for _, want := range []string{"conversations", "sessions"} {
		if got := <-removed; got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
	if err := client.Stop(ctx); err != nil {
		t.Error(err)
	}
}

type scribe chan uuid.UUID

func (s scribe) Transcribe(_ context.Context, neighbourhood uuid.UUID) (int, error) {
	s <- neighbourhood
	return 0, errors.New("trouble in one neighbourhood does not keep it from the next")
}

func (s scribe) RemoveCopies(ctx context.Context, neighbourhood uuid.UUID) (int, error) {
	return s.Transcribe(ctx, neighbourhood)
}

func TestRecordingsAreWrittenDownAndTheirCopiesRemovedInEveryNeighbourhood(t *testing.T) {
	t.Parallel()
	neighbourhoods := []uuid.UUID{uuid.New(), uuid.New()}
	written, removed := make(scribe, 10), make(scribe, 10)
	work := jobs.Work{Transcriptions: written, Copies: removed}
	if _, err := jobs.New(testdb.New(t), work, jobs.Options{}); err == nil {
		t.Error("it starts without the list of neighbourhoods")
	}
	work.Neighbourhoods = func(context.Context) ([]uuid.UUID, error) { return neighbourhoods, nil }
	client, err := jobs.New(testdb.New(t), work, jobs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(ctx); err != nil {
		t.Fatal(err)
	}
	for _, want := range neighbourhoods {
		for _, round := range []scribe{written, removed} {
			if got := <-round; got != want {
				t.Errorf("%s, not %s", got, want)
			}
		}
	}
	if err := client.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// rounds is what each of some jobs does in a neighbourhood: it writes down where it was.
type rounds map[string]chan uuid.UUID

func (r rounds) visit(what string, neighbourhood uuid.UUID) (int, error) {
	r[what] <- neighbourhood
	return 1, errors.New("trouble in one neighbourhood does not keep it from the next")
}

func (r rounds) TraceDue(_ context.Context, neighbourhood uuid.UUID) (int, error) {
	return r.visit("traces", neighbourhood)
}

func (r rounds) Settle(_ context.Context, neighbourhood uuid.UUID) (int, error) {
	return r.visit("bookings", neighbourhood)
}

func (r rounds) SettleOrders(_ context.Context, neighbourhood uuid.UUID) (int, error) {
	return r.visit("orders", neighbourhood)
}

func (r rounds) OrderStanding(context.Context, requests.Arrival) (requests.Reference, clinical.Standing, bool, error) {
	return "", clinical.Standing{}, false, nil
}

func (r rounds) Refresh(_ context.Context, by audit.Actor) (directory.Listing, error) {
	if by.Kind != audit.System || by.Name != "refresh_organisations" {
		return directory.Listing{}, fmt.Errorf("by %+v", by)
	}
	_, err := r.visit("organisations", uuid.Nil)
	return directory.Listing{}, err
}

// nothingArrived has no requests in other systems.
type nothingArrived struct{ jobs.Arrivals }

func (nothingArrived) DueArrivals(context.Context, uuid.UUID, int) ([]requests.Arrival, error) {
	return nil, nil
}

func TestWhatIsNotCertainIsSettledInEveryNeighbourhood(t *testing.T) {
	t.Parallel()
	neighbourhoods := map[uuid.UUID]bool{uuid.New(): true, uuid.New(): true}
	went := rounds{}
	for _, what := range []string{"traces", "bookings", "orders", "organisations"} {
		went[what] = make(chan uuid.UUID, 100)
	}
	client, err := jobs.New(testdb.New(t), jobs.Work{
		Neighbourhoods: func(context.Context) ([]uuid.UUID, error) { return slices.Collect(maps.Keys(neighbourhoods)), nil },
		Traces:         went, Bookings: went, Organisations: went, Standings: jobs.Standings{Arrivals: nothingArrived{}, Orders: went},
	}, jobs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(ctx); err != nil {
		t.Fatal(err)
	}
	for what, visits := range went {
		if what == "organisations" { // the register is one for all
			<-visits
			continue
		}
		first, second := <-visits, <-visits
		if first == second || !neighbourhoods[first] || !neighbourhoods[second] {
			t.Errorf("%s: %s, then %s", what, first, second)
		}
	}
	if err := client.Stop(ctx); err != nil {
		t.Error(err)
	}
}

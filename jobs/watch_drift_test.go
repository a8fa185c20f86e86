package jobs_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/database/testdb"
	"onedoor/app/misroutes"
	"onedoor/jobs"
)

type watched chan uuid.UUID

func (w watched) Watch(_ context.Context, neighbourhood uuid.UUID) (misroutes.Watched, error) {
	w <- neighbourhood
	return misroutes.Watched{FellBack: 1}, errors.New("trouble in one neighbourhood does not keep it from the next")
}

func TestRulesAreWatchedInEveryNeighbourhood(t *testing.T) {
	t.Parallel()
	neighbourhoods, looked := []uuid.UUID{uuid.New(), uuid.New()}, make(watched, 10)
	client, err := jobs.New(testdb.New(t), jobs.Work{
		Drift: looked, Neighbourhoods: func(context.Context) ([]uuid.UUID, error) { return neighbourhoods, nil },
	}, jobsOptions())
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(ctx); err != nil {
		t.Fatal(err)
	}
	for _, want := range neighbourhoods {
		if got := <-looked; got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
	if err := client.Stop(ctx); err != nil {
		t.Error(err)
	}
}

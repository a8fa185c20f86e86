package outcomes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"onedoor/app/clinical"
	"onedoor/app/clinical/fhir"
	"onedoor/app/clinical/simulator"
	"onedoor/jobs"
)

// committedTogether is how many calls the bare loop makes between two durable commits, as a drain does.
const committedTogether = 10

// Backlog hands in a backlog of outcomes, n in all, and tells how long the product takes to file it.
func (w *World) Backlog(ctx context.Context, n int) (took time.Duration, a Account, err error) {
	for handed := 0; handed < n; {
		var batch []clinical.Delivery
		for range min(100, n-handed) {
			list, err := w.outcome(w.organisations[(handed+len(batch))%len(w.organisations)], 1)
			if err != nil {
				return 0, a, err
			}
			batch = append(batch, list...)
		}
		if err := w.handIn(ctx, batch); err != nil {
			return 0, a, err
		}
		handed += len(batch)
	}
	client, err := w.Jobs(jobs.Options{})
	if err != nil {
		return 0, a, err
	}
	began := time.Now()
	if err := client.Start(ctx); err != nil {
		return 0, a, err
	}
	defer func() { _ = client.Stop(context.WithoutCancel(ctx)) }()
	if err := w.untilFiled(ctx, 10*time.Minute); err != nil {
		return 0, a, err
	}
	took = time.Since(began)
	a, err = w.account(ctx)
	return took, a, err
}

// Bare makes the calls that filing n outcomes takes, with bodies that were written before, as many at once as there are
// organisations, and keeps what came of each ten in one durable commit. It needs the table bench_bare.
func (w *World) Bare(ctx context.Context, pool *pgxpool.Pool, n int) (time.Duration, error) {
	bodies := make([][][]byte, len(w.organisations))
	for i := range n {
		place := i % len(w.organisations)
		list, err := w.outcome(w.organisations[place], 1)
		if err != nil {
			return 0, err
		}
		body, err := written(ctx, list[0])
		if err != nil {
			return 0, err
		}
		bodies[place] = append(bodies[place], body)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: len(w.organisations)}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: fhir.GivesUpAfter}
	problems := make([]error, len(w.organisations))
	var all sync.WaitGroup
	began := time.Now()
	for i, o := range w.organisations {
		all.Go(func() {
			problems[i] = bare(ctx, client, pool, w.simulator+simulator.BasePath(o.ODS), bodies[i])
		})
	}
	all.Wait()
	return time.Since(began), errors.Join(problems...)
}

// MakeBare makes the table of the bare loop.
const MakeBare = `create table bench_bare (body text not null); grant insert on bench_bare to onedoor_app`

func bare(ctx context.Context, client *http.Client, pool *pgxpool.Pool, address string, bodies [][]byte) error {
	var answers []string
	for i, body := range bodies {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
		if err != nil {
			return err
		}
		request.Header.Set("Content-Type", "application/fhir+json")
		request.Header.Set("Accept", "application/fhir+json")
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		answer, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode >= http.StatusMultipleChoices {
			return fmt.Errorf("the bare loop gets %s: %w", response.Status, errors.Join(err, errors.New(string(answer[:min(len(answer), 200)]))))
		}
		if answers = append(answers, string(answer)); len(answers) == committedTogether || i == len(bodies)-1 {
			if _, err := pool.Exec(ctx, "insert into bench_bare select unnest($1::text[])", answers); err != nil {
				return err
			}
			answers = answers[:0]
		}
	}
	return nil
}

// written is the body that the adapter sends for a delivery.
func written(ctx context.Context, d clinical.Delivery) ([]byte, error) {
	r := &recorder{}
	system, err := fhir.New(fhir.Options{BaseURL: "http://127.0.0.1:9/fhir", Transport: r, Now: time.Now})
	if err != nil {
		return nil, err
	}
	_, _ = system.File(ctx, d) // nothing is sent, so it fails
	if len(r.body) == 0 {
		return nil, errors.New("the adapter sent nothing")
	}
	return r.body, nil
}

// recorder keeps the body of the last POST, and sends nothing.
type recorder struct{ body []byte }

// RoundTrip implements http.RoundTripper.
func (r *recorder) RoundTrip(q *http.Request) (*http.Response, error) {
	if q.Method == http.MethodPost && q.Body != nil {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			return nil, err
		}
		r.body = body
	}
	return nil, errors.New("only recorded")
}

package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"onedoor/app/catalogue"
	"onedoor/app/catalogue/cataloguetest"
	"onedoor/app/nhs"
	"onedoor/app/patients"
)

// Target is a running product and whom to ask in the name of.
type Target struct {
	BaseURL  string
	Key      string // an API key that may submit
	Register []patients.Patient
	Kinds    *catalogue.Catalogue
}

// Figures are one run of a day.
type Figures struct {
	Requests   int
	Refused    int // anything but 201
	Took       time.Duration
	P50, P99   time.Duration
	FirstError string
}

// PerSecond is requests a second.
func (f Figures) PerSecond() float64 { return float64(f.Requests-f.Refused) / f.Took.Seconds() }

// Intake sends a seeded day of n requests by this many clients at once, each as fast as it is answered.
func Intake(ctx context.Context, t Target, on nhs.Date, n, clients int, seed uint64) (Figures, error) {
	list, err := day(t.Kinds, t.Register, on, n, seed, cataloguetest.Random)
	if err != nil {
		return Figures{}, err
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients, MaxConnsPerHost: clients}, Timeout: time.Minute}
	defer client.CloseIdleConnections()
	took := make([]time.Duration, n)
	var next, refused atomic.Int64
	var first atomic.Pointer[string]
	var all sync.WaitGroup
	started := time.Now()
	for range clients {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n || ctx.Err() != nil {
					return
				}
				began := time.Now()
				if err := send(ctx, client, t, list[i]); err != nil {
					says := err.Error()
					first.CompareAndSwap(nil, &says)
					refused.Add(1)
				}
				took[i] = time.Since(began)
			}
		})
	}
	all.Wait()
	f := Figures{Requests: n, Refused: int(refused.Load()), Took: time.Since(started)}
	slices.Sort(took)
	f.P50, f.P99 = took[n/2], took[n*99/100]
	if says := first.Load(); says != nil {
		f.FirstError = *says
	}
	return f, ctx.Err()
}

func send(ctx context.Context, client *http.Client, t Target, a asked) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.BaseURL+"/api/v1/requests", bytes.NewReader(a.body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+t.Key)
	request.Header.Set("Idempotency-Key", a.key)
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err == nil && response.StatusCode != http.StatusCreated {
		err = fmt.Errorf("%d: %.200s", response.StatusCode, body)
	}
	return err
}

package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
)

const (
	// sliceTime is how long a slice goes on against a slow system. With one more try it stays well under jobTimeout.
	sliceTime = 12 * time.Second
	// hastyTime is how long one try may take where the organisation's other integrations want their turn.
	hastyTime = time.Second
	// saveEvery is how long results wait to be written together. With the longest try (reading back and sending, 10 s) it
	// stays under the lease.
	saveEvery = 2 * time.Second
	saveTime  = 5 * time.Second
)

// lane is some deliveries on their way by one integration, one after the other.
type lane struct {
	*turn
	integration uuid.UUID
	way         clinical.Way
	hasty       bool // there are other integrations
	err         error

	tried []clinical.Delivery // not written yet
	asked bool                // whether the system was asked anything since the last writing
	hold  time.Duration
	says  string
	taken int
}

// work tries a slice, and leaves what it has not written to the turn.
func (l *lane) work(ctx context.Context, deliveries []clinical.Delivery) error {
	system, err := l.system(ctx)
	var refused *clinical.Refused
	switch {
	case errors.As(err, &refused):
		for _, one := range deliveries {
			l.tried = append(l.tried, one.SetAside(refused.Says, l.options.Now()))
		}
		return nil
	case err != nil: // paused since it was taken, or the database is away: as it was found
		if !errors.Is(err, clinical.ErrPaused) {
			l.options.Logger.LogAttrs(ctx, slog.LevelWarn, "an integration could not be read", slog.String("integration", l.integration.String()), slog.Any("error", err))
		}
		for _, one := range deliveries {
			one.NextAt = l.options.Now().Add(clinical.FirstWait)
			l.tried = append(l.tried, one)
		}
		return nil
	}
	return l.try(ctx, system, deliveries)
}

// system is asked for with what the slice said of the integration; one that has been removed has its own answer.
func (l *lane) system(ctx context.Context) (clinical.System, error) {
	if l.way.Integration.ID != l.integration {
		return l.systems.Of(ctx, l.line.NeighbourhoodID, l.integration)
	}
	return l.systems.Behind(ctx, l.way.Integration)
}

// try sends one after the other. It stops early, leaving the rest as they were found, when the circuit opens, the time is
// up or the process is to stop.
func (l *lane) try(ctx context.Context, system clinical.System, deliveries []clinical.Delivery) error {
	started := time.Now()
	saved := started
	last := time.Duration(0) // how long the last try took
	for i, one := range deliveries {
		if l.hold > 0 || time.Since(started) > sliceTime || (l.hasty && last > hastyTime) || !pause(ctx, started, l.way, i) {
			l.tried = append(l.tried, deliveries[i:]...)
			return nil
		}
		began := time.Now()
		l.tried = append(l.tried, l.one(ctx, system, one))
		last = time.Since(began)
		if time.Since(saved) < saveEvery || i == len(deliveries)-1 {
			continue
		}
		if err := l.save(ctx); err != nil {
			return err
		}
		saved = time.Now()
	}
	return nil
}

// pause waits for a call's place where the system limits calls; false when the process is to stop.
func pause(ctx context.Context, started time.Time, way clinical.Way, call int) bool {
	wait := way.After + time.Duration(call)*way.Every - time.Since(started)
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// one makes one try at a delivery.
func (l *lane) one(ctx context.Context, system clinical.System, delivery clinical.Delivery) clinical.Delivery {
	receipt, err := clinical.Deliver(ctx, system, delivery)
	now := l.options.Now()
	if err != nil && ctx.Err() != nil { // we hung up, which says nothing of the system
		delivery.State, delivery.UpdatedAt = clinical.Sent, now
		if delivery.SentAt.IsZero() {
			delivery.SentAt = now
		}
		return delivery
	}
	l.asked = true
	l.way.Breaker, l.hold = l.way.Breaker.After(err, l.options.Jitter())
	after := delivery.After(receipt, err, now, l.options.Jitter())
	if err == nil {
		l.taken++
		return after
	}
	if clinical.Troubled(err) {
		l.says = after.LastError
	}
	if after.LastError == "" { // what has only begun goes on at once
		return after
	}
	l.options.Logger.LogAttrs(ctx, slog.LevelWarn, "a delivery was not filed",
		slog.String("delivery", after.ID.String()), slog.String("organisation", after.OrganisationID.String()),
		slog.String("state", string(after.State)), slog.Int("attempts", after.Attempts), slog.String("says", after.LastError))
	return after
}

// progress is what has not been written yet, once.
func (l *lane) progress() clinical.Progress {
	p := clinical.Progress{Deliveries: l.tried}
	if l.asked {
		p.Ways = []clinical.WayProgress{{IntegrationID: l.integration, Breaker: l.way.Breaker, Hold: l.hold, Says: l.says, Taken: l.taken, At: l.options.Now()}}
	}
	l.tried, l.asked, l.says, l.taken = nil, false, "", 0
	return p
}

// save writes results in mid-slice, even when the job has been told to stop.
func (l *lane) save(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer cancel()
	return l.drains.Save(ctx, l.line, l.lease, l.progress())
}

package messages

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"onedoor/app/nhs"
)

// Provider is a way to send texts. An implementation keeps nothing and logs nothing of them.
type Provider interface {
	// Name says which it is: notify, development.
	Name() string
	// Send hands over one text. The reference is ours for it: it holds nothing personal, and Find knows it again.
	Send(ctx context.Context, to nhs.Phone, words, reference string) (Accepted, error)
	// Find asks whether an earlier Send with this reference arrived, when its answer was lost.
	Find(ctx context.Context, reference string) (Accepted, bool, error)
	// Look asks how an accepted text stands.
	Look(ctx context.Context, id string) (Standing, error)
}

// Accepted is what the provider said to a text.
type Accepted struct {
	ID string // the provider's own
	// Delivered is true where the provider knows at once that nothing more will come of it.
	Delivered bool
}

// Standing is how a text that was accepted stands.
type Standing string

const (
	OnItsWay    Standing = "on-its-way"
	Arrived     Standing = "arrived"
	Undelivered Standing = "undelivered" // the number is wrong, off for too long, or refuses
	Unsent      Standing = "unsent"      // the provider could not try: it may be sent again
)

// Refusal is why a text was not sent. Its zero value is a passing failure.
type Refusal struct {
	// Code is stable, and holds nothing of the text or the number: invalid-number, rate-limit, not-authorised.
	Code string
	// Final refusals are not tried again: the number cannot be texted.
	Final bool
	// Unsure means that the text may have been taken all the same: the answer was lost.
	Unsure bool
	// After is how long to wait at least.
	After time.Duration
}

func (r *Refusal) Error() string { return "the provider did not take the text: " + r.Code }

const (
	// sendTimeout bounds one call to a provider.
	sendTimeout = 10 * time.Second
	// lease is how long taken messages stay with one sender: longer than sending all that are taken at once.
	lease  = 2 * time.Minute
	slice  = 8
	tries  = 12
	oneDay = 24 * time.Hour
)

// waits are how long after each failed try the next one comes; the last repeats.
var waits = []time.Duration{5 * time.Second, 15 * time.Second, time.Minute, 3 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour}

// looks are how long after each look at an accepted text the next one comes. A network tries for up to three days.
var looks = []time.Duration{30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour, oneDay, oneDay, oneDay}

func pick(list []time.Duration, i int) time.Duration { return list[min(max(i, 0), len(list)-1)] }

// SendDue sends what is due in a neighbourhood and looks after what was sent, and says how many it dealt with. No
// transaction is open while the provider is asked. Two senders share the work; one that dies leaves its messages to the
// next after the lease, and those are asked for by their reference before they are sent again.
func (b *Outbox) SendDue(ctx context.Context, neighbourhood uuid.UUID) (dealt int, err error) {
	for ctx.Err() == nil {
		now := b.o.Now()
		taken := now.Add(lease)
		rows, err := b.o.Store.Take(ctx, neighbourhood, now, taken, slice)
		if err != nil || len(rows) == 0 {
			return dealt, err
		}
		for _, r := range rows {
			if r, err = b.deal(ctx, r); err != nil {
				return dealt, err
			}
			// What is known is written down even when this process is asked to stop just now.
			if err := b.o.Store.Settle(context.WithoutCancel(ctx), taken, r); err != nil {
				return dealt, err
			}
			dealt++
		}
	}
	return dealt, ctx.Err()
}

func (b *Outbox) deal(ctx context.Context, r Row) (Row, error) {
	if r.State == Sent {
		return b.look(ctx, r), nil
	}
	now := b.o.Now()
	if !now.Before(r.WorthUntil) && !r.Unsure {
		return r.settled(Expired, now, r.Problem), nil
	}
	l, err := b.letter(ctx, r)
	if errors.Is(err, errNoLetter) {
		return r.settled(Failed, now, "no-longer-kept"), nil
	}
	if err != nil {
		return r, err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	a, err := b.send(ctx, r, l)
	return r.tried(a, err, b.o.Now()), nil
}

func (b *Outbox) letter(ctx context.Context, r Row) (letter, error) {
	if r.Sealed == nil {
		return letter{}, errNoLetter
	}
	return b.open(ctx, r)
}

// send hands a text over, unless it got there the last time.
func (b *Outbox) send(ctx context.Context, r Row, l letter) (Accepted, error) {
	if r.Unsure {
		a, found, err := b.o.Provider.Find(ctx, r.Reference())
		switch {
		case err != nil:
			return Accepted{}, &Refusal{Code: code(err, "not-known"), Unsure: true}
		case found:
			return a, nil
		case !b.o.Now().Before(r.WorthUntil):
			return Accepted{}, errTooLate
		}
	}
	words, err := l.Text.Words()
	if err != nil {
		return Accepted{}, &Refusal{Code: "no-words", Final: true}
	}
	return b.o.Provider.Send(ctx, l.To, words, r.Reference())
}

var errTooLate = errors.New("it is no longer worth sending")

// tried is a message after a try.
func (r Row) tried(a Accepted, err error, now time.Time) Row {
	r.Tries++
	if err == nil {
		r.State, r.ProviderID, r.Unsure, r.Problem = Sent, a.ID, false, ""
		r.NextAt, r.Tries = now.Add(looks[0]), 0
		if a.Delivered {
			return r.settled(Delivered, now, "")
		}
		return r
	}
	if errors.Is(err, errTooLate) {
		return r.settled(Expired, now, r.Problem)
	}
	var refused *Refusal
	if !errors.As(err, &refused) {
		refused = &Refusal{Code: "unreachable", Unsure: true} // whatever the adapter did not understand
	}
	r.Problem, r.Unsure = refused.Code, refused.Unsure
	if refused.Final || r.Tries >= tries {
		return r.settled(Failed, now, refused.Code)
	}
	r.NextAt = now.Add(max(pick(waits, r.Tries-1), refused.After))
	if !r.NextAt.Before(r.WorthUntil) && !r.Unsure {
		return r.settled(Expired, now, refused.Code)
	}
	return r
}

func code(err error, otherwise string) string {
	var refused *Refusal
	if errors.As(err, &refused) {
		return refused.Code
	}
	return otherwise
}

func (r Row) settled(s State, now time.Time, problem string) Row {
	r.State, r.SettledAt, r.Problem, r.Unsure = s, now, problem, false
	return r
}

// look asks how an accepted text stands. A provider that cannot be asked is asked later, and at last no more.
func (b *Outbox) look(ctx context.Context, r Row) Row {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	standing, err := b.o.Provider.Look(ctx, r.ProviderID)
	now := b.o.Now()
	r.Tries++
	switch {
	case err == nil && standing == Arrived:
		return r.settled(Delivered, now, "")
	case err == nil && standing == Undelivered:
		return r.settled(Failed, now, "undelivered")
	case err == nil && standing == Unsent:
		if !now.Before(r.WorthUntil) {
			return r.settled(Failed, now, "not-sent-by-provider")
		}
		r.State, r.NextAt, r.ProviderID, r.Problem = Queued, now.Add(waits[2]), "", "not-sent-by-provider"
		return r
	case r.Tries >= len(looks):
		r.SettledAt, r.NextAt = now, time.Time{} // it stays sent: nobody knows more
		return r
	}
	r.NextAt = now.Add(pick(looks, r.Tries))
	return r
}

package clinical

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Counter is what a System may be besides: it counts how often it has a delivery, so that one written twice is found. Its
// errors are those of System.
type Counter interface {
	Count(ctx context.Context, d Delivery) (int, error)
}

// FoundOnce is the count of what cannot be counted: one if the system finds it.
func FoundOnce(ctx context.Context, system System, d Delivery) (int, error) {
	_, found, err := system.Find(ctx, d)
	if err != nil || !found {
		return 0, err
	}
	return 1, nil
}

// DifferenceKind is how our ledger and a system differ about a delivery.
type DifferenceKind string

const (
	Missing    DifferenceKind = "missing"    // we say that the system has it, and it has not
	Unexpected DifferenceKind = "unexpected" // the system has it, and we say that it needs attention
	Twice      DifferenceKind = "twice"      // the system has it more than once
)

// DifferenceKinds are all of them.
func DifferenceKinds() []DifferenceKind { return []DifferenceKind{Missing, Unexpected, Twice} }

// Difference is one delivery about which our ledger and a system differ.
type Difference struct {
	DeliveryID     uuid.UUID
	OrganisationID uuid.UUID
	Reference      string
	Kind           DifferenceKind
	FoundAt        time.Time
	SeenAt         time.Time // when it was looked at last, and still differed
}

// Check is what a comparison came to for one delivery. An empty kind means that both agree.
type Check struct {
	Delivery Delivery
	Kind     DifferenceKind
}

// Compare reads a delivery back and says how our ledger and the system differ; empty when they agree.
func Compare(ctx context.Context, system System, d Delivery) (DifferenceKind, error) {
	count := func(ctx context.Context, d Delivery) (int, error) { return FoundOnce(ctx, system, d) }
	if counter, ok := system.(Counter); ok {
		count = counter.Count
	}
	n, err := count(ctx, d)
	if err != nil {
		return "", err
	}
	switch {
	case n > 1:
		return Twice, nil
	case n == 0 && (d.State == Filed || d.State == Acknowledged):
		return Missing, nil
	case n == 1 && d.State == NeedsAttention:
		return Unexpected, nil
	}
	return "", nil
}

// Sample is what is to be compared next at one organisation: deliveries that differed before, those that were never
// looked at, and some of the round through all the others. Newest and Round are how far it has come.
type Sample struct {
	Deliveries    []Delivery
	Newest, Round uuid.UUID
}

// Ledger is our side of the comparison: a store.
type Ledger interface {
	// Checkable are the lines of a neighbourhood with anything to compare.
	Checkable(ctx context.Context, neighbourhood uuid.UUID) ([]Line, error)
	// Sample gives at most so many never looked at and as many of the round; none that changed in the last few moments.
	Sample(ctx context.Context, line Line, most int, now time.Time) (Sample, error)
	// Checked writes what came of a sample. Differences that are no more are closed.
	Checked(ctx context.Context, line Line, s Sample, checks []Check, now time.Time) error
}

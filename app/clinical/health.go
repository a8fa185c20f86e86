package clinical

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/tenants"
)

// Health is how one organisation's deliveries do, for those who keep the service running. It counts, and names nobody.
type Health struct {
	OrganisationID uuid.UUID
	// Waiting are to be sent, or sent and not heard of. Oldest is when the oldest of them was made, zero where none.
	Waiting int
	Oldest  time.Time
	// Unconfirmed are accepted or acknowledged, and not yet said to be filed.
	Unconfirmed       int
	OldestUnconfirmed time.Time
	// Late are those that were promised for a time that is over, are not filed and wait for no person.
	Late int
	// Uncertain are appointments that were to be booked, moved or given back, and of which its system has not said for
	// UncertainAfter whether they were.
	Uncertain       int
	OldestUncertain time.Time
	// Attention are those that a person has to look at.
	Attention int
	// Ways are its integrations that something was ever sent by.
	Ways []WayHealth
	// Differences are open ones between our ledger and its systems. Checked is how often a delivery was read back.
	Differences      int
	OldestDifference time.Time
	// Twice are those of them that a system has more than once.
	Twice     int
	Checked   int
	CheckedAt time.Time
}

// UncertainAfter is how long reading an appointment back may fail before a person has to ring the organisation: it must be
// known well before its day.
const UncertainAfter = time.Hour

// Filed is how many deliveries its systems took, ever; PerMinute how many of late.
func (h Health) Filed() (filed int, perMinute float64) {
	for _, w := range h.Ways {
		filed, perMinute = filed+w.Filed, perMinute+w.PerMinute
	}
	return filed, perMinute
}

// WayHealth is how one integration does.
type WayHealth struct {
	IntegrationID uuid.UUID
	Failures      int       // in a row
	HeldUntil     time.Time // the circuit is open until then; zero or past when it is closed
	LastError     string    // in words
	FailedAt      time.Time
	FiledAt       time.Time // when the system last took something
	Filed         int       // deliveries that it took, ever
	PerMinute     float64   // over the last five to ten minutes
}

// Reason is how many of an organisation's deliveries need attention for the same reason.
type Reason struct {
	OrganisationID uuid.UUID
	Says           string
	N              int
	Oldest         time.Time // when the oldest of them was made
}

// Watch is what those who keep the service running see and do. Each method reaches what its scope does: an administrator
// the deliveries to their organisations, a job those of the neighbourhood.
type Watch interface {
	Health(ctx context.Context, scope tenants.Scope, now time.Time) ([]Health, error)
	// Reasons are why deliveries need attention, the most first.
	Reasons(ctx context.Context, scope tenants.Scope) ([]Reason, error)
	// ReplayAll sends what needs attention and matches a filter again, and counts it; more says that some are left. The
	// trail has one entry for each organisation.
	ReplayAll(ctx context.Context, scope tenants.Scope, by audit.Actor, f Filter, now time.Time) (n int, more bool, err error)
	// Differences are those that stand between our ledger and the systems, the oldest first.
	Differences(ctx context.Context, scope tenants.Scope, limit int) ([]Difference, error)
}

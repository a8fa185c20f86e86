// Package integrations is how an organisation's administrator sets up the ways into its clinical systems: adds one, says
// where it is and what it is for, gives it credentials, tries it, pauses it, lets it only record what it would send, and
// removes it. Every change says who made it, and stands in the organisation's trail.
//
// It sends nothing and makes no adapter: package systems does, and asks this package for the credentials in the clear. A
// credential is sealed as it comes in and never shown again, in no page, error or log. Rows are kept by a Store
// (app/store/integrationstore); sealing is a Vault's.
package integrations

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/tenants"
)

// Connection is an integration as administrators see it.
type Connection struct {
	clinical.Integration
	ChangedAt time.Time
	ChangedBy string
	// Credentials are those that are set, without what they are.
	Credentials []Credential
	// Offers are what the system said that it offers, AskedAt when; zero while it was never asked.
	Offers  clinical.Capabilities
	AskedAt time.Time
	// Tested is the last test.
	Tested Test
}

// Credential says that one is set, when and by whom.
type Credential struct {
	Name  string
	SetAt time.Time
	SetBy string
}

// Test is what came of trying a connection.
type Test struct {
	At    time.Time
	By    string
	Steps []Step
}

// Good reports whether a test was made and nothing failed.
func (t Test) Good() bool {
	for _, s := range t.Steps {
		if s.State == Failed {
			return false
		}
	}
	return len(t.Steps) > 0
}

// Step is one part of a test.
type Step struct {
	Step  StepName  `json:"step"`
	State StepState `json:"state"`
	Says  string    `json:"says"` // in plain words, with no address and nothing identifiable
}

// StepName names a step of a test.
type StepName string

// The steps, in the order in which they are made.
const (
	StepAddress      StepName = "address"      // it may be called, and something answers there
	StepEncryption   StepName = "encryption"   // TLS, and the certificate is good
	StepCredential   StepName = "credential"   // the system lets us in
	StepCapabilities StepName = "capabilities" // it says what it offers
	StepSearch       StepName = "search"       // it answers a question that changes nothing
)

// Steps are all of them.
func Steps() []StepName {
	return []StepName{StepAddress, StepEncryption, StepCredential, StepCapabilities, StepSearch}
}

// StepState is what came of a step.
type StepState string

const (
	Passed  StepState = "passed"
	Failed  StepState = "failed"
	Skipped StepState = "skipped" // there was nothing to try, or an earlier step failed
)

// Recording is one call that would have been made by an integration that only records.
type Recording struct {
	ID                                             uuid.UUID
	NeighbourhoodID, OrganisationID, IntegrationID uuid.UUID
	At                                             time.Time
	Method                                         string
	Call                                           Call
}

// Call is what would have been sent: about a patient, perhaps. Its headers hold no credential.
type Call struct {
	Path   string              `json:"path"` // with its query
	Header map[string][]string `json:"header"`
	Body   []byte              `json:"body"`
}

// Changed is what is kept besides with a change: a line of the trail, and whether the credentials go.
type Changed struct {
	Entry             audit.Entry
	ForgetCredentials bool
}

// Store keeps integrations. A scope finds those of its organisations, and fault.Absent for all others; a job's scope finds
// those of its neighbourhood.
type Store interface {
	List(ctx context.Context, scope tenants.Scope, organisation uuid.UUID) ([]Connection, error)
	Get(ctx context.Context, scope tenants.Scope, id uuid.UUID) (Connection, error)
	// Add keeps a new one, with an entry of the trail.
	Add(ctx context.Context, scope tenants.Scope, i clinical.Integration, by string, now time.Time, entry audit.Entry) error
	// Change locks one and keeps what change makes of it. The version rises by one.
	Change(ctx context.Context, scope tenants.Scope, id uuid.UUID, by string, now time.Time, change func(*clinical.Integration) (Changed, error)) error
	Remove(ctx context.Context, scope tenants.Scope, id uuid.UUID, entry func(clinical.Integration) audit.Entry) error

	// SetCredential keeps a sealed credential in the place of the one of that name; RemoveCredential takes it away. Both raise
	// the integration's version.
	SetCredential(ctx context.Context, scope tenants.Scope, id uuid.UUID, c Credential, sealed []byte, entry func(clinical.Integration) audit.Entry) error
	RemoveCredential(ctx context.Context, scope tenants.Scope, id uuid.UUID, name, by string, now time.Time, entry func(clinical.Integration) audit.Entry) error
	// Sealed are an integration's credentials by name.
	Sealed(ctx context.Context, neighbourhood, id uuid.UUID) (map[string][]byte, error)

	// Tried keeps what came of a test, and what the system offers when it said so.
	Tried(ctx context.Context, scope tenants.Scope, id uuid.UUID, t Test, offers *clinical.Capabilities, entry func(clinical.Integration) audit.Entry) error

	Record(ctx context.Context, r Recording, sealed []byte) error
	// Recordings are the newest, without what they hold.
	Recordings(ctx context.Context, scope tenants.Scope, id uuid.UUID, most int) ([]Recording, error)
	// Recording reads one, sealed, and keeps who read it.
	Recording(ctx context.Context, scope tenants.Scope, id, recording uuid.UUID, entry func(Recording) audit.Entry) (Recording, []byte, error)
	// RemoveRecordings removes those from before a time, and counts them.
	RemoveRecordings(ctx context.Context, neighbourhood uuid.UUID, before time.Time) (int, error)
}

// Package systems finds the adapter for an organisation's clinical system from its integration, and keeps one for each
// address so that connections are used again. It reads the integration every time: a pause or a new address holds from
// the next slice on. It sends nothing itself.
package systems

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/fhir"
	"onedoor/tenants"
)

// Integrations are where configured ways in are read.
type Integrations interface {
	Integration(ctx context.Context, scope tenants.Scope, organisation uuid.UUID) (clinical.Integration, bool, error)
}

// Systems resolves organisations. It is safe for concurrent use.
type Systems struct {
	integrations Integrations
	transport    http.RoundTripper
	now          func() time.Time

	mu        sync.Mutex
	byAddress map[string]clinical.System
}

// New makes a resolver whose adapters share a transport; nil is one of their own.
func New(integrations Integrations, transport http.RoundTripper, now func() time.Time) *Systems {
	if transport == nil {
		transport = &http.Transport{MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, Proxy: http.ProxyFromEnvironment}
	}
	return &Systems{integrations: integrations, transport: transport, now: now, byAddress: map[string]clinical.System{}}
}

// Of is the system that an organisation's deliveries go to. ErrPaused means wait; *clinical.Refused that a person has to act.
func (s *Systems) Of(ctx context.Context, neighbourhood, organisation uuid.UUID) (clinical.System, error) {
	i, found, err := s.integrations.Integration(ctx, tenants.JobOf(neighbourhood), organisation)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, &clinical.Refused{Says: "No clinical system is connected for this organisation. Connect one and replay, or file it by hand."}
	case i.Paused:
		return nil, clinical.ErrPaused
	case i.RecordOnly:
		return nil, &clinical.Refused{Says: "This organisation's connection only records what it would send. Nothing was sent."}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	system, known := s.byAddress[i.BaseURL]
	if !known {
		system = fhir.New(i.BaseURL, s.transport, s.now)
		s.byAddress[i.BaseURL] = system
	}
	return system, nil
}

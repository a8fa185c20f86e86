// Package systems finds the adapter for a way into an organisation's clinical system, and keeps one for each integration
// as it stands, so that connections and tokens are used again. It reads the integration every time: a pause or a new
// address holds from the next delivery on. It sends nothing itself.
package systems

import (
	"context"
	"io"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/fhir"
	"onedoor/tenants"
)

// Integrations are where configured ways in are read. It is integrationstore.Store.
type Integrations interface {
	Integration(ctx context.Context, scope tenants.Scope, id uuid.UUID) (clinical.Integration, bool, error)
	OfOrganisation(ctx context.Context, scope tenants.Scope, organisation uuid.UUID) ([]clinical.Integration, error)
}

// Materials are what an adapter is made of.
type Materials struct {
	Integration clinical.Integration
	// Secrets are the integration's credentials in the clear, by the names of the kind's description. They are given to the
	// adapter only, and stand in no error and no log.
	Secrets map[string][]byte
	// Transport is what every call goes by. It is shared, and judges the addresses that are called.
	Transport http.RoundTripper
	Now       func() time.Time
	Random    io.Reader
}

// Options are what Systems stand on.
type Options struct {
	Integrations Integrations
	Transport    http.RoundTripper // nil is one of their own
	Now          func() time.Time
	Random       io.Reader
}

// Systems resolves integrations. It is safe for concurrent use.
type Systems struct {
	o Options

	mu   sync.Mutex
	made map[uuid.UUID]made
}

// made is an adapter and what it was made of.
type made struct {
	of     clinical.Integration
	system clinical.System
}

// New makes a resolver whose adapters share a transport.
func New(o Options) *Systems {
	if o.Transport == nil {
		o.Transport = &http.Transport{MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, Proxy: http.ProxyFromEnvironment}
	}
	return &Systems{o: o, made: map[uuid.UUID]made{}}
}

// Of is the system behind an integration, for a delivery that goes by it. ErrPaused means wait; *clinical.Refused that a
// person has to act.
func (s *Systems) Of(ctx context.Context, neighbourhood, integration uuid.UUID) (clinical.System, error) {
	if integration == uuid.Nil {
		return nil, none()
	}
	i, found, err := s.o.Integrations.Integration(ctx, tenants.JobOf(neighbourhood), integration)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, &clinical.Refused{Says: "The connection that this went by has been removed. Look in the clinical system whether it arrived, then replay it or file it by hand."}
	}
	return s.usable(i)
}

// For is the system that an organisation has switched on for a use with a kind of request, and the integration that it
// stands behind. The kind may be empty. ErrPaused and *clinical.Refused mean that it is not to be had.
func (s *Systems) For(ctx context.Context, neighbourhood, organisation uuid.UUID, use clinical.Use, kind string) (clinical.System, clinical.Integration, error) {
	list, err := s.o.Integrations.OfOrganisation(ctx, tenants.JobOf(neighbourhood), organisation)
	if err != nil {
		return nil, clinical.Integration{}, err
	}
	i, found := clinical.Choose(list, use, kind)
	if !found {
		return nil, clinical.Integration{}, none()
	}
	system, err := s.usable(i)
	return system, i, err
}

func none() *clinical.Refused {
	return &clinical.Refused{Says: "No clinical system is connected for this organisation. Connect one and replay, or file it by hand."}
}

func (s *Systems) usable(i clinical.Integration) (clinical.System, error) {
	switch {
	case i.Paused:
		return nil, clinical.ErrPaused
	case i.RecordOnly:
		return nil, &clinical.Refused{Says: "This organisation's connection only records what it would send. Nothing was sent."}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if kept, known := s.made[i.ID]; known && reflect.DeepEqual(kept.of, i) {
		return kept.system, nil
	}
	system, err := s.adapter(Materials{Integration: i, Transport: s.o.Transport, Now: s.o.Now, Random: s.o.Random})
	if err != nil {
		return nil, err
	}
	s.made[i.ID] = made{i, system}
	return system, nil
}

// adapter makes the adapter of an integration's kind.
func (s *Systems) adapter(m Materials) (clinical.System, error) {
	switch m.Integration.Kind {
	case clinical.FHIR:
		return fhir.New(m.Integration.BaseURL, m.Transport, m.Now), nil
	case clinical.BaRS, clinical.GPConnect, clinical.MESH, clinical.PatientFacing, clinical.IM1:
	}
	return nil, &clinical.Refused{Says: "This version cannot send by this kind of connection. File it by hand."}
}

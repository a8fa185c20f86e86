// Package systems finds the adapter for a way into an organisation's clinical system, and keeps one for each integration
// as it stands, so that connections and tokens are used again. The integration is read for every slice of deliveries, and
// every time that it is asked for otherwise: a pause, a new address or a new credential holds from the next one on.
// It tries a connection when an administrator asks, and stands between an integration that only records and the network.
//
// It sends nothing itself, and decides nothing about what is sent. Credentials come to it in the clear and go into the
// adapter alone.
package systems

import (
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/authorise"
	"onedoor/app/clinical/bars"
	"onedoor/app/clinical/fhir"
	"onedoor/app/clinical/gpconnect"
	"onedoor/app/clinical/mesh"
	"onedoor/app/clinical/patientfacing"
	"onedoor/app/fault"
	"onedoor/app/integrations"
	"onedoor/app/outbound"
	"onedoor/tenants"
)

// Integrations are where configured ways in are read. It is integrationstore.Store.
type Integrations interface {
	Integration(ctx context.Context, scope tenants.Scope, id uuid.UUID) (clinical.Integration, bool, error)
	OfOrganisation(ctx context.Context, scope tenants.Scope, organisation uuid.UUID) ([]clinical.Integration, error)
}

// Settings hold what belongs to an integration besides. It is integrations.Service.
type Settings interface {
	Secrets(ctx context.Context, i clinical.Integration) (map[string][]byte, error)
	Record(ctx context.Context, i clinical.Integration, method string, call integrations.Call) error
}

// Materials are what an adapter is made of.
type Materials struct {
	Integration clinical.Integration
	// Secrets are the integration's credentials in the clear, by the names of the kind's description. They are given to the
	// adapter only, and stand in no error and no log.
	Secrets map[string][]byte
	// Transport is what every call goes by. It judges the addresses that are called, shows the integration's client
	// certificate where it has one, and puts a token on each call where the integration says how to get one.
	Transport http.RoundTripper
	Now       func() time.Time
	Random    io.Reader
}

// Options are what Systems stand on.
type Options struct {
	Integrations Integrations
	// Settings are nil where integrations have no credentials, and those that only record keep nothing.
	Settings Settings
	// Outbound says which addresses are called; nil calls any, for tests and measurements.
	Outbound *outbound.Options
	// InDevelopment lets in what is in development nationally.
	InDevelopment bool
	Now           func() time.Time
	Random        io.Reader
}

// Systems resolves integrations. It is safe for concurrent use.
type Systems struct {
	o      Options
	shared http.RoundTripper // of all integrations without a certificate of their own

	mu   sync.Mutex
	made map[uuid.UUID]made
}

// made is an adapter and what it was made of.
type made struct {
	of     clinical.Integration
	system clinical.System
	closes func()
	known  bool // it shows a certificate of its own
}

// New makes a resolver.
func New(o Options) *Systems {
	s := &Systems{o: o, made: map[uuid.UUID]made{}}
	if o.Outbound != nil {
		s.shared = outbound.New(*o.Outbound)
	} else {
		s.shared = &http.Transport{MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, Proxy: http.ProxyFromEnvironment}
	}
	return s
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
	return s.Behind(ctx, i)
}

// Behind is the system behind an integration that was read a moment ago. ErrPaused means wait; *clinical.Refused that a
// person has to act.
func (s *Systems) Behind(ctx context.Context, i clinical.Integration) (clinical.System, error) {
	if i.Paused {
		return nil, clinical.ErrPaused
	}
	return s.adapter(ctx, i)
}

// For is the system that an organisation has switched on for a use with a kind of request, and the integration that it
// stands behind. The kind may be empty. ErrPaused and *clinical.Refused mean that it is not to be had.
func (s *Systems) For(ctx context.Context, neighbourhood, organisation uuid.UUID, use clinical.Use, kind string) (clinical.System, clinical.Integration, error) {
	list, err := s.o.Integrations.OfOrganisation(ctx, tenants.JobOf(neighbourhood), organisation)
	if err != nil {
		return nil, clinical.Integration{}, err
	}
	i, found := clinical.Choose(list, use, kind)
	switch {
	case !found:
		return nil, clinical.Integration{}, none()
	case i.Paused:
		return nil, i, clinical.ErrPaused
	case i.RecordOnly:
		return nil, i, &clinical.Refused{Says: onlyRecords}
	}
	system, err := s.adapter(ctx, i)
	return system, i, err
}

func none() *clinical.Refused {
	return &clinical.Refused{Says: "No clinical system is connected for this organisation. Connect one and replay, or file it by hand."}
}

// adapter is the one that was made of the integration as it stands, or a new one.
func (s *Systems) adapter(ctx context.Context, i clinical.Integration) (clinical.System, error) {
	s.mu.Lock()
	kept, known := s.made[i.ID]
	s.mu.Unlock()
	if known && reflect.DeepEqual(kept.of, i) {
		return kept.system, nil
	}
	fresh, err := s.make(ctx, i, nil)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if now, known := s.made[i.ID]; known {
		if reflect.DeepEqual(now.of, i) { // another was faster
			fresh.closes()
			return now.system, nil
		}
		now.closes()
	}
	s.made[i.ID] = fresh
	return fresh.system, nil
}

// make makes an adapter. Around puts something between the adapter and the network; nil is nothing.
func (s *Systems) make(ctx context.Context, i clinical.Integration, around func(http.RoundTripper) http.RoundTripper) (made, error) {
	var secrets map[string][]byte
	if s.o.Settings != nil {
		var err error
		if secrets, err = s.o.Settings.Secrets(ctx, i); err != nil {
			return made{}, err
		}
	}
	transport, closes, err := s.transport(secrets)
	if err != nil {
		return made{}, err
	}
	switch {
	case around != nil:
		transport = around(transport)
	case i.RecordOnly && s.o.Settings == nil:
		return made{}, &clinical.Refused{Says: onlyRecords}
	case i.RecordOnly:
		transport = &recorder{of: i, settings: s.o.Settings}
	}
	system, err := s.build(Materials{Integration: i, Secrets: secrets, Transport: transport, Now: s.o.Now, Random: s.o.Random})
	if err != nil {
		closes()
		return made{}, unmade(err)
	}
	if i.RecordOnly && around == nil {
		system = recording{system}
	}
	return made{i, system, closes, len(secrets[clinical.SecretClientCertificate]) > 0}, nil
}

// unmade is an adapter's refusal to be made of what was set up, as a delivery's: trying again would not help.
func unmade(err error) error {
	var refused *clinical.Refused
	if errors.As(err, &refused) {
		return refused
	}
	says := "The connection cannot be used as it is set up."
	if e := fault.As(err); e.Kind == fault.Invalid {
		says = e.Says
	}
	return &clinical.Refused{Says: says + " Nothing was sent.", Cause: err}
}

// build makes the adapter of an integration's kind, above a transport that signs its calls in where the integration says how.
func (s *Systems) build(m Materials) (clinical.System, error) {
	d, _ := clinical.Describe(m.Integration.Kind)
	if d.InDevelopment && !s.o.InDevelopment {
		return nil, &clinical.Refused{Says: "This kind of connection is in development nationally, and is not switched on here. File it by hand."}
	}
	settings := authorise.Materials{
		BaseURL: m.Integration.BaseURL, Settings: m.Integration.Settings, Transport: m.Transport, Now: m.Now, Random: m.Random,
		// Certificates are the transport's by now.
		Secrets: map[string][]byte{authorise.SecretPrivateKey: m.Secrets[authorise.SecretPrivateKey]},
	}
	var err error
	if m.Transport, err = authorise.For(settings); err != nil {
		return nil, &clinical.Refused{Says: "The connection is not set up to sign in: " + err.Error() + ". Nothing was sent.", Cause: err}
	}
	switch m.Integration.Kind {
	case clinical.FHIR:
		return fhir.New(fhir.Options{
			BaseURL: m.Integration.BaseURL, Settings: m.Integration.Settings, Transport: m.Transport, Now: m.Now,
		})
	case clinical.BaRS:
		return bars.New(bars.Options{Integration: m.Integration, Transport: m.Transport, Now: m.Now, Random: m.Random})
	case clinical.GPConnect:
		return gpconnect.New(gpconnect.Options{BaseURL: m.Integration.BaseURL, Settings: m.Integration.Settings, Transport: m.Transport, Now: m.Now, Random: m.Random})
	case clinical.MESH:
		return mesh.New(mesh.Options{Integration: m.Integration, Secrets: m.Secrets, Transport: m.Transport, Now: m.Now, Random: m.Random})
	case clinical.PatientFacing:
		return patientfacing.New(patientfacing.Options{BaseURL: m.Integration.BaseURL, Transport: m.Transport, Now: m.Now, Random: m.Random})
	case clinical.IM1:
	}
	return nil, &clinical.Refused{Says: "This version cannot send by this kind of connection. File it by hand."}
}

// transport is the shared one, or one of its own for an integration with a certificate.
func (s *Systems) transport(secrets map[string][]byte) (http.RoundTripper, func(), error) {
	c := authorise.Certificates{
		Certificate: secrets[authorise.SecretCertificate], Key: secrets[authorise.SecretCertificateKey], Authorities: secrets[authorise.SecretAuthorities],
	}
	if len(c.Certificate)+len(c.Key)+len(c.Authorities) == 0 {
		return s.shared, func() {}, nil
	}
	t, err := authorise.MutualTLS(s.shared, c)
	if err != nil {
		return nil, nil, &clinical.Refused{Says: "The connection’s certificates cannot be used: " + err.Error() + ". Set them again. Nothing was sent.", Cause: err}
	}
	closes := func() {}
	if idle, ok := t.(interface{ CloseIdleConnections() }); ok {
		closes = idle.CloseIdleConnections
	}
	return t, closes, nil
}

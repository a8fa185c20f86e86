package app

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"

	"onedoor/app/clinical/authorise"
	"onedoor/app/clinical/simulator/national"
	"onedoor/app/demo"
	"onedoor/app/directory"
	"onedoor/app/directory/odt"
	"onedoor/app/needs"
	"onedoor/app/nhs"
	"onedoor/app/outbound"
	"onedoor/app/patients/flags"
	"onedoor/app/patients/pds"
	"onedoor/app/store/limitstore"
	"onedoor/app/store/listingstore"
	"onedoor/app/store/tracestore"
	"onedoor/app/traces"
)

// pdsCalls is how many calls a second the Personal Demographics Service takes from one application.
// Source: NHSDigital/personal-demographics-service-api, specification/personal-demographics.yaml, "Rate limits". The Patient
// Flags API is on the same platform, whose usual limit this is.
const pdsCalls = 5

// nationalPath is where the demonstration's simulator plays national services.
const nationalPath = "national"

// wireNational makes the ways to the national registers of patients, flags and organisations: those that were configured or, in
// the demonstration, those that this process plays.
func (a *App) wireNational() error {
	c := a.config
	if c.Demonstration && c.PDSURL == "" && c.ODTURL == "" {
		played := a.simulatorURL() + "/" + nationalPath
		c.PDSURL, c.FlagsURL, c.ODTURL = played+national.PDSPath, played+national.FlagsPath, played+national.ODTPath
	}
	guard, err := a.nationalGuard()
	if err != nil {
		return err
	}
	a.services.envelopes = needs.NewEnvelopes(a.services.vault)
	o := traces.Options{
		Store: tracestore.New(a.db), Requests: a.services.requests, Sealer: a.services.vault, Keeper: a.services.envelopes, Now: a.now,
		Limit:      limitstore.New(a.db, "personal-demographics", limitstore.PerSecond(pdsCalls)),
		FlagsLimit: limitstore.New(a.db, "patient-flags", limitstore.PerSecond(pdsCalls)),
	}
	if c.PDSURL != "" {
		transport, err := c.signedIn(c.PDSURL, guard, a)
		if err != nil {
			return fmt.Errorf("--pds-url: %w", err)
		}
		o.Tracer = pds.New(pds.Options{BaseURL: c.PDSURL, Transport: transport, Now: a.now, Random: rand.Reader})
	}
	if c.FlagsURL != "" {
		transport, err := c.signedIn(c.FlagsURL, guard, a)
		if err != nil {
			return fmt.Errorf("--flags-url: %w", err)
		}
		o.Flags = flags.New(flags.Options{BaseURL: c.FlagsURL, Transport: transport, Random: rand.Reader})
	}
	a.services.traces = traces.New(o)
	var register directory.Register // nil where there is none
	if c.ODTURL != "" {
		register = odt.New(odt.Options{BaseURL: c.ODTURL, APIKey: c.NHSAPIKey, Transport: guard, Now: a.now})
	}
	a.services.listings = directory.NewListings(directory.ListingOptions{Store: listingstore.New(a.db), Register: register, Directories: a.services.directory, Now: a.now})
	return nil
}

// nationalGuard judges the addresses of national services.
func (a *App) nationalGuard() (*outbound.Guard, error) {
	allow, err := a.toSystems()
	if err != nil {
		return nil, err
	}
	return outbound.New(outbound.Options{Allow: allow, Most: 2 << 20}), nil
}

// signedIn is the transport to a service of NHS England's API platform. Without a key it signs nothing, as their sandbox and
// the demonstration want it; production does not go without.
func (c Config) signedIn(base string, guard http.RoundTripper, a *App) (http.RoundTripper, error) {
	if c.NHSAPIKey == "" && c.NHSPrivateKey == "" {
		if c.production() {
			return nil, errors.New("production needs --nhs-api-key, --nhs-key-id, --nhs-private-key and --nhs-token-url")
		}
		return guard, nil
	}
	key, err := os.ReadFile(c.NHSPrivateKey)
	if err != nil {
		return nil, errors.New("the file of --nhs-private-key cannot be read")
	}
	return authorise.New(authorise.Options{
		Profile: authorise.NHS, BaseURL: base, TokenURL: c.NHSTokenURL, ClientID: c.NHSAPIKey, KeyID: c.NHSKeyID, Key: key,
		Transport: guard, Now: a.now, Random: rand.Reader,
	})
}

// nationalServices are those that the simulator plays, with the demonstration's people and organisations.
func nationalServices(today nhs.Date) *national.Server {
	played := national.New()
	played.Know(demo.NationalPeople(today)...)
	played.List(demo.NationalOrganisations()...)
	return played
}

package app

import (
	"crypto/rand"

	"onedoor/app/clinical/systems"
	"onedoor/app/integrations"
	"onedoor/app/outbound"
	"onedoor/app/store/integrationstore"
)

// mostClinical is the longest answer of a clinical system that is read, and the largest part of a message.
const mostClinical = 128 << 20

// wireIntegrations makes the ways into organisations' clinical systems. The vault comes first.
func (a *App) wireIntegrations() error {
	s := a.services
	allow, err := a.toSystems()
	if err != nil {
		return err
	}
	var kinds []string
	for _, k := range s.catalogue.Kinds() {
		kinds = append(kinds, k.Code)
	}
	s.connections = integrationstore.New(a.db)
	kept := integrations.Options{Store: s.connections, Vault: s.vault, Kinds: kinds, InDevelopment: a.config.InDevelopmentNationally, Now: a.now}
	s.systems = systems.New(systems.Options{
		Integrations: s.connections, Settings: integrations.New(kept), Outbound: &outbound.Options{Allow: allow, Most: mostClinical},
		InDevelopment: a.config.InDevelopmentNationally, Now: a.now, Random: rand.Reader,
	})
	kept.Tester = s.systems
	s.integrations = integrations.New(kept)
	return nil
}

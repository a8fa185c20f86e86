package app

import (
	"crypto/rand"

	"onedoor/app/clinical/systems"
	"onedoor/app/store/integrationstore"
)

// wireIntegrations makes the ways into organisations' clinical systems.
func (a *App) wireIntegrations() {
	s := a.services
	s.integrations = integrationstore.New(a.db)
	s.systems = systems.New(systems.Options{Integrations: s.integrations, Now: a.now, Random: rand.Reader})
}

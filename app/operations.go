package app

import (
	"onedoor/app/workspaces/operations"
)

// operations is the workspace of those who keep the service running.
func (a *App) operations() *operations.Workspace {
	s := a.services
	o := operations.Options{Calls: s.calls, Catalogue: s.catalogue, Directories: s.directory, Neighbourhoods: s.directory, Understanding: s.understanding, Recordings: s.recordings, Traces: s.traces, Listings: s.listings, Integrations: s.integrations, OwnTools: s.ownTools, Now: a.now}
	o.Deliveries, o.Ways = a.deliveries, s.connections
	if s.outbox != nil {
		o.Messages, o.ShowTexts = s.outbox, !a.config.production() && a.config.NotifyKey == ""
	}
	if s.prompts != nil {
		o.Prompts = s.prompts
	}
	return operations.New(o)
}

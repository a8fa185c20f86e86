package app

import (
	"context"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical/simulator/owntool"
	"onedoor/app/demo"
	"onedoor/app/owntools"
	"onedoor/tenants"
)

// ownToolsPath is where the simulator plays the online tools that organisations keep.
const ownToolsPath = "own-tools"

// playedTools are those tools. They say what they say to the product at its own address.
func playedTools(c Config) *owntool.Server {
	return owntool.New(owntool.Options{API: c.base(), Key: demo.PartnerKey()})
}

// seedOwnTools gives the demonstration's practices the tools that this process plays.
func (a *App) seedOwnTools(ctx context.Context) error {
	for _, wanted := range demo.OwnTools(a.simulatorURL()) {
		if err := a.seedOwnTool(ctx, wanted); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) seedOwnTool(ctx context.Context, wanted owntools.Tool) error {
	kept, found, err := a.services.ownToolRows.Tool(ctx, wanted.NeighbourhoodID, wanted.OrganisationID)
	if err != nil {
		return err
	}
	tool, changed := demo.OwnToolMoved(kept, found, wanted, a.now())
	if !changed {
		return nil
	}
	return a.services.ownToolRows.Set(ctx, tenants.JobOf(tool.NeighbourhoodID), tool, audit.Entry{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: tool.NeighbourhoodID, OrganisationID: tool.OrganisationID, At: a.now(), Actor: demo.Seeder(),
		Action: "own-tool.set", SubjectKind: "organisation", Subject: tool.OrganisationID, Details: map[string]any{"on": tool.On, "host": tool.Host()},
	})
}

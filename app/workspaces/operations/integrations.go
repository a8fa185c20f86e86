package operations

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/identity"
	"onedoor/app/integrations"
	"onedoor/app/nhs"
	"onedoor/app/routes"
	"onedoor/app/wording"
	"onedoor/tenants"
	"onedoor/ui/pages"
)

const (
	integrationsPath       = root + "/integrations"
	integrationsOfPath     = integrationsPath + "/:place"
	integrationNewPath     = integrationsOfPath + "/new"
	integrationPath        = integrationsOfPath + "/:id"
	integrationChangePath  = integrationPath + "/change"
	integrationTestPath    = integrationPath + "/test"
	integrationPausePath   = integrationPath + "/pause"
	integrationResumePath  = integrationPath + "/resume"
	integrationRecordPath  = integrationPath + "/record-only"
	integrationSendPath    = integrationPath + "/send"
	integrationRemovePath  = integrationPath + "/remove"
	credentialPath         = integrationPath + "/credentials/:name"
	credentialRemovePath   = credentialPath + "/remove"
	integrationRecordedFor = integrationPath + "/recorded/:recording"

	integrationsTitle = "Connections"
	// testWithin is above what a test takes.
	testWithin = 30 * time.Second
)

// Integrations are the ways into organisations' clinical systems. It is integrations.Service.
type Integrations interface {
	Descriptions() []clinical.Description
	May(by identity.Principal, organisation uuid.UUID, action string) bool
	List(ctx context.Context, by identity.Principal, organisation uuid.UUID) ([]integrations.Connection, error)
	Get(ctx context.Context, by identity.Principal, organisation, id uuid.UUID) (integrations.Connection, error)
	Add(ctx context.Context, by identity.Principal, organisation, id uuid.UUID, f integrations.Form) (integrations.Connection, error)
	Change(ctx context.Context, by identity.Principal, organisation, id uuid.UUID, f integrations.Form) (integrations.Connection, error)
	Pause(ctx context.Context, by identity.Principal, organisation, id uuid.UUID) (integrations.Connection, error)
	Resume(ctx context.Context, by identity.Principal, organisation, id uuid.UUID) (integrations.Connection, error)
	RecordOnly(ctx context.Context, by identity.Principal, organisation, id uuid.UUID, only bool) (integrations.Connection, error)
	Remove(ctx context.Context, by identity.Principal, organisation, id uuid.UUID) error
	Test(ctx context.Context, by identity.Principal, organisation, id uuid.UUID) (integrations.Connection, error)
	SetCredential(ctx context.Context, by identity.Principal, organisation, id uuid.UUID, name string, plain []byte) (integrations.Connection, error)
	RemoveCredential(ctx context.Context, by identity.Principal, organisation, id uuid.UUID, name string) (integrations.Connection, error)
	Recordings(ctx context.Context, by identity.Principal, organisation, id uuid.UUID) ([]integrations.Recording, error)
	Recording(ctx context.Context, by identity.Principal, organisation, id, recording uuid.UUID) (integrations.Recording, error)
}

// addIntegrations registers the pages where an organisation's clinical systems are connected.
func (w *Workspace) addIntegrations(s *routes.Server) {
	s.Add(http.MethodGet, integrationsPath, routes.Need("integration", "read"), w.integrationPlaces)
	s.Add(http.MethodGet, integrationsOfPath, routes.Need("integration", "read"), w.integrationsOf)
	s.Add(http.MethodGet, integrationNewPath, routes.Need("integration", "write"), w.newIntegration)
	s.Add(http.MethodPost, integrationsOfPath, routes.Need("integration", "write"), w.addIntegration)
	s.Add(http.MethodGet, integrationPath, routes.Need("integration", "read"), w.integration)
	s.Add(http.MethodGet, integrationChangePath, routes.Need("integration", "write"), w.changingIntegration)
	s.Add(http.MethodPost, integrationPath, routes.Need("integration", "write"), w.changeIntegration)
	s.AddBounded(http.MethodPost, integrationTestPath, routes.Need("integration", "test"), routes.Bounds{Body: 4 << 10, Time: testWithin}, w.testIntegration)
	s.Add(http.MethodPost, integrationPausePath, routes.Need("integration", "write"), w.act("paused", w.Integrations.Pause))
	s.Add(http.MethodPost, integrationResumePath, routes.Need("integration", "write"), w.act("resumed", w.Integrations.Resume))
	s.Add(http.MethodPost, integrationRecordPath, routes.Need("integration", "write"), w.act("recording", w.recordOnly(true)))
	s.Add(http.MethodPost, integrationSendPath, routes.Need("integration", "write"), w.act("sending", w.recordOnly(false)))
	s.Add(http.MethodGet, integrationRemovePath, routes.Need("integration", "write"), w.removingIntegration)
	s.Add(http.MethodPost, integrationRemovePath, routes.Need("integration", "write"), w.removeIntegration)
	s.Add(http.MethodPost, credentialPath, routes.Need("integration", "write"), w.setCredential)
	s.Add(http.MethodPost, credentialRemovePath, routes.Need("integration", "write"), w.removeCredential)
	s.Add(http.MethodGet, integrationRecordedFor, routes.Need("integration", "recorded"), w.integrationRecorded)
}

// owner finds the organisation in the address whose connections the person may do an action to.
func (k *call) owner(action string) (tenants.Organisation, error) {
	code, err := nhs.ParseODSCode(k.c.Param("place"))
	if err != nil {
		return tenants.Organisation{}, fault.Absent()
	}
	o, ok := k.directory.ByODS(code)
	if !ok || !k.workspace.Integrations.May(k.who, o.ID, action) {
		return tenants.Organisation{}, fault.Absent()
	}
	return o, nil
}

// one finds the organisation and the id of the connection in the address.
func (k *call) one(action string) (tenants.Organisation, uuid.UUID, error) {
	o, err := k.owner(action)
	if err != nil {
		return tenants.Organisation{}, uuid.Nil, err
	}
	id, err := uuid.Parse(k.c.Param("id"))
	if err != nil {
		return tenants.Organisation{}, uuid.Nil, fault.Absent()
	}
	return o, id, nil
}

// connectionsStand counts connections that do not simply send.
func (w *Workspace) connectionsStand(k *call) ([]pages.Label, error) {
	on, others := 0, map[pages.Label]int{}
	for _, o := range k.directory.Organisations() {
		if !w.Integrations.May(k.who, o.ID, "read") {
			continue
		}
		list, err := w.Integrations.List(k.ctx(), k.who, o.ID)
		if err != nil {
			return nil, err
		}
		for _, x := range list {
			if state, _ := connectionState(x); state.Colour == "green" {
				on++
			} else {
				others[state]++
			}
		}
	}
	var labels []pages.Label
	if on > 0 {
		labels = append(labels, pages.Label{Text: wording.Figure(on) + " on", Colour: "green"})
	}
	for _, state := range slices.SortedFunc(maps.Keys(others), func(a, b pages.Label) int { return strings.Compare(a.Text, b.Text) }) {
		labels = append(labels, pages.Label{Text: wording.Figure(others[state]) + " " + strings.ToLower(state.Text), Colour: state.Colour})
	}
	return labels, nil
}

// integrationPlaces lists whose connections there are; where there is one alone it is shown at once.
func (w *Workspace) integrationPlaces(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	page := pages.PromptPlaces{Operations: k.page(integrationsTitle, integrationsPath), Heading: "Connections to clinical systems"}
	for _, o := range k.directory.Organisations() {
		if w.Integrations.May(k.who, o.ID, "read") {
			page.Places = append(page.Places, pages.PromptPlace{Name: o.Name, Href: routes.Address(integrationsOfPath, string(o.ODS))})
		}
	}
	if len(page.Places) == 1 {
		return c.Redirect(http.StatusSeeOther, page.Places[0].Href)
	}
	return routes.Render(c, http.StatusOK, pages.PromptPlacesPage(page))
}

// integrationsOf lists an organisation's connections and the kinds that can be added.
func (w *Workspace) integrationsOf(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	o, err := k.owner("read")
	if err != nil {
		return err
	}
	list, err := w.Integrations.List(k.ctx(), k.who, o.ID)
	if err != nil {
		return err
	}
	page := pages.Connections{Operations: k.page(integrationsTitle+": "+o.Name, integrationsPath), Name: o.Name}
	if c.QueryParam("done") == "removed" {
		page.Notice = "The connection is removed."
	}
	for _, x := range list {
		d, _ := clinical.Describe(x.Kind)
		state, _ := connectionState(x)
		page.Rows = append(page.Rows, pages.ConnectionRow{
			Name: x.Name, Href: routes.Address(integrationPath, string(o.ODS), x.ID.String()), Kind: d.Title, State: state, Says: w.usesWords(x.Uses),
		})
		if x.Name == "" {
			page.Rows[len(page.Rows)-1].Name = d.Title
		}
	}
	writes := w.Integrations.May(k.who, o.ID, "write")
	for _, d := range w.Integrations.Descriptions() {
		kind := pages.ConnectionKind{ID: string(d.Kind), Title: d.Title, Says: d.Says, Questions: questions(d), Needs: d.Needs}
		switch {
		case len(d.Needs) > 0:
			kind.State = &pages.Label{Text: "Cannot be set up", Colour: "grey"}
		case d.InDevelopment:
			kind.State = &pages.Label{Text: "In development nationally", Colour: "orange"}
		}
		if writes && len(d.Needs) == 0 {
			kind.Add = routes.Address(integrationNewPath, string(o.ODS)) + "?kind=" + string(d.Kind)
		}
		page.Kinds = append(page.Kinds, kind)
	}
	return routes.Render(c, http.StatusOK, pages.ConnectionsPage(page))
}

// questions are the three that are asked of every connection.
func questions(d clinical.Description) []pages.ConnectionFact {
	return []pages.ConnectionFact{
		{Title: "Is there an official partner programme?", Says: d.Programme},
		{Title: "Is it a supported API?", Says: d.Supported},
		{Title: "Is it assured, and by whom?", Says: d.Assured},
	}
}

package api

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/identity"
	"onedoor/app/integrations"
	"onedoor/app/nhs"
	"onedoor/app/routes"
)

// Integrations are the ways into organisations' clinical systems. It is integrations.Service.
type Integrations interface {
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
}

const (
	integrationsPath = "/api/v1/organisations/:ods/integrations"
	integrationPath  = integrationsPath + "/:id"
	credentialPath   = integrationPath + "/credentials/:name"
	testWithin       = 30 * time.Second
)

// addIntegrations registers what an organisation's administrator sets up.
func (a *API) addIntegrations(s *routes.Server) {
	s.Add(http.MethodGet, integrationsPath, routes.Need("integration", "read"), a.listIntegrations)
	s.Add(http.MethodGet, integrationPath, routes.Need("integration", "read"), a.getIntegration)
	s.Add(http.MethodPut, integrationPath, routes.Need("integration", "write"), a.putIntegration)
	s.Add(http.MethodDelete, integrationPath, routes.Need("integration", "write"), a.deleteIntegration)
	s.AddBounded(http.MethodPost, integrationPath+"/test", routes.Need("integration", "test"), routes.Bounds{Body: 4 << 10, Time: testWithin}, a.integrationAct(func(ctx context.Context, by identity.Principal, o, id uuid.UUID) (integrations.Connection, error) {
		return a.o.Integrations.Test(ctx, by, o, id)
	}))
	s.Add(http.MethodPost, integrationPath+"/pause", routes.Need("integration", "write"), a.integrationAct(func(ctx context.Context, by identity.Principal, o, id uuid.UUID) (integrations.Connection, error) {
		return a.o.Integrations.Pause(ctx, by, o, id)
	}))
	s.Add(http.MethodPost, integrationPath+"/resume", routes.Need("integration", "write"), a.integrationAct(func(ctx context.Context, by identity.Principal, o, id uuid.UUID) (integrations.Connection, error) {
		return a.o.Integrations.Resume(ctx, by, o, id)
	}))
	s.Add(http.MethodPost, integrationPath+"/record-only", routes.Need("integration", "write"), a.integrationAct(func(ctx context.Context, by identity.Principal, o, id uuid.UUID) (integrations.Connection, error) {
		return a.o.Integrations.RecordOnly(ctx, by, o, id, true)
	}))
	s.Add(http.MethodPost, integrationPath+"/send", routes.Need("integration", "write"), a.integrationAct(func(ctx context.Context, by identity.Principal, o, id uuid.UUID) (integrations.Connection, error) {
		return a.o.Integrations.RecordOnly(ctx, by, o, id, false)
	}))
	s.Add(http.MethodPut, credentialPath, routes.Need("integration", "write"), a.putCredential)
	s.Add(http.MethodDelete, credentialPath, routes.Need("integration", "write"), a.deleteCredential)
}

// integrationItem is one as it is told: never a credential, only that there is one.
type integrationItem struct {
	ID          uuid.UUID                `json:"id"`
	Kind        clinical.IntegrationKind `json:"kind"`
	Name        string                   `json:"name"`
	BaseURL     string                   `json:"base_url"`
	Settings    map[string]string        `json:"settings"`
	Uses        []clinical.Switched      `json:"uses"`
	Paused      bool                     `json:"paused"`
	RecordOnly  bool                     `json:"record_only"`
	Version     int                      `json:"version"`
	ChangedAt   time.Time                `json:"changed_at"`
	ChangedBy   string                   `json:"changed_by"`
	Credentials []credentialItem         `json:"credentials"`
	Offers      []clinical.Capability    `json:"offers,omitempty"`
	AskedAt     *time.Time               `json:"asked_at,omitempty"`
	Tested      *testItem                `json:"tested,omitempty"`
}

type credentialItem struct {
	Name  string    `json:"name"`
	SetAt time.Time `json:"set_at"`
	SetBy string    `json:"set_by"`
}

type testItem struct {
	At    time.Time           `json:"at"`
	By    string              `json:"by"`
	Good  bool                `json:"good"`
	Steps []integrations.Step `json:"steps"`
}

func integrationOf(c integrations.Connection) integrationItem {
	item := integrationItem{
		ID: c.ID, Kind: c.Kind, Name: c.Name, BaseURL: c.BaseURL, Settings: c.Settings, Uses: c.Uses, Paused: c.Paused, RecordOnly: c.RecordOnly,
		Version: c.Version, ChangedAt: c.ChangedAt, ChangedBy: c.ChangedBy, Credentials: []credentialItem{}, Offers: c.Offers.Offers,
	}
	for _, k := range c.Credentials {
		item.Credentials = append(item.Credentials, credentialItem{k.Name, k.SetAt, k.SetBy})
	}
	if !c.AskedAt.IsZero() {
		item.AskedAt = &c.AskedAt
	}
	if !c.Tested.At.IsZero() {
		item.Tested = &testItem{c.Tested.At, c.Tested.By, c.Tested.Good(), c.Tested.Steps}
	}
	return item
}

// owner is the organisation in the address whose integrations the caller may do an action to; another's is absent.
func (a *API) owner(c echo.Context, action string) (identity.Principal, uuid.UUID, error) {
	by := routes.Principal(c)
	code, err := nhs.ParseODSCode(c.Param("ods"))
	if err != nil {
		return by, uuid.Nil, fault.Absent()
	}
	d, err := a.o.Directories.Current(c.Request().Context(), by.NeighbourhoodID)
	if err != nil {
		return by, uuid.Nil, err
	}
	o, ok := d.ByODS(code)
	if !ok || !a.o.Integrations.May(by, o.ID, action) {
		return by, uuid.Nil, fault.Absent()
	}
	return by, o.ID, nil
}

func (a *API) ownedIntegration(c echo.Context, action string) (identity.Principal, uuid.UUID, uuid.UUID, error) {
	by, organisation, err := a.owner(c, action)
	if err != nil {
		return by, uuid.Nil, uuid.Nil, err
	}
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return by, uuid.Nil, uuid.Nil, fault.Absent()
	}
	return by, organisation, id, nil
}

func (a *API) listIntegrations(c echo.Context) error {
	by, organisation, err := a.owner(c, "read")
	if err != nil {
		return err
	}
	list, err := a.o.Integrations.List(c.Request().Context(), by, organisation)
	if err != nil {
		return err
	}
	items := make([]integrationItem, len(list))
	for n, one := range list {
		items[n] = integrationOf(one)
	}
	return routes.WriteJSON(c, http.StatusOK, map[string]any{"items": items})
}

func (a *API) getIntegration(c echo.Context) error {
	by, organisation, id, err := a.ownedIntegration(c, "read")
	if err != nil {
		return err
	}
	one, err := a.o.Integrations.Get(c.Request().Context(), by, organisation, id)
	if err != nil {
		return err
	}
	return routes.WriteJSON(c, http.StatusOK, integrationOf(one))
}

// putIntegration makes an integration of the caller's id, or replaces what was written of one.
func (a *API) putIntegration(c echo.Context) error {
	by, organisation, id, err := a.ownedIntegration(c, "write")
	if err != nil {
		return err
	}
	var in struct {
		Kind     clinical.IntegrationKind `json:"kind"`
		Name     string                   `json:"name"`
		BaseURL  string                   `json:"base_url"`
		Settings map[string]string        `json:"settings"`
		Uses     []clinical.Switched      `json:"uses"`
		Version  int                      `json:"version"`
	}
	if err := routes.ReadJSON(c, &in); err != nil {
		return err
	}
	f := integrations.Form{Kind: in.Kind, Name: in.Name, BaseURL: in.BaseURL, Settings: in.Settings, Uses: in.Uses, Version: in.Version}
	is, err := a.o.Integrations.Get(c.Request().Context(), by, organisation, id)
	if fault.Is(err, "not_found") {
		one, err := a.o.Integrations.Add(c.Request().Context(), by, organisation, id, f)
		if err != nil {
			return err
		}
		return routes.WriteJSON(c, http.StatusCreated, integrationOf(one))
	}
	if err != nil {
		return err
	}
	if in.Kind != "" && in.Kind != is.Kind {
		return fault.InvalidFields([]fault.Field{{Pointer: "/kind", Code: "fixed", Says: "The kind of a connection does not change: add another, and remove this one."}})
	}
	one, err := a.o.Integrations.Change(c.Request().Context(), by, organisation, id, f)
	if err != nil {
		return err
	}
	return routes.WriteJSON(c, http.StatusOK, integrationOf(one))
}

func (a *API) deleteIntegration(c echo.Context) error {
	by, organisation, id, err := a.ownedIntegration(c, "write")
	if err != nil {
		return err
	}
	if err := a.o.Integrations.Remove(c.Request().Context(), by, organisation, id); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// integrationAct does something to an integration, and answers with it as it is then.
func (a *API) integrationAct(do func(context.Context, identity.Principal, uuid.UUID, uuid.UUID) (integrations.Connection, error)) echo.HandlerFunc {
	return func(c echo.Context) error {
		by, organisation, id, err := a.ownedIntegration(c, "write")
		if err != nil {
			return err
		}
		if err := routes.ReadOptionalJSON(c, &struct{}{}); err != nil {
			return err
		}
		one, err := do(c.Request().Context(), by, organisation, id)
		if err != nil {
			return err
		}
		return routes.WriteJSON(c, http.StatusOK, integrationOf(one))
	}
}

func (a *API) putCredential(c echo.Context) error {
	by, organisation, id, err := a.ownedIntegration(c, "write")
	if err != nil {
		return err
	}
	var in struct {
		Value string `json:"value"`
	}
	if err := routes.ReadJSON(c, &in); err != nil {
		return err
	}
	_, err = a.o.Integrations.SetCredential(c.Request().Context(), by, organisation, id, c.Param("name"), []byte(in.Value))
	if f := fault.As(err); err != nil && f.Code == "credential_form" {
		return fault.InvalidFields([]fault.Field{{Pointer: "/value", Code: f.Code, Says: f.Says}})
	}
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (a *API) deleteCredential(c echo.Context) error {
	by, organisation, id, err := a.ownedIntegration(c, "write")
	if err != nil {
		return err
	}
	if _, err := a.o.Integrations.RemoveCredential(c.Request().Context(), by, organisation, id, c.Param("name")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

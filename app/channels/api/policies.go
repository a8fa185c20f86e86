package api

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/app/publishing"
	"onedoor/app/routes"
	"onedoor/app/simulations"
	"onedoor/policy/analysis"
)

// Policies are drafts and versions of a neighbourhood's policy. It is publishing.Service.
type Policies interface {
	Drafts(ctx context.Context, neighbourhood uuid.UUID) ([]publishing.Draft, error)
	Draft(ctx context.Context, neighbourhood uuid.UUID, name string) (publishing.Draft, error)
	Saves(ctx context.Context, neighbourhood uuid.UUID, name string) ([]publishing.Save, error)
	Save(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, name, ifMatch string, document []byte) (publishing.Draft, error)
	Discard(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, name, ifMatch string) error
	SetShadow(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, name string, on bool) (publishing.Draft, error)
	Review(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, name string, approve bool, note string) (publishing.Draft, error)
	Check(ctx context.Context, neighbourhood uuid.UUID, name string) (*analysis.Report, error)
	Difference(ctx context.Context, neighbourhood uuid.UUID, from, name string) (regions []analysis.Region, complete bool, err error)
	Gate(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, name string, from time.Time) (publishing.Gate, error)
	Publish(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, name string, p publishing.Publication) (publishing.Version, error)

	Versions(ctx context.Context, neighbourhood uuid.UUID) ([]publishing.Version, error)
	Version(ctx context.Context, neighbourhood uuid.UUID, hash string) (publishing.Version, error)
	Restore(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, hash, note string) (publishing.Version, error)
	Withdraw(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, hash, note string) (publishing.Version, error)

	Settings(ctx context.Context, neighbourhood uuid.UUID) (publishing.Settings, error)
	SetSecondPerson(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, wanted bool) (publishing.Settings, error)
}

// Simulations replay past requests. It is simulations.Service.
type Simulations interface {
	Start(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, q simulations.Question) (simulations.Run, error)
	RunNow(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, q simulations.Question) (simulations.Run, error)
	Get(ctx context.Context, neighbourhood, id uuid.UUID) (simulations.Run, error)
	Cancel(ctx context.Context, by audit.Actor, neighbourhood, id uuid.UUID) (simulations.Run, error)
}

const policyPath = "/api/v1/neighbourhoods/:slug/policy"

// patience is for calls that analyse a policy or decide the past again.
func patience() routes.Bounds { return routes.Bounds{Time: 28 * time.Second} }

func (a *API) addPolicies(s *routes.Server) {
	read, write := routes.Need("policy", "read"), routes.Need("policy", "write")
	s.Add(http.MethodGet, policyPath+"/drafts", read, a.listDrafts)
	s.Add(http.MethodGet, policyPath+"/drafts/:name", read, a.getDraft)
	s.AddBounded(http.MethodPut, policyPath+"/drafts/:name", write, routes.Bounds{Body: 2 * publishing.MaxDocument}, a.putDraft)
	s.Add(http.MethodDelete, policyPath+"/drafts/:name", write, a.deleteDraft)
	s.Add(http.MethodGet, policyPath+"/drafts/:name/saves", read, a.listSaves)
	s.Add(http.MethodGet, policyPath+"/drafts/:name/saves/:id", read, a.getSave)
	s.AddBounded(http.MethodPost, policyPath+"/drafts/:name/check", read, patience(), a.checkDraft)
	s.AddBounded(http.MethodPost, policyPath+"/drafts/:name/simulate", routes.Need("policy", "simulate"), patience(), a.simulateDraft)
	s.AddBounded(http.MethodGet, policyPath+"/drafts/:name/difference", read, patience(), a.getDifference)
	s.AddBounded(http.MethodGet, policyPath+"/drafts/:name/gate", read, patience(), a.getGate)
	s.Add(http.MethodPost, policyPath+"/drafts/:name/review", routes.Need("policy", "review"), a.reviewDraft)
	s.Add(http.MethodPost, policyPath+"/drafts/:name/shadow", routes.Need("policy", "simulate"), a.shadowDraft)
	s.AddBounded(http.MethodPost, policyPath+"/drafts/:name/publish", routes.Need("policy", "publish"), patience(), a.publishDraft)

	s.Add(http.MethodGet, policyPath+"/simulations/:id", read, a.getSimulation)
	s.Add(http.MethodPost, policyPath+"/simulations/:id/cancel", routes.Need("policy", "simulate"), a.cancelSimulation)

	s.Add(http.MethodGet, policyPath+"/versions", read, a.listVersions)
	s.Add(http.MethodGet, policyPath+"/versions/:hash", read, a.getVersion)
	s.AddBounded(http.MethodPost, policyPath+"/versions/:hash/restore", routes.Need("policy", "restore"), patience(), a.restoreVersion)
	s.Add(http.MethodPost, policyPath+"/versions/:hash/withdraw", routes.Need("policy", "publish"), a.withdrawVersion)

	s.Add(http.MethodGet, policyPath+"/settings", read, a.getSettings)
	s.Add(http.MethodPut, policyPath+"/settings", routes.Need("policy", "publish"), a.putSettings)
}

// neighbourhood is the one in the address, if it is the caller's; another's is as absent as one that is not there.
func (a *API) neighbourhood(c echo.Context) (uuid.UUID, error) {
	own := routes.Principal(c).NeighbourhoodID
	slug, err := a.slugOf(c.Request().Context(), own)
	if err != nil {
		return uuid.Nil, err
	}
	if slug == "" || slug != c.Param("slug") {
		return uuid.Nil, fault.Absent()
	}
	return own, nil
}

// noted reads a body that holds nothing but a note.
func (a *API) noted(c echo.Context) (neighbourhood uuid.UUID, note string, err error) {
	if neighbourhood, err = a.neighbourhood(c); err != nil {
		return uuid.Nil, "", err
	}
	var body struct {
		Note string `json:"note"`
	}
	err = routes.ReadOptionalJSON(c, &body)
	return neighbourhood, body.Note, err
}

type settingsBody struct {
	SecondPerson bool       `json:"second_person"`
	ChangedAt    *time.Time `json:"changed_at,omitempty"`
	ChangedBy    string     `json:"changed_by,omitempty"`
}

func settingsOf(s publishing.Settings) settingsBody {
	b := settingsBody{SecondPerson: s.SecondPerson, ChangedBy: s.ChangedBy}
	if !s.ChangedAt.IsZero() {
		b.ChangedAt = &s.ChangedAt
	}
	return b
}

func (a *API) getSettings(c echo.Context) error {
	nb, err := a.neighbourhood(c)
	if err != nil {
		return err
	}
	set, err := a.o.Policies.Settings(c.Request().Context(), nb)
	if err != nil {
		return err
	}
	return routes.WriteJSON(c, http.StatusOK, settingsOf(set))
}

func (a *API) putSettings(c echo.Context) error {
	nb, err := a.neighbourhood(c)
	if err != nil {
		return err
	}
	var body struct {
		SecondPerson *bool `json:"second_person"`
	}
	if err := routes.ReadJSON(c, &body); err != nil {
		return err
	}
	if body.SecondPerson == nil {
		return fault.InvalidFields([]fault.Field{{Pointer: "/second_person", Code: "required", Says: "Say true or false."}})
	}
	set, err := a.o.Policies.SetSecondPerson(c.Request().Context(), routes.Principal(c).Actor(), nb, *body.SecondPerson)
	if err != nil {
		return err
	}
	return routes.WriteJSON(c, http.StatusOK, settingsOf(set))
}

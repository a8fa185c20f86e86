package api

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/publishing"
	"onedoor/app/routes"
	"onedoor/policy/analysis"
)

// versionBody is a published version; its document is absent in lists.
type versionBody struct {
	Hash         string                 `json:"hash"`
	State        publishing.State       `json:"state"`
	LiveFrom     time.Time              `json:"live_from"`
	PublishedAt  time.Time              `json:"published_at"`
	PublishedBy  string                 `json:"published_by"`
	Note         string                 `json:"note"`
	Reasons      []publishing.Reason    `json:"reasons"`
	Findings     json.RawMessage        `json:"findings"`
	Replay       *publishing.Replay     `json:"replay,omitempty"`
	Review       *publishing.Review     `json:"review,omitempty"`
	Draft        string                 `json:"draft,omitempty"`
	BasedOn      string                 `json:"based_on,omitempty"`
	RestoredFrom string                 `json:"restored_from,omitempty"`
	Withdrawn    *publishing.Withdrawal `json:"withdrawn,omitempty"`
	Document     string                 `json:"document,omitempty"`
}

func versionOf(v publishing.Version) versionBody {
	b := versionBody{
		Hash: v.Hash, State: v.State, LiveFrom: v.LiveFrom, PublishedAt: v.PublishedAt, PublishedBy: v.PublishedBy, Note: v.Note,
		Reasons: v.Reasons, Findings: v.Findings, Replay: v.Replay, Review: v.Review, Draft: v.Draft, BasedOn: v.BasedOn,
		RestoredFrom: v.RestoredFrom, Withdrawn: v.Withdrawn, Document: string(v.Document),
	}
	if b.Reasons == nil {
		b.Reasons = []publishing.Reason{}
	}
	if len(b.Findings) == 0 {
		b.Findings = json.RawMessage("[]")
	}
	return b
}

func (a *API) listVersions(c echo.Context) error {
	nb, err := a.neighbourhood(c)
	if err != nil {
		return err
	}
	list, err := a.o.Policies.Versions(c.Request().Context(), nb)
	if err != nil {
		return err
	}
	items := make([]versionBody, len(list))
	for i, v := range list {
		items[i] = versionOf(v)
	}
	return routes.WriteJSON(c, http.StatusOK, items)
}

func (a *API) getVersion(c echo.Context) error {
	nb, err := a.neighbourhood(c)
	if err != nil {
		return err
	}
	v, err := a.o.Policies.Version(c.Request().Context(), nb, c.Param("hash"))
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderVary, echo.HeaderAccept)
	if written, err := writeDocument(c, http.StatusOK, v.Document); written || err != nil {
		return err
	}
	return routes.WriteJSON(c, http.StatusOK, versionOf(v))
}

func (a *API) getGate(c echo.Context) error {
	nb, err := a.neighbourhood(c)
	if err != nil {
		return err
	}
	from, err := parseOptionalMoment(c.QueryParam("from"), "/from")
	if err != nil {
		return err
	}
	g, err := a.o.Policies.Gate(c.Request().Context(), routes.Principal(c).Actor(), nb, c.Param("name"), from)
	if err != nil {
		return err
	}
	return routes.WriteJSON(c, http.StatusOK, g)
}

// getDifference tells exactly which requests a draft decides otherwise.
func (a *API) getDifference(c echo.Context) error {
	nb, err := a.neighbourhood(c)
	if err != nil {
		return err
	}
	regions, complete, err := a.o.Policies.Difference(c.Request().Context(), nb, c.QueryParam("from"), c.Param("name"))
	if err != nil {
		return err
	}
	return routes.WriteJSON(c, http.StatusOK, map[string]any{"complete": complete, "regions": append([]analysis.Region{}, regions...)})
}

// parseOptionalMoment reads an optional moment.
func parseOptionalMoment(s, pointer string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return at, fault.InvalidFields([]fault.Field{{Pointer: pointer, Code: "moment_format", Says: "A moment is written as 2026-11-24T09:00:00Z."}})
	}
	return at, nil
}

func (a *API) publishDraft(c echo.Context) error {
	nb, err := a.neighbourhood(c)
	if err != nil {
		return err
	}
	var body struct {
		Note    string            `json:"note"`
		From    string            `json:"from"`
		Reasons map[string]string `json:"reasons"`
		Against string            `json:"against"`
	}
	if err := routes.ReadOptionalJSON(c, &body); err != nil {
		return err
	}
	p := publishing.Publication{Note: body.Note, NoteServes: true, Reasons: body.Reasons, Against: body.Against}
	if p.From, err = parseOptionalMoment(body.From, "/from"); err != nil {
		return err
	}
	if p.IfMatch, _, err = condition(c); err != nil {
		return err
	}
	v, err := a.o.Policies.Publish(c.Request().Context(), routes.Principal(c).Actor(), nb, c.Param("name"), p)
	if err != nil {
		return err
	}
	return writeVersion(c, v)
}

// writeVersion answers with a version that was made now, or that was live already.
func writeVersion(c echo.Context, v publishing.Version) error {
	status := http.StatusOK
	if v.New {
		status = http.StatusCreated
		c.Response().Header().Set(echo.HeaderLocation, "/api/v1/neighbourhoods/"+c.Param("slug")+"/policy/versions/"+v.Hash)
	}
	return routes.WriteJSON(c, status, versionOf(v))
}

func (a *API) restoreVersion(c echo.Context) error {
	nb, note, err := a.noted(c)
	if err != nil {
		return err
	}
	v, err := a.o.Policies.Restore(c.Request().Context(), routes.Principal(c).Actor(), nb, c.Param("hash"), note)
	if err != nil {
		return err
	}
	return writeVersion(c, v)
}

func (a *API) withdrawVersion(c echo.Context) error {
	nb, note, err := a.noted(c)
	if err != nil {
		return err
	}
	v, err := a.o.Policies.Withdraw(c.Request().Context(), routes.Principal(c).Actor(), nb, c.Param("hash"), note)
	if err != nil {
		return err
	}
	return routes.WriteJSON(c, http.StatusOK, versionOf(v))
}

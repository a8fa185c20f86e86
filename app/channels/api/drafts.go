package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/publishing"
	"onedoor/app/routes"
)

// draftItem is a draft as a list shows it; draftBody has its document too.
type draftItem struct {
	Name      string             `json:"name"`
	Author    string             `json:"author"`
	Version   int                `json:"version"`
	Hash      string             `json:"hash"`
	ETag      string             `json:"etag"`
	BasedOn   string             `json:"based_on,omitempty"`
	CreatedAt time.Time          `json:"created_at"`
	UpdatedAt time.Time          `json:"updated_at"`
	UpdatedBy string             `json:"updated_by"`
	Review    *publishing.Review `json:"review,omitempty"`
	Shadow    bool               `json:"shadow"`
}

type draftBody struct {
	draftItem
	Document string `json:"document"`
}

func draftItemOf(d publishing.Draft) draftItem {
	return draftItem{
		Name: d.Name, Author: d.Author, Version: d.Version, Hash: d.Hash, ETag: d.ETag(), BasedOn: d.BasedOn, CreatedAt: d.CreatedAt,
		UpdatedAt: d.UpdatedAt, UpdatedBy: d.UpdatedBy, Review: d.Review, Shadow: d.Shadow,
	}
}

// writeDraft answers with a draft and its ETag.
func writeDraft(c echo.Context, status int, d publishing.Draft) error {
	h := c.Response().Header()
	h.Set("ETag", d.ETag())
	h.Set("Cache-Control", "no-cache")
	h.Set(echo.HeaderVary, echo.HeaderAccept)
	if written, err := writeDocument(c, status, d.Document); written || err != nil {
		return err
	}
	return routes.WriteJSON(c, status, draftBody{draftItemOf(d), string(d.Document)})
}

func (a *API) listDrafts(c echo.Context) error {
	nb, err := a.neighbourhood(c)
	if err != nil {
		return err
	}
	list, err := a.o.Policies.Drafts(c.Request().Context(), nb)
	if err != nil {
		return err
	}
	items := make([]draftItem, len(list))
	for i, d := range list {
		items[i] = draftItemOf(d)
	}
	return routes.WriteJSON(c, http.StatusOK, items)
}

func (a *API) getDraft(c echo.Context) error {
	nb, err := a.neighbourhood(c)
	if err != nil {
		return err
	}
	d, err := a.o.Policies.Draft(c.Request().Context(), nb, c.Param("name"))
	if err != nil {
		return err
	}
	if c.Request().Header.Get("If-None-Match") == d.ETag() {
		c.Response().Header().Set("ETag", d.ETag())
		return c.NoContent(http.StatusNotModified)
	}
	return writeDraft(c, http.StatusOK, d)
}

// condition is what a call says of the state that it saw: the ETag, and whether nothing may be there yet.
func condition(c echo.Context) (ifMatch string, create bool, err error) {
	h := c.Request().Header
	ifMatch = strings.TrimPrefix(strings.TrimSpace(h.Get("If-Match")), "W/") // a proxy that compresses may have weakened it
	switch none := strings.TrimSpace(h.Get("If-None-Match")); {
	case none == "":
		return ifMatch, false, nil
	case none != "*" || ifMatch != "":
		return "", false, fault.New(fault.Malformed, "precondition_format", "Send If-Match with the ETag that you hold, or If-None-Match: * to create a draft; not both.")
	}
	return "", true, nil
}

func (a *API) putDraft(c echo.Context) error {
	nb, err := a.neighbourhood(c)
	if err != nil {
		return err
	}
	ifMatch, create, err := condition(c)
	if err != nil {
		return err
	}
	document, err := readDocument(c)
	if err != nil {
		return err
	}
	d, err := a.o.Policies.Save(c.Request().Context(), routes.Principal(c).Actor(), nb, c.Param("name"), ifMatch, document)
	if fault.Is(err, "draft_exists") {
		exists := *fault.As(err)
		if create {
			exists.Kind = fault.Changed
			return &exists
		}
		exists.Code, exists.Says = "precondition_required", "There is a draft of this name. Send If-Match with the ETag of the text that you hold, so that nobody’s work is lost."
		return &exists
	}
	if err != nil {
		return err
	}
	status := http.StatusOK
	if d.Version == 1 && ifMatch == "" {
		status = http.StatusCreated
	}
	return writeDraft(c, status, d)
}

func (a *API) deleteDraft(c echo.Context) error {
	nb, err := a.neighbourhood(c)
	if err != nil {
		return err
	}
	ifMatch, _, err := condition(c)
	if err != nil {
		return err
	}
	if ifMatch == "" {
		// Who discards a draft without having looked at it may well mean it: what was saved of it is kept.
		ifMatch = publishing.AnyETag
	}
	if err := a.o.Policies.Discard(c.Request().Context(), routes.Principal(c).Actor(), nb, c.Param("name"), ifMatch); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

type saveItem struct {
	ID      uuid.UUID `json:"id"`
	Version int       `json:"version"` // of the draft that it became; 0 when it came too late
	ETag    string    `json:"etag"`
	Refused bool      `json:"refused"`
	At      time.Time `json:"at"`
	By      string    `json:"by"`
}

func (a *API) listSaves(c echo.Context) error {
	nb, err := a.neighbourhood(c)
	if err != nil {
		return err
	}
	list, err := a.o.Policies.Saves(c.Request().Context(), nb, c.Param("name"))
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return fault.Absent()
	}
	items := make([]saveItem, len(list))
	for i, s := range list {
		items[i] = saveItem{s.ID, s.Version, s.ETag, s.Refused(), s.At, s.By}
	}
	return routes.WriteJSON(c, http.StatusOK, items)
}

func (a *API) getSave(c echo.Context) error {
	nb, err := a.neighbourhood(c)
	if err != nil {
		return err
	}
	list, err := a.o.Policies.Saves(c.Request().Context(), nb, c.Param("name"))
	if err != nil {
		return err
	}
	for _, s := range list {
		if s.ID.String() == c.Param("id") {
			return c.Blob(http.StatusOK, yamlType, s.Document)
		}
	}
	return fault.Absent()
}

func (a *API) checkDraft(c echo.Context) error {
	nb, err := a.neighbourhood(c)
	if err != nil {
		return err
	}
	if err := routes.ReadOptionalJSON(c, &struct{}{}); err != nil {
		return err
	}
	report, err := a.o.Policies.Check(c.Request().Context(), nb, c.Param("name"))
	if err != nil {
		return err
	}
	return routes.WriteJSON(c, http.StatusOK, report)
}

func (a *API) reviewDraft(c echo.Context) error {
	nb, err := a.neighbourhood(c)
	if err != nil {
		return err
	}
	var body struct {
		Approve *bool  `json:"approve"`
		Note    string `json:"note"`
	}
	if err := routes.ReadOptionalJSON(c, &body); err != nil {
		return err
	}
	if body.Approve == nil {
		return fault.InvalidFields([]fault.Field{{Pointer: "/approve", Code: "required", Says: "Say true or false."}})
	}
	d, err := a.o.Policies.Review(c.Request().Context(), routes.Principal(c).Actor(), nb, c.Param("name"), *body.Approve, body.Note)
	if err != nil {
		return err
	}
	return writeDraft(c, http.StatusOK, d)
}

func (a *API) shadowDraft(c echo.Context) error {
	nb, err := a.neighbourhood(c)
	if err != nil {
		return err
	}
	var body struct {
		On *bool `json:"on"`
	}
	if err := routes.ReadOptionalJSON(c, &body); err != nil {
		return err
	}
	if body.On == nil {
		return fault.InvalidFields([]fault.Field{{Pointer: "/on", Code: "required", Says: "Say true or false."}})
	}
	d, err := a.o.Policies.SetShadow(c.Request().Context(), routes.Principal(c).Actor(), nb, c.Param("name"), *body.On)
	if err != nil {
		return err
	}
	return writeDraft(c, http.StatusOK, d)
}

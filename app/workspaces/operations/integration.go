package operations

import (
	"context"
	"net/http"
	"slices"
	"sort"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/identity"
	"onedoor/app/integrations"
	"onedoor/app/routes"
	"onedoor/app/wording"
	"onedoor/tenants"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

func (w *Workspace) integration(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	o, id, err := k.one("read")
	if err != nil {
		return err
	}
	return w.showIntegration(k, o, id, "", "")
}

// act is a handler for something that is done by pressing a button.
func (w *Workspace) act(done string, do func(context.Context, identity.Principal, uuid.UUID, uuid.UUID) (integrations.Connection, error)) echo.HandlerFunc {
	return func(c echo.Context) error {
		k, err := w.call(c)
		if err != nil {
			return err
		}
		o, id, err := k.one("write")
		if err != nil {
			return err
		}
		if _, err := routes.ReadForm(c); err != nil {
			return err
		}
		if _, err := do(k.ctx(), k.who, o.ID, id); err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, routes.Address(integrationPath, string(o.ODS), id.String())+"?done="+done)
	}
}

func (w *Workspace) recordOnly(only bool) func(context.Context, identity.Principal, uuid.UUID, uuid.UUID) (integrations.Connection, error) {
	return func(ctx context.Context, by identity.Principal, organisation, id uuid.UUID) (integrations.Connection, error) {
		return w.Integrations.RecordOnly(ctx, by, organisation, id, only)
	}
}

func (w *Workspace) testIntegration(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	o, id, err := k.one("test")
	if err != nil {
		return err
	}
	if _, err := routes.ReadForm(c); err != nil {
		return err
	}
	x, err := w.Integrations.Test(k.ctx(), k.who, o.ID, id)
	if err != nil {
		return err
	}
	done := "test-failed"
	if x.Tested.Good() {
		done = "test-passed"
	}
	return c.Redirect(http.StatusSeeOther, routes.Address(integrationPath, string(o.ODS), id.String())+"?done="+done)
}

func (w *Workspace) setCredential(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	o, id, err := k.one("write")
	if err != nil {
		return err
	}
	form, err := routes.ReadForm(c)
	if err != nil {
		return err
	}
	name := c.Param("name")
	_, err = w.Integrations.SetCredential(k.ctx(), k.who, o.ID, id, name, []byte(form.Get("secret")))
	if e := fault.As(err); err != nil && e.Code == "credential_form" {
		return w.showIntegration(k, o, id, name, e.Says)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, routes.Address(integrationPath, string(o.ODS), id.String())+"?done=credential-set")
}

func (w *Workspace) removeCredential(c echo.Context) error {
	return w.act("credential-removed", func(ctx context.Context, by identity.Principal, organisation, id uuid.UUID) (integrations.Connection, error) {
		return w.Integrations.RemoveCredential(ctx, by, organisation, id, c.Param("name"))
	})(c)
}

// removingIntegration asks whether it is to be removed.
func (w *Workspace) removingIntegration(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	o, id, err := k.one("write")
	if err != nil {
		return err
	}
	x, err := w.Integrations.Get(k.ctx(), k.who, o.ID, id)
	if err != nil {
		return err
	}
	keep := routes.Address(integrationPath, string(o.ODS), id.String())
	page := pages.ConnectionRemove{
		Operations: k.page("Remove a connection", integrationsPath), Organisation: o.Name, Name: x.Name, Action: routes.Address(integrationRemovePath, string(o.ODS), id.String()), Keep: keep,
	}
	page.Page.Back = keep
	return routes.Render(c, http.StatusOK, pages.ConnectionRemovePage(page))
}

func (w *Workspace) removeIntegration(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	o, id, err := k.one("write")
	if err != nil {
		return err
	}
	if _, err := routes.ReadForm(c); err != nil {
		return err
	}
	if err := w.Integrations.Remove(k.ctx(), k.who, o.ID, id); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, routes.Address(integrationsOfPath, string(o.ODS))+"?done=removed")
}

// integrationRecorded shows one call that would have been made.
func (w *Workspace) integrationRecorded(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	o, id, err := k.one("recorded")
	if err != nil {
		return err
	}
	recording, err := uuid.Parse(c.Param("recording"))
	if err != nil {
		return fault.Absent()
	}
	r, err := w.Integrations.Recording(k.ctx(), k.who, o.ID, id, recording)
	if err != nil {
		return err
	}
	page := pages.ConnectionCall{Operations: k.page("What would have been sent", integrationsPath), Name: o.Name, When: wording.Moment(r.At, k.now), Method: r.Method, Path: r.Call.Path, Body: readable(r.Call.Body)}
	page.Page.Back = routes.Address(integrationPath, string(o.ODS), id.String())
	for name, values := range r.Call.Header {
		page.Headers = append(page.Headers, pages.ConnectionFact{Title: name, Says: strings.Join(values, ", ")})
	}
	sort.Slice(page.Headers, func(i, j int) bool { return page.Headers[i].Title < page.Headers[j].Title })
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	return routes.Render(c, http.StatusOK, pages.ConnectionCallPage(page))
}

// showIntegration shows a connection; wrong is what is the matter with a credential.
func (w *Workspace) showIntegration(k *call, o tenants.Organisation, id uuid.UUID, credential, wrong string) error {
	x, err := w.Integrations.Get(k.ctx(), k.who, o.ID, id)
	if err != nil {
		return err
	}
	d, _ := clinical.Describe(x.Kind)
	at := func(path string) string { return routes.Address(path, string(o.ODS), id.String()) }
	p := pages.Connection{
		Operations: k.page(integrationsTitle+": "+x.Name, integrationsPath), Organisation: o.Name, Name: x.Name, Kind: d.Title,
		Changed: "Last changed by " + x.ChangedBy + ", " + wording.Moment(x.ChangedAt, k.now) + ".", Facts: w.setUp(x, d), Questions: questions(d), Source: d.Source,
	}
	if p.Name == "" {
		p.Name = d.Title
	}
	p.Page.Back = routes.Address(integrationsOfPath, string(o.ODS))
	p.State, p.Says = connectionState(x)
	p.Notice = connectionDone(k.c.QueryParam("done"))
	writes := w.Integrations.May(k.who, o.ID, "write")
	if writes {
		p.Change, p.Remove, p.Acts = at(integrationChangePath), at(integrationRemovePath), connectionActs(x, at)
	}
	if w.Integrations.May(k.who, o.ID, "test") {
		p.Test = at(integrationTestPath)
	}
	if !x.Tested.At.IsZero() {
		p.Tested = "Tested by " + x.Tested.By + ", " + wording.Moment(x.Tested.At, k.now) + "."
		p.Steps = steps(x.Tested)
	}
	p.Asked, p.Offers = offers(x, d, wording.Moment(x.AskedAt, k.now))
	for _, s := range d.Secrets {
		one := pages.ConnectionCredential{ID: "credential-" + s.Name, Label: s.Label, Hint: s.Hint, Set: "Not set.", PEM: s.Form != clinical.SecretText}
		set := slices.IndexFunc(x.Credentials, func(c integrations.Credential) bool { return c.Name == s.Name })
		if set >= 0 {
			one.Set = "Set by " + x.Credentials[set].SetBy + ", " + wording.Moment(x.Credentials[set].SetAt, k.now) + "."
		}
		if writes {
			one.Action = routes.Address(credentialPath, string(o.ODS), id.String(), s.Name)
			if set >= 0 {
				one.Remove = routes.Address(credentialRemovePath, string(o.ODS), id.String(), s.Name)
			}
		}
		if s.Name == credential && wrong != "" {
			one.Error = locales.Plain(wrong)
			p.Wrong = []components.Problem{{Target: one.ID, Says: one.Error}}
			p.Page.Problems = true
		}
		p.Credentials = append(p.Credentials, one)
	}
	if p.ShowsRecorded = k.who.MayIn(o.ID, "integration", "recorded"); p.ShowsRecorded {
		list, err := w.Integrations.Recordings(k.ctx(), k.who, o.ID, id)
		if err != nil {
			return err
		}
		for _, r := range list {
			p.Recorded = append(p.Recorded, pages.ConnectionRecorded{
				When: wording.Moment(r.At, k.now), Method: r.Method, Href: routes.Address(integrationRecordedFor, string(o.ODS), id.String(), r.ID.String()),
			})
		}
	}
	status := http.StatusOK
	if wrong != "" {
		status = http.StatusUnprocessableEntity
	}
	return routes.Render(k.c, status, pages.ConnectionPage(p))
}

package operations

import (
	"context"
	"net/http"
	"net/url"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/owntools"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/tenants"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

const (
	ownToolsPath     = root + "/own-tools"
	ownToolPlacePath = ownToolsPath + "/:place"
)

// OwnTools are the online tools that organisations keep. It is owntools.Service.
type OwnTools interface {
	Tool(ctx context.Context, neighbourhood, organisation uuid.UUID) (owntools.Tool, bool, error)
	Set(ctx context.Context, by requests.Actor, t owntools.Tool) error
}

// addOwnTools registers the page where an organisation says that its patients go on in its own tool.
func (w *Workspace) addOwnTools(s *routes.Server) {
	s.Add(http.MethodGet, ownToolsPath, routes.Need("own-tool", "read"), w.ownTools)
	s.Add(http.MethodPost, ownToolPlacePath, routes.Need("own-tool", "write"), w.changeOwnTool)
}

func (w *Workspace) ownTools(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	return w.showOwnTools(k, uuid.Nil, nil, nil)
}

func (w *Workspace) changeOwnTool(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	at, err := k.organisationPlace("own-tool", "write")
	if err != nil {
		return err
	}
	form, err := routes.ReadForm(c)
	if err != nil {
		return err
	}
	by := requests.Actor{Actor: k.who.Actor(), Scope: k.who.ScopeFor("own-tool", "write"), Roles: k.who.Memberships}
	err = w.OwnTools.Set(k.ctx(), by, owntools.Tool{OrganisationID: at.organisation, Name: form.Get("name"), Address: form.Get("address"), On: form.Get("on") == "yes"})
	if e := fault.As(err); err != nil && e.Kind == fault.Invalid {
		return w.showOwnTools(k, at.organisation, form, e)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, ownToolsPath+"?done=saved")
}

// showOwnTools shows every organisation's; one that was refused as it was sent, with what is wrong.
func (w *Workspace) showOwnTools(k *call, refused uuid.UUID, sent url.Values, why *fault.Error) error {
	page := pages.OwnTools{Operations: k.page("Own online tools", ownToolsPath)}
	if k.c.QueryParam("done") == "saved" {
		page.Notice = "Saved."
	}
	for _, o := range k.directory.Organisations() {
		if !k.who.MayIn(o.ID, "own-tool", "read") {
			continue
		}
		tool, _, err := w.OwnTools.Tool(k.ctx(), k.who.NeighbourhoodID, o.ID)
		if err != nil {
			return err
		}
		p := ownToolPlace(k, o, tool)
		if o.ID == refused {
			p.Name.Value, p.Address.Value, p.On.Options[0].Checked = sent.Get("name"), sent.Get("address"), sent.Get("on") == "yes"
			for _, f := range why.Fields {
				field := &p.Name
				if f.Pointer == "/address" {
					field = &p.Address
				}
				field.Error = locales.Plain(f.Says)
				page.Wrong = append(page.Wrong, components.Problem{Target: field.ID, Says: field.Error})
			}
		}
		page.Places = append(page.Places, p)
	}
	status := http.StatusOK
	if why != nil {
		status = http.StatusUnprocessableEntity
	}
	return routes.Render(k.c, status, pages.OwnToolsPage(page))
}

func ownToolPlace(k *call, o tenants.Organisation, tool owntools.Tool) pages.OwnToolPlace {
	code := string(o.ODS)
	p := pages.OwnToolPlace{
		Title: o.Name, Action: routes.Address(ownToolPlacePath, code), Link: "/" + k.directory.Neighbourhood().Slug + "/go/" + code,
		On: components.Choice{
			ID: "on-" + code, Name: "on", Legend: locales.Plain("Where your patients go on"), Size: "s",
			Options: []components.Option{{Value: "yes", Text: locales.Plain("In our own online tool"), Checked: tool.On}},
		},
		Name: components.Field{
			ID: "name-" + code, Name: "name", Label: locales.Plain("Name of the tool"), Size: "s", Value: tool.Name,
			Hint: locales.Plain("As your patients know it. They read that they go on there."),
		},
		Address: components.Field{
			ID: "address-" + code, Name: "address", Label: locales.Plain("Address of the tool"), Size: "s", Value: tool.Address, InputMode: "url",
			Hint: locales.Plain("It begins with https://. The tool gets a number of its own for each request, as " + owntools.Parameter + "=…, and nothing about the person."),
		},
	}
	if tool.ChangedBy != "" {
		p.Changed = "Changed by " + tool.ChangedBy + " on " + onDay(tool.ChangedAt) + "."
	}
	return p
}

package operations

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/identity"
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
	Standing(ctx context.Context, neighbourhood uuid.UUID) (map[uuid.UUID]owntools.Standing, error)
	Keys(ctx context.Context, neighbourhood uuid.UUID) ([]identity.Client, error)
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
	key, err := w.keyOf(k, at.organisation, form)
	if err != nil {
		return err
	}
	err = w.OwnTools.Set(k.ctx(), by, owntools.Tool{OrganisationID: at.organisation, Name: form.Get("name"), Address: form.Get("address"), On: form.Get("on") == "yes", Key: key})
	if e := fault.As(err); err != nil && e.Kind == fault.Invalid {
		return w.showOwnTools(k, at.organisation, form, e)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, ownToolsPath+"?done=saved")
}

// keyOf is the key that an organisation names as its tool's. A form without the field leaves what was named.
func (w *Workspace) keyOf(k *call, organisation uuid.UUID, form url.Values) (uuid.UUID, error) {
	if !form.Has("key") {
		kept, _, err := w.OwnTools.Tool(k.ctx(), k.who.NeighbourhoodID, organisation)
		return kept.Key, err
	}
	if form.Get("key") == "" {
		return uuid.Nil, nil
	}
	id, err := uuid.Parse(form.Get("key"))
	if err != nil {
		return uuid.Max, nil //nolint:nilerr // nobody's: it is refused beside its field like the rest
	}
	return id, nil
}

// showOwnTools shows every organisation's; one that was refused as it was sent, with what is wrong.
func (w *Workspace) showOwnTools(k *call, refused uuid.UUID, sent url.Values, why *fault.Error) error {
	page := pages.OwnTools{Operations: k.page("Own online tools", ownToolsPath)}
	if k.c.QueryParam("done") == "saved" {
		page.Notice = "Saved."
	}
	keys, err := w.OwnTools.Keys(k.ctx(), k.who.NeighbourhoodID)
	if err != nil {
		return err
	}
	standing, err := w.OwnTools.Standing(k.ctx(), k.who.NeighbourhoodID)
	if err != nil {
		return err
	}
	for _, o := range k.directory.Organisations() {
		if !k.who.MayIn(o.ID, "own-tool", "read") {
			continue
		}
		tool, _, err := w.OwnTools.Tool(k.ctx(), k.who.NeighbourhoodID, o.ID)
		if err != nil {
			return err
		}
		p := ownToolPlace(k, o, tool, keys)
		p.Silent, p.Waiting = unanswered(standing[o.ID])
		if o.ID == refused {
			p.Key.Options = keyOptions(keys, sent.Get("key"))
			p.Name.Value, p.Address.Value, p.On.Options[0].Checked = sent.Get("name"), sent.Get("address"), sent.Get("on") == "yes"
			for _, f := range why.Fields {
				says, target := &p.Name.Error, p.Name.ID
				switch f.Pointer {
				case "/address":
					says, target = &p.Address.Error, p.Address.ID
				case "/key":
					says, target = &p.Key.Error, p.Key.ID
				}
				*says = locales.Plain(f.Says)
				page.Wrong = append(page.Wrong, components.Problem{Target: target, Says: *says})
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

// unanswered says what a tool owes a word of: what is overdue, and what has time left. Empty for nothing.
func unanswered(s owntools.Standing) (silent, waiting string) {
	switch {
	case s.Silent == 1:
		silent = "The tool did not say in time that it has 1 request that a patient went on with. It was due on " + dueAt(s.Since) + "."
	case s.Silent > 1:
		silent = fmt.Sprintf("The tool did not say in time that it has %d requests that patients went on with. The first was due on %s.", s.Silent, dueAt(s.Since))
	}
	switch {
	case s.Waiting == 1:
		waiting = "1 patient went on there, and the tool still has time to say that it has their request."
	case s.Waiting > 1:
		waiting = fmt.Sprintf("%d patients went on there, and the tool still has time to say that it has their requests.", s.Waiting)
	}
	return silent, waiting
}

func dueAt(at time.Time) string { return onDay(at) + " at " + at.In(tenants.London()).Format("15:04") }

// keyOptions are the partners' keys by what they are for, and none.
func keyOptions(keys []identity.Client, named string) []components.SelectOption {
	options := []components.SelectOption{{Text: "None: people say it here"}}
	for _, key := range keys {
		options = append(options, components.SelectOption{Value: key.ID.String(), Text: key.Label, Selected: key.ID.String() == named})
	}
	return options
}

func ownToolPlace(k *call, o tenants.Organisation, tool owntools.Tool, keys []identity.Client) pages.OwnToolPlace {
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
	p.Key = components.Select{
		ID: "key-" + code, Name: "key", Label: locales.Plain("The tool’s API key"), Options: keyOptions(keys, tool.Key.String()),
		Hint: locales.Plain("With this key the tool says that it has a request. No other key can read or answer what your patients were sent on with."),
	}
	if tool.ChangedBy != "" {
		p.Changed = "Changed by " + tool.ChangedBy + " on " + onDay(tool.ChangedAt) + "."
	}
	return p
}

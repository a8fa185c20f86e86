package operations

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/audit"
	"onedoor/app/catalogue"
	"onedoor/app/fault"
	"onedoor/app/routes"
	"onedoor/app/understanding"
	"onedoor/app/wording"
	"onedoor/ui/pages"
)

const (
	understandingPath = root + "/understanding"
	placePath         = understandingPath + "/:place"

	// theNeighbourhood stands for its own front door and line where an organisation has its ODS code.
	theNeighbourhood = "neighbourhood"
)

// Understanding is how people's own words are understood. It is understanding.Service.
type Understanding interface {
	Models() []understanding.About
	Setting(ctx context.Context, neighbourhood, organisation uuid.UUID) (understanding.Setting, error)
	Change(ctx context.Context, by audit.Actor, c understanding.Change) (understanding.Setting, error)
	Agreement(ctx context.Context, neighbourhood, organisation uuid.UUID) (understanding.Agreement, error)
	Kinds() []*catalogue.Kind
}

// addUnderstanding registers the pages where organisations choose whether own words are read, and see how that does.
func (w *Workspace) addUnderstanding(s *routes.Server) {
	s.Add(http.MethodGet, understandingPath, routes.Need("understanding", "read"), w.understandings)
	s.Add(http.MethodGet, placePath, routes.Need("understanding", "read"), w.understanding)
	s.Add(http.MethodPost, placePath, routes.Need("understanding", "write"), w.changeUnderstanding)
}

// understandings lists whose settings there are; where there is one alone it is shown at once.
func (w *Workspace) understandings(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	list := k.places("understanding", "read")
	if len(list) == 1 {
		return c.Redirect(http.StatusSeeOther, routes.Address(placePath, list[0].slug))
	}
	page := pages.UnderstandingList{Operations: k.page("Own words", understandingPath)}
	for _, p := range list {
		set, err := w.Understanding.Setting(k.ctx(), k.who.NeighbourhoodID, p.organisation)
		if err != nil {
			return err
		}
		page.Places = append(page.Places, pages.UnderstandingEntry{Name: p.name, Href: routes.Address(placePath, p.slug), State: modeLabel(set.Mode)})
	}
	return routes.Render(c, http.StatusOK, pages.UnderstandingListPage(page))
}

func (w *Workspace) understanding(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	p, err := k.place("understanding", "read")
	if err != nil {
		return err
	}
	return w.showUnderstanding(k, p, doneWords(c.QueryParam("done")), false)
}

func (w *Workspace) changeUnderstanding(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	p, err := k.place("understanding", "write")
	if err != nil {
		return err
	}
	form, err := routes.ReadForm(c)
	if err != nil {
		return err
	}
	var version int
	if _, err := fmt.Sscanf(form.Get("version"), "%d", &version); err != nil {
		version = 0
	}
	_, err = w.Understanding.Change(k.ctx(), k.who.Actor(), understanding.Change{
		NeighbourhoodID: k.who.NeighbourhoodID, OrganisationID: p.organisation, Mode: understanding.Mode(form.Get("mode")), Model: form.Get("model"),
		AsSaid: form.Get("as-said") == "yes", Version: version,
	})
	if e := fault.As(err); err != nil && (e.Kind == fault.Conflict || e.Kind == fault.Invalid) {
		return w.showUnderstanding(k, p, e.Says, true)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, routes.Address(placePath, p.slug)+"?done="+form.Get("mode"))
}

// showUnderstanding shows a setting and what has been seen, with what was just done or why it was not.
func (w *Workspace) showUnderstanding(k *call, p place, notice string, refused bool) error {
	set, err := w.Understanding.Setting(k.ctx(), k.who.NeighbourhoodID, p.organisation)
	if err != nil {
		return err
	}
	agreement, err := w.Understanding.Agreement(k.ctx(), k.who.NeighbourhoodID, p.organisation)
	if err != nil {
		return err
	}
	page := pages.Understanding{
		Operations: k.page("Own words: "+p.name, understandingPath), Name: p.name, State: modeLabel(set.Mode), Says: modeSays(set.Mode), Version: set.Version,
		Mode: string(set.Mode), AsSaid: set.AsSaid, Heard: w.heardWords(agreement), Enough: agreement.Enough() == nil,
	}
	page.Notice, page.Refused = notice, refused
	if list := k.places("understanding", "read"); len(list) > 1 {
		page.Page.Back = understandingPath
	}
	if _, err := k.place("understanding", "write"); err == nil {
		page.Action = routes.Address(placePath, p.slug)
	}
	if set.Version > 0 {
		page.Changed = "Last changed by " + set.ChangedBy + " at " + wording.Moment(set.ChangedAt, k.now) + "."
	}
	if err := agreement.Enough(); err != nil {
		page.Missing = fault.As(err).Says
	}
	if set.Mode == understanding.ModeOn && agreement.Model != "" && (set.OnModel != agreement.Model || set.OnVersion != agreement.Version) {
		page.Stale = "The model has changed since this was turned on, so nobody is asked. Its new version is being compared in shadow mode: turn it on again when enough agreement has been seen."
	}
	for _, m := range w.Understanding.Models() {
		page.Models = append(page.Models, pages.UnderstandingModel{
			Value: m.Name, Text: m.Model + ", version " + m.Version, Says: modelSays(m), Chosen: m.Name == set.Model,
		})
		page.Outside = page.Outside || m.Outside
	}
	if len(page.Models) == 1 {
		page.Models[0].Chosen = true
	}
	for i, kind := range w.Understanding.Kinds() {
		page.Kinds = append(page.Kinds, w.kindAgreement(kind.Title, agreement.Kinds[i], slices.Contains(set.OnKinds, kind.Code)))
	}
	status := http.StatusOK
	if refused {
		status = http.StatusConflict
	}
	return routes.Render(k.c, status, pages.UnderstandingPage(page))
}

func (w *Workspace) kindAgreement(title string, a understanding.KindAgreement, proposed bool) pages.UnderstandingKind {
	row := pages.UnderstandingKind{
		Title: title, Chosen: wording.Figure(a.Chosen), Found: wording.Figure(a.Found), Compared: wording.Figure(a.Compared), Agreed: wording.Figure(a.Agreed), Share: shareOf(a.Agreed, a.Compared),
		Asked: wording.Figure(a.Asked), Confirmed: wording.Figure(a.Confirmed), State: pages.Label{Text: "Not enough yet", Colour: "grey"},
	}
	switch {
	case proposed:
		row.State = pages.Label{Text: "Proposed to people", Colour: "green"}
	case a.Enough():
		row.State = pages.Label{Text: "Enough agreement", Colour: "blue"}
	}
	return row
}

func (w *Workspace) heardWords(a understanding.Agreement) []string {
	if a.Model == "" {
		return []string{"Nothing has been read yet."}
	}
	return []string{
		fmt.Sprintf("In shadow mode this version has read %s texts, and had a proposal for %s of them. %s of these (%s) were of the kind that the person had chosen.",
			wording.Figure(a.Heard), wording.Figure(a.Compared), wording.Figure(a.Agreed), shareOf(a.Agreed, a.Compared)),
		fmt.Sprintf("%s were answered too late and %s not in a form that could be used. %s held signs of an emergency: the rules stopped there, and the model was not asked.",
			wording.Figure(a.Late), wording.Figure(a.Failed), wording.Figure(a.Emergencies)),
		fmt.Sprintf("People were asked %s times whether a proposal was right, and said yes %s times.", wording.Figure(a.Asked), wording.Figure(a.Confirmed)),
	}
}

func shareOf(n, of int) string {
	if of == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f%%", 100*float64(n)/float64(of))
}

func modeLabel(m understanding.Mode) pages.Label {
	switch m {
	case understanding.ModeShadow:
		return pages.Label{Text: "Shadow", Colour: "blue"}
	case understanding.ModeOn:
		return pages.Label{Text: "On", Colour: "green"}
	}
	return pages.Label{Text: "Off", Colour: "grey"}
}

func modeSays(m understanding.Mode) string {
	switch m {
	case understanding.ModeShadow:
		return "A model reads what people write or say anyway, beside the rules. Nobody sees what it makes of it: it is only compared with what people chose themselves."
	case understanding.ModeOn:
		return "People can say what they need in their own words. The model suggests a kind of request and answers, and each person confirms or refuses them."
	}
	return "No model reads what people write or say."
}

func modelSays(m understanding.About) string {
	if m.Outside {
		return "Words are sent to another system."
	}
	return "Words stay in this product."
}

func doneWords(mode string) string {
	switch understanding.Mode(mode) {
	case understanding.ModeOff:
		return "It is off."
	case understanding.ModeShadow:
		return "It listens in shadow mode."
	case understanding.ModeOn:
		return "It is on for the kinds that had enough agreement."
	}
	return ""
}

package studio

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/publishing"
	"onedoor/app/routes"
	"onedoor/app/wording"
	"onedoor/policy"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// addFront registers the page where a lead's work begins. It takes everyone else to the first page that is theirs.
func (w *Workspace) addFront(s *routes.Server) {
	s.Add(http.MethodGet, root, routes.Need("directory", "read"), w.front)
}

func (w *Workspace) front(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	if !k.who.May("policy", "read") {
		if home := k.home(); home != root {
			return c.Redirect(http.StatusSeeOther, home)
		}
		return fault.New(fault.Forbidden, "forbidden", "Your role here does not include this.")
	}
	f, err := w.frontOf(k)
	if err != nil {
		return err
	}
	f.Notice = noticeWords(c.QueryParam("done"))
	return routes.Render(c, http.StatusOK, pages.StudioFrontPage(f))
}

func (w *Workspace) frontOf(k *call) (pages.StudioFront, error) {
	f := pages.StudioFront{Studio: k.page("Overview", root), Neighbourhood: k.directory.Neighbourhood().Name}
	live, err := w.live(k)
	if err != nil {
		return f, err
	}
	if live != nil {
		if f.Live, err = w.liveCard(k, *live); err != nil {
			return f, err
		}
	}
	drafts, err := w.Publishing.Drafts(k.ctx(), k.who.NeighbourhoodID)
	if err != nil {
		return f, err
	}
	settings, err := w.Publishing.Settings(k.ctx(), k.who.NeighbourhoodID)
	if err != nil {
		return f, err
	}
	for _, d := range drafts {
		f.Drafts = append(f.Drafts, w.draftLine(k, d, live, settings))
		if settings.SecondPerson && !approved(d) && d.UpdatedByID != k.who.ID {
			f.Waiting = append(f.Waiting, pages.StudioLink{Href: routes.Address(aboutPath, d.Name), Text: "Draft " + d.Name + " waits for a second person to look at it."})
		}
	}
	versions, err := w.Publishing.Versions(k.ctx(), k.who.NeighbourhoodID)
	if err != nil {
		return f, err
	}
	for _, v := range versions {
		if v.State == publishing.Scheduled {
			f.Waiting = append(f.Waiting, pages.StudioLink{Href: routes.Address(aboutPath, v.Hash), Text: "New rules come into force at " + wording.Moment(v.LiveFrom, k.now) + "."})
		}
	}
	open, err := w.Alarms.Open(k.ctx(), k.who.NeighbourhoodID)
	if err != nil {
		return f, err
	}
	for _, a := range open {
		f.Alarms = append(f.Alarms, pages.StudioAlarm{Says: a.Says, Since: wording.Moment(a.RaisedAt, k.now), Href: alarmAddress(a)})
	}
	if k.who.May("policy", "write") {
		form, err := w.draftForm(k.ctx(), k, "", "", nil)
		if err != nil {
			return f, err
		}
		f.Begin = &form
	}
	return f, nil
}

// live is the version in force; nil when there is none.
func (w *Workspace) live(k *call) (*publishing.Version, error) {
	v, err := w.Publishing.Live(k.ctx(), k.who.NeighbourhoodID)
	if fault.Is(err, "not_found") {
		return nil, nil //nolint:nilnil // a neighbourhood that has published nothing
	}
	return &v, err
}

func (w *Workspace) liveCard(k *call, v publishing.Version) (*pages.StudioLive, error) {
	p, err := policy.Parse(v.Document)
	if err != nil {
		return nil, err
	}
	rules := 0
	for _, t := range p.Tables() {
		rules += len(t.Rules)
	}
	o := &opened{slug: v.Hash, version: &v, policy: p}
	return &pages.StudioLive{
		Says: wording.Counted(rules, "rule", "rules") + " and " + wording.Counted(len(p.Cases()), "case", "cases") + ", in force since " + wording.Moment(v.LiveFrom, k.now) +
			". Published by " + k.by(v.PublishedBy) + ".",
		Note: v.Note, Links: k.entries(ofPolicy, func(path string) (string, bool) { return o.tab(path), false }),
	}, nil
}

func (w *Workspace) draftLine(k *call, d publishing.Draft, live *publishing.Version, settings publishing.Settings) pages.StudioDraft {
	line := pages.StudioDraft{
		Name: d.Name, Href: routes.Address(rulesPath, d.Name), Changed: upper(k.by(d.UpdatedBy)) + ", at " + wording.Moment(d.UpdatedAt, k.now), Begun: upper(k.by(d.Author)) + ", at " + wording.Moment(d.CreatedAt, k.now),
	}
	if live != nil {
		line.Difference = differenceWords(publishing.Changes(live.Document, d.Document))
		if d.BasedOn != live.Hash {
			line.States = append(line.States, pages.Label{Text: "Begun from earlier rules", Colour: "orange"})
		}
	}
	if d.Shadow {
		line.States = append(line.States, pages.Label{Text: "Being tried", Colour: "purple"})
	}
	switch {
	case approved(d):
		line.States = append(line.States, pages.Label{Text: "Approved by " + k.by(d.Review.By), Colour: "green"})
	case d.Review != nil && !d.Review.Approve && d.Review.Hash == d.Hash:
		line.States = append(line.States, pages.Label{Text: "Not approved by " + k.by(d.Review.By), Colour: "red"})
	case settings.SecondPerson:
		line.States = append(line.States, pages.Label{Text: "Waits for a second person", Colour: "yellow"})
	}
	return line
}

// approved reports whether somebody approved exactly this text.
func approved(d publishing.Draft) bool {
	return d.Review != nil && d.Review.Approve && d.Review.Hash == d.Hash && d.Review.ByID != d.UpdatedByID
}

// differenceWords say how much of a draft is not what is in force.
func differenceWords(changes []publishing.Change) string {
	if len(changes) == 0 {
		return "Nothing yet"
	}
	count := map[string]int{}
	for _, c := range changes {
		count[c.What]++
	}
	var list []string
	for _, kind := range []struct{ what, one, many string }{{"rule", "rule", "rules"}, {"table", "group of rules", "groups of rules"}, {"case", "case", "cases"}, {"fact", "question", "questions"}, {"policy", "name", "names"}} {
		if n := count[kind.what]; n > 0 {
			list = append(list, wording.Counted(n, kind.one, kind.many))
		}
	}
	return strings.Join(list, ", ")
}

// draftForm is the form that begins a draft, filled in as it was sent.
func (w *Workspace) draftForm(ctx context.Context, k *call, name, from string, wrong []components.Problem) (pages.StudioDraftForm, error) {
	f := pages.StudioDraftForm{Action: draftsPath, Name: name, Wrong: components.ErrorFor(wrong, "name")}
	versions, err := w.Publishing.Versions(ctx, k.who.NeighbourhoodID)
	if err != nil {
		return f, err
	}
	f.From = components.Select{ID: "from", Name: "from", Label: locales.Plain("Begin with")}
	const most = 30
	for i, v := range versions {
		if i == most {
			break
		}
		text := "The rules of " + wording.Moment(v.LiveFrom, k.now) + ": " + v.Note
		if v.State == publishing.Live {
			text = "The rules in force"
		}
		f.From.Options = append(f.From.Options, components.SelectOption{Value: v.Hash, Text: clip(text), Selected: from == v.Hash || from == "" && v.State == publishing.Live})
	}
	return f, nil
}

// clip keeps a line of a list short.
func clip(s string) string {
	const most = 80
	runes := []rune(strings.Join(strings.Fields(s), " "))
	if len(runes) <= most {
		return string(runes)
	}
	return string(runes[:most]) + "…"
}

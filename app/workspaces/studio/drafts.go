package studio

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/publishing"
	"onedoor/app/routes"
	"onedoor/app/wording"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

const (
	draftsPath  = root + "/drafts"
	aboutPath   = ofPolicy + "/about"
	shadowPath  = ofPolicy + "/shadow"
	discardPath = ofPolicy + "/discard"
	yamlPath    = ofPolicy + "/rules.yaml"
)

// addDrafts registers the page about a policy itself, and what is done with a draft as a whole.
func (w *Workspace) addDrafts(s *routes.Server) {
	s.Add(http.MethodPost, draftsPath, routes.Need("policy", "write"), w.begin)
	s.Add(http.MethodGet, aboutPath, routes.Need("policy", "read"), w.about)
	s.Add(http.MethodGet, yamlPath, routes.Need("policy", "read"), w.yaml)
	s.Add(http.MethodPost, shadowPath, routes.Need("policy", "write"), w.shadow)
	s.Add(http.MethodGet, discardPath, routes.Need("policy", "write"), w.askDiscard)
	s.Add(http.MethodPost, discardPath, routes.Need("policy", "write"), w.discard)
}

// begin makes a draft of a version.
func (w *Workspace) begin(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	form, err := routes.ReadForm(c)
	if err != nil {
		return err
	}
	name, from := slugOf(form.Get("name")), form.Get("from")
	refused := func(problem *fault.Error) error {
		f, err := w.frontOf(k)
		if err != nil {
			return err
		}
		wrong := []components.Problem{{Target: "name", Says: locales.Plain(problem.Says)}}
		again, err := w.draftForm(k.ctx(), k, form.Get("name"), from, wrong)
		if err != nil {
			return err
		}
		f.Begin, f.Wrong, f.Problems = &again, wrong, true
		return routes.Render(c, http.StatusUnprocessableEntity, pages.StudioFrontPage(f))
	}
	if name == "" {
		return refused(fault.New(fault.Invalid, "draft_name", "Enter a name for the draft"))
	}
	v, err := w.Publishing.Version(k.ctx(), k.who.NeighbourhoodID, from)
	if err != nil {
		return err
	}
	d, err := w.Publishing.Save(k.ctx(), k.actor(), k.who.NeighbourhoodID, name, "", v.Document)
	switch {
	case fault.Is(err, "draft_exists"):
		return refused(fault.New(fault.Conflict, "draft_exists", "There is a draft called %s already. Enter another name", name))
	case fault.Is(err, "draft_name"), fault.Is(err, "too_many_drafts"):
		return refused(fault.As(err))
	case err != nil:
		return err
	}
	return c.Redirect(http.StatusSeeOther, routes.Address(rulesPath, d.Name)+"?done=begun")
}

// slugOf turns what somebody typed into a name that can stand in an address: Winter 2026 into winter-2026.
func slugOf(typed string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(typed) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	slug := strings.TrimRight(b.String(), "-")
	const most = 60
	return strings.TrimRight(slug[:min(most, len(slug))], "-")
}

func (w *Workspace) about(c echo.Context) error {
	k, o, err := w.asked(c)
	if err != nil {
		return err
	}
	a := pages.StudioAbout{Studio: k.policyPage("About", o, aboutPath), YAML: o.path(yamlPath)}
	a.Notice = noticeWords(c.QueryParam("done"))
	if o.version != nil {
		a.Facts = []pages.Fact{
			{Key: "In force from", Values: []string{wording.Moment(o.version.LiveFrom, k.now)}},
			{Key: "Published by", Values: []string{upper(k.by(o.version.PublishedBy))}},
			{Key: "Note", Values: []string{o.version.Note}, Quoted: true},
		}
		return routes.Render(c, http.StatusOK, pages.StudioAboutPage(a))
	}
	d := o.draft
	a.Facts = []pages.Fact{
		{Key: "Begun by", Values: []string{upper(k.by(d.Author)) + ", at " + wording.Moment(d.CreatedAt, k.now)}},
		{Key: "Changed last by", Values: []string{upper(k.by(d.UpdatedBy)) + ", at " + wording.Moment(d.UpdatedAt, k.now)}},
	}
	if d.Review != nil {
		a.Facts = append(a.Facts, reviewFact(k, *d))
	}
	live, err := w.live(k)
	if err != nil {
		return err
	}
	if live != nil {
		a.Compared = true
		for _, change := range publishing.Changes(live.Document, d.Document) {
			a.Changes = append(a.Changes, k.changeLine(o, change))
		}
	}
	saves, err := w.Publishing.Saves(k.ctx(), k.who.NeighbourhoodID, d.Name)
	if err != nil {
		return err
	}
	for _, save := range saves[:min(20, len(saves))] {
		a.Saves = append(a.Saves, saveLine(k, save))
	}
	if o.editable(k) {
		a.Shadow = &pages.StudioShadow{On: d.Shadow, Action: o.path(shadowPath)}
		a.Discard = o.path(discardPath)
	}
	return routes.Render(c, http.StatusOK, pages.StudioAboutPage(a))
}

func reviewFact(k *call, d publishing.Draft) pages.Fact {
	said := "Not approved"
	if d.Review.Approve {
		said = "Approved"
	}
	said += " by " + k.by(d.Review.By) + ", " + wording.Moment(d.Review.At, k.now)
	if d.Review.Hash != d.Hash {
		said += ". The draft was changed since"
	}
	f := pages.Fact{Key: "Second person", Values: []string{said + "."}}
	if d.Review.Note != "" {
		f.Values = append(f.Values, "“"+d.Review.Note+"”")
	}
	return f
}

func saveLine(k *call, s publishing.Save) string {
	if s.Refused() {
		return wording.Moment(s.At, k.now) + ": " + k.by(s.By) + " tried to save an older text. It is kept, and did not change the draft."
	}
	return wording.Moment(s.At, k.now) + ": saved by " + k.by(s.By)
}

// changeLine is one part of a draft that is not as in force; rules and cases can be followed to.
func (k *call) changeLine(o *opened, c publishing.Change) pages.StudioLink {
	what := map[string]string{"rule": "Rule", "table": "Group", "case": "Case", "fact": "Question", "policy": "The name"}[c.What]
	link := pages.StudioLink{Text: what + " “" + spoken(c.Name) + "” was " + c.How + "."}
	if c.What == "rule" && c.How != "removed" {
		link.Href = o.path(rulePath, c.Table, c.Name)
	}
	if c.What == "case" {
		link.Text = what + " “" + c.Name + "” was " + c.How + "."
	}
	return link
}

// yaml is the document itself, for people who keep policies elsewhere.
func (w *Workspace) yaml(c echo.Context) error {
	_, o, err := w.asked(c)
	if err != nil {
		return err
	}
	name := o.slug
	if o.version != nil {
		name = o.policy.Name() + "-" + o.version.Hash[:12]
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="`+name+`.yaml"`)
	return c.Blob(http.StatusOK, "application/yaml; charset=utf-8", o.policy.Document())
}

func (w *Workspace) shadow(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	form, err := routes.ReadForm(c)
	if err != nil {
		return err
	}
	on := form.Get("on") == "yes"
	d, err := w.Publishing.SetShadow(k.ctx(), k.actor(), k.who.NeighbourhoodID, c.Param("policy"), on)
	if err != nil {
		return err
	}
	done := "shadow-off"
	if on {
		done = "shadow-on"
	}
	return c.Redirect(http.StatusSeeOther, routes.Address(aboutPath, d.Name)+"?"+url.Values{"done": {done}}.Encode())
}

func (w *Workspace) askDiscard(c echo.Context) error {
	k, o, err := w.asked(c)
	if err != nil {
		return err
	}
	if o.draft == nil {
		return fault.Absent()
	}
	return routes.Render(c, http.StatusOK, pages.StudioConfirmPage(w.discardQuestion(k, o)))
}

func (w *Workspace) discardQuestion(k *call, o *opened) pages.StudioConfirm {
	return pages.StudioConfirm{
		Studio: k.policyPage("Discard this draft?", o, aboutPath), Heading: "Discard draft " + o.draft.Name + "?",
		Says:   []string{"It goes for everybody in " + k.directory.Neighbourhood().Name + ". The rules in force stay as they are.", "Changed last by " + k.by(o.draft.UpdatedBy) + ", at " + wording.Moment(o.draft.UpdatedAt, k.now) + "."},
		Action: o.path(discardPath), Button: "Discard the draft", Keep: o.path(aboutPath), ETag: o.draft.ETag(),
	}
}

func (w *Workspace) discard(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	form, err := routes.ReadForm(c)
	if err != nil {
		return err
	}
	err = w.Publishing.Discard(k.ctx(), k.actor(), k.who.NeighbourhoodID, c.Param("policy"), form.Get("etag"))
	if fault.Is(err, "draft_changed") {
		o, openErr := w.open(k)
		if openErr != nil {
			return openErr
		}
		question := w.discardQuestion(k, o)
		question.Notice, question.Refused = "Not discarded. "+fault.As(err).Says, true
		return routes.Render(c, http.StatusConflict, pages.StudioConfirmPage(question))
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, root+"?done=discarded")
}

package studio

import (
	"slices"

	"github.com/labstack/echo/v4"

	"onedoor/app/audit"
	"onedoor/app/publishing"
	"onedoor/app/routes"
	"onedoor/app/wording"
	"onedoor/policy"
	"onedoor/ui/pages"
)

// opened is the policy that a page is about: a draft by its name, or a version by its hash, which is longer than any name.
type opened struct {
	slug    string
	draft   *publishing.Draft   // nil for a version
	version *publishing.Version // nil for a draft
	policy  *policy.Policy
	names   map[string]bool // codes that the policy uses, once they were asked for
}

const hashLength = 64

// asked is who asks, and the policy that the address names (not_found): how every page about one policy begins.
func (w *Workspace) asked(c echo.Context) (*call, *opened, error) {
	k, err := w.call(c)
	if err != nil {
		return nil, nil, err
	}
	o, err := w.open(k)
	return k, o, err
}

// open is the policy that the address names (not_found).
func (w *Workspace) open(k *call) (*opened, error) {
	return w.openNamed(k, k.c.Param("policy"))
}

func (w *Workspace) openNamed(k *call, slug string) (*opened, error) {
	o := &opened{slug: slug}
	var document []byte
	if len(slug) == hashLength {
		v, err := w.Publishing.Version(k.ctx(), k.who.NeighbourhoodID, slug)
		if err != nil {
			return nil, err
		}
		o.version, document = &v, v.Document
	} else {
		d, err := w.Publishing.Draft(k.ctx(), k.who.NeighbourhoodID, slug)
		if err != nil {
			return nil, err
		}
		o.draft, document = &d, d.Document
	}
	p, err := policy.Parse(document)
	if err != nil {
		return nil, err
	}
	o.policy = p
	return o, nil
}

// editable reports whether this person may change it: versions are never changed.
func (o *opened) editable(k *call) bool { return o.draft != nil && k.who.May("policy", "write") }

// path is the address of a page about this policy; parameters follow the policy's own.
func (o *opened) path(route string, parameters ...string) string {
	return routes.Address(route, append([]string{o.slug}, parameters...)...)
}

// tab is the address of a page about this policy; nothing for one that only drafts have.
func (o *opened) tab(route string) string {
	only := slices.ContainsFunc(sections(), func(s section) bool { return s.entry.path == route && s.entry.drafts })
	if only && o.draft == nil {
		return ""
	}
	return o.path(route)
}

// name is what people call it.
func (o *opened) name() string {
	if o.draft != nil {
		return "Draft " + o.draft.Name
	}
	if o.version.State == publishing.Live {
		return "Rules in force"
	}
	return "Earlier rules"
}

// policyPage is what a page about one policy tells its layout. Path is the page's route, whose tab stands out.
func (k *call) policyPage(title string, o *opened, path string) pages.Studio {
	s := k.page(title, "")
	s.Title.Says += " – " + o.name()
	s.Policy = &pages.StudioPolicy{Name: o.name(), State: stateLabel(o), Says: k.standing(o)}
	s.Policy.Tabs = k.entries(ofPolicy, func(p string) (string, bool) { return o.tab(p), p == path })
	return s
}

func stateLabel(o *opened) pages.Label {
	switch {
	case o.draft != nil && o.draft.Shadow:
		return pages.Label{Text: "Draft, being tried", Colour: "purple"}
	case o.draft != nil:
		return pages.Label{Text: "Draft", Colour: "yellow"}
	case o.version.State == publishing.Live:
		return pages.Label{Text: "In force", Colour: "green"}
	case o.version.State == publishing.Scheduled:
		return pages.Label{Text: "Scheduled", Colour: "blue"}
	case o.version.State == publishing.Withdrawn:
		return pages.Label{Text: "Withdrawn", Colour: "grey"}
	}
	return pages.Label{Text: "Replaced", Colour: "grey"}
}

func (k *call) standing(o *opened) string {
	if o.draft != nil {
		return "Changed by " + k.by(o.draft.UpdatedBy) + " at " + wording.Moment(o.draft.UpdatedAt, k.now)
	}
	return "Published by " + k.by(o.version.PublishedBy) + ", from " + wording.Moment(o.version.LiveFrom, k.now) + ". To change these rules, begin a draft."
}

// by names a person, as the one who looks sees them.
func (k *call) by(name string) string {
	switch name {
	case "":
		return "somebody"
	case k.who.Name:
		return "you"
	}
	return name
}

func (k *call) actor() audit.Actor { return k.who.Actor() }

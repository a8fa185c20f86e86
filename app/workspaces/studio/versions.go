package studio

import (
	"errors"
	"net/http"
	"slices"

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

const (
	versionsPath  = root + "/versions"
	secondPath    = versionsPath + "/second-person"
	versionPath   = versionsPath + "/:version"
	publishedPath = versionPath + "/published"
	restorePath   = versionPath + "/restore"
	withdrawPath  = versionPath + "/withdraw"
)

// addVersions registers the history of a neighbourhood's rules, and the way back.
func (w *Workspace) addVersions(s *routes.Server) {
	s.Add(http.MethodGet, versionsPath, routes.Need("policy", "read"), w.versions)
	s.Add(http.MethodPost, secondPath, routes.Need("policy", "publish"), w.setSecondPerson)
	s.Add(http.MethodGet, versionPath, routes.Need("policy", "read"), w.version)
	s.Add(http.MethodGet, publishedPath, routes.Need("policy", "read"), w.published)
	s.Add(http.MethodGet, restorePath, routes.Need("policy", "restore"), w.askRestore)
	s.Add(http.MethodPost, restorePath, routes.Need("policy", "restore"), w.restore)
	s.Add(http.MethodGet, withdrawPath, routes.Need("policy", "publish"), w.askWithdraw)
	s.Add(http.MethodPost, withdrawPath, routes.Need("policy", "publish"), w.withdraw)
}

func (w *Workspace) versions(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	list, err := w.Publishing.Versions(k.ctx(), k.who.NeighbourhoodID)
	if err != nil {
		return err
	}
	settings, err := w.Publishing.Settings(k.ctx(), k.who.NeighbourhoodID)
	if err != nil {
		return err
	}
	page := pages.VersionList{
		Studio: k.page("Versions", versionsPath), Empty: "Nothing was published yet.",
		Says: "Every version of the rules that was published, newest first. An old one can be put into force again.",
	}
	page.Notice = versionWords(c.QueryParam("done"))
	if k.who.May("policy", "publish") {
		page.Second = secondSwitch(k, settings)
	}
	for _, v := range list {
		page.Versions = append(page.Versions, k.versionRow(v))
	}
	return routes.Render(c, http.StatusOK, pages.StudioVersions(page))
}

func versionWords(done string) string {
	switch done {
	case "withdrawn":
		return "Taken back. It will never be in force."
	case "second-on":
		return "From now on a second person has to approve a draft before it is published."
	case "second-off":
		return "A draft may now be published without a second person."
	}
	return ""
}

func secondSwitch(k *call, s publishing.Settings) *pages.StudioSwitch {
	sw := &pages.StudioSwitch{Action: secondPath, Name: "wanted", Value: "yes", Text: "Ask for a second person", Hint: "Whoever changes a draft may publish it alone."}
	if s.SecondPerson {
		sw.Value, sw.Text, sw.Hint = "no", "Ask no more for a second person", "Before a draft is published, somebody else than who changed it last has to approve it."
	}
	if s.ChangedBy != "" {
		sw.Hint += " Set by " + k.by(s.ChangedBy) + ", " + wording.Moment(s.ChangedAt, k.now) + "."
	}
	return sw
}

func (w *Workspace) setSecondPerson(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	form, err := routes.ReadForm(c)
	if err != nil {
		return err
	}
	wanted := form.Get("wanted") == "yes"
	if _, err := w.Publishing.SetSecondPerson(k.ctx(), k.actor(), k.who.NeighbourhoodID, wanted); err != nil {
		return err
	}
	done := "second-off"
	if wanted {
		done = "second-on"
	}
	return c.Redirect(http.StatusSeeOther, versionsPath+"?done="+done)
}

func (k *call) versionRow(v publishing.Version) pages.VersionRow {
	row := pages.VersionRow{
		From: upper(wording.Moment(v.LiveFrom, k.now)), Href: routes.Address(versionPath, v.Hash), State: stateOfVersion(v.State), By: upper(k.by(v.PublishedBy)),
		Note: v.Note, Short: shortHash(v.Hash), Second: restoredWords(v),
	}
	if !v.PublishedAt.Equal(v.LiveFrom) && !v.PublishedAt.IsZero() {
		row.At = wording.Moment(v.PublishedAt, k.now)
	}
	if v.Withdrawn != nil {
		row.Second = "By " + k.by(v.Withdrawn.By) + ", " + wording.Moment(v.Withdrawn.At, k.now)
	}
	return row
}

func restoredWords(v publishing.Version) string {
	if v.RestoredFrom != "" {
		return "An earlier version again"
	}
	return ""
}

// shortHash is enough of a hash to tell versions apart by eye.
func shortHash(hash string) string { return hash[:min(len(hash), 10)] }

func stateOfVersion(s publishing.State) pages.Label {
	switch s {
	case publishing.Live:
		return pages.Label{Text: "In force", Colour: "green"}
	case publishing.Scheduled:
		return pages.Label{Text: "Scheduled", Colour: "blue"}
	case publishing.Withdrawn:
		return pages.Label{Text: "Taken back", Colour: "grey"}
	case publishing.Past:
	}
	return pages.Label{Text: "Replaced", Colour: "grey"}
}

// versionOf is the version that the address names (not_found).
func (w *Workspace) versionOf(k *call) (publishing.Version, error) {
	if len(k.c.Param("version")) != hashLength {
		return publishing.Version{}, fault.Absent()
	}
	return w.Publishing.Version(k.ctx(), k.who.NeighbourhoodID, k.c.Param("version"))
}

func (w *Workspace) version(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	v, err := w.versionOf(k)
	if err != nil {
		return err
	}
	page := pages.VersionPage{
		Studio: k.page("Version from "+wording.Moment(v.LiveFrom, k.now), versionsPath), Heading: "Version from " + wording.Moment(v.LiveFrom, k.now), State: stateOfVersion(v.State),
		Facts: k.versionFacts(v), Rules: routes.Address(rulesPath, v.Hash),
	}
	page.Page.Back = versionsPath
	for _, r := range v.Reasons {
		page.Reasons = append(page.Reasons, pages.ReasonLine{Finding: r.Says, Reason: r.Reason})
	}
	if page.Difference, page.Compared, err = w.differenceBefore(k, v); err != nil {
		return err
	}
	if k.who.May("policy", "restore") && v.State == publishing.Past {
		page.Restore = routes.Address(restorePath, v.Hash)
	}
	if k.who.May("policy", "publish") && v.State == publishing.Scheduled {
		page.Withdraw = routes.Address(withdrawPath, v.Hash)
	}
	return routes.Render(c, http.StatusOK, pages.StudioVersion(page))
}

func (k *call) versionFacts(v publishing.Version) []pages.Fact {
	facts := []pages.Fact{
		{Key: "In force from", Values: []string{wording.Moment(v.LiveFrom, k.now)}},
		{Key: "Published by", Values: []string{upper(k.by(v.PublishedBy)) + atWords(k, v)}},
		{Key: "Note", Values: []string{v.Note}, Quoted: true},
	}
	if v.Draft != "" {
		facts = append(facts, pages.Fact{Key: "Draft", Values: []string{v.Draft}})
	}
	if s := restoredWords(v); s != "" {
		facts = append(facts, pages.Fact{Key: "How", Values: []string{s}})
	}
	if v.Review != nil && v.Review.Approve {
		facts = append(facts, pages.Fact{Key: "Approved by", Values: []string{upper(k.by(v.Review.By)) + ", " + wording.Moment(v.Review.At, k.now)}})
	}
	if v.Replay != nil {
		facts = append(facts, pages.Fact{Key: "Past requests", Values: []string{v.Replay.Says}})
	}
	if v.Withdrawn != nil {
		facts = append(facts, pages.Fact{Key: "Taken back by", Values: []string{upper(k.by(v.Withdrawn.By)) + ", " + wording.Moment(v.Withdrawn.At, k.now), v.Withdrawn.Note}})
	}
	return append(facts, pages.Fact{Key: "Version", Values: []string{shortHash(v.Hash)}})
}

func atWords(k *call, v publishing.Version) string {
	if v.PublishedAt.IsZero() {
		return ""
	}
	return ", " + wording.Moment(v.PublishedAt, k.now)
}

// differenceBefore compares a version with the one that it followed; nothing for the first.
func (w *Workspace) differenceBefore(k *call, v publishing.Version) (*pages.DifferenceList, string, error) {
	if v.BasedOn == "" {
		return nil, "", nil
	}
	before, err := w.Publishing.Version(k.ctx(), k.who.NeighbourhoodID, v.BasedOn)
	if fault.Is(err, "not_found") {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	d, err := w.differenceOf(k, before.Document, v.Document)
	return d, "What changed from the version before, from " + wording.Moment(before.LiveFrom, k.now), err
}

func (w *Workspace) differenceOf(k *call, before, after []byte) (*pages.DifferenceList, error) {
	was, err := policy.Parse(before)
	if err != nil {
		return nil, err
	}
	is, err := policy.Parse(after)
	if err != nil {
		return nil, err
	}
	d, err := w.difference(k, was, is)
	return &d, err
}

// published says from when a version is in force.
func (w *Workspace) published(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	v, err := w.versionOf(k)
	if err != nil {
		return err
	}
	page := pages.PublishedPage{
		Studio: k.page("Published", versionsPath), Heading: "Published", Says: "These rules are in force since " + wording.Moment(v.LiveFrom, k.now) + ". The next request is decided by them.",
		Facts: k.versionFacts(v), Links: []pages.StudioLink{{Text: "All versions, and the way back", Href: versionsPath}, {Text: "Overview", Href: root}},
	}
	if v.State == publishing.Scheduled {
		page.Heading, page.Says = "Scheduled", "These rules will be in force from "+wording.Moment(v.LiveFrom, k.now)+". Until then they can be taken back."
		page.Links = slices.Insert(page.Links, 0, pages.StudioLink{Text: "Take it back", Href: routes.Address(withdrawPath, v.Hash)})
	}
	return routes.Render(c, http.StatusOK, pages.StudioPublished(page))
}

// confirm is the page that asks for a note before something is done to a version.
func (w *Workspace) confirm(k *call, v publishing.Version, heading, says, action, button string) pages.VersionConfirm {
	page := pages.VersionConfirm{
		Studio: k.page(heading, versionsPath), Heading: heading, Says: says, Facts: k.versionFacts(v), Action: action, Back: routes.Address(versionPath, v.Hash), Button: button,
		Note: components.Field{ID: "note", Name: "note", Label: locales.Plain("Note"), Hint: locales.Plain("Say why. Everybody who looks at it later reads it."), Rows: 3},
	}
	page.Page.Back = page.Back
	return page
}

func (w *Workspace) restorePage(k *call, v publishing.Version) (pages.VersionConfirm, error) {
	page := w.confirm(k, v, "Put these rules into force again?", "They become a new version, in force from now on.", routes.Address(restorePath, v.Hash), "Put into force again")
	live, err := w.live(k)
	if err != nil || live == nil {
		return page, err
	}
	page.Difference, err = w.differenceOf(k, live.Document, v.Document)
	return page, err
}

func (w *Workspace) askRestore(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	v, err := w.versionOf(k)
	if err != nil {
		return err
	}
	page, err := w.restorePage(k, v)
	if err != nil {
		return err
	}
	return routes.Render(c, http.StatusOK, pages.StudioVersionConfirm(page))
}

func (w *Workspace) restore(c echo.Context) error {
	return w.confirmed(c, w.restorePage, func(k *call, v publishing.Version, note string) (string, error) {
		restored, err := w.Publishing.Restore(k.ctx(), k.actor(), k.who.NeighbourhoodID, v.Hash, note)
		return routes.Address(publishedPath, restored.Hash), err
	})
}

func (w *Workspace) withdrawPage(k *call, v publishing.Version) (pages.VersionConfirm, error) {
	page := w.confirm(k, v, "Take this version back?", "It will never be in force. What is in force now stays.", routes.Address(withdrawPath, v.Hash), "Take it back")
	page.Warning = true
	return page, nil
}

func (w *Workspace) askWithdraw(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	v, err := w.versionOf(k)
	if err != nil {
		return err
	}
	page, err := w.withdrawPage(k, v)
	if err != nil {
		return err
	}
	return routes.Render(c, http.StatusOK, pages.StudioVersionConfirm(page))
}

func (w *Workspace) withdraw(c echo.Context) error {
	return w.confirmed(c, w.withdrawPage, func(k *call, v publishing.Version, note string) (string, error) {
		_, err := w.Publishing.Withdraw(k.ctx(), k.actor(), k.who.NeighbourhoodID, v.Hash, note)
		return versionsPath + "?done=withdrawn", err
	})
}

// confirmed does to a version what its page asked about. A refusal shows the page again, with the note as it was typed.
func (w *Workspace) confirmed(c echo.Context, page func(*call, publishing.Version) (pages.VersionConfirm, error), do func(k *call, v publishing.Version, note string) (string, error)) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	form, err := routes.ReadForm(c)
	if err != nil {
		return err
	}
	v, err := w.versionOf(k)
	if err != nil {
		return err
	}
	next, err := do(k, v, form.Get("note"))
	if err == nil {
		return c.Redirect(http.StatusSeeOther, next)
	}
	var refused *fault.Error
	if !errors.As(err, &refused) || refused.Kind != fault.Invalid && refused.Kind != fault.Conflict {
		return err
	}
	again, err := page(k, v)
	if err != nil {
		return err
	}
	again.Note.Value = form.Get("note")
	for _, f := range refused.Fields {
		target := ""
		if f.Pointer == "/note" {
			target = "note"
		}
		again.Wrong = append(again.Wrong, components.Problem{Target: target, Says: locales.Plain(f.Says)})
	}
	if len(again.Wrong) == 0 {
		again.Wrong = []components.Problem{{Says: locales.Plain(refused.Says)}}
	}
	again.Problems, again.Note.Error = true, components.ErrorFor(again.Wrong, "note")
	status := http.StatusUnprocessableEntity
	if refused.Kind == fault.Conflict {
		status = http.StatusConflict
	}
	return routes.Render(c, status, pages.StudioVersionConfirm(again))
}

package studio

import (
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/routes"
	"onedoor/app/wording"
	"onedoor/policy"
	"onedoor/ui/pages"
)

const (
	publishPath = ofPolicy + "/publish"
	reviewPath  = ofPolicy + "/review"
)

// addPublish registers the page where a draft is put into force, and where a second person says what they think of it.
func (w *Workspace) addPublish(s *routes.Server) {
	s.Add(http.MethodGet, publishPath, routes.Need("policy", "publish"), w.askPublish)
	s.Add(http.MethodPost, publishPath, routes.Need("policy", "publish"), w.publish)
	s.Add(http.MethodPost, reviewPath, routes.Need("policy", "review"), w.review)
}

// openDraft is the draft that the address names. A version that was published is shown where versions are.
func (w *Workspace) openDraft(k *call) (o *opened, elsewhere string, err error) {
	o, err = w.open(k)
	if err == nil && o.draft == nil {
		elsewhere = routes.Address(versionPath, o.version.Hash)
	}
	return o, elsewhere, err
}

func (w *Workspace) askPublish(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	o, elsewhere, err := w.openDraft(k)
	if err != nil {
		return err
	}
	if elsewhere != "" {
		return c.Redirect(http.StatusSeeOther, elsewhere)
	}
	page, err := w.publishPage(k, o, url.Values{"when": {"now"}}, nil)
	if err != nil {
		return err
	}
	page.Notice = reviewedWords(c.QueryParam("done"))
	return routes.Render(c, http.StatusOK, pages.StudioPublish(page))
}

func reviewedWords(done string) string {
	switch done {
	case "approved":
		return "You have approved this draft as it is now."
	case "not-approved":
		return "You have said that this draft should not be published as it is now."
	}
	return ""
}

// publishPage is all that a lead looks at before a draft is put into force, with the form as it was sent.
func (w *Workspace) publishPage(k *call, o *opened, form url.Values, refused *fault.Error) (pages.PublishPage, error) {
	page := pages.PublishPage{Studio: k.policyPage("Publish", o, publishPath)}
	gate, err := w.Publishing.Gate(k.ctx(), k.actor(), k.who.NeighbourhoodID, o.draft.Name, time.Time{})
	if err != nil {
		return page, err
	}
	page.Open = gate.Open()
	live, err := w.live(k)
	if err != nil {
		return page, err
	}
	page.Against = "There are no rules in force yet. These will be the first."
	page.Difference = pages.DifferenceList{Says: "There is nothing to compare with.", Complete: true}
	if live != nil {
		page.Against = "Compared with the rules in force, published by " + k.by(live.PublishedBy) + " and in force since " + wording.Moment(live.LiveFrom, k.now) + "."
		before, err := policy.Parse(live.Document)
		if err != nil {
			return page, err
		}
		if page.Difference, err = w.difference(k, before, o.policy); err != nil {
			return page, err
		}
	}
	page.Replay = pages.ReplayBox{Says: gate.Replay.Says, Figures: replayFigures(gate.Replay), Href: o.path(tryOutPath)}
	if gate.Replay.Run != uuid.Nil {
		page.Replay.Href = routes.Address(runPath, gate.Replay.Run.String())
	}
	page.Cases = caseState(o, gate)
	for _, b := range gate.Blocks {
		page.Blocks = append(page.Blocks, b.Says)
	}
	if page.Review, err = w.reviewBox(k, o, gate); err != nil {
		return page, err
	}
	if refused != nil {
		page.Wrong, page.Problems = publishProblems(refused, gate), true
	}
	page.Form = publishForm(o, gate, form, page.Wrong)
	return page, nil
}

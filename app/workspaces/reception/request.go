package reception

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/ui/pages"
)

// attempt is what was just tried with a request: nothing, when it is only opened.
type attempt struct {
	done     string     // the command that succeeded
	form     string     // the command whose form is open
	sent     url.Values // what was filled in, to be shown again
	fault    *fault.Error
	attended bool // a person asked for it, so that it takes the focus
}

// request opens one request beside its list.
func (w *Workspace) request(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	reference, err := requests.ParseReference(c.Param("reference"))
	if err != nil {
		return fault.Absent()
	}
	k.list = parseList(c.QueryParams())
	tried := attempt{done: c.QueryParam("done"), form: c.QueryParam("form"), attended: !k.unattended()}
	view, err := w.Requests.Get(k.ctx(), k.by, reference)
	if err != nil {
		if k.partial() && fault.Is(err, "not_found") && w.works(k, k.list.queue) {
			return w.gone(k)
		}
		return err
	}
	w.settleList(k, view)
	panel, err := w.panel(k, view, tried)
	if err != nil {
		return err
	}
	if k.partial() {
		c.Response().Header().Set("Vary", "HX-Request")
		return fragments(c, http.StatusOK, pages.Fragments{Request: panel, Morph: k.unattended()})
	}
	return w.wholePage(k, http.StatusOK, panel, reference)
}

// settleList chooses the list beside a request that was opened by its address alone: the queue in which this person
// would find it.
func (w *Workspace) settleList(k *call, v requests.View) {
	if w.works(k, k.list.queue) {
		return
	}
	k.list = listAddress{queue: v.Queue.ID}
	if v.Offered != nil && k.by.Scope.Includes(k.organisation(v.Offered.Named)) {
		k.list.queue = v.Offered.Queue.ID
	}
}

// wholePage is the list with the request beside it, for a browser that asked for a page.
func (w *Workspace) wholePage(k *call, status int, panel *pages.RequestPanel, reference requests.Reference) error {
	queues, err := w.queuesOf(k)
	if err != nil {
		return err
	}
	desk := w.desk(k, queues, "Queues")
	desk.Request = panel
	if panel != nil {
		desk.Title.Says = "Request " + panel.Spaced
		desk.Problems = len(panel.Problems) > 0
		panel.Focus = false // the address leads to it
	}
	if slices.ContainsFunc(queues, func(q requests.QueueSummary) bool { return q.ID == k.list.queue }) {
		if desk.List, err = w.listOf(k, queues, reference); err != nil {
			return err
		}
	} else {
		desk.Says = "The request is in a queue that you do not work on."
	}
	return routes.Render(k.c, status, pages.ReceptionDesk(desk))
}

// gone closes a request that this person cannot see any more, and shows the list as it is now.
func (w *Workspace) gone(k *call) error {
	const says = "That request is no longer with your organisation."
	return w.listAnswer(k, http.StatusNotFound, says, true, true)
}

// listAnswer is the list with a sentence above it, and no request when it closes the one that is open.
func (w *Workspace) listAnswer(k *call, status int, says string, refused, closes bool) error {
	queues, err := w.queuesOf(k)
	if err != nil {
		return err
	}
	list, err := w.listOf(k, queues, "")
	if err != nil {
		return err
	}
	list.Notice, list.Refused = says, refused
	if k.partial() {
		if closes {
			k.c.Response().Header().Set("HX-Push-Url", k.list.href())
		}
		nav := navigation(queues, k.list)
		return fragments(k.c, status, pages.Fragments{Queues: &nav, List: list, Closed: closes, Announce: says})
	}
	desk := w.desk(k, queues, list.Name)
	desk.List = list
	return routes.Render(k.c, status, pages.ReceptionDesk(desk))
}

package reception

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/tenants"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// front leads to the first queue that has work.
func (w *Workspace) front(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	queues, err := w.queuesOf(k)
	if err != nil {
		return err
	}
	for _, hasWork := range []func(requests.QueueSummary) bool{
		func(q requests.QueueSummary) bool { return q.Unclaimed+q.Offers > 0 },
		func(q requests.QueueSummary) bool { return q.Open > 0 },
		func(requests.QueueSummary) bool { return true },
	} {
		if i := slices.IndexFunc(queues, hasWork); i >= 0 {
			list := listAddress{queue: queues[i].ID}
			if done := c.QueryParam("done"); done != "" {
				return c.Redirect(http.StatusSeeOther, join(list.href(), withDone(list, done)))
			}
			return c.Redirect(http.StatusSeeOther, list.href())
		}
	}
	desk := w.desk(k, queues, "Queues")
	desk.Says = "There are no queues that you work on. The administrator of your organisation gives people their roles."
	return routes.Render(c, http.StatusOK, pages.ReceptionDesk(desk))
}

// queue shows a queue, or renews the list of one that is open.
func (w *Workspace) queue(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	id, err := parseQueue(c.Param("queue"))
	if err != nil {
		return err
	}
	k.list = parseList(c.QueryParams())
	k.list.queue = id
	if c.QueryParam("cursor") != "" {
		if _, err := requests.ParseCursor(c.QueryParam("cursor")); err != nil {
			return err
		}
	}
	queues, err := w.queuesOf(k)
	if err != nil {
		return err
	}
	list, err := w.listOf(k, queues, "")
	if err != nil {
		return err
	}
	if k.partial() {
		nav := navigation(queues, k.list)
		return fragments(c, http.StatusOK, pages.Fragments{Queues: &nav, List: list, Morph: true})
	}
	desk := w.desk(k, queues, list.Name)
	desk.List = list
	list.Notice = doneWords(c.QueryParam("done"), "")
	return routes.Render(c, http.StatusOK, pages.ReceptionDesk(desk))
}

// desk is the page without a list or a request.
func (w *Workspace) desk(k *call, queues []requests.QueueSummary, title string) pages.Reception {
	return pages.Reception{
		Page:   w.page(k, title),
		Queues: navigation(queues, k.list),
		Events: root + "/events",
		Now:    k.now.UTC().Format("2006-01-02T15:04:05.000Z"),
	}
}

func (w *Workspace) page(k *call, title string) components.Page {
	navigation := []components.NavigationItem{{Text: "Queues", Href: root, Current: true}}
	if k.who.May("directory", "pause") { // where a service is paused in one click
		navigation = append(navigation, components.NavigationItem{Text: "Services", Href: "/studio/services"})
	}
	if w.PINs != nil && k.who.May("caller-pin", "set") {
		navigation = append(navigation, components.NavigationItem{Text: "Telephone PIN", Href: pinPath})
	}
	return components.Page{
		Title: locales.Plain(title), Service: "Onedoor reception", Home: root, Nonce: routes.Nonce(k.c), Development: routes.InDevelopment(k.c),
		Staff: &components.Staff{
			Person: k.who.Name, Organisation: routes.Workplace(k.who, k.directory), SignOut: routes.SignOutPath,
			Navigation: navigation,
		},
	}
}

// queuesOf are the person's queues: what must not wait first, then by name.
func (w *Workspace) queuesOf(k *call) ([]requests.QueueSummary, error) {
	queues, err := w.Requests.Queues(k.ctx(), k.by)
	if err != nil {
		return nil, err
	}
	rank := func(q requests.QueueSummary) int {
		switch q.Slug {
		case tenants.QueueSafety:
			return 0
		case tenants.QueueToVerify:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(queues, func(a, b requests.QueueSummary) int {
		return cmp.Or(strings.Compare(a.Organisation.Name, b.Organisation.Name), cmp.Compare(rank(a), rank(b)), strings.Compare(a.Name, b.Name))
	})
	return queues, nil
}

func navigation(queues []requests.QueueSummary, current listAddress) pages.Queues {
	var nav pages.Queues
	for _, q := range queues {
		last := len(nav.Groups) - 1
		if last < 0 || nav.Groups[last].Organisation != q.Organisation.Name {
			nav.Groups = append(nav.Groups, pages.QueueGroup{Organisation: q.Organisation.Name})
			last++
		}
		nav.Groups[last].Queues = append(nav.Groups[last].Queues, pages.QueueLink{
			Name: q.Name, Href: listAddress{queue: q.ID}.href(), Current: q.ID == current.queue,
			Open: q.Open, Unclaimed: q.Unclaimed, Offers: q.Offers,
		})
	}
	return nav
}

// listOf reads the list of the call. Open is the request shown beside it.
func (w *Workspace) listOf(k *call, queues []requests.QueueSummary, open requests.Reference) (*pages.QueueList, error) {
	after, _ := requests.ParseCursor(k.list.cursor) // checked when it was read
	query := requests.PageQuery{Queue: k.list.queue, View: k.list.view, After: after}
	id, shown, err := w.shownBy(k)
	if err != nil {
		return nil, err
	}
	page, err := w.Requests.List(k.ctx(), k.by, query, shown)
	if err != nil {
		return nil, err
	}
	w.shown.add(id, page.Items)
	i := slices.IndexFunc(queues, func(q requests.QueueSummary) bool { return q.ID == k.list.queue })
	if i < 0 { // a queue was added between the two reads: the next look shows it
		return nil, fault.Absent()
	}
	offers, rows, err := w.split(k, queues[i], page.Items, id, shown)
	if err != nil {
		return nil, err
	}
	list := &pages.QueueList{
		Name: queues[i].Name, Organisation: queues[i].Organisation.Name, Href: k.list.href(), Context: k.list.context(),
		Refresh: join(root+"/queues/"+k.list.queue.String(), withLive(k.list, id)), Empty: emptyWords(k.list.view, queues[i]),
	}
	for _, v := range views {
		list.Views = append(list.Views, viewLink(v.view, v.title, k.list, queues[i]))
	}
	for _, row := range offers {
		list.Offers = append(list.Offers, w.row(k, row, open))
	}
	for _, row := range rows {
		list.Rows = append(list.Rows, w.row(k, row, open))
	}
	if len(offers) > 0 && len(rows) == 0 && queues[i].Open == 0 {
		list.Empty = ""
	}
	if queues[i].Unclaimed > 0 && k.mayIn(k.organisation(queues[i].Organisation), "claim") {
		list.TakeNext = root + "/queues/" + k.list.queue.String() + "/next"
	}
	if after != (requests.Cursor{}) {
		list.First = k.list.with(k.list.view).href()
	}
	if page.Next != "" {
		list.Next = listAddress{k.list.queue, k.list.view, page.Next}.href()
	}
	return list, nil
}

// split sets the offers apart: they stand above the rest, all of them, whatever part of the queue is shown.
func (w *Workspace) split(k *call, q requests.QueueSummary, items []requests.Row, id uuid.UUID, shown map[requests.Reference]bool) (offers, rows []requests.Row, err error) {
	for _, row := range items {
		if row.Offered {
			offers = append(offers, row)
		} else {
			rows = append(rows, row)
		}
	}
	if k.list.view != requests.ViewAll || len(offers) >= q.Offers {
		return offers, rows, nil
	}
	page, err := w.Requests.List(k.ctx(), k.by, requests.PageQuery{Queue: q.ID, View: requests.ViewOffers, Limit: 200}, mergeShown(shown, offers))
	if err != nil {
		return nil, nil, err
	}
	w.shown.add(id, page.Items)
	return page.Items, rows, nil
}

func mergeShown(shown map[requests.Reference]bool, rows []requests.Row) map[requests.Reference]bool {
	merged := make(map[requests.Reference]bool, len(shown)+len(rows))
	for r := range shown {
		merged[r] = true
	}
	for _, row := range rows {
		merged[row.Reference] = true
	}
	return merged
}

// shownBy finds what this open list has shown already; a list that was not open yet is opened.
func (w *Workspace) shownBy(k *call) (uuid.UUID, map[requests.Reference]bool, error) {
	if k.partial() {
		if id, err := uuid.Parse(k.c.QueryParam("live")); err == nil {
			if shown, ok := w.shown.of(id, k.by.ID, k.now); ok {
				return id, shown, nil
			}
		}
	}
	id, err := w.shown.open(k.by.ID, k.now)
	return id, nil, err
}

func withLive(l listAddress, id uuid.UUID) map[string][]string {
	q := l.query()
	q.Set("live", id.String())
	return q
}

func viewLink(view requests.QueueView, title string, current listAddress, q requests.QueueSummary) pages.ViewLink {
	link := pages.ViewLink{Text: title, Href: current.with(view).href(), Current: view == current.view}
	switch view {
	case requests.ViewAll:
		link.Count, link.Counted = q.Open+q.Offers, true
	case requests.ViewUnclaimed:
		link.Count, link.Counted = q.Unclaimed, true
	case requests.ViewOffers:
		link.Count, link.Counted = q.Offers, true
	case requests.ViewMine, requests.ViewToVerify: // not counted apart
	}
	return link
}

func emptyWords(view requests.QueueView, q requests.QueueSummary) string {
	switch view {
	case requests.ViewUnclaimed:
		return "Nothing in this queue waits to be claimed."
	case requests.ViewMine:
		return "You have claimed nothing in this queue."
	case requests.ViewToVerify:
		return "Nothing in this queue waits to be verified."
	case requests.ViewOffers:
		return "No other organisation offers a request to this queue."
	case requests.ViewAll:
	}
	if q.Open == 0 {
		return "Nothing is open in this queue. New requests appear here by themselves."
	}
	return "There is nothing more in this queue."
}

// fragments answers with the parts that change.
func fragments(c echo.Context, status int, f pages.Fragments) error {
	return routes.RenderParts(c, status, pages.ReceptionFragments(f))
}

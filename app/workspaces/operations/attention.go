package operations

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/app/wording"
	"onedoor/tenants"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// foundAtOnce is how many deliveries a page of the search lists.
const foundAtOnce = 50

func (w *Workspace) attention(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	scope, whole := k.deliveryScope()
	reasons, err := w.Deliveries.Reasons(k.ctx(), scope)
	if err != nil {
		return err
	}
	page := pages.DeliveriesAttention{Operations: k.page("Deliveries that need a person", deliveriesPath), Up: deliveriesPath}
	page.Notice = replayedWords(c.QueryParam("done"), c.QueryParam("more") != "")
	for _, r := range reasons {
		o, _ := k.directory.Organisation(r.OrganisationID)
		show := url.Values{"state": {string(clinical.NeedsAttention)}, "organisation": {string(o.ODS)}, "reason": {r.Says}}
		page.Reasons = append(page.Reasons, pages.DeliveryReason{
			Organisation: k.organisationName(r.OrganisationID), OrganisationValue: string(o.ODS), Says: r.Says, Number: wording.Figure(r.N), Since: wording.Moment(r.Oldest, k.now),
			Show: attentionPath + "?" + show.Encode() + "#found", Replay: replayAllPath,
		})
	}
	if page.Overdue, err = w.overdue(k, scope); err != nil {
		return err
	}
	page.Search = k.searchForm(c, whole)
	asked := c.QueryParam("state") != "" || c.QueryParam("organisation") != "" || c.QueryParam("reference") != "" || c.QueryParam("reason") != ""
	if !asked {
		return routes.Render(c, http.StatusOK, pages.DeliveriesAttentionPage(page))
	}
	filter, problem, err := k.filter(c.QueryParams(), whole)
	if err != nil {
		return err
	}
	if problem != "" {
		page.Search.Reference.Error = locales.Plain(problem)
		page.Wrong = []components.Problem{{Target: "reference", Says: locales.Plain(problem)}}
		return routes.Render(c, http.StatusUnprocessableEntity, pages.DeliveriesAttentionPage(page))
	}
	list, err := w.Deliveries.List(k.ctx(), scope, filter, c.QueryParam("cursor"), foundAtOnce)
	if err != nil {
		return err
	}
	page.Says = foundWords(len(list.Deliveries), list.Next != "")
	for _, d := range list.Deliveries {
		page.Found = append(page.Found, k.found(d, whole))
	}
	if list.Next != "" {
		more := c.QueryParams()
		more.Set("cursor", list.Next)
		page.Next = attentionPath + "?" + more.Encode() + "#found"
	}
	return routes.Render(c, http.StatusOK, pages.DeliveriesAttentionPage(page))
}

// overdue says of each organisation what is past its time: outcomes that were promised, and appointments that nobody is
// sure of.
func (w *Workspace) overdue(k *call, scope tenants.Scope) (list []string, err error) {
	healths, err := w.Deliveries.Health(k.ctx(), scope, k.now)
	for _, h := range healths {
		name := k.organisationName(h.OrganisationID)
		if h.Late > 0 {
			list = append(list, name+": "+outcomes(h.Late, "was", "were")+" to be in its record by now, and not filed.")
		}
		if h.Uncertain > 0 {
			list = append(list, name+": its system has not said of "+wording.Figure(h.Uncertain)+" of the appointments asked for whether they were booked, moved or given back, the oldest since "+wording.Moment(h.OldestUncertain, k.now)+". Ring them.")
		}
	}
	slices.Sort(list)
	return list, err
}

func outcomes(n int, one, many string) string {
	if n == 1 {
		return "1 outcome " + one
	}
	return wording.Figure(n) + " outcomes " + many
}

func replayedWords(done string, more bool) string {
	n, err := strconv.Atoi(done)
	if err != nil || n < 0 {
		return ""
	}
	says := wording.Figure(n) + " deliveries are being sent again."
	switch n {
	case 0:
		return "There was nothing to send again."
	case 1:
		says = "1 delivery is being sent again."
	}
	if more {
		says += " More are left: send them again once these have gone."
	}
	return says
}

func foundWords(n int, more bool) string {
	switch {
	case more:
		return "The newest " + wording.Figure(n)
	case n == 0:
		return "No delivery was found"
	case n == 1:
		return "1 delivery was found"
	}
	return wording.Figure(n) + " deliveries were found"
}

// filter reads what is searched for, and says what is wrong with it.
func (k *call) filter(q url.Values, whole bool) (f clinical.Filter, problem string, err error) {
	if s := q.Get("state"); s != "" {
		if f.State, err = clinical.ParseState(s); err != nil {
			return f, "", err
		}
	}
	if ods := q.Get("organisation"); ods != "" {
		id, err := k.organisationBy(ods)
		if err != nil {
			return f, "", err
		}
		f.OrganisationID = id
	}
	f.Reason = q.Get("reason")
	if s := q.Get("reference"); s != "" && whole {
		reference, err := requests.ParseReference(s)
		if err != nil {
			return f, fault.As(err).Says, nil
		}
		f.Reference = string(reference)
	}
	return f, "", nil
}

// organisationBy finds one of the neighbourhood's organisations by its ODS code.
func (k *call) organisationBy(ods string) (uuid.UUID, error) {
	for _, o := range k.directory.Organisations() {
		if string(o.ODS) == ods {
			return o.ID, nil
		}
	}
	return uuid.Nil, fault.Absent()
}

func (k *call) searchForm(c echo.Context, whole bool) pages.DeliverySearch {
	form := pages.DeliverySearch{
		Action:       attentionPath,
		State:        components.Select{ID: "state", Name: "state", Label: locales.Plain("State"), Options: []components.SelectOption{{Text: "Any"}}},
		Organisation: components.Select{ID: "organisation", Name: "organisation", Label: locales.Plain("Organisation"), Options: []components.SelectOption{{Text: "Any"}}},
	}
	for _, s := range clinical.States() {
		form.State.Options = append(form.State.Options, components.SelectOption{Value: string(s), Text: deliveryLabel(s).Text, Selected: c.QueryParam("state") == string(s)})
	}
	for _, o := range k.directory.Organisations() {
		if whole && !k.who.Scope().Includes(o.ID) {
			continue
		}
		form.Organisation.Options = append(form.Organisation.Options, components.SelectOption{Value: string(o.ODS), Text: o.Name, Selected: c.QueryParam("organisation") == string(o.ODS)})
	}
	if whole {
		form.Reference = &components.Field{
			ID: "reference", Name: "reference", Label: locales.Plain("Reference of the request"), Value: c.QueryParam("reference"), Code: true, InputMode: "numeric", Width: 20, Autocomplete: "off",
		}
	}
	if reason := c.QueryParam("reason"); reason != "" {
		form.ReasonHidden, form.ReasonInWords = reason, "Only those of which it was said: "+reason
	}
	return form
}

// found is a delivery in the list. Who runs the platform is not told which request it is.
func (k *call) found(d clinical.Delivery, whole bool) pages.FoundDelivery {
	f := pages.FoundDelivery{ID: d.ID.String(), Title: "Delivery " + d.ID.String(), Organisation: k.organisationName(d.OrganisationID), When: wording.Moment(d.CreatedAt, k.now), State: deliveryLabel(d.State), Why: d.LastError, Went: went(d, whole, k.now)}
	if whole {
		f.Title = "Request " + requests.Reference(d.Document.Reference).Spaced()
	}
	if d.State == clinical.NeedsAttention && (!whole || k.who.Scope().Includes(d.OrganisationID)) {
		f.Replay = routes.Address(replayOnePath, d.ID.String())
	}
	return f
}

// went says how far a delivery has come: what is sent, taken, acknowledged and filed are four things.
func went(d clinical.Delivery, whole bool, now time.Time) string {
	var list []string
	for _, step := range []struct {
		says string
		at   time.Time
	}{
		{"Sent", d.SentAt}, {"Taken on its way", d.AcceptedAt}, {"The system said that it has it", d.AcknowledgedAt}, {"Filed", d.FiledAt},
	} {
		if !step.at.IsZero() {
			list = append(list, step.says+" "+wording.Moment(step.at, now)+".")
		}
	}
	switch {
	case d.Late(now):
		list = append(list, "It was due by "+wording.Moment(d.DueAt, now)+", and is late.")
	case !d.DueAt.IsZero() && d.State != clinical.Filed:
		list = append(list, "It is due by "+wording.Moment(d.DueAt, now)+".")
	}
	if d.TheirReference != "" && whole {
		list = append(list, "They call it "+d.TheirReference+".")
	}
	return strings.Join(list, " ")
}

func deliveryLabel(s clinical.State) pages.Label {
	switch s {
	case clinical.Pending:
		return pages.Label{Text: "Waiting", Colour: "grey"}
	case clinical.Sent:
		return pages.Label{Text: "Sent", Colour: "blue"}
	case clinical.Accepted:
		return pages.Label{Text: "Accepted", Colour: "blue"}
	case clinical.Acknowledged:
		return pages.Label{Text: "Acknowledged", Colour: "blue"}
	case clinical.Filed:
		return pages.Label{Text: "Filed", Colour: "green"}
	case clinical.NeedsAttention:
		return pages.Label{Text: "Needs attention", Colour: "red"}
	}
	return pages.Label{Text: string(s)}
}

func (w *Workspace) replayAll(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	form, err := routes.ReadForm(c)
	if err != nil {
		return err
	}
	scope, whole := k.deliveryScope()
	filter, _, err := k.filter(url.Values{"organisation": {form.Get("organisation")}, "reason": {form.Get("reason")}}, whole)
	if err != nil {
		return err
	}
	n, more, err := w.Deliveries.ReplayAll(k.ctx(), scope, k.who.Actor(), filter, k.now)
	if err != nil {
		return err
	}
	to := attentionPath + "?done=" + strconv.Itoa(n)
	if more {
		to += "&more=yes"
	}
	return c.Redirect(http.StatusSeeOther, to)
}

func (w *Workspace) replayOne(c echo.Context) error {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return fault.Absent()
	}
	k, err := w.call(c)
	if err != nil {
		return err
	}
	if _, err := routes.ReadForm(c); err != nil {
		return err
	}
	scope, _ := k.deliveryScope()
	if _, err := w.Deliveries.Replay(k.ctx(), scope, k.who.Actor(), id, k.now); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, attentionPath+"?done=1")
}

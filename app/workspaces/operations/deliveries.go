package operations

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/routes"
	"onedoor/app/wording"
	"onedoor/policy/access"
	"onedoor/tenants"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

const (
	deliveriesPath = root + "/deliveries"
	attentionPath  = deliveriesPath + "/attention"
	replayAllPath  = deliveriesPath + "/replay"
	replayOnePath  = deliveriesPath + "/:id/replay"
)

// Deliveries are outcomes on their way to clinical systems. It is a clinical.Watch and a clinical.Store.
type Deliveries interface {
	clinical.Watch
	List(ctx context.Context, scope tenants.Scope, f clinical.Filter, cursor string, limit int) (clinical.Page, error)
	Replay(ctx context.Context, scope tenants.Scope, by audit.Actor, id uuid.UUID, now time.Time) (clinical.Delivery, error)
}

// Ways tell what an organisation's integrations are called. It is integrationstore.Store.
type Ways interface {
	OfOrganisation(ctx context.Context, scope tenants.Scope, organisation uuid.UUID) ([]clinical.Integration, error)
}

// differencesShown is how many differences the page lists.
const differencesShown = 50

// addDeliveries registers the pages about outcomes on their way.
func (w *Workspace) addDeliveries(s *routes.Server) {
	s.Add(http.MethodGet, deliveriesPath, routes.Need("delivery", "replay"), w.deliveries)
	s.Add(http.MethodGet, attentionPath, routes.Need("delivery", "replay"), w.attention)
	s.Add(http.MethodPost, replayAllPath, routes.Need("delivery", "replay"), w.replayAll)
	s.Add(http.MethodPost, replayOnePath, routes.Need("delivery", "replay"), w.replayOne)
}

// deliveryScope is what of the neighbourhood's deliveries this person sees: those to and from their organisations or, for
// who runs the platform, all of them without whom they concern.
func (k *call) deliveryScope() (scope tenants.Scope, whole bool) {
	if slices.Contains(k.who.Reaches("delivery", "replay"), access.Platform) {
		return tenants.JobOf(k.who.NeighbourhoodID), false
	}
	return k.who.ScopeFor("delivery", "replay"), true
}

func (w *Workspace) deliveries(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	scope, whole := k.deliveryScope()
	list, connected, err := w.health(k, scope)
	if err != nil {
		return err
	}
	page := pages.OperationsDeliveries{Operations: k.page("Outcomes on their way", deliveriesPath), Attention: attentionPath}
	if len(list) == 0 {
		page.Empty = "No clinical system is connected, and no outcome has been recorded for one yet."
		return routes.Render(c, http.StatusOK, pages.OperationsDeliveriesPage(page))
	}
	page.Figures = deliveryFigures(list, k.now)
	page.Organisations = organisationsTable(k, list)
	page.Ways = w.waysTable(k, list, connected)
	differences, err := w.Deliveries.Differences(k.ctx(), scope, differencesShown)
	if err != nil {
		return err
	}
	page.Agrees = agreement(list, k.now)
	page.Differences = differencesTable(k, differences, whole)
	return routes.Render(c, http.StatusOK, pages.OperationsDeliveriesPage(page))
}

// health is how the deliveries of each organisation do that has a connection or ever had a delivery, by their names, with
// every connection among its ways; and those connections by their ids.
func (w *Workspace) health(k *call, scope tenants.Scope) ([]clinical.Health, map[uuid.UUID]clinical.Integration, error) {
	list, err := w.Deliveries.Health(k.ctx(), scope, k.now)
	if err != nil || w.Ways == nil {
		return list, nil, err
	}
	connected := map[uuid.UUID]clinical.Integration{}
	for _, o := range k.directory.Organisations() {
		if scope.Kind == tenants.StaffScope && !scope.Includes(o.ID) {
			continue
		}
		ways, err := w.Ways.OfOrganisation(k.ctx(), scope, o.ID)
		if err != nil {
			return nil, nil, err
		}
		at := slices.IndexFunc(list, func(h clinical.Health) bool { return h.OrganisationID == o.ID })
		if at < 0 && len(ways) > 0 {
			at, list = len(list), append(list, clinical.Health{OrganisationID: o.ID})
		}
		for _, i := range ways {
			connected[i.ID] = i
			if !slices.ContainsFunc(list[at].Ways, func(w clinical.WayHealth) bool { return w.IntegrationID == i.ID }) {
				list[at].Ways = append(list[at].Ways, clinical.WayHealth{IntegrationID: i.ID})
			}
		}
	}
	slices.SortFunc(list, func(a, b clinical.Health) int {
		return strings.Compare(k.organisationName(a.OrganisationID), k.organisationName(b.OrganisationID))
	})
	return list, connected, nil
}

// deliveriesStand says the worst of how deliveries do, or that all is well.
func (w *Workspace) deliveriesStand(k *call) ([]pages.Label, error) {
	scope, _ := k.deliveryScope()
	list, err := w.Deliveries.Health(k.ctx(), scope, k.now)
	if err != nil {
		return nil, err
	}
	var labels []pages.Label
	for _, h := range list {
		if label := standing(h, k.now); label.Colour != "green" && !slices.Contains(labels, label) {
			labels = append(labels, label)
		}
	}
	if len(labels) == 0 && len(list) > 0 {
		labels = append(labels, pages.Label{Text: "Well", Colour: "green"})
	}
	return labels, nil
}

func deliveryFigures(list []clinical.Health, now time.Time) []pages.RunFigure {
	var total clinical.Health
	perMinute := 0.0
	for _, h := range list {
		total.Waiting, total.Attention, total.Differences = total.Waiting+h.Waiting, total.Attention+h.Attention, total.Differences+h.Differences
		if !h.Oldest.IsZero() && (total.Oldest.IsZero() || h.Oldest.Before(total.Oldest)) {
			total.Oldest = h.Oldest
		}
		_, rate := h.Filed()
		perMinute += rate
	}
	waiting := pages.RunFigure{Number: wording.Figure(total.Waiting), Says: "waiting"}
	if !total.Oldest.IsZero() {
		waiting.Says += ", the oldest for " + length(max(0, now.Sub(total.Oldest)))
	}
	return []pages.RunFigure{
		waiting,
		{Number: rateWords(perMinute), Says: "taken by the systems each minute of late"},
		{Number: wording.Figure(total.Attention), Says: "need a person", Bad: total.Attention > 0},
		{Number: wording.Figure(total.Differences), Says: "differ from what a system has", Bad: total.Differences > 0},
	}
}

func rateWords(perMinute float64) string {
	if perMinute == 0 {
		return "0"
	}
	return strconv.FormatFloat(perMinute, 'f', 1, 64)
}

// standing says in a word how an organisation's deliveries do.
func standing(h clinical.Health, now time.Time) pages.Label {
	for _, w := range h.Ways {
		if w.HeldUntil.After(now) {
			return pages.Label{Text: "A system is down", Colour: "red"}
		}
	}
	switch {
	case h.Differences > 0:
		return pages.Label{Text: "Differs", Colour: "red"}
	case h.Attention > 0:
		return pages.Label{Text: "Needs a person", Colour: "orange"}
	case h.Waiting > 0 && now.Sub(h.Oldest) > time.Minute:
		return pages.Label{Text: "Behind", Colour: "yellow"}
	case !slices.ContainsFunc(h.Ways, usedBefore) && h.Waiting+h.Unconfirmed == 0:
		return pages.Label{Text: "Nothing sent yet", Colour: "grey"}
	}
	return pages.Label{Text: "Well", Colour: "green"}
}

// usedBefore reports whether a system was ever sent anything.
func usedBefore(w clinical.WayHealth) bool { return !w.FiledAt.IsZero() || !w.FailedAt.IsZero() }

func organisationsTable(k *call, list []clinical.Health) components.Table {
	t := table("organisations", "Organisations", []string{"Organisation", "State", "Waiting", "Oldest", "With the system", "Each minute", "Filed in all", "Need a person", "Differ", "Last trouble"}, nil)
	for _, h := range list {
		filed, rate := h.Filed()
		label := standing(h, k.now)
		cells := []components.Cell{
			{Text: locales.Plain(k.organisationName(h.OrganisationID))}, {Body: components.Tag(locales.Plain(label.Text), label.Colour)},
		}
		for _, words := range []string{
			wording.Figure(h.Waiting), age(h.Oldest, k.now), wording.Figure(h.Unconfirmed), rateWords(rate), wording.Figure(filed), wording.Figure(h.Attention), wording.Figure(h.Differences), lastTrouble(h, k.now),
		} {
			cells = append(cells, components.Cell{Text: locales.Plain(words)})
		}
		t.Rows = append(t.Rows, components.Row{Cells: cells})
	}
	return t
}

func age(since, now time.Time) string {
	if since.IsZero() {
		return ""
	}
	return length(max(0, now.Sub(since)))
}

func lastTrouble(h clinical.Health, now time.Time) string {
	var last clinical.WayHealth
	for _, w := range h.Ways {
		if w.FailedAt.After(last.FailedAt) {
			last = w
		}
	}
	if last.FailedAt.IsZero() {
		return "None"
	}
	return wording.Moment(last.FailedAt, now) + ": " + last.LastError
}

func (w *Workspace) waysTable(k *call, list []clinical.Health, connected map[uuid.UUID]clinical.Integration) components.Table {
	t := table("systems", "Their systems", []string{"Organisation", "System", "State", "Failures in a row", "Took something last", "Each minute", "Last trouble"}, nil)
	for _, h := range list {
		for _, way := range h.Ways {
			i, there := connected[way.IntegrationID]
			label := wayStanding(way, i, there || w.Ways == nil, k.now)
			trouble := "None"
			if !way.FailedAt.IsZero() {
				trouble = wording.Moment(way.FailedAt, k.now) + ": " + way.LastError
			}
			took := "Never"
			if !way.FiledAt.IsZero() {
				took = wording.Moment(way.FiledAt, k.now)
			}
			t.Rows = append(t.Rows, components.Row{Cells: []components.Cell{
				{Text: locales.Plain(k.organisationName(h.OrganisationID))},
				{Text: locales.Plain(wayName(i, there))},
				{Body: components.Tag(locales.Plain(label.Text), label.Colour)},
				{Text: locales.Plain(wording.Figure(way.Failures))},
				{Text: locales.Plain(took)},
				{Text: locales.Plain(rateWords(way.PerMinute))},
				{Text: locales.Plain(trouble)},
			}})
		}
	}
	return t
}

func wayName(i clinical.Integration, there bool) string {
	switch {
	case !there:
		return "A connection that was removed"
	case i.Name != "":
		return i.Name
	}
	return map[clinical.IntegrationKind]string{
		clinical.FHIR: "FHIR R4", clinical.BaRS: "Booking and Referral Standard", clinical.GPConnect: "GP Connect appointments", clinical.MESH: "MESH",
		clinical.PatientFacing: "GP Connect Patient Facing Services", clinical.IM1: "IM1",
	}[i.Kind]
}

func wayStanding(w clinical.WayHealth, i clinical.Integration, there bool, now time.Time) pages.Label {
	switch {
	case !there:
		return pages.Label{Text: "Removed", Colour: "grey"}
	case i.Paused:
		return pages.Label{Text: "Paused", Colour: "blue"}
	case w.HeldUntil.After(now):
		return pages.Label{Text: "Left in peace until " + w.HeldUntil.In(tenants.London()).Format("15:04:05"), Colour: "red"}
	case w.Failures > 0:
		return pages.Label{Text: "Failing", Colour: "orange"}
	case i.RecordOnly:
		return pages.Label{Text: "Only records", Colour: "yellow"}
	case !usedBefore(w):
		return pages.Label{Text: "Not used yet", Colour: "grey"}
	}
	return pages.Label{Text: "Well", Colour: "green"}
}

// agreement says how far the comparison with the systems has come.
func agreement(list []clinical.Health, now time.Time) string {
	checked, differing := 0, 0
	var last, oldest time.Time
	for _, h := range list {
		checked, differing = checked+h.Checked, differing+h.Differences
		if h.CheckedAt.After(last) {
			last = h.CheckedAt
		}
		if !h.OldestDifference.IsZero() && (oldest.IsZero() || h.OldestDifference.Before(oldest)) {
			oldest = h.OldestDifference
		}
	}
	if checked == 0 {
		return "Nothing has been read back from a system yet."
	}
	says := fmt.Sprintf("%s read back so far, the last %s. ", times(checked), wording.Moment(last, now))
	if differing == 0 {
		return says + "What was sent is what the systems have."
	}
	return says + "The oldest difference has stood for " + age(oldest, now) + "."
}

func times(n int) string {
	if n == 1 {
		return "1 outcome was"
	}
	return wording.Figure(n) + " outcomes were"
}

func differencesTable(k *call, list []clinical.Difference, whole bool) components.Table {
	var rows [][]string
	for _, d := range list {
		subject := d.DeliveryID.String()
		if whole {
			subject = d.Reference
		}
		rows = append(rows, []string{subject, k.organisationName(d.OrganisationID), differenceWords(d.Kind), wording.Moment(d.FoundAt, k.now), wording.Moment(d.SeenAt, k.now)})
	}
	first := "Delivery"
	if whole {
		first = "Request"
	}
	return table("differences", "Differences", []string{first, "Organisation", "What differs", "Since", "Last looked at"}, rows)
}

func differenceWords(kind clinical.DifferenceKind) string {
	switch kind {
	case clinical.Missing:
		return "We say that the system has it, and the system does not"
	case clinical.Unexpected:
		return "The system has it, and we say that it needs a person"
	case clinical.Twice:
		return "The system has it more than once"
	}
	return string(kind)
}

package operations

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"onedoor/app/calls"
	"onedoor/app/fault"
	"onedoor/app/routes"
	"onedoor/app/wording"
	"onedoor/tenants"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

const (
	reconcilePath = callsPath + "/reconcile"
	// listedMost is how many differing calls a page lists.
	listedMost = 200
)

// addReconcile registers the page that compares our calls with a supplier's list.
func (w *Workspace) addReconcile(s *routes.Server) {
	s.Add(http.MethodGet, reconcilePath, routes.Need("call", "reconcile"), w.askList)
	// The body holds the form around the file too.
	s.AddBounded(http.MethodPost, reconcilePath, routes.Need("call", "reconcile"), routes.Bounds{Body: calls.MaxSupplierFile + 64<<10, Time: 25 * time.Second}, w.reconcile)
}

func (w *Workspace) askList(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	_, choice, err := periods(c.QueryParam("period"), k.now)
	if err != nil {
		return err
	}
	return routes.Render(c, http.StatusOK, pages.CallsReconcilePage(reconcilePage(k, choice)))
}

func reconcilePage(k *call, choice components.Select) pages.CallsReconcile {
	choice.Hint = locales.Plain("Calls of these days are compared, whatever else the list holds.")
	return pages.CallsReconcile{
		Operations: k.page("Compare with your telephone supplier’s list", callsPath), Action: reconcilePath, Period: choice, Downward: callsPath,
		File: components.Field{
			ID: "list", Name: "list", Label: locales.Plain("The supplier’s list"),
			Hint: locales.Plain("A CSV file with a heading. It needs a column for when each call began; the supplier’s id of the call, its length and its direction help."),
		},
	}
}

func (w *Workspace) reconcile(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	upload, err := routes.ReadUpload(c, "list")
	if err != nil {
		return err
	}
	p, choice, err := periods(upload.Values.Get("period"), k.now)
	if err != nil {
		return err
	}
	page := reconcilePage(k, choice)
	if len(upload.File) == 0 {
		return refuseList(c, page, "Choose the supplier’s list")
	}
	list, err := calls.ParseSupplier(upload.File)
	if f := fault.As(err); err != nil && f.Kind != fault.Internal {
		return refuseList(c, page, f.Says)
	}
	if err != nil {
		return err
	}
	lines, one := k.lines("reconcile"), !k.everywhere("call", "reconcile")
	if one && len(lines.Organisations) == 0 {
		return fault.New(fault.Forbidden, "forbidden", "Your role here does not include this.")
	}
	if !one {
		lines = calls.Lines{}
	}
	r, err := w.Calls.Reconcile(k.ctx(), k.who.NeighbourhoodID, lines, p, list)
	if err != nil {
		return err
	}
	page.Result = reconciled(k, r, one)
	return routes.Render(c, http.StatusOK, pages.CallsReconcilePage(page))
}

func refuseList(c echo.Context, page pages.CallsReconcile, says string) error {
	page.Problems, page.File.Error = true, locales.Plain(says)
	page.Wrong = []components.Problem{{Target: page.File.ID, Says: locales.Plain(says)}}
	return routes.Render(c, http.StatusUnprocessableEntity, pages.CallsReconcilePage(page))
}

// reconciled shows the differences. Our own calls are listed to those who may read them one by one; to others they are
// counted.
func reconciled(k *call, r calls.Reconciliation, oneByOne bool) *pages.CallsReconciled {
	byID := 0
	for _, p := range r.Matched {
		if p.ByID {
			byID++
		}
	}
	page := &pages.CallsReconciled{Agrees: r.Agrees(), Figures: []pages.RunFigure{
		{Number: wording.Figure(len(r.Matched)), Says: "in both (" + wording.Figure(byID) + " by the supplier’s id, the others by when they began)"},
		{Number: wording.Figure(len(r.OnlyOurs)), Says: "only in ours", Bad: len(r.OnlyOurs) > 0},
		{Number: wording.Figure(len(r.OnlyTheirs)), Says: "only in the supplier’s", Bad: len(r.OnlyTheirs) > 0},
		{Number: wording.Figure(len(r.Doubled)), Says: "twice in the supplier’s", Bad: len(r.Doubled) > 0},
	}}
	page.Says = "The lists differ."
	if r.Agrees() {
		page.Says = "Both lists have the same calls, each of them once."
	}
	if r.Outside > 0 || r.Outbound > 0 {
		page.Notes = append(page.Notes, "Left out: "+wording.Figure(r.Outside)+" of another time, and "+wording.Figure(r.Outbound)+" that were not calls to you.")
	}
	if oneByOne && len(r.OnlyOurs) > 0 {
		var rows [][]string
		for _, o := range r.OnlyOurs[:min(len(r.OnlyOurs), listedMost)] {
			long := ""
			if o.Ended() {
				long = length(o.EndedAt.Sub(o.StartedAt))
			}
			rows = append(rows, []string{whenBegan(o.StartedAt), o.Line, long, string(o.Handled())})
		}
		page.Tables = append(page.Tables, table("only-ours", "Only in ours", []string{"Began", "Line", "Length", "How it was handled"}, rows))
	}
	for _, part := range []struct {
		id, caption string
		list        []calls.SupplierCall
	}{{"only-theirs", "Only in the supplier’s list", r.OnlyTheirs}, {"doubled", "Twice in the supplier’s list", r.Doubled}} {
		if len(part.list) == 0 {
			continue
		}
		var rows [][]string
		for _, t := range part.list[:min(len(part.list), listedMost)] {
			long := ""
			if t.Length >= 0 {
				long = length(t.Length)
			}
			rows = append(rows, []string{"Row " + wording.Figure(t.Row), whenBegan(t.At), long})
		}
		page.Tables = append(page.Tables, table(part.id, part.caption, []string{"Where", "Began", "Length"}, rows))
	}
	if most := max(len(r.OnlyOurs), len(r.OnlyTheirs), len(r.Doubled)); most > listedMost {
		page.Notes = append(page.Notes, "The first "+wording.Figure(listedMost)+" of each are listed.")
	}
	return page
}

func whenBegan(at time.Time) string {
	return at.In(tenants.London()).Format("Mon 2 Jan 2006, 15:04:05")
}

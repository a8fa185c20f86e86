package studio

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/routes"
	"onedoor/app/simulations"
	"onedoor/app/wording"
	"onedoor/policy"
	"onedoor/policy/simulate"
	"onedoor/ui/pages"
)

// moves lists the requests behind one cell, coarsened, each with both explanations.
func (w *Workspace) moves(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	r, err := w.runOf(k)
	if err != nil {
		return err
	}
	if r.Result == nil {
		return fault.Absent()
	}
	i := slices.IndexFunc(r.Result.Matrix, func(x simulate.Cell) bool { return x.ID == c.Param("cell") })
	if i < 0 {
		return fault.Absent()
	}
	cell := r.Result.Matrix[i]
	list, err := w.Simulations.Moves(k.ctx(), k.who.NeighbourhoodID, r.ID, cell.ID)
	if err != nil {
		return err
	}
	drafted, err := w.draftIsThere(k, r.Draft)
	if err != nil {
		return err
	}
	page := k.moveList(k.page(wording.Counted(cell.Requests, "request moves", "requests move"), runsPath), cell.Requests, cell.From, cell.To, list)
	page.Page.Back = routes.Address(runPath, r.ID.String())
	for n, m := range list {
		if drafted && k.who.May("policy", "write") {
			page.Moves[n].MakeCase = routes.Address(makeCasePath, r.ID.String(), cell.ID, strconv.Itoa(m.Number))
		}
	}
	return routes.Render(c, http.StatusOK, pages.StudioMoves(page))
}

func (w *Workspace) draftIsThere(k *call, name string) (bool, error) {
	_, err := w.Publishing.Draft(k.ctx(), k.who.NeighbourhoodID, name)
	if fault.Is(err, "not_found") {
		return false, nil
	}
	return err == nil, err
}

func (k *call) moveList(frame pages.Studio, requests int, from, to simulate.End, list []simulations.Move) pages.MoveList {
	page := pages.MoveList{
		Studio: frame, Heading: wording.Counted(requests, "request", "requests"), From: endWords(from), To: endWords(to),
		Says: "These are some of them, with what the rules need of each and nothing that says who it was.",
	}
	for _, m := range list {
		page.Moves = append(page.Moves, k.moveShown(m))
	}
	return page
}

func (k *call) moveShown(m simulations.Move) pages.MoveShown {
	return pages.MoveShown{
		Heading: "Request " + strconv.Itoa(m.Number), Facts: coarseFacts(m.Coarse),
		Live: k.why("Rules in force", m.Live), Draft: k.why("Draft", m.Draft),
	}
}

// coarseFacts are what a lead sees of a request: what the rules need, and the groups that it belongs to.
func coarseFacts(c simulate.Coarse) []pages.Fact {
	var facts []pages.Fact
	add := func(key, value string) { facts = append(facts, pages.Fact{Key: key, Values: []string{value}}) }
	for _, name := range slices.SortedFunc(mapNames(c.Facts), func(a, b string) int {
		first := func(s string) int {
			if s == "kind" {
				return 0
			}
			return 1
		}
		return cmp.Or(first(a)-first(b), cmp.Compare(a, b))
	}) {
		if !quiet(name, policy.Text(c.Facts[name])) {
			add(factTitle(name), upper(rangeWords(c.Facts[name])))
		}
	}
	if month, err := time.Parse("2006-01", c.Month); err == nil {
		add("Month", month.Format("January 2006"))
	}
	if c.CoreHours {
		add("When", "In core hours")
	} else {
		add("When", "Outside core hours")
	}
	add("How they asked", channelWords(c.Channel))
	add("Age band", bandWords(simulate.ByAge, c.AgeBand))
	add("Deprivation", bandWords(simulate.ByDeprivation, c.Deprivation))
	add("Language", bandWords(simulate.ByLanguage, c.Language))
	return facts
}

func mapNames(m map[string]string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for name := range m {
			if !yield(name) {
				return
			}
		}
	}
}

// rangeWords say a code, a number, or a range of numbers: 5..17 is 5 to 17.
func rangeWords(v string) string {
	if from, to, ok := strings.Cut(v, ".."); ok {
		return strings.Trim(from, "[]() ") + " to " + strings.Trim(to, "[]() ")
	}
	return spoken(v)
}

func (k *call) why(title string, e simulations.Explanation) pages.MoveWhy {
	w := pages.MoveWhy{Title: title, Goes: k.placeWords(e.Place), Urgency: urgencyLabel(e.Urgency), Because: e.Because}
	for _, n := range e.NearMisses {
		w.Nearly = append(w.Nearly, "“"+titled(n.Rule)+"”: "+strings.ToLower(factTitle(n.Fact))+" is "+spoken(n.Was)+", and the rule needs "+n.Needs+".")
	}
	return w
}

func (k *call) placeWords(p policy.Place) string {
	organisation, _ := k.directory.Organisation(p.Organisation)
	queue, _ := k.directory.Queue(p.Queue)
	if organisation.Name == "" {
		return "A place that is not in the directory any more"
	}
	return organisation.Name + ", " + queue.Name
}

// makeCase leads to the form of a new case of the draft, filled in with the coarsened facts of one request.
func (w *Workspace) makeCase(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	r, err := w.runOf(k)
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(c.Param("number"))
	if err != nil {
		return fault.Absent()
	}
	material, err := w.Simulations.Material(k.ctx(), k.who.NeighbourhoodID, r.ID, c.Param("cell"), number)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, routes.Address(newCasePath, r.Draft)+"?"+caseQuery(material).Encode())
}

// caseQuery are the facts of a case as its form takes them. They are coarse: no text, reference or exact age.
func caseQuery(m simulations.Case) url.Values {
	q := url.Values{}
	for name, v := range m.Given {
		q.Set("fact."+name, v.String())
	}
	q.Set("case", caseName(m))
	return q
}

// caseName begins the name of a case, which a lead may better: what they asked for, and which rule takes it.
func caseName(m simulations.Case) string {
	what := "request"
	for _, name := range []string{"condition", "self-referral-service", "kind"} {
		if v := m.Given[name]; v.Known() {
			what = spoken(v.String())
			break
		}
	}
	if age := m.Given["age"]; age.Known() {
		what += " at " + age.String()
	}
	return what + " is taken by " + spoken(m.Rule)
}

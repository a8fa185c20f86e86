package studio

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"onedoor/app/publishing"
	"onedoor/app/routes"
	"onedoor/app/wording"
	"onedoor/policy"
	"onedoor/ui/components"
	"onedoor/ui/pages"
)

const picturePath = ofPolicy + "/picture"

// addPicture registers the picture of a policy: need, rule, queue.
func (w *Workspace) addPicture(s *routes.Server) {
	s.Add(http.MethodGet, picturePath, routes.Need("policy", "read"), w.picture)
}

func (w *Workspace) picture(c echo.Context) error {
	k, o, err := w.asked(c)
	if err != nil {
		return err
	}
	weights, err := w.weigh(k, o.policy)
	if err != nil {
		return err
	}
	marks, err := w.marks(k, o)
	if err != nil {
		return err
	}
	page := pages.PolicyPicture{
		Studio: k.policyPage("Picture", o, picturePath), Weighs: weights.says(),
		Says: "What people ask for on the left, the rule that takes it in the middle, and where it goes on the right.",
		Flow: components.Flow{
			ID: "picture", Title: "Where each need goes", Columns: [3]string{"Need", "Rule", "Goes to"},
			Description: "Lines lead from each need through the rules that may take it to where they send it. The table below says the same.",
		},
	}
	d := pictureDrawing{flow: &page.Flow, rights: map[string]int{}, lefts: map[string]int{}}
	for _, at := range o.policy.Order(k.today()) {
		table, rule := o.policy.At(at)
		row := pages.PictureRow{
			Needs: strings.Join(w.needsOf(o.policy, *rule), ", "), Rule: titled(rule.ID), Href: o.path(rulePath, table.Name, rule.ID), Goes: upper(k.goes(rule.Then)),
			Urgency: urgencyLabel(rule.Then.Urgency), Requests: weights.figure(table.Name, rule.ID), Mark: marks[table.Name+"/"+rule.ID],
		}
		page.Rows = append(page.Rows, row)
		d.add(row, w.needsOf(o.policy, *rule), weights.of(table.Name, rule.ID))
	}
	d.settle()
	return routes.Render(c, http.StatusOK, pages.StudioPicture(page))
}

// needsOf are the kinds of request that a rule may take, by their titles.
func (w *Workspace) needsOf(p *policy.Policy, r policy.Rule) []string {
	kind, ok := factOf("kind", []*policy.Policy{p})
	i := slices.IndexFunc(r.When, func(c policy.Condition) bool { return c.Fact == "kind" && !c.Cell.Anything() })
	if !ok || i < 0 {
		return []string{"Any request"}
	}
	var titles []string
	for _, code := range kind.Values {
		if r.When[i].Cell.Matches(&kind, policy.Text(code)) {
			titles = append(titles, w.kindTitle(code))
		}
	}
	if len(titles) == 0 {
		return []string{"A kind that is not listed"}
	}
	return titles
}

// kindTitle is a kind of request by its title in the catalogue.
func (w *Workspace) kindTitle(code string) string {
	if kind, ok := w.Catalogue.Kind(code); ok {
		return kind.Title
	}
	return titled(code)
}

// pictureDrawing gathers the boxes and lines of the picture.
type pictureDrawing struct {
	flow          *components.Flow
	lefts, rights map[string]int
}

func (d *pictureDrawing) add(row pages.PictureRow, needs []string, weight map[string]int) {
	middle := len(d.flow.Nodes[1])
	second := row.Urgency.Text
	if row.Requests != "" {
		second += ", " + row.Requests
	}
	d.flow.Nodes[1] = append(d.flow.Nodes[1], components.FlowNode{Text: row.Rule, Second: second, Mark: row.Mark})
	total := 0
	for _, n := range weight {
		total += n
	}
	for _, need := range needs {
		left, ok := d.lefts[need]
		if !ok {
			left = len(d.flow.Nodes[0])
			d.lefts[need] = left
			d.flow.Nodes[0] = append(d.flow.Nodes[0], components.FlowNode{Text: need})
		}
		through := weight[need]
		if len(needs) == 1 {
			through = total // of a rule for any request, or of a kind that the catalogue no longer has
		}
		d.flow.Links = append(d.flow.Links, components.FlowLink{Column: 0, From: left, To: middle, Weight: through})
	}
	right, ok := d.rights[row.Goes]
	if !ok {
		right = len(d.flow.Nodes[2])
		d.rights[row.Goes] = right
		d.flow.Nodes[2] = append(d.flow.Nodes[2], components.FlowNode{Text: row.Goes})
	}
	d.flow.Links = append(d.flow.Links, components.FlowLink{Column: 1, From: middle, To: right, Weight: total})
}

// settle puts needs and places beside the rules that they meet, so that fewer lines cross.
func (d *pictureDrawing) settle() {
	for _, side := range []struct{ column, link int }{{0, 0}, {2, 1}} {
		sum, n := make([]int, len(d.flow.Nodes[side.column])), make([]int, len(d.flow.Nodes[side.column]))
		for _, l := range d.flow.Links {
			if l.Column != side.link {
				continue
			}
			node, middle := l.From, l.To
			if side.column == 2 {
				node, middle = l.To, l.From
			}
			sum[node] += middle
			n[node]++
		}
		order := make([]int, len(sum))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(sum[a]*max(n[b], 1), sum[b]*max(n[a], 1)) })
		nodes, place := make([]components.FlowNode, len(order)), make([]int, len(order))
		for to, from := range order {
			nodes[to], place[from] = d.flow.Nodes[side.column][from], to
		}
		d.flow.Nodes[side.column] = nodes
		for i, l := range d.flow.Links {
			switch {
			case l.Column == 0 && side.column == 0:
				d.flow.Links[i].From = place[l.From]
			case l.Column == 1 && side.column == 2:
				d.flow.Links[i].To = place[l.To]
			}
		}
	}
}

// pastWeights are how many past requests each rule would take, by what they asked for.
type pastWeights struct {
	rules  map[string]map[string]int // by table and rule, then by the kind's title
	total  int
	safety int // taken by the safety rules, before any of these
}

// weigh decides the requests of the last month by a policy's tables.
func (w *Workspace) weigh(k *call, p *policy.Policy) (pastWeights, error) {
	weights := pastWeights{rules: map[string]map[string]int{}}
	if w.Traffic == nil {
		return weights, nil
	}
	past, err := w.Traffic.Past(k.ctx(), k.who.NeighbourhoodID, k.now.AddDate(0, -1, 0))
	if err != nil {
		return weights, err
	}
	for _, one := range past {
		stage, table, rule := policy.RuleFor(p, one.Facts, k.now)
		weights.total += one.Count
		if stage == policy.StageSafety {
			weights.safety += one.Count
			continue
		}
		name, title := table+"/"+rule.ID, w.kindTitle(one.Facts["kind"].String())
		if weights.rules[name] == nil {
			weights.rules[name] = map[string]int{}
		}
		weights.rules[name][title] += one.Count
	}
	return weights, nil
}

func (p pastWeights) of(table, rule string) map[string]int { return p.rules[table+"/"+rule] }

// figure is how many a rule would take; nothing where there is no past.
func (p pastWeights) figure(table, rule string) string {
	if p.total == 0 {
		return ""
	}
	n := 0
	for _, count := range p.of(table, rule) {
		n += count
	}
	return wording.Figure(n)
}

func (p pastWeights) says() string {
	if p.total == 0 {
		return "There are no past requests yet, so all lines are alike."
	}
	says := "Figures and the width of lines are the " + wording.Counted(p.total, "request", "requests") + " of the last month, decided by these rules."
	if p.safety > 0 {
		says += " The safety rules, which come before these, take " + wording.Figure(p.safety) + " of them."
	}
	return says
}

// marks say which rules of a draft are not what is in force.
func (w *Workspace) marks(k *call, o *opened) (map[string]string, error) {
	marks := map[string]string{}
	if o.draft == nil {
		return marks, nil
	}
	live, err := w.live(k)
	if err != nil || live == nil {
		return marks, err
	}
	for _, ch := range publishing.Changes(live.Document, o.draft.Document) {
		if ch.What == "rule" {
			marks[ch.Table+"/"+ch.Name] = upper(ch.How)
		}
	}
	return marks, nil
}

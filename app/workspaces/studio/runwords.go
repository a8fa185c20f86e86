package studio

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"onedoor/app/routes"
	"onedoor/app/simulations"
	"onedoor/app/wording"
	"onedoor/policy"
	"onedoor/policy/simulate"
	"onedoor/ui/components"
	"onedoor/ui/pages"
)

// resultOf puts what a run found into words. Queue names the one whose load is plotted; the busiest that changes when empty.
func (k *call) resultOf(r simulations.Run, queue string) pages.RunResult {
	x := r.Result
	here := routes.Address(runPath, r.ID.String())
	out := pages.RunResult{Method: x.Method, Figures: []pages.RunFigure{
		{Number: wording.Figure(x.Requests), Says: "past requests"},
		{Number: wording.Figure(x.Moved), Says: "go elsewhere"},
		{Number: wording.Figure(x.NewlyLate), Says: "newly late", Bad: x.NewlyLate > 0},
		{Number: wording.Figure(x.NoLongerLate), Says: "no longer late"},
		{Number: wording.Figure(x.NewlyLessUrgent), Says: "less urgent", Bad: x.NewlyLessUrgent > 0},
		{Number: wording.Figure(x.NewlyMoreUrgent), Says: "more urgent"},
	}}
	for _, f := range x.Findings {
		out.Findings = append(out.Findings, f.Says)
	}
	for _, cell := range x.Matrix {
		if cell.Changed() {
			out.Moves = append(out.Moves, moveRow(cell, routes.Address(movesPath, r.ID.String(), cell.ID)))
		}
	}
	out.Matrix = matrixOf(r)
	out.Load, out.Queues = loadOf(x.Load, here, queue)
	out.Groups = groupTables(x.Groups)
	return out
}

// endWords say where a request goes and how urgent it is.
func endWords(e simulate.End) string {
	return e.Organisation + ", " + e.Queue + " (" + urgencyWords(e.Urgency) + ")"
}

func moveRow(c simulate.Cell, href string) pages.MoveRow {
	row := pages.MoveRow{From: endWords(c.From), To: endWords(c.To), Href: href, Requests: wording.Figure(c.Requests), Changes: changeOfEnds(c.From, c.To)}
	var late []string
	if c.NewlyLate > 0 {
		late = append(late, wording.Figure(c.NewlyLate)+" newly late")
	}
	if c.NoLongerLate > 0 {
		late = append(late, wording.Figure(c.NoLongerLate)+" no longer late")
	}
	row.Second = strings.Join(late, ", ")
	return row
}

func changeOfEnds(from, to simulate.End) string {
	var parts []string
	if from.Place != to.Place {
		part := "Another place"
		if from.Place.Organisation == to.Place.Organisation {
			part = "Another queue"
			if from.Place.Queue == to.Place.Queue {
				part = "Another service"
			}
		}
		parts = append(parts, part)
	}
	if from.Urgency != to.Urgency {
		more := "less urgent"
		if to.Urgency.Rank() > from.Urgency.Rank() {
			more = "more urgent"
		}
		parts = append(parts, more)
	}
	return upper(strings.Join(parts, ", "))
}

// matrixOf is the square of the ends that changes concern. What stays and is not concerned is left out, and said.
func matrixOf(r simulations.Run) *pages.MoveMatrix {
	var ends []simulate.End
	index := func(e simulate.End) int { return slices.Index(ends, e) }
	for _, c := range r.Result.Matrix {
		if !c.Changed() {
			continue
		}
		for _, e := range []simulate.End{c.From, c.To} {
			if index(e) < 0 {
				ends = append(ends, e)
			}
		}
	}
	if len(ends) == 0 {
		return nil
	}
	slices.SortFunc(ends, func(a, b simulate.End) int { return strings.Compare(endWords(a), endWords(b)) })
	m := &pages.MoveMatrix{Caption: "Requests by where they go now, in rows, and where they would go, in columns"}
	for _, e := range ends {
		m.To = append(m.To, endWords(e))
		row := pages.MatrixRow{From: endWords(e), Cells: make([]pages.MatrixCell, len(ends))}
		for i := range row.Cells {
			row.Cells[i] = pages.MatrixCell{Count: "–", Same: i == len(m.Rows)}
		}
		m.Rows = append(m.Rows, row)
	}
	for _, c := range r.Result.Matrix {
		from, to := index(c.From), index(c.To)
		if from < 0 || to < 0 {
			continue
		}
		cell := &m.Rows[from].Cells[to]
		cell.Count = wording.Figure(c.Requests)
		if c.Changed() {
			cell.Href, cell.Hidden = routes.Address(movesPath, r.ID.String(), c.ID), " from "+endWords(c.From)+" to "+endWords(c.To)
		}
	}
	return m
}

// loadOf plots one queue, and links to the others whose load the draft changes.
func loadOf(list []simulate.QueueLoad, here, wanted string) (*pages.QueuePlot, []components.NavigationItem) {
	changed := slices.DeleteFunc(slices.Clone(list), func(q simulate.QueueLoad) bool { return slices.Equal(q.Live, q.Draft) })
	if len(changed) == 0 {
		changed = slices.Clone(list)
	}
	if len(changed) == 0 {
		return nil, nil
	}
	slices.SortStableFunc(changed, func(a, b simulate.QueueLoad) int {
		return max(b.LiveTotal, b.DraftTotal) - max(a.LiveTotal, a.DraftTotal)
	})
	const most = 12
	shown := changed[:min(len(changed), most)]
	current := max(0, slices.IndexFunc(shown, func(q simulate.QueueLoad) bool { return q.Place.Queue.String() == wanted }))
	var links []components.NavigationItem
	for i, q := range shown {
		href := here + "?" + url.Values{"queue": {q.Place.Queue.String()}}.Encode() + "#load"
		links = append(links, components.NavigationItem{Text: q.Organisation + ", " + q.Queue, Href: href, Current: i == current})
	}
	return queuePlot(shown[current]), links
}

func queuePlot(q simulate.QueueLoad) *pages.QueuePlot {
	name := q.Organisation + ", " + q.Queue
	p := &pages.QueuePlot{
		Queue: name, Says: fmt.Sprintf("%s by the rules in force, %s by the draft, in the whole period.", wording.Counted(q.LiveTotal, "request", "requests"), wording.Figure(q.DraftTotal)),
		Plot: components.Plot{
			ID: "load-plot", Title: "Requests to " + name + " by hour of the week", Unit: "Requests in the hour, all weeks together",
			Description: "Two lines, for the rules in force and for the draft. The table below has the same figures.",
			Series:      []components.PlotSeries{{Name: "Rules in force", Values: q.Live}, {Name: "Draft (broken line)", Values: q.Draft}},
		},
	}
	if q.DraftPeak > 0 || q.LivePeak > 0 {
		p.Says += fmt.Sprintf(" At most %s were open at once by the rules in force, %s by the draft.", wording.Figure(q.LivePeak), wording.Figure(q.DraftPeak))
	}
	for i, day := range week {
		p.Plot.Ticks = append(p.Plot.Ticks, components.PlotTick{At: i * 24, Text: day.String()})
	}
	for hour := range min(len(q.Live), len(q.Draft)) {
		if q.Live[hour] > 0 || q.Draft[hour] > 0 {
			p.Rows = append(p.Rows, pages.HourRow{Hour: fmt.Sprintf("%s %02d:00", week[hour/24%7], hour%24), Live: wording.Figure(q.Live[hour]), Draft: wording.Figure(q.Draft[hour])})
		}
	}
	return p
}

func groupTables(groups []simulate.GroupWait) []pages.GroupTable {
	var tables []pages.GroupTable
	for _, g := range groups {
		last := len(tables) - 1
		if last < 0 || tables[last].By != groupingWords(g.By) {
			tables = append(tables, pages.GroupTable{By: groupingWords(g.By)})
			last++
		}
		row := pages.GroupRow{
			Group: bandWords(g.By, g.Group), Requests: wording.Figure(g.Requests), Moved: wording.Figure(g.Moved), Live: "not known", Draft: "not known", Change: "not known",
		}
		if g.Estimated > 0 {
			live, draft := time.Duration(g.Live.Mean)*time.Second, time.Duration(g.Draft.Mean)*time.Second
			row.Live, row.Draft = span(live), span(draft)
			row.Change, row.Longer = waitChange(live, draft)
		}
		tables[last].Rows = append(tables[last].Rows, row)
	}
	return tables
}

func waitChange(live, draft time.Duration) (says string, longer bool) {
	switch d := draft - live; {
	case d >= time.Minute:
		return span(d) + " longer", true
	case d <= -time.Minute:
		return span(-d) + " less", false
	}
	return "no change", false
}

// span is a length of time in its two largest units.
func span(d time.Duration) string {
	minutes := int(d.Round(time.Minute) / time.Minute)
	unit := func(n int, one string) string {
		if n == 0 {
			return ""
		}
		return " " + strconv.Itoa(n) + " " + one
	}
	switch {
	case minutes < 1:
		return "under 1 min"
	case minutes < 60:
		return strconv.Itoa(minutes) + " min"
	case minutes < 24*60:
		return strings.TrimSpace(unit(minutes/60, "h") + unit(minutes%60, "min"))
	}
	return strings.TrimSpace(unit(minutes/(24*60), "d") + unit(minutes/60%24, "h"))
}

func groupingWords(by string) string {
	switch by {
	case simulate.ByChannel:
		return "By how they asked"
	case simulate.ByAge:
		return "By age"
	case simulate.ByDeprivation:
		return "By how deprived their neighbourhood is"
	case simulate.ByLanguage:
		return "By language"
	}
	return "By " + spoken(by)
}

func bandWords(by, group string) string {
	switch {
	case group == simulate.NotKnown:
		return "Not known"
	case group == simulate.NotSaid:
		return "Not said"
	case by == simulate.ByChannel:
		return channelWords(group)
	case by == simulate.ByAge:
		return strings.ReplaceAll(strings.ReplaceAll(group, "-and-over", " and over"), "-", " to ")
	case by == simulate.ByDeprivation && group == "1":
		return "1 (most deprived fifth)"
	case by == simulate.ByDeprivation && group == "5":
		return "5 (least deprived fifth)"
	case by == simulate.ByLanguage:
		return languageWords(group)
	}
	return group
}

func channelWords(c string) string {
	switch c {
	case "web":
		return "Online"
	case "app":
		return "App"
	case "phone":
		return "Phone"
	case "in-person":
		return "In person"
	case "link":
		return "Link to an own online tool"
	}
	return titled(c)
}

func languageWords(tag string) string {
	switch tag {
	case "en":
		return "English"
	case "cy":
		return "Welsh"
	case "pl":
		return "Polish"
	case "ur":
		return "Urdu"
	case "ro":
		return "Romanian"
	case "bn":
		return "Bengali"
	case "pa":
		return "Panjabi"
	case "ar":
		return "Arabic"
	}
	return tag
}

func urgencyWords(u policy.Urgency) string { return strings.ToLower(urgencyLabel(u).Text) }

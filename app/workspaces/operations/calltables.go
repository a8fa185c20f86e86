package operations

import (
	"strconv"

	"onedoor/app/calls"
	"onedoor/app/wording"
	"onedoor/policy"
	"onedoor/ui/components"
	"onedoor/ui/locales"
)

// table is one of words alone, whose first cell heads each row.
func table(id, caption string, columns []string, rows [][]string) components.Table {
	t := components.Table{ID: id, Caption: locales.Plain(caption), CaptionSize: "m", Compact: true, RowHeaders: true, Scrolls: true}
	for _, c := range columns {
		t.Columns = append(t.Columns, components.Column{Text: locales.Plain(c)})
	}
	for _, words := range rows {
		var row components.Row
		for _, w := range words {
			row.Cells = append(row.Cells, components.Cell{Text: locales.Plain(w)})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func figureColumns(first string) []string {
	return []string{first, "Calls", "Answered", "Without a person, net", "Person", "Callback", "Answers kept", "Nothing answered", "999", "Refused or broken", "Median wait for a person"}
}

func figureCells(first string, f calls.Figures) []string {
	cells := []string{first, wording.Figure(f.Calls)}
	if f.Hidden {
		cells = append(cells, "Too few to say")
		for range 8 {
			cells = append(cells, "")
		}
		return cells
	}
	for _, n := range []int{
		f.Answered, f.Net, f.Endings[calls.Person], f.Endings[calls.Callback], f.Endings[calls.AbandonedKept], f.Endings[calls.AbandonedEmpty], f.Endings[calls.Emergency],
		f.Endings[calls.Refused] + f.Endings[calls.Failed],
	} {
		cells = append(cells, wording.Figure(n))
	}
	if f.ToPerson.N == 0 {
		return append(cells, "")
	}
	return append(cells, length(f.ToPerson.Median))
}

// dayTable has the newest day first.
func dayTable(days []calls.Day) components.Table {
	var rows [][]string
	for i := len(days) - 1; i >= 0; i-- {
		rows = append(rows, figureCells(dayName(days[i].On), days[i].Figures))
	}
	return table("days", "By day", figureColumns("Day"), rows)
}

func (w *Workspace) lineTable(k *call, lines []calls.Line) components.Table {
	var rows [][]string
	for _, l := range lines {
		rows = append(rows, figureCells(k.organisationName(l.OrganisationID), l.Figures))
	}
	return table("lines", "By line", figureColumns("Line"), rows)
}

// kindName is what the catalogue calls a kind.
func (w *Workspace) kindName(code string) string {
	if w.Catalogue != nil {
		if k, ok := w.Catalogue.Kind(code); ok {
			return k.Title
		}
	}
	return code
}

func (w *Workspace) kindTable(kinds []calls.Kind) components.Table {
	completion := func(c calls.Completion) []string {
		if c.Begun == 0 {
			return []string{"", ""}
		}
		share, known := c.Share()
		if !known {
			return []string{wording.Figure(c.Begun), "Too few to say"}
		}
		return []string{wording.Figure(c.Begun), wording.Figure(c.Done) + " (" + percent(share) + ")"}
	}
	var rows [][]string
	for _, k := range kinds {
		rows = append(rows, append(append([]string{w.kindName(k.Kind)}, completion(k.Phone)...), completion(k.Web)...))
	}
	return table("kinds", "Who got to the end, by kind", []string{"Kind", "Began by telephone", "Got to the end", "Began on the web", "Got to the end"}, rows)
}

var channelNames = map[string]string{"web": "Web", "app": "App", "phone": "Telephone", "in-person": "In person", "link": "Link to an own online tool", "referral": "Referral"}

func (w *Workspace) parityTable(list []calls.ParityRow) components.Table {
	var rows [][]string
	for _, r := range list {
		cells := []string{w.kindName(r.Kind), channelNames[r.Channel], wording.Figure(r.Requests)}
		if r.Hidden {
			rows = append(rows, append(cells, "Too few to say", "", "", ""))
			continue
		}
		urgent := r.Urgencies[policy.Urgent] + r.Urgencies[policy.Emergency]
		cells = append(cells, percent(float64(urgent)/float64(r.Requests)))
		if r.Answered > 0 {
			cells = append(cells, hours(r.Median.Hours()), hours(r.P90.Hours()))
		} else {
			cells = append(cells, "", "")
		}
		late := ""
		if r.Judged > 0 {
			late = percent(float64(r.Late) / float64(r.Judged))
		}
		rows = append(rows, append(cells, late))
	}
	return table("parity", "Requests by kind and channel", []string{"Kind", "Channel", "Requests", "Urgent or emergency", "Hours to an answer, half", "Nine in ten", "Late"}, rows)
}

func hours(h float64) string { return strconv.FormatFloat(h, 'f', 1, 64) }

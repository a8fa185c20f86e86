package calls

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/tenants"
)

// Named is how an organisation is written into a file.
type Named func(organisation uuid.UUID) (ods string)

// WriteCalls writes one row for each call, with what NHS England's monthly collection of cloud based telephony data counts
// of general practice: call volumes, how each was handled, times to answer, times until abandoned, callbacks asked for and
// made, and lengths (as its support pages say; the headings of its technical output specification are not public, and
// these are our own). No caller's number is in it, and no reference by which a request could be found.
func WriteCalls(w io.Writer, list []Ours, named Named) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{
		"practice_code", "call_id", "line", "direction", "call_date", "call_start_time", "day_of_week", "outcome", "ended_as", "seconds_to_answer_by_system", "person_asked_for", "seconds_to_person",
		"seconds_until_abandoned", "callback_requested", "callback_made", "call_length_seconds", "repeat_within_24_hours", "number_withheld", "language",
	}); err != nil {
		return err
	}
	for _, c := range list {
		start := c.StartedAt.In(tenants.London())
		if err := out.Write([]string{
			named(c.OrganisationID), c.ID.String(), plainCell(c.Line), "inbound", start.Format(time.DateOnly), start.Format(time.TimeOnly), start.Weekday().String(), string(c.Handled()), endedAs(c.Call),
			between(c.StartedAt, c.AnsweredAt), yesNo(!c.PersonAskedAt.IsZero()), between(c.PersonAskedAt, c.PersonAt), untilAbandoned(c.Call),
			yesNo(c.End == Callback), yesNo(c.CalledBack), between(c.StartedAt, c.EndedAt), yesNo(c.Repeats != uuid.Nil), yesNo(c.Withheld), c.Language,
		}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// Handled is how a call was handled, in the words in which telephony is counted nationally.
type Handled string

const (
	HandledAnswered Handled = "answered"           // by a person
	HandledCallback Handled = "callback-requested" // counts as handled
	HandledBySystem Handled = "ended-in-automated-menu"
	HandledMissed   Handled = "missed" // a person was waited for, or the call was never taken
	HandledGoingOn  Handled = "in-progress"
)

// Handled tells how the call was handled. One that was abandoned before a person was asked for ended in the menu.
func (c Call) Handled() Handled {
	switch {
	case !c.Ended():
		return HandledGoingOn
	case !c.PersonAt.IsZero():
		return HandledAnswered
	case c.End == Callback:
		return HandledCallback
	case c.End == Refused, c.End == Failed:
		return HandledMissed
	case (c.End == AbandonedKept || c.End == AbandonedEmpty) && !c.PersonAskedAt.IsZero():
		return HandledMissed
	}
	return HandledBySystem
}

func endedAs(c Call) string {
	if !c.Ended() {
		return ""
	}
	return string(c.End)
}

func untilAbandoned(c Call) string {
	if c.End != AbandonedKept && c.End != AbandonedEmpty {
		return ""
	}
	return between(c.StartedAt, c.EndedAt)
}

// between is whole seconds; empty where one end is not known.
func between(from, until time.Time) string {
	if from.IsZero() || until.IsZero() {
		return ""
	}
	return strconv.FormatInt(int64(until.Sub(from).Round(time.Second)/time.Second), 10)
}

func yesNo(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// plainCell keeps a spreadsheet from taking a name for a formula.
func plainCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// WriteReport writes a report as rows: the total, each day, each line, and each kind. What is withheld is empty.
func WriteReport(w io.Writer, r Report, named Named) error {
	out := csv.NewWriter(w)
	heading := []string{"row", "day", "practice_code", "kind", "calls", "answered", "repeats_within_24_hours", "number_withheld", "withheld", "in_progress"}
	for _, e := range Endings() {
		heading = append(heading, strings.ReplaceAll(string(e), "-", "_"))
	}
	heading = append(heading, "completed_without_repeat", "reached_person_after_asking", "median_seconds_to_person", "p90_seconds_to_person", "phone_begun", "phone_completed", "web_begun", "web_completed")
	if err := out.Write(heading); err != nil {
		return err
	}
	rows := [][]string{append([]string{"total", "", "", ""}, r.Total.cells()...)}
	for _, d := range r.Days {
		rows = append(rows, append([]string{"day", d.On.String(), "", ""}, d.cells()...))
	}
	for _, l := range r.Lines {
		rows = append(rows, append([]string{"line", "", named(l.OrganisationID), ""}, l.cells()...))
	}
	for _, k := range r.Kinds {
		row := make([]string, len(heading)-4)
		row[0], row[3] = "kind", k.Kind
		row = append(row, k.Phone.cells()...)
		rows = append(rows, append(row, k.Web.cells()...))
	}
	for _, row := range rows {
		if err := out.Write(append(row, make([]string, len(heading)-len(row))...)); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func (f Figures) cells() []string {
	if f.Hidden {
		return []string{strconv.Itoa(f.Calls), "", "", "", "1"}
	}
	cells := []string{strconv.Itoa(f.Calls), strconv.Itoa(f.Answered), strconv.Itoa(f.Repeats), strconv.Itoa(f.Withheld), "0", strconv.Itoa(f.GoingOn)}
	for _, e := range Endings() {
		cells = append(cells, strconv.Itoa(f.Endings[e]))
	}
	cells = append(cells, strconv.Itoa(f.Net), strconv.Itoa(f.ToPerson.N))
	if f.ToPerson.N == 0 {
		return append(cells, "", "")
	}
	return append(cells, strconv.Itoa(int(f.ToPerson.Median.Seconds())), strconv.Itoa(int(f.ToPerson.P90.Seconds())))
}

func (c Completion) cells() []string {
	if c.Begun > 0 && c.Begun < Few {
		return []string{strconv.Itoa(c.Begun), ""}
	}
	return []string{strconv.Itoa(c.Begun), strconv.Itoa(c.Done)}
}

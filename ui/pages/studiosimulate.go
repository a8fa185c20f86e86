package pages

import "onedoor/ui/components"

// TryOut is where a lead asks what a draft would have done to past requests.
type TryOut struct {
	Studio
	Says  string
	Form  *TryOutForm // nil for those who may not, and where there is no draft
	Empty string      // why there is no form
	Runs  []RunRow
}

// TryOutForm starts a run.
type TryOutForm struct {
	Action string
	Draft  components.Select
	From   components.DateInput
	Until  components.DateInput
	Mode   components.Choice
}

// RunRow is one run in the list.
type RunRow struct {
	Href, Draft, Period, Mode, By string
	State                         Label
	Says                          string // figures, or how far it is
}

// RunPage is one run: how far it is or what came of it.
type RunPage struct {
	Studio
	Heading  string
	Facts    []Fact
	Progress *RunProgress
	Failed   string // why nothing came of it
	Result   *RunResult
	Again    string // where the same is asked anew
}

// RunProgress is a run that has not ended.
type RunProgress struct {
	Href, Cancel string
	Says         string
	Done, Total  int
	Share        string // of 100
}

// RunResult is what would have been different.
type RunResult struct {
	Figures  []RunFigure
	Method   []string
	Findings []string
	Moves    []MoveRow // what changed, the most requests first
	Matrix   *MoveMatrix
	Queues   []components.NavigationItem // whose load is shown
	Load     *QueuePlot
	Groups   []GroupTable
}

// RunFigure is one number in words.
type RunFigure struct {
	Number, Says string
	Bad          bool // more of it is worse, and there is some
}

// MoveRow is all requests that go from one place to another.
type MoveRow struct {
	From, To string
	Href     string
	Requests string
	Second   string // newly late, and so on
	Changes  string // what is different: urgency only, place only
}

// MoveMatrix is the same as a square: where requests go now, against where they would go.
type MoveMatrix struct {
	Caption string
	To      []string
	Rows    []MatrixRow
}

// MatrixRow is where requests go now.
type MatrixRow struct {
	From  string
	Cells []MatrixCell
}

// MatrixCell is a count; Same is the diagonal, where nothing changes.
type MatrixCell struct {
	Count, Href, Hidden string
	Same                bool
}

// QueuePlot is how many requests reach one queue in each hour of the week.
type QueuePlot struct {
	Queue, Says string
	Plot        components.Plot
	Rows        []HourRow
}

// HourRow is one hour of the week.
type HourRow struct{ Hour, Live, Draft string }

// GroupTable is who waits how long, by one way of grouping people.
type GroupTable struct {
	By   string
	Rows []GroupRow
}

// GroupRow is one group.
type GroupRow struct {
	Group, Requests, Moved, Live, Draft string
	Change                              string // 12 min longer
	Longer                              bool
}

// MoveList is the requests behind one cell, coarsened: counts and ranges, nobody.
type MoveList struct {
	Studio
	Heading  string
	From, To string
	Says     string
	Moves    []MoveShown
}

// MoveShown is one past request as a lead may see it, with why each version decides as it does.
type MoveShown struct {
	Heading   string
	Facts     []Fact
	Live      MoveWhy
	Draft     MoveWhy
	MakeCase  string // where a test case is made of it; empty where there is no draft to put it in
	CaseWords string
}

// MoveWhy is why one version decides as it does.
type MoveWhy struct {
	Title   string
	Goes    string
	Urgency Label
	Because []string
	Nearly  []string
}

package pages

import "onedoor/ui/components"

// CallsReport is how the telephone line did in a period.
type CallsReport struct {
	Operations
	Whose     string // the neighbourhood's line, or an organisation's
	Action    string
	Period    components.Select
	Figures   []RunFigure
	Empty     string // says why there are no figures; empty where there are
	Tables    []components.Table
	Downloads []StudioLink
	Notes     []string // how it is counted
}

// CallsReconcile asks for a supplier's list, and shows what came of the last.
type CallsReconcile struct {
	Operations
	Action   string
	Period   components.Select
	File     components.Field
	Result   *CallsReconciled
	Downward string // where the report is
}

// CallsReconciled is our list beside a supplier's.
type CallsReconciled struct {
	Says    string
	Agrees  bool
	Figures []RunFigure
	Tables  []components.Table
	Notes   []string
}

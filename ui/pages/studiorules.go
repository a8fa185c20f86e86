package pages

import "onedoor/ui/components"

// StudioRules is the ordered list of a policy's rules, as sentences or as a table.
type StudioRules struct {
	Studio
	Path     string // of this page; the table is the same with ?view=table
	AsTable  bool
	Editable bool
	ETag     string // of the draft as it is drawn
	Count    int
	Findings int             // those that stand in the way of publishing
	Whole    []StudioFinding // what was found in the rules as a whole
	Groups   []StudioRuleGroup
}

// StudioRuleGroup is the rules that are asked together.
type StudioRuleGroup struct {
	ID, Name, Says string
	Columns        []StudioColumn
	Rules          []StudioRuleLine
	Add            string
}

// StudioColumn is a fact that the rules of a group ask about.
type StudioColumn struct{ Fact, Text string }

// StudioRuleLine is one rule in the list.
type StudioRuleLine struct {
	ID         string // unique on the page
	Position   int
	Name, Href string
	Sentence   string
	Goes       string
	Urgency    Label
	Cells      map[string]string // by fact; absent for anything
	Note       string
	Off        bool
	Findings   []StudioFinding
	Cases      string
	CasesFail  int
	// Up and Down are empty at the ends.
	Up, Down, Switch, Remove string
}

// StudioFinding is one thing that was found, in words.
type StudioFinding struct {
	Key, Kind  string
	Severity   Label
	Says       string
	Example    string
	Case       string // where the example becomes a case; empty for those who may not
	Weight     string
	Rule, Href string // the rule that it concerns; empty for none
}

// OptionGroup is a part of a long list of choices.
type OptionGroup struct {
	Text    string
	Options []StudioOption
}

// StudioOption is one line of it.
type StudioOption struct {
	Value, Text string
	Selected    bool
}

// address of the list in a form's or link's words.
func (r StudioRules) view() string {
	if r.AsTable {
		return "table"
	}
	return ""
}

func (r StudioRules) views() []components.NavigationItem {
	return []components.NavigationItem{
		{Text: "As sentences", Href: r.Path, Current: !r.AsTable}, {Text: "As a table", Href: r.Path + "?view=table", Current: r.AsTable},
	}
}

// mostWhole is how many findings about the rules as a whole stand open before the rules.
const mostWhole = 2

package pages

import "onedoor/ui/components"

// Operations is what every page of the operations workspace tells its layout.
type Operations struct {
	components.Page
	// Notice is what has just been done; or was not, when Refused.
	Notice  string
	Refused bool
	Wrong   []components.Problem // what to put right, above the heading
}

// OperationsFront lists what a person can do in the workspace.
type OperationsFront struct {
	Operations
	Where string // the neighbourhood
	Pages []OperationsEntry
}

// OperationsEntry is one page of the workspace and what it is for.
type OperationsEntry struct {
	Text, Href, Says string
	Stands           []Label // how it does at this moment
}

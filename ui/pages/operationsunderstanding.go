package pages

// UnderstandingList is whose settings a person can see.
type UnderstandingList struct {
	Operations
	Places []UnderstandingEntry
}

// UnderstandingEntry is one of them.
type UnderstandingEntry struct {
	Name, Href string
	State      Label
}

// Understanding is whether a model reads people's own words for one organisation, and how often it was right.
type Understanding struct {
	Operations
	Name    string
	State   Label
	Says    string // what the state means
	Stale   string // why it does nothing though it is on
	Changed string
	Heard   []string
	Kinds   []UnderstandingKind
	Enough  bool   // it can be turned on
	Missing string // what it lacks, when not

	Action  string // where changes are posted; empty for those who may not
	Mode    string
	Version int
	Models  []UnderstandingModel
	AsSaid  bool
	Outside bool // a model on another machine can be chosen
}

// UnderstandingKind is one kind's agreement.
type UnderstandingKind struct {
	Title                                                    string
	Chosen, Found, Compared, Agreed, Share, Asked, Confirmed string
	State                                                    Label
}

// UnderstandingModel is a model that can be chosen.
type UnderstandingModel struct {
	Value, Text, Says string
	Chosen            bool
}

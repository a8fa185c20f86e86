package pages

// OperationsOutbox is how the texts to patients' telephones stand.
type OperationsOutbox struct {
	Operations
	Provider string // where texts go, in words
	Counts   []OutboxCount
	Failures []OutboxFailure
	Texts    []OutboxText // in development alone: what would have been sent
	Shows    bool         // this is development
}

// OutboxCount is how many texts of a sort stand where.
type OutboxCount struct {
	What  string
	State Label
	Why   string
	N     string
}

// OutboxFailure is one text that was given up. It tells neither a number nor a word.
type OutboxFailure struct {
	When, What, Why string
	Again           string // where sending it once more is posted; empty for those who may not, and for what cannot be
}

// OutboxText is one text that was not really sent.
type OutboxText struct {
	When, To, Words, Lang string
	State                 Label
}

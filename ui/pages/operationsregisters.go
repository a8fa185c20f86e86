package pages

// Registers is the page about the national registers of patients and of organisations.
type Registers struct {
	Operations
	// Tracing is what is looked up of patients; nil where this person may not see it.
	Tracing *RegisterTracing
	// Listing is what is read of organisations; nil where this person may not see it.
	Listing *RegisterListing
}

// RegisterTracing is whether requests are looked up by themselves, and how that went.
type RegisterTracing struct {
	Connected bool
	On        bool
	Changed   string // who changed it and when; empty when nobody did
	Switch    string // where it is changed; empty when this person may not
	Figures   []Fact
}

// RegisterListing is what was read of the register of organisations, and where a directory differs from it.
type RegisterListing struct {
	Says        string
	Refresh     string // where it is read anew; empty when this person may not
	Readings    []Fact
	Differences []RegisterDifference
}

// RegisterDifference is one.
type RegisterDifference struct {
	Organisation string
	Says         string
	Take         string // where the register's name is taken over; empty where there is none
	Name         string // that name
	Code         string
}

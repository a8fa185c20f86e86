package pages

// Begun is what somebody had answered before they left.
type Begun struct {
	Kind    string // of the request that was begun
	Answers []Fact
	Caller  string // the number that the call came from; empty when it was withheld
}

// RecordingLine is what was said to one question.
type RecordingLine struct {
	Question string
	Length   string // 0:45
	Audio    string // where it is; empty when it is gone
	State    Label  // whether a person has heard it
	Says     string // by whom it was heard, until when it is kept, or why it is gone
	// Hear is where it is marked as heard; empty when it was, or when this person may not.
	Hear string
	// Transcript is what a machine heard; none where none did. By names the machine.
	Transcript []string
	By         string
}

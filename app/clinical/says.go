package clinical

// Says is an error of a System in plain words for staff, with nothing identifiable. An error that no adapter foresaw may
// hold anything, so its own text is not among them.
func Says(err error) string { return says(err) }

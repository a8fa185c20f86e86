package policy

// Recompiled is the same policy, compiled once more, so that compiling alone can be measured. Nothing that decides calls it.
func (p *Policy) Recompiled() *Policy {
	again := *p
	again.program, again.words = program{}, nil
	again.compile()
	return &again
}

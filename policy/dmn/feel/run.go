package feel

import (
	"fmt"
	"time"
)

const (
	maxSteps   = 1_000_000
	maxNesting = 2_000 // invocations within invocations
	maxReasons = 20
	maxItems   = 1_000_000 // of one list
	maxString  = 1 << 20   // bytes of a string that is put together
)

// Run is one evaluation: its clock, its budget, and why something was null.
type Run struct {
	Now     time.Time // what now() and today() give; zero gives null
	steps   int
	nesting int
	spent   bool
	reasons []string
}

// Reasons say why parts of the evaluation were null, in the order in which it happened, the first twenty.
func (r *Run) Reasons() []string { return r.reasons }

// Spent reports whether the evaluation was ended because it took too many steps or nested too deeply.
func (r *Run) Spent() bool { return r.spent }

// Null notes a reason and gives null.
func (r *Run) Null(format string, args ...any) Value { return r.null(format, args...) }

func (r *Run) null(format string, args ...any) Value {
	if len(r.reasons) < maxReasons {
		r.reasons = append(r.reasons, fmt.Sprintf(format, args...))
	}
	return nil
}

// step takes from the budget; it is false when nothing is left.
func (r *Run) step() bool {
	r.steps++
	if r.steps > maxSteps {
		r.end("the evaluation was ended after %d steps", maxSteps)
	}
	return !r.spent
}

func (r *Run) enter() bool {
	r.nesting++
	if r.nesting > maxNesting {
		r.end("the evaluation was ended: functions call each other more than %d deep", maxNesting)
	}
	return r.step()
}

func (r *Run) leave() { r.nesting-- }

func (r *Run) end(format string, args ...any) {
	if !r.spent {
		r.spent = true
		r.null(format, args...)
	}
}

// Scope holds what names stand for.
type Scope struct {
	values map[string]Value
	parent *Scope
}

// NewScope is a scope within another, which may be nil.
func NewScope(parent *Scope) *Scope { return &Scope{values: map[string]Value{}, parent: parent} }

// Set binds a name.
func (s *Scope) Set(name string, v Value) { s.values[name] = v }

// Get finds what a name stands for, here or further out.
func (s *Scope) Get(name string) (Value, bool) {
	for ; s != nil; s = s.parent {
		if v, ok := s.values[name]; ok {
			return v, true
		}
	}
	return nil, false
}

// within is a scope in which the entries of a context can be named.
func within(s *Scope, c *Context) *Scope { return &Scope{values: c.values, parent: s} }

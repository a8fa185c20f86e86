package feel

import (
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// Value is a value of FEEL: nil (null), *Number, string, bool, Date, Time, DateTime, Days, Months, List, *Context,
// *Range, *Different or *Function.
type Value any

// Number is a decimal of 34 digits.
type Number = apd.Decimal

// List is a list of values.
type List []Value

// Context is a list of entries, in the order in which they were put.
type Context struct {
	keys   []string
	values map[string]Value
}

// NewContext is an empty context.
func NewContext() *Context { return &Context{values: map[string]Value{}} }

// Put adds or replaces an entry.
func (c *Context) Put(key string, v Value) {
	if _, there := c.values[key]; !there {
		c.keys = append(c.keys, key)
	}
	c.values[key] = v
}

// Get finds an entry.
func (c *Context) Get(key string) (Value, bool) {
	v, ok := c.values[key]
	return v, ok
}

// Keys are the names of the entries, in order.
func (c *Context) Keys() []string { return c.keys }

func (c *Context) clone() *Context {
	d := NewContext()
	for _, k := range c.keys {
		d.Put(k, c.values[k])
	}
	return d
}

// Range is an interval; a nil end is open without limit.
type Range struct {
	Low, High             Value
	LowClosed, HighClosed bool
	alone                 bool // written as a test, such as < 10: a limit that is not there is none, rather than null
}

// Different is the unary test != as a value.
type Different struct{ From Value }

// Param is a parameter of a function.
type Param struct {
	Name string
	Type *Type // nil for any
}

// Function is something that can be invoked.
type Function struct {
	Name    string
	Params  []Param
	Returns *Type
	call    func(r *Run, args []Value) Value
	builtin *builtin
}

// NewFunction is a function that is not written in FEEL, such as a decision service.
func NewFunction(name string, params []Param, returns *Type, call func(r *Run, args []Value) Value) *Function {
	return &Function{Name: name, Params: params, Returns: returns, call: call}
}

// Invoke calls the function with arguments by position, coerced to the types of its parameters.
func (f *Function) Invoke(r *Run, args []Value) Value {
	if !r.enter() {
		return nil
	}
	defer r.leave()
	if f.builtin != nil {
		return f.builtin.invoke(r, args)
	}
	if len(args) != len(f.Params) {
		return r.null("%s takes %d arguments and was given %d", f.named(), len(f.Params), len(args))
	}
	given := make([]Value, len(args))
	for i, a := range args {
		v, ok := Coerce(a, f.Params[i].Type, r)
		if !ok {
			return r.null("%s takes %s as %s and was given %s", f.named(), f.Params[i].Type, f.Params[i].Name, TypeName(a))
		}
		given[i] = v
	}
	out, ok := Coerce(f.call(r, given), f.Returns, r)
	if !ok {
		return r.null("%s did not give %s", f.named(), f.Returns)
	}
	return out
}

func (f *Function) named() string {
	if f.Name == "" {
		return "the function"
	}
	return f.Name
}

// TypeName says what a value is, in FEEL's words.
func TypeName(v Value) string {
	switch v.(type) {
	case nil:
		return "null"
	case *Number:
		return "number"
	case string:
		return "string"
	case bool:
		return "boolean"
	case Date:
		return "date"
	case Time:
		return "time"
	case DateTime:
		return "date and time"
	case Days:
		return "days and time duration"
	case Months:
		return "years and months duration"
	case List:
		return "list"
	case *Context:
		return "context"
	case *Range, *Different:
		return "range"
	case *Function:
		return "function"
	}
	return "unknown"
}

// Equal is FEEL's equality: the second result is false where FEEL gives null, because the kinds cannot be compared.
func Equal(a, b Value) (equal, comparable bool) {
	if a == nil || b == nil {
		return a == nil && b == nil, true
	}
	switch x := a.(type) {
	case *Number:
		if y, ok := b.(*Number); ok {
			return x.Cmp(y) == 0, true
		}
	case string:
		if y, ok := b.(string); ok {
			return x == y, true
		}
	case bool:
		if y, ok := b.(bool); ok {
			return x == y, true
		}
	case Date, Time, DateTime, Days, Months:
		return equalTemporal(a, b)
	case List:
		if y, ok := b.(List); ok {
			return equalLists(x, y)
		}
	case *Context:
		if y, ok := b.(*Context); ok {
			return equalContexts(x, y)
		}
	case *Range:
		if y, ok := b.(*Range); ok {
			return equalRanges(x, y), true
		}
	case *Different:
		if y, ok := b.(*Different); ok {
			return Equal(x.From, y.From)
		}
	case *Function:
		if y, ok := b.(*Function); ok {
			return x == y || x.builtin != nil && x.builtin == y.builtin, true
		}
	}
	return false, false
}

// same is equality where kinds that cannot be compared are simply different.
func same(a, b Value) bool {
	equal, _ := Equal(a, b)
	return equal
}

func equalLists(a, b List) (bool, bool) {
	if len(a) != len(b) {
		return false, true
	}
	for i := range a {
		if !same(a[i], b[i]) {
			return false, true
		}
	}
	return true, true
}

func equalContexts(a, b *Context) (bool, bool) {
	if len(a.keys) != len(b.keys) {
		return false, true
	}
	for k, v := range a.values {
		w, there := b.values[k]
		if !there || !same(v, w) {
			return false, true
		}
	}
	return true, true
}

func equalRanges(a, b *Range) bool {
	return a.alone == b.alone && a.LowClosed == b.LowClosed && a.HighClosed == b.HighClosed && same(a.Low, b.Low) && same(a.High, b.High)
}

// Order compares two values of one ordered kind.
func Order(a, b Value) (order int, ok bool) {
	switch x := a.(type) {
	case *Number:
		if y, is := b.(*Number); is {
			return x.Cmp(y), true
		}
	case string:
		if y, is := b.(string); is {
			return strings.Compare(x, y), true
		}
	case Date, Time, DateTime, Days, Months:
		return orderTemporal(a, b)
	}
	return 0, false
}

// Contains reports whether a value is in the range; ok is false where FEEL gives null.
func (g *Range) Contains(v Value) (in, ok bool) {
	if v == nil || !g.alone && (g.Low == nil || g.High == nil) {
		return false, false
	}
	in = true
	if g.Low != nil {
		o, comparable := Order(g.Low, v)
		if !comparable {
			return false, false
		}
		in = o < 0 || o == 0 && g.LowClosed
	}
	if g.High != nil {
		o, comparable := Order(v, g.High)
		if !comparable {
			return false, false
		}
		in = in && (o < 0 || o == 0 && g.HighClosed)
	}
	return in, true
}

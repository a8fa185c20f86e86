package feel

import "strings"

// Kind is a kind of type.
type Kind uint8

// The kinds.
const (
	AnyKind Kind = iota
	NullKind
	NumberKind
	StringKind
	BooleanKind
	DateKind
	TimeKind
	DateTimeKind
	DaysKind
	MonthsKind
	ListKind
	ContextKind
	RangeKind
	FunctionKind
)

// Type says which values there may be. A nil *Type is any.
type Type struct {
	Kind    Kind
	Name    string // of an item definition
	Of      *Type  // of a list or range
	Fields  []Param
	Args    []*Type // of a function
	Returns *Type
	Allowed *UnaryTests // what an item definition allows
	Checked *Scope      // what the tests may name
}

// BaseTypes are the types that FEEL itself names.
func BaseTypes() map[string]*Type {
	base := map[string]*Type{}
	for name, kind := range map[string]Kind{
		"Any": AnyKind, "Null": NullKind, "number": NumberKind, "string": StringKind, "boolean": BooleanKind, "date": DateKind, "time": TimeKind,
		"date and time": DateTimeKind, "dateTime": DateTimeKind, "days and time duration": DaysKind, "dayTimeDuration": DaysKind,
		"years and months duration": MonthsKind, "yearMonthDuration": MonthsKind, "list": ListKind, "context": ContextKind, "range": RangeKind, "function": FunctionKind,
	} {
		base[name] = &Type{Kind: kind}
	}
	return base
}

// String names the type.
func (t *Type) String() string {
	if t == nil {
		return "anything"
	}
	if t.Name != "" {
		return t.Name
	}
	names := [...]string{
		"anything", "null", "number", "string", "boolean", "date", "time", "date and time", "days and time duration",
		"years and months duration", "list", "context", "range", "function",
	}
	if t.Kind == ListKind && t.Of != nil {
		return "list of " + t.Of.String()
	}
	return names[t.Kind]
}

// Coerce makes a value fit a type by the implicit conversions of the specification: a list of one to its item, an item to
// a list of one, a date to its midnight. ok is false when it does not fit.
func Coerce(v Value, t *Type, r *Run) (Value, bool) {
	if t == nil || t.Kind == AnyKind && t.Allowed == nil || v == nil {
		return v, true
	}
	if t.holds(v, r) {
		return v, true
	}
	if d, is := v.(Date); is && t.Kind == DateTimeKind {
		return midnight(d), true
	}
	if l, is := v.(List); is && t.Kind != ListKind && len(l) == 1 {
		if t.holds(l[0], r) {
			return l[0], true
		}
	}
	if t.Kind == ListKind && t.Of != nil {
		if _, is := v.(List); !is {
			if item, ok := Coerce(v, t.Of, r); ok && t.holds(List{item}, r) {
				return List{item}, true
			}
		}
	}
	return nil, false
}

// Holds reports whether a value is of the type, constraints included.
func (t *Type) Holds(v Value, r *Run) bool { return t.holds(v, r) }

func (t *Type) holds(v Value, r *Run) bool {
	if t == nil {
		return true
	}
	if v == nil {
		return t.Kind == AnyKind || t.Kind == NullKind
	}
	return t.shape(v, r) && t.allows(v, r)
}

func (t *Type) allows(v Value, r *Run) bool {
	if t.Allowed == nil {
		return true
	}
	// A list's item definition constrains each item.
	if l, is := v.(List); is && t.Kind == ListKind {
		for _, item := range l {
			if !t.Allowed.Test(r, t.Checked, item) {
				return false
			}
		}
		return true
	}
	return t.Allowed.Test(r, t.Checked, v)
}

func (t *Type) shape(v Value, r *Run) bool {
	switch t.Kind {
	case AnyKind:
		return true
	case NullKind:
		return v == nil
	case ListKind:
		return t.shapeList(v, r)
	case ContextKind:
		return t.shapeContext(v, r)
	case RangeKind:
		g, is := v.(*Range)
		return is && (t.Of == nil || endHolds(t.Of, g.Low, r) && endHolds(t.Of, g.High, r) && (g.Low != nil || g.High != nil))
	case FunctionKind:
		return t.shapeFunction(v)
	}
	return t.Kind == kindOf(v)
}

func endHolds(t *Type, v Value, r *Run) bool { return v == nil || t.holds(v, r) }

func (t *Type) shapeList(v Value, r *Run) bool {
	l, is := v.(List)
	if !is || t.Of == nil {
		return is
	}
	for _, item := range l {
		if item != nil && !t.Of.holds(item, r) {
			return false
		}
	}
	return true
}

func (t *Type) shapeContext(v Value, r *Run) bool {
	c, is := v.(*Context)
	if !is {
		return false
	}
	for _, f := range t.Fields {
		item, there := c.Get(f.Name)
		if !there || item != nil && !f.Type.holds(item, r) {
			return false
		}
	}
	return true
}

func (t *Type) shapeFunction(v Value) bool {
	f, is := v.(*Function)
	if !is {
		return false
	}
	if t.Args == nil && t.Returns == nil {
		return true
	}
	if f.builtin != nil {
		return f.builtin.variadic || f.builtin.accepts(len(t.Args))
	}
	if len(f.Params) != len(t.Args) {
		return false
	}
	for i, p := range f.Params {
		if t.Args[i] != nil && !t.Args[i].narrower(p.Type) {
			return false
		}
	}
	return f.Returns == nil || f.Returns.narrower(t.Returns)
}

// narrower reports whether every value of t is one of wide.
func (t *Type) narrower(wide *Type) bool {
	if wide == nil || wide.Kind == AnyKind {
		return true
	}
	if t == nil {
		return false
	}
	if t.Kind == NullKind {
		return true
	}
	if t.Kind != wide.Kind {
		return false
	}
	if wide.Of != nil && !t.Of.narrower(wide.Of) {
		return false
	}
	return t.narrowerParts(wide)
}

func (t *Type) narrowerParts(wide *Type) bool {
	for _, f := range wide.Fields {
		found := false
		for _, g := range t.Fields {
			found = found || g.Name == f.Name && g.Type.narrower(f.Type)
		}
		if !found {
			return false
		}
	}
	if wide.Kind != FunctionKind || wide.Args == nil {
		return true
	}
	if len(wide.Args) != len(t.Args) {
		return false
	}
	for i := range wide.Args {
		if !wide.Args[i].narrower(t.Args[i]) {
			return false
		}
	}
	return t.Returns.narrower(wide.Returns)
}

func kindOf(v Value) Kind {
	switch v.(type) {
	case *Number:
		return NumberKind
	case string:
		return StringKind
	case bool:
		return BooleanKind
	case Date:
		return DateKind
	case Time:
		return TimeKind
	case DateTime:
		return DateTimeKind
	case Days:
		return DaysKind
	case Months:
		return MonthsKind
	}
	return NullKind
}

// BaseType finds one of FEEL's own types, with or without a prefix such as feel: before it.
func BaseType(name string) (*Type, bool) {
	if _, after, ok := strings.Cut(name, ":"); ok {
		name = after
	}
	t, ok := BaseTypes()[name]
	return t, ok
}

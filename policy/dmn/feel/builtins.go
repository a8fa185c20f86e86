package feel

import (
	"slices"
	"strings"
)

// builtin is a function that FEEL itself has.
type builtin struct {
	signatures [][]string // names of parameters; one that ends in ? may be left out
	variadic   bool       // the items of the first parameter may be given one by one
	call       func(r *Run, a []Value) Value
}

func takes(params string, call func(r *Run, a []Value) Value) *builtin {
	b := &builtin{call: call}
	if params == "" {
		b.signatures = [][]string{nil}
		return b
	}
	for _, signature := range strings.Split(params, "|") {
		var names []string
		for _, name := range strings.Split(signature, ",") {
			names = append(names, strings.TrimSpace(name))
		}
		b.signatures = append(b.signatures, names)
	}
	return b
}

func takesMany(params string, call func(r *Run, a []Value) Value) *builtin {
	b := takes(params, call)
	b.variadic = true
	return b
}

// of applies to one argument.
func of[T any](call func(r *Run, v T) Value) func(*Run, []Value) Value {
	return func(r *Run, a []Value) Value {
		v, ok := as[T](a[0])
		if !ok {
			return r.null("a %s is not what the function takes", TypeName(a[0]))
		}
		return call(r, v)
	}
}

func ofTwo[T, U any](call func(r *Run, v T, w U) Value) func(*Run, []Value) Value {
	return func(r *Run, a []Value) Value {
		v, ok := as[T](a[0])
		w, ok2 := as[U](a[1])
		if !ok || !ok2 {
			return r.null("a %s and a %s are not what the function takes", TypeName(a[0]), TypeName(a[1]))
		}
		return call(r, v, w)
	}
}

// as gives a value as a kind, out of a list of one if need be; a single value is a list of one.
func as[T any](v Value) (T, bool) {
	if t, ok := v.(T); ok {
		return t, true
	}
	var none T
	if l, is := v.(List); is && len(l) == 1 {
		t, ok := l[0].(T)
		return t, ok
	}
	if _, wantsList := any(none).(List); wantsList && v != nil {
		return any(List{v}).(T), true
	}
	return none, false
}

// optional is the argument at a place, or null.
func optional(a []Value, i int) Value {
	if i < len(a) {
		return a[i]
	}
	return nil
}

func (b *builtin) invoke(r *Run, args []Value) Value {
	if b.variadic {
		if len(args) == 0 {
			return r.null("the function takes at least one argument")
		}
		return b.call(r, args)
	}
	if !b.accepts(len(args)) {
		return r.null("the function does not take %d arguments", len(args))
	}
	return b.call(r, args)
}

func (b *builtin) accepts(count int) bool {
	return slices.ContainsFunc(b.signatures, func(s []string) bool { return count <= len(s) && count >= required(s) })
}

func required(signature []string) int {
	n := 0
	for _, name := range signature {
		if !strings.HasSuffix(name, "?") {
			n++
		}
	}
	return n
}

// order puts named arguments in their places.
func (b *builtin) order(names []string, args []Value) ([]Value, bool) {
	for _, s := range b.signatures {
		if ordered, ok := orderBy(s, names, args); ok {
			return ordered, true
		}
	}
	return nil, false
}

func orderBy(signature, names []string, args []Value) ([]Value, bool) {
	ordered := make([]Value, len(signature))
	last := required(signature)
	for i, name := range names {
		at := slices.IndexFunc(signature, func(s string) bool { return strings.TrimSuffix(s, "?") == name })
		if at < 0 {
			return nil, false
		}
		ordered[at] = args[i]
		last = max(last, at+1)
	}
	return ordered[:last], true
}

// items are the arguments of a function that takes one list or many values.
func items(a []Value) List {
	if l, is := a[0].(List); is && len(a) == 1 {
		return l
	}
	return List(a)
}

var builtins = collect(conversionFunctions(), booleanFunctions(), stringFunctions(), numberFunctions(), listFunctions(), aggregateFunctions(),
	contextFunctions(), temporalFunctions(), rangeFunctions())

func collect(groups ...map[string]*builtin) map[string]*builtin {
	all := map[string]*builtin{}
	for _, g := range groups {
		for name, b := range g {
			all[name] = b
		}
	}
	return all
}

func booleanFunctions() map[string]*builtin {
	return map[string]*builtin{
		"not": takes("negand", func(_ *Run, a []Value) Value {
			if b, is := as[bool](a[0]); is {
				return !b
			}
			return nil
		}),
		"is": takes("value1, value2", func(_ *Run, a []Value) Value { return identical(a[0], a[1]) }),
	}
}

// identical compares without conversion: zones and fractions count.
func identical(a, b Value) bool {
	switch x := a.(type) {
	case Date, Time, DateTime, Days, Months:
		return x == b
	}
	return TypeName(a) == TypeName(b) && same(a, b)
}

func contextFunctions() map[string]*builtin {
	return map[string]*builtin{
		"get value": takes("m, key", func(r *Run, a []Value) Value {
			c, ok := as[*Context](a[0])
			key, ok2 := a[1].(string)
			if !ok || !ok2 {
				return r.null("get value takes a context and a string")
			}
			v, _ := c.Get(key)
			return v
		}),
		"get entries": takes("m", of(func(_ *Run, c *Context) Value {
			entries := List{}
			for _, k := range c.keys {
				entries = append(entries, keyValue(k, c.values[k]))
			}
			return entries
		})),
		"context":       takes("entries", of(contextFrom)),
		"context put":   takes("context, key, value | context, keys, value", contextPut),
		"context merge": takes("contexts", of(contextMerge)),
	}
}

func keyValue(key string, v Value) *Context {
	c := NewContext()
	c.Put("key", key)
	c.Put("value", v)
	return c
}

func contextFrom(r *Run, entries List) Value {
	c := NewContext()
	for _, e := range entries {
		x, ok := e.(*Context)
		if !ok {
			return r.null("context takes entries that have a key and a value")
		}
		k, _ := x.Get("key")
		v, there := x.Get("value")
		key, ok := k.(string)
		if _, twice := c.Get(key); !ok || !there || twice {
			return r.null("context takes entries that have a key of their own and a value")
		}
		c.Put(key, v)
	}
	return c
}

func contextPut(r *Run, a []Value) Value {
	c, ok := as[*Context](a[0])
	if !ok {
		return r.null("context put takes a context")
	}
	keys, isList := a[1].(List)
	if !isList {
		keys = List{a[1]}
	}
	return putAt(r, c, keys, a[2])
}

func putAt(r *Run, c *Context, keys List, v Value) Value {
	if len(keys) == 0 {
		return r.null("context put takes at least one key")
	}
	key, ok := keys[0].(string)
	if !ok {
		return r.null("a key is a string")
	}
	if len(keys) > 1 {
		inner, is := c.values[key].(*Context)
		if !is {
			return r.null("the context has no context called %s", key)
		}
		if v = putAt(r, inner, keys[1:], v); v == nil {
			return nil
		}
	}
	d := c.clone()
	d.Put(key, v)
	return d
}

func contextMerge(r *Run, contexts List) Value {
	merged := NewContext()
	for _, v := range contexts {
		c, ok := v.(*Context)
		if !ok {
			return r.null("context merge takes contexts")
		}
		for _, k := range c.keys {
			merged.Put(k, c.values[k])
		}
	}
	return merged
}

package feel

import (
	"sort"
)

func listFunctions() map[string]*builtin {
	return map[string]*builtin{
		"list contains": takes("list, element", func(r *Run, a []Value) Value {
			l, ok := as[List](a[0])
			if !ok {
				return r.null("list contains takes a list")
			}
			return indexOf(l, a[1]) >= 0
		}),
		"count": takes("list", of(func(_ *Run, l List) Value { return NewNumber(int64(len(l))) })),
		"append": takesMany("list, items", func(r *Run, a []Value) Value {
			if a[0] == nil && len(a) == 1 {
				return r.null("append takes a list")
			}
			l, ok := as[List](a[0])
			if !ok {
				l = List{a[0]}
			}
			return joined(l, List(a[1:]))
		}),
		"concatenate":     takesMany("list", concatenate),
		"insert before":   takes("list, position, newItem", insertBefore),
		"remove":          takes("list, position", ofTwo(remove)),
		"list replace":    takes("list, position, newItem | list, match, newItem", listReplace),
		"reverse":         takes("list", of(reverse)),
		"index of":        takes("list, match", indexesOf),
		"union":           takesMany("list", union),
		"distinct values": takes("list", of(func(_ *Run, l List) Value { return distinct(l) })),
		"flatten":         takes("list", of(func(r *Run, l List) Value { return flatten(r, l, List{}, 0) })),
		"sublist":         takes("list, start position, length?", sublist),
		"sort":            takes("list, precedes?", sortBy),
	}
}

func indexOf(l List, v Value) int {
	for i, item := range l {
		if same(item, v) {
			return i
		}
	}
	return -1
}

func joined(lists ...List) List {
	all := List{}
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

func concatenate(r *Run, a []Value) Value {
	all := List{}
	for _, v := range a {
		l, ok := as[List](v)
		if !ok {
			return r.null("concatenate takes lists")
		}
		all = append(all, l...)
	}
	if len(all) > maxItems {
		return r.null("the list is longer than %d", maxItems)
	}
	return all
}

func union(r *Run, a []Value) Value {
	if l, is := concatenate(r, a).(List); is {
		return distinct(l)
	}
	return nil
}

func distinct(l List) List {
	kept := List{}
	for _, v := range l {
		if indexOf(kept, v) < 0 {
			kept = append(kept, v)
		}
	}
	return kept
}

// place finds a position of a list: from 1, or from the end.
func place(v Value, length int) (int, bool) {
	i, ok := truncated(v)
	if ok && i < 0 {
		i += length + 1
	}
	return i - 1, ok && i >= 1 && i <= length
}

func insertBefore(r *Run, a []Value) Value {
	l, ok := as[List](a[0])
	at, ok2 := place(a[1], len(l))
	if !ok || !ok2 {
		return r.null("insert before takes a list and one of its positions")
	}
	return joined(l[:at], List{a[2]}, l[at:])
}

func remove(r *Run, l List, position *Number) Value {
	at, ok := place(position, len(l))
	if !ok {
		return r.null("remove takes a list and one of its positions")
	}
	return joined(l[:at], l[at+1:])
}

func listReplace(r *Run, a []Value) Value {
	l, ok := as[List](a[0])
	if !ok {
		return r.null("list replace takes a list")
	}
	replaced := joined(l)
	if f, is := a[1].(*Function); is {
		if len(f.Params) != 2 {
			return r.null("list replace takes a function of two parameters")
		}
		for i, v := range l {
			switch f.Invoke(r, []Value{v, a[2]}) {
			case true:
				replaced[i] = a[2]
			case false:
			default:
				return r.null("list replace takes a function that gives true or false")
			}
		}
		return replaced
	}
	at, ok := place(a[1], len(l))
	if !ok {
		return r.null("list replace takes one of the list's positions")
	}
	replaced[at] = a[2]
	return replaced
}

func reverse(_ *Run, l List) Value {
	back := make(List, len(l))
	for i, v := range l {
		back[len(l)-1-i] = v
	}
	return back
}

func indexesOf(r *Run, a []Value) Value {
	l, ok := as[List](a[0])
	if !ok {
		return r.null("index of takes a list")
	}
	found := List{}
	for i, v := range l {
		if same(v, a[1]) {
			found = append(found, NewNumber(int64(i+1)))
		}
	}
	return found
}

func flatten(r *Run, l, into List, depth int) List {
	for _, v := range l {
		if !r.step() {
			return into
		}
		if inner, is := v.(List); is && depth < maxDepth {
			into = flatten(r, inner, into, depth+1)
			continue
		}
		into = append(into, v)
	}
	return into
}

func sublist(r *Run, a []Value) Value {
	l, ok := as[List](a[0])
	at, ok2 := place(a[1], len(l))
	if !ok || !ok2 {
		return r.null("sublist takes a list and one of its positions")
	}
	end := len(l)
	if length := optional(a, 2); length != nil {
		n, ok := truncated(length)
		if !ok || n < 0 || n > end-at {
			return r.null("the list does not have so many items")
		}
		end = at + n
	}
	return joined(l[at:end])
}

func sortBy(r *Run, a []Value) Value {
	l, ok := as[List](a[0])
	if !ok {
		return r.null("sort takes a list")
	}
	precedes, given := optional(a, 1).(*Function)
	if !given && optional(a, 1) != nil {
		return r.null("sort takes a function")
	}
	failed := false
	sorted := joined(l)
	sort.SliceStable(sorted, func(i, j int) bool {
		if given {
			b, is := precedes.Invoke(r, []Value{sorted[i], sorted[j]}).(bool)
			failed = failed || !is
			return b
		}
		o, comparable := Order(sorted[i], sorted[j])
		failed = failed || !comparable
		return o < 0
	})
	if failed {
		return r.null("the items of the list cannot be put in order")
	}
	return sorted
}

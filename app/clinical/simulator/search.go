package simulator

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	pageSize    = 20
	pageSizeMax = 100
	pagesMax    = 1000 // searches by form that may be under way
)

// query is a search by what this server can search by.
type query struct {
	carries       string // an identifier that what is found carries, as system|value; empty when it is not searched by
	filters       []func(version) bool
	include       string
	count, offset int
}

func refusedSearch(code, says string) *refused {
	return &refused{http.StatusBadRequest, code, says, ""}
}

func parseQuery(raw string) (query, error) {
	q := query{count: pageSize}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return q, refusedSearch("invalid", "The search cannot be read.")
	}
	for name, given := range values {
		if len(given) != 1 && name != "start" && name != "date" {
			return q, refusedSearch("not-supported", "Each search parameter but a date is given once.")
		}
		for _, value := range given {
			if err := q.parameter(name, value); err != nil {
				return q, err
			}
		}
	}
	if q.count < 1 || q.offset < 0 {
		return q, refusedSearch("value", "A search parameter has a value that is not allowed.")
	}
	q.count = min(q.count, pageSizeMax)
	return q, nil
}

// parameter adds one.
func (q *query) parameter(name, value string) error {
	var err error
	switch name {
	case "_id":
		q.where(func(v version) bool { return v.ID == value })
	case "identifier":
		if strings.Contains(value, "|") {
			q.carries = value
		}
		q.where(func(v version) bool { return anyMatches(identifiers(v.Resource), value) })
	case "status", "intent":
		q.where(func(v version) bool { return slices.Contains(strings.Split(value, ","), text(v.Resource, name)) })
	case "group-identifier":
		q.where(func(v version) bool {
			group := first(v.Resource, "groupIdentifier")
			return anyMatches([]string{text(group, "system") + "|" + text(group, "value")}, value)
		})
	case "patient.identifier":
		q.where(func(v version) bool { return slices.Contains(whom(v.Resource, "identifier"), value) })
	case "patient":
		q.where(func(v version) bool {
			return slices.Contains(whom(v.Resource, "reference"), "Patient/"+strings.TrimPrefix(value, "Patient/"))
		})
	case "schedule":
		q.where(func(v version) bool {
			return text(v.Resource, "schedule", "reference") == "Schedule/"+strings.TrimPrefix(value, "Schedule/")
		})
	case "date", "start":
		err = q.begins(value)
	case "_sort":
		if value != "date" && value != "start" {
			err = strconv.ErrSyntax
		}
	case "_include":
		if q.include = value; value != "Slot:schedule" {
			err = strconv.ErrSyntax
		}
	case "_count":
		q.count, err = strconv.Atoi(value)
	case "_offset":
		q.offset, err = strconv.Atoi(value)
	default:
		return refusedSearch("not-supported", "This server does not search by "+strings.ToLower(name)+".")
	}
	if err != nil {
		return refusedSearch("value", "A search parameter has a value that is not allowed.")
	}
	return nil
}

func (q *query) where(filter func(version) bool) { q.filters = append(q.filters, filter) }

func (q query) matches(v version) bool {
	for _, f := range q.filters {
		if !f(v) {
			return false
		}
	}
	return true
}

// begins is a bound on when something starts: ge or lt, and a moment.
func (q *query) begins(value string) error {
	prefix, rest := value[:min(2, len(value))], value[min(2, len(value)):]
	at, err := time.Parse(time.RFC3339, rest)
	if err != nil || (prefix != "ge" && prefix != "lt") {
		return strconv.ErrSyntax
	}
	q.where(func(v version) bool {
		start, err := time.Parse(time.RFC3339, text(v.Resource, "start"))
		return err == nil && start.Before(at) == (prefix == "lt")
	})
	return nil
}

// anyMatches compares system|value, or a value of any system.
func anyMatches(own []string, wanted string) bool {
	return slices.ContainsFunc(own, func(id string) bool {
		if strings.Contains(wanted, "|") {
			return id == wanted
		}
		_, value, _ := strings.Cut(id, "|")
		return value == wanted
	})
}

// whom are those whom a resource is for or with: their identifiers as system|value, or their references.
func whom(r resource, by string) (all []string) {
	one := func(reference resource) {
		switch {
		case reference == nil:
		case by == "reference":
			all = append(all, text(reference, "reference"))
		default:
			all = append(all, text(first(reference, "identifier"), "system")+"|"+text(first(reference, "identifier"), "value"))
		}
	}
	one(first(r, "subject"))
	one(first(r, "for"))
	list, _ := r["participant"].([]any)
	for _, x := range list {
		if p, ok := x.(map[string]any); ok {
			one(first(p, "actor"))
		}
	}
	return all
}

// search answers with one page, and the address of the next. What begins comes in the order of its beginning, all else in that of its
// making. A search that came as a form is not said again in an address.
func (r *records) search(kind, raw string, form bool) (resource, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	raw, form = r.turned(raw, form)
	q, err := parseQuery(raw)
	if err != nil {
		return nil, err
	}
	found := r.matching(kind, q)
	if kind == "Appointment" || kind == "Slot" {
		slices.SortStableFunc(found, func(a, b version) int { return strings.Compare(text(a.Resource, "start"), text(b.Resource, "start")) })
	}
	from := min(q.offset, len(found))
	until := min(from+q.count, len(found))
	entries, included := []any{}, map[string]bool{}
	for _, v := range found[from:until] {
		entries = append(entries, resource{"fullUrl": v.name(), "resource": stamped(v).Resource, "search": resource{"mode": "match"}})
		if name := text(v.Resource, "schedule", "reference"); q.include != "" && name != "" {
			included[name] = true
		}
	}
	for name := range included {
		if v, exists := r.byName[name]; exists {
			entries = append(entries, resource{"fullUrl": v.name(), "resource": stamped(v).Resource, "search": resource{"mode": "include"}})
		}
	}
	page := resource{"resourceType": "Bundle", "type": "searchset", "total": len(found)}
	if links := r.links(kind, raw, form, until < len(found), until); len(links) > 0 {
		page["link"] = links
	}
	if len(entries) > 0 { // an empty array is not FHIR
		page["entry"] = entries
	}
	return page, nil
}

// turned is the search that a page's address stands for.
func (r *records) turned(raw string, form bool) (string, bool) {
	token, isPage := strings.CutPrefix(raw, "_page=")
	if kept, known := r.pages[token]; isPage && known {
		return kept, true
	}
	return raw, form
}

func (r *records) links(kind, raw string, form, more bool, until int) (links []any) {
	if !form {
		links = append(links, resource{"relation": "self", "url": kind + "?" + raw})
	}
	if !more {
		return links
	}
	next, _ := url.ParseQuery(raw) // it was read before
	next.Set("_offset", strconv.Itoa(until))
	address := next.Encode()
	if form {
		token := newID()
		if len(r.pages) >= pagesMax {
			clear(r.pages)
		}
		r.pages[token] = address
		address = "_page=" + token
	}
	return append(links, resource{"relation": "next", "url": kind + "?" + address})
}

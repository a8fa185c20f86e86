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
)

// query is a search by what this server can search by.
type query struct {
	id, identifier, status string
	patient                string    // of an Appointment: system|value of a participant
	from                   time.Time // of an Appointment: it begins at or after this
	count, offset          int
}

func parseQuery(raw string) (query, error) {
	q := query{count: pageSize}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return q, &refused{http.StatusBadRequest, "invalid", "The search cannot be read.", ""}
	}
	for name, given := range values {
		if len(given) != 1 {
			return q, &refused{http.StatusBadRequest, "not-supported", "Each search parameter is given once.", ""}
		}
		switch value := given[0]; name {
		case "_id":
			q.id = value
		case "identifier":
			q.identifier = value
		case "status":
			q.status = value
		case "patient.identifier":
			q.patient = value
		case "date":
			day, ok := strings.CutPrefix(value, "ge")
			if q.from, err = time.Parse(time.RFC3339, day); !ok && err == nil {
				err = strconv.ErrSyntax
			}
		case "_sort":
			if value != "date" {
				err = strconv.ErrSyntax
			}
		case "_count":
			q.count, err = strconv.Atoi(value)
		case "_offset":
			q.offset, err = strconv.Atoi(value)
		default:
			return q, &refused{http.StatusBadRequest, "not-supported", "This server searches by _id, identifier, status, and appointments by patient.identifier and date.", ""}
		}
		if err != nil || q.count < 1 || q.offset < 0 {
			return q, &refused{http.StatusBadRequest, "value", "A search parameter has a value that is not allowed.", ""}
		}
	}
	q.count = min(q.count, pageSizeMax)
	return q, nil
}

func (q query) matches(v version) bool {
	switch {
	case q.id != "" && q.id != v.ID:
		return false
	case q.status != "" && q.status != text(v.Resource, "status"):
		return false
	case q.patient != "" && !slices.Contains(participants(v.Resource), q.patient):
		return false
	case !q.from.IsZero() && !begins(v.Resource, q.from):
		return false
	case q.identifier == "":
		return true
	}
	return slices.ContainsFunc(identifiers(v.Resource), func(own string) bool {
		if strings.Contains(q.identifier, "|") {
			return own == q.identifier
		}
		_, value, _ := strings.Cut(own, "|")
		return value == q.identifier
	})
}

// begins reports whether something begins at a moment or after it.
func begins(r resource, from time.Time) bool {
	at, err := time.Parse(time.RFC3339, text(r, "start"))
	return err == nil && !at.Before(from)
}

// participants are the identifiers of those whom an appointment is for or with.
func participants(r resource) (all []string) {
	list, _ := r["participant"].([]any)
	for _, x := range list {
		if p, ok := x.(map[string]any); ok {
			all = append(all, text(first(p, "actor", "identifier"), "system")+"|"+text(first(p, "actor", "identifier"), "value"))
		}
	}
	return all
}

// search answers with one page, and the address of the next. Appointments come in the order of their beginning, all else in
// that of its making.
func (r *records) search(kind string, address *url.URL) (resource, error) {
	q, err := parseQuery(address.RawQuery)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	found := r.matching(kind, q)
	r.mu.Unlock()
	if kind == "Appointment" {
		slices.SortStableFunc(found, func(a, b version) int { return strings.Compare(text(a.Resource, "start"), text(b.Resource, "start")) })
	}
	from := min(q.offset, len(found))
	until := min(from+q.count, len(found))
	entries := []any{}
	for _, v := range found[from:until] {
		entries = append(entries, resource{"fullUrl": v.name(), "resource": stamped(v).Resource, "search": resource{"mode": "match"}})
	}
	links := []any{resource{"relation": "self", "url": kind + "?" + address.RawQuery}}
	if until < len(found) {
		next := address.Query()
		next.Set("_offset", strconv.Itoa(until))
		links = append(links, resource{"relation": "next", "url": kind + "?" + next.Encode()})
	}
	page := resource{"resourceType": "Bundle", "type": "searchset", "total": len(found), "link": links}
	if len(entries) > 0 { // an empty array is not FHIR
		page["entry"] = entries
	}
	return page, nil
}

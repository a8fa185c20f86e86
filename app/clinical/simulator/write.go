package simulator

import (
	"net/http"
	"strconv"
	"strings"
)

// create makes one resource, unless a search given in If-None-Exist finds it.
func (r *records) create(kind string, body resource, ifNoneExist string) (version, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := validate(kind, body); err != nil {
		return version{}, false, err
	}
	existing, err := r.existing(kind, ifNoneExist)
	if err != nil || existing != nil {
		if existing != nil {
			return *existing, false, nil
		}
		return version{}, false, err
	}
	v := version{Type: kind, ID: newID(), Version: 1, At: r.now().UTC(), Resource: body}
	return v, true, r.write([]version{v})
}

// existing is what a conditional create's search finds: nothing, one, or a refusal when there are several.
func (r *records) existing(kind, search string) (*version, error) {
	if search == "" {
		return nil, nil
	}
	q, err := parseQuery(search)
	if err != nil {
		return nil, err
	}
	switch found := r.matching(kind, q); len(found) {
	case 0:
		return nil, nil
	case 1:
		return &found[0], nil
	}
	return nil, &refused{http.StatusPreconditionFailed, "multiple-matches", "More than one resource matches.", ""}
}

// update replaces a resource; If-Match names the version that the caller saw.
func (r *records) update(kind, id string, body resource, ifMatch string) (version, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, err := r.replacement(kind, id, body, ifMatch)
	if err != nil {
		return version{}, err
	}
	return v, r.write([]version{v})
}

// write saves what a commit asks for, with what the diary makes of it.
func (r *records) write(versions []version) error {
	versions, err := r.scheduled(versions)
	if err != nil {
		return err
	}
	return r.save(versions)
}

// updateWhere replaces the one resource that a search finds, or makes one (conditional update, hl7.org/fhir/R4/http.html#cond-update).
func (r *records) updateWhere(kind, search string, body resource, ifMatch string) (version, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if search == "" {
		return version{}, false, &refused{http.StatusBadRequest, "required", "A conditional update needs a search.", ""}
	}
	if err := validate(kind, body); err != nil {
		return version{}, false, err
	}
	existing, err := r.existing(kind, search)
	if err != nil {
		return version{}, false, err
	}
	if existing == nil {
		v := version{Type: kind, ID: newID(), Version: 1, At: r.now().UTC(), Resource: body}
		return v, true, r.write([]version{v})
	}
	if id := text(body, "id"); id != "" && id != existing.ID {
		return version{}, false, &refused{http.StatusBadRequest, "invalid", "The id in the content is not the one that was found.", kind + ".id"}
	}
	named := make(resource, len(body)+1)
	for name, value := range body {
		named[name] = value
	}
	named["id"] = existing.ID
	v, err := r.replacement(kind, existing.ID, named, ifMatch)
	if err != nil {
		return version{}, false, err
	}
	return v, false, r.write([]version{v})
}

func (r *records) replacement(kind, id string, body resource, ifMatch string) (version, error) {
	if err := validate(kind, body); err != nil {
		return version{}, err
	}
	old, exists := r.byName[kind+"/"+id]
	switch {
	case !exists:
		return version{}, &refused{http.StatusNotFound, "not-found", "There is no such resource.", ""}
	case text(body, "id") != id:
		return version{}, &refused{http.StatusBadRequest, "invalid", "The id in the content is not the one in the address.", kind + ".id"}
	case ifMatch != "" && ifMatch != old.etag():
		return version{}, &refused{http.StatusPreconditionFailed, "conflict", "Someone changed it since: read it again.", ""}
	}
	return version{Type: kind, ID: id, Version: old.Version + 1, At: r.now().UTC(), Resource: body}, nil
}

func (r *records) read(kind, id string) (version, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, exists := r.byName[kind+"/"+id]
	if !exists {
		return version{}, &refused{http.StatusNotFound, "not-found", "There is no such resource.", ""}
	}
	return v, nil
}

// transaction carries out every entry of a Bundle or none. Its commit is one effect.
func (r *records) transaction(bundle resource) (resource, error) {
	entries, err := transactionEntries(bundle)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	results := make([]version, len(entries))
	statuses := make([]string, len(entries))
	var written []version
	names := map[string]string{} // from urn:uuid to what it became
	for i, e := range entries {
		v, changes, err := r.plan(e)
		if err != nil {
			return nil, err
		}
		results[i], statuses[i] = v, "200 OK"
		if e.method == http.MethodPost && changes {
			statuses[i] = "201 Created"
		}
		if e.fullURL != "" {
			names[e.fullURL] = v.name()
		}
		if changes {
			written = append(written, v)
		}
	}
	for i := range written {
		if written[i].Resource, err = resolved(written[i].Resource, names); err != nil {
			return nil, err
		}
	}
	if err := r.write(written); err != nil {
		return nil, err
	}
	var answers []any
	for i, v := range results {
		answers = append(answers, resource{"response": resource{
			"status": statuses[i], "location": v.location(), "etag": v.etag(), "lastModified": v.At.UTC().Format("2006-01-02T15:04:05.000Z07:00"),
		}})
	}
	return resource{"resourceType": "Bundle", "type": "transaction-response", "entry": answers}, nil
}

// plan is what one entry would leave, and whether that is a change: what a conditional create finds stays as it is.
func (r *records) plan(e entry) (version, bool, error) {
	if e.method == http.MethodPut {
		v, err := r.replacement(e.kind, e.id, e.body, e.ifMatch)
		return v, true, err
	}
	if err := validate(e.kind, e.body); err != nil {
		return version{}, false, err
	}
	existing, err := r.existing(e.kind, e.ifNoneExist)
	if err != nil {
		return version{}, false, err
	}
	if existing != nil {
		return *existing, false, nil
	}
	return version{Type: e.kind, ID: newID(), Version: 1, At: r.now().UTC(), Resource: e.body}, true, nil
}

// entry is one of a transaction's.
type entry struct {
	fullURL, method, kind, id, ifNoneExist, ifMatch string
	body                                            resource
}

func transactionEntries(bundle resource) ([]entry, error) {
	if text(bundle, "resourceType") != "Bundle" || text(bundle, "type") != "transaction" {
		return nil, &refused{http.StatusBadRequest, "value", "Send a Bundle of type transaction.", "Bundle.type"}
	}
	list, _ := bundle["entry"].([]any)
	if len(list) == 0 {
		return nil, &refused{http.StatusBadRequest, "required", "The transaction has no entry.", "Bundle.entry"}
	}
	seen := map[string]bool{}
	var out []entry
	for i, x := range list {
		where := "Bundle.entry[" + strconv.Itoa(i) + "]"
		e, _ := x.(map[string]any)
		body, _ := e["resource"].(map[string]any)
		kind, id, _ := strings.Cut(text(e, "request", "url"), "/")
		got := entry{
			fullURL: text(e, "fullUrl"), method: text(e, "request", "method"), kind: kind, id: id, body: body,
			ifNoneExist: text(e, "request", "ifNoneExist"), ifMatch: text(e, "request", "ifMatch"),
		}
		switch {
		case got.method != http.MethodPost && got.method != http.MethodPut:
			return nil, &refused{http.StatusBadRequest, "not-supported", "An entry is a POST or a PUT.", where + ".request.method"}
		case body == nil:
			return nil, &refused{http.StatusBadRequest, "required", "An entry needs a resource.", where + ".resource"}
		case !served[kind] || (got.method == http.MethodPost) != (id == ""):
			return nil, &refused{http.StatusBadRequest, "not-supported", "The entry's address is not one that this server has.", where + ".request.url"}
		case got.fullURL != "" && seen[got.fullURL]:
			return nil, &refused{http.StatusBadRequest, "duplicate", "Two entries have the same fullUrl.", where + ".fullUrl"}
		}
		seen[got.fullURL] = true
		out = append(out, got)
	}
	return out, nil
}

// resolved is a copy in which every reference to an entry names what the entry became.
func resolved(r resource, names map[string]string) (resource, error) {
	value, err := resolve(r, names)
	if err != nil {
		return nil, err
	}
	return value.(map[string]any), nil
}

func resolve(x any, names map[string]string) (any, error) {
	switch x := x.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, v := range x {
			to, isText := v.(string)
			if k == "reference" && isText && strings.HasPrefix(to, "urn:uuid:") {
				name, ok := names[to]
				if !ok {
					return nil, &refused{http.StatusBadRequest, "not-found", "A reference points at no entry of the transaction.", ""}
				}
				out[k] = name
				continue
			}
			inner, err := resolve(v, names)
			if err != nil {
				return nil, err
			}
			out[k] = inner
		}
		return out, nil
	case []any:
		out := make([]any, len(x))
		for i, v := range x {
			inner, err := resolve(v, names)
			if err != nil {
				return nil, err
			}
			out[i] = inner
		}
		return out, nil
	}
	return x, nil
}

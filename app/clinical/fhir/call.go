package fhir

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
)

const formType = "application/x-www-form-urlencoded"

// mostPages bounds how far a search is followed.
const mostPages = 20

// ask is one request.
type ask struct {
	method, path string // the path follows the base address, and holds nothing identifiable
	id           uuid.UUID
	correlation  uuid.UUID
	contentType  string
	body         []byte
	ifMatch      string
	ifNoneExist  string
}

// send makes one request and reads its answer whole. An error means that there is no answer to judge.
func (s *System) send(ctx context.Context, q ask) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, q.method, s.base+q.path, bytes.NewReader(q.body))
	if err != nil {
		return answer{}, &clinical.Refused{Says: "The address of the clinical system is not valid.", Cause: errors.New("the address cannot be read")}
	}
	q.headers(request.Header)
	writes := q.method == http.MethodPut || (q.method == http.MethodPost && q.contentType != formType)
	response, err := s.client.Do(request)
	if err != nil {
		return answer{}, lost(err, writes)
	}
	defer func() { _ = response.Body.Close() }()
	a := answer{
		method: q.method, writes: writes, status: response.StatusCode, etag: response.Header.Get("ETag"), location: response.Header.Get("Location"),
		retryAfter: wait(response.Header.Get("Retry-After"), s.now()), fhir: isFHIR(response.Header.Get("Content-Type")),
	}
	a.body, err = io.ReadAll(io.LimitReader(response.Body, answerLimit+1))
	if err != nil {
		return answer{}, lost(err, writes)
	}
	if len(a.body) > answerLimit {
		a.body, a.fhir = nil, false
	}
	// A server may answer a write with nothing (Prefer: return=minimal), and says in headers where it is.
	if a.status/100 == 2 && !a.fhir && (!writes || len(a.body) > 0 || q.path == "") {
		return answer{}, a.unreadable(fmt.Errorf("status %d with a body that is not FHIR JSON, or too long", a.status))
	}
	return a, nil
}

func (q ask) headers(h http.Header) {
	h.Set("Accept", r4.MediaType)
	if q.id != uuid.Nil {
		h.Set("X-Request-ID", q.id.String())
	}
	if q.correlation != uuid.Nil {
		h.Set("X-Correlation-ID", q.correlation.String())
	}
	if q.body != nil {
		kind := q.contentType
		if kind == "" {
			kind = r4.ContentType
		}
		h.Set("Content-Type", kind)
	}
	if q.ifMatch != "" {
		h.Set("If-Match", q.ifMatch)
	}
	if q.ifNoneExist != "" {
		h.Set("If-None-Exist", q.ifNoneExist)
	}
}

func isFHIR(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == r4.MediaType || kind == "application/json")
}

// search gives every match and what was included, page after page, until give says that it has enough; a page is given to its end.
// What would name a person is sent as a form.
func (s *System) search(ctx context.Context, kind string, by url.Values, asForm bool, give func(r4.Entry) (enough bool)) error {
	q := ask{method: http.MethodGet, path: "/" + kind + "?" + by.Encode()}
	if asForm {
		q = ask{method: http.MethodPost, path: "/" + kind + "/_search", contentType: formType, body: []byte(by.Encode())}
	}
	for range mostPages {
		a, err := s.send(ctx, q)
		if err != nil {
			return err
		}
		if a.status != http.StatusOK {
			return a.problem()
		}
		page, err := r4.DecodeAs[*r4.Bundle](a.body)
		if err != nil {
			return a.unreadable(err)
		}
		enough := false
		for _, e := range page.Entry {
			enough = (e.Resource != nil && give(e)) || enough
		}
		next := page.Linked("next")
		if enough || next == "" {
			return nil
		}
		path, ok := s.within(next)
		if !ok {
			return a.unreadable(errors.New("the address of the next page is not one of this system"))
		}
		q = ask{method: http.MethodGet, path: path}
	}
	return &clinical.Unavailable{Says: "The clinical system's answer goes on over too many pages.", Cause: errors.New("too many pages")}
}

// within is the part of a link that follows the base address. Its host is not looked at, since servers behind others do not know their
// own: the call goes to the host that was set up in any case.
func (s *System) within(link string) (string, bool) {
	u, err := url.Parse(link)
	if err != nil || u.Opaque != "" {
		return "", false
	}
	path := u.EscapedPath()
	if strings.HasPrefix(path, "/") {
		rest, ok := strings.CutPrefix(path, s.basePath)
		if !ok {
			return "", false
		}
		path = rest
	}
	path = "/" + strings.TrimPrefix(path, "/")
	if strings.Contains(path, "..") {
		return "", false
	}
	return path + "?" + u.RawQuery, true
}

// transact puts what is to be changed into one transaction, and gives what became of each entry. A conflict is the answer's status.
func (s *System) transact(ctx context.Context, id, correlation uuid.UUID, entries []r4.Entry) (answer, []r4.EntryResponse, error) {
	body, err := json.Marshal(r4.Bundle{Type: r4.Transaction, Entry: entries})
	if err != nil {
		return answer{}, nil, &clinical.Refused{Says: "The document cannot be written as FHIR, so it was not sent.", Cause: err}
	}
	a, err := s.send(ctx, ask{method: http.MethodPost, id: id, correlation: correlation, body: body})
	if err != nil || (a.status != http.StatusOK && a.status != http.StatusCreated) {
		return a, nil, err
	}
	answered, err := r4.DecodeAs[*r4.Bundle](a.body)
	if err != nil || len(answered.Entry) != len(entries) {
		return a, nil, a.unreadable(err)
	}
	responses := make([]r4.EntryResponse, len(entries))
	for i, e := range answered.Entry {
		if e.Response == nil || (!strings.HasPrefix(e.Response.Status, "200") && !strings.HasPrefix(e.Response.Status, "201")) {
			return a, nil, a.unreadable(errors.New("an entry of a transaction that succeeded is neither 200 nor 201"))
		}
		responses[i] = *e.Response
	}
	return a, responses, nil
}

// named is a resource's own name, such as Task/123.
var named = regexp.MustCompile(`^[A-Z][A-Za-z]{1,40}/[A-Za-z0-9\-.]{1,64}$`)

// located is a resource's own name, from a location that may be absolute or relative, with or without a version.
var located = regexp.MustCompile(`(?:^|/)([A-Z][A-Za-z]{1,40})/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?$`)

func externalID(location, kind string) (string, bool) {
	m := located.FindStringSubmatch(location)
	if m == nil || m[1] != kind {
		return "", false
	}
	return m[1] + "/" + m[2], true
}

// read is a resource by its name, its JSON as it came, and its version.
func read[T r4.Resource](ctx context.Context, s *System, name string) (r T, raw []byte, etag string, err error) {
	if !named.MatchString(name) {
		return r, nil, "", &clinical.Refused{Says: "The clinical system did not say which one this is, so it cannot be changed there.", Cause: errors.New("no name of the system's own")}
	}
	a, err := s.send(ctx, ask{method: http.MethodGet, path: "/" + name})
	if err != nil {
		return r, nil, "", err
	}
	if a.status == http.StatusNotFound || a.status == http.StatusGone {
		return r, nil, "", &clinical.Refused{Says: "The clinical system does not have this any more.", Cause: a.cause()}
	}
	if a.status != http.StatusOK {
		return r, nil, "", a.problem()
	}
	if r, err = r4.DecodeAs[T](a.body); err != nil {
		return r, nil, "", a.unreadable(err)
	}
	if etag = a.etag; etag == "" {
		etag = etagOf(a.body)
	}
	return r, a.body, etag, nil
}

// etagOf is a resource's version as If-Match wants it.
func etagOf(raw []byte) string {
	var head struct {
		Meta *r4.Meta `json:"meta"`
	}
	if json.Unmarshal(raw, &head) != nil {
		return ""
	}
	return head.Meta.ETag()
}

// put replaces a resource in a transaction, if it is still as it was read.
func put(name string, raw []byte, etag string) r4.Entry {
	kind, _, _ := strings.Cut(name, "/")
	return r4.Entry{Resource: &r4.Other{Kind: kind, Raw: raw}, Request: &r4.EntryRequest{Method: http.MethodPut, URL: name, IfMatch: etag}}
}

// post makes a resource in a transaction, if a search does not find it.
func post(fullURL string, r r4.Resource, once string) r4.Entry {
	return r4.Entry{FullURL: fullURL, Resource: r, Request: &r4.EntryRequest{Method: http.MethodPost, URL: r4.KindOf(r), IfNoneExist: once}}
}

func bySystem(system, value string) string { return "identifier=" + system + "|" + value }

func count(n int) string { return strconv.Itoa(n) }

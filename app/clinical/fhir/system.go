package fhir

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
)

// GivesUpAfter is how long a call may take from its first byte to its answer's last.
const GivesUpAfter = 5 * time.Second

// answerLimit is far above any answer to what we ask.
const answerLimit = 1 << 20

// System is one server.
type System struct {
	base   string
	client *http.Client
	now    func() time.Time
}

var _ clinical.System = (*System)(nil)

// New makes an adapter for the server at baseURL, such as https://example.nhs.uk/fhir. The transport holds connections and
// may be shared; nil is http.DefaultTransport. The clock reads dates in Retry-After.
func New(baseURL string, transport http.RoundTripper, now func() time.Time) *System {
	return &System{
		base: strings.TrimRight(baseURL, "/"),
		client: &http.Client{
			Transport: transport,
			Timeout:   GivesUpAfter,
			// Somewhere else is not the system that the organisation named: a document is never sent there.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		now: now,
	}
}

// File sends the document as one transaction.
func (s *System) File(ctx context.Context, d clinical.Delivery) (clinical.Receipt, error) {
	doc := d.Document
	if err := doc.Check(); err != nil {
		return clinical.Receipt{}, &clinical.Refused{Says: "The document is not complete, so it was not sent.", Cause: err}
	}
	body, err := json.Marshal(filing(doc))
	if err != nil {
		return clinical.Receipt{}, &clinical.Refused{Says: "The document cannot be written as FHIR, so it was not sent.", Cause: err}
	}
	a, err := s.call(ctx, http.MethodPost, "", doc.DeliveryID, body)
	if err != nil {
		return clinical.Receipt{}, err
	}
	switch a.status {
	case http.StatusOK, http.StatusCreated:
		return a.receipt()
	case http.StatusConflict, http.StatusPreconditionFailed:
		return s.afterConflict(ctx, d, a)
	}
	return clinical.Receipt{}, a.problem()
}

// afterConflict looks whether the conflict is with our own earlier try.
func (s *System) afterConflict(ctx context.Context, d clinical.Delivery, a answer) (clinical.Receipt, error) {
	receipt, found, err := s.Find(ctx, d)
	switch {
	case err != nil:
		return clinical.Receipt{}, &clinical.Unknown{Says: "The clinical system reported a conflict, and could not be read to see why.", Cause: err}
	case found:
		return receipt, nil
	}
	return clinical.Receipt{}, &clinical.Unavailable{
		Says: "The clinical system reported a conflict with another change. We try again.", RetryAfter: a.retryAfter, Cause: a.cause(),
	}
}

// Find looks for a delivery's Task. The transaction is atomic, so the document is there when the Task is.
func (s *System) Find(ctx context.Context, d clinical.Delivery) (clinical.Receipt, bool, error) {
	delivery := d.ID
	query := url.Values{"identifier": {DeliverySystem + "|" + delivery.String()}}
	a, err := s.call(ctx, http.MethodGet, "/Task?"+query.Encode(), delivery, nil)
	if err != nil {
		return clinical.Receipt{}, false, err
	}
	if a.status != http.StatusOK {
		return clinical.Receipt{}, false, a.problem()
	}
	var list found
	if err := json.Unmarshal(a.body, &list); err != nil || list.ResourceType != "Bundle" {
		return clinical.Receipt{}, false, a.unreadable(err)
	}
	for _, entry := range list.Entry {
		var t task
		if err := json.Unmarshal(entry.Resource, &t); err != nil {
			return clinical.Receipt{}, false, a.unreadable(err)
		}
		if t.ResourceType == "Task" && t.ID != "" && ours(t.Identifier, delivery) {
			return foundReceipt(t), true, nil
		}
	}
	return clinical.Receipt{}, false, nil
}

func ours(ids []identifier, delivery uuid.UUID) bool {
	for _, id := range ids {
		if id.System == DeliverySystem && id.Value == delivery.String() {
			return true
		}
	}
	return false
}

func foundReceipt(t task) clinical.Receipt {
	r := clinical.Receipt{State: clinical.Filed, ExternalID: "Task/" + t.ID}
	if t.Meta != nil {
		r.At = when(t.Meta.LastUpdated)
		if t.Meta.VersionID != "" {
			r.ETag = `W/"` + t.Meta.VersionID + `"`
		}
	}
	return r
}

// Capabilities reads the server's CapabilityStatement.
func (s *System) Capabilities(ctx context.Context) (clinical.Capabilities, error) {
	a, err := s.call(ctx, http.MethodGet, "/metadata", uuid.Nil, nil)
	if err != nil {
		return clinical.Capabilities{}, err
	}
	if a.status != http.StatusOK {
		return clinical.Capabilities{}, a.problem()
	}
	var statement capabilityStatement
	if err := json.Unmarshal(a.body, &statement); err != nil || statement.ResourceType != "CapabilityStatement" {
		return clinical.Capabilities{}, a.unreadable(err)
	}
	return statement.capabilities(), nil
}

func (c capabilityStatement) capabilities() clinical.Capabilities {
	out := clinical.Capabilities{Software: c.Software.Name, Version: c.FHIRVersion}
	transaction, creates, searches, appointments := false, map[string]bool{}, false, false
	for _, rest := range c.Rest {
		if rest.Mode != "server" {
			continue
		}
		for _, i := range rest.Interaction {
			transaction = transaction || i.Code == "transaction"
		}
		for _, r := range rest.Resource {
			for _, i := range r.Interaction {
				creates[r.Type] = creates[r.Type] || (i.Code == "create" && r.ConditionalCreate)
				searches = searches || (r.Type == "Task" && i.Code == "search-type")
				appointments = appointments || (r.Type == "Appointment" && i.Code == "search-type")
			}
		}
	}
	if transaction && creates["Task"] && creates["DocumentReference"] {
		out.Offers = append(out.Offers, clinical.FileOutcome)
	}
	if searches {
		out.Offers = append(out.Offers, clinical.ReadBack)
	}
	if appointments {
		out.Offers = append(out.Offers, clinical.Appointments)
	}
	return out
}

// call sends FHIR, or nothing.
func (s *System) call(ctx context.Context, method, path string, delivery uuid.UUID, body []byte) (answer, error) {
	return s.send(ctx, method, path, delivery, contentTypeHeader, body)
}

// send makes one request and reads its answer whole. An error means that there is no answer to judge.
func (s *System) send(ctx context.Context, method, path string, delivery uuid.UUID, contentType string, body []byte) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, &clinical.Refused{Says: "The address of the clinical system is not valid.", Cause: err}
	}
	request.Header.Set("Accept", "application/fhir+json")
	if delivery != uuid.Nil {
		request.Header.Set("X-Request-ID", delivery.String())
	}
	if body != nil {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return answer{}, lost(err)
	}
	defer func() { _ = response.Body.Close() }()
	a := answer{
		method: method, status: response.StatusCode,
		retryAfter: wait(response.Header.Get("Retry-After"), s.now()), fhir: isFHIR(response.Header.Get("Content-Type")),
	}
	a.body, err = io.ReadAll(io.LimitReader(response.Body, answerLimit+1))
	if err != nil {
		return answer{}, lost(err)
	}
	if len(a.body) > answerLimit {
		a.body, a.fhir = nil, false
	}
	if a.status/100 == 2 && !a.fhir {
		return answer{}, a.unreadable(fmt.Errorf("status %d with a body that is not FHIR JSON, or too long", a.status))
	}
	return a, nil
}

func isFHIR(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/fhir+json" || kind == "application/json")
}

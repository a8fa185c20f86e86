package systems_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/fhir"
	"onedoor/app/clinical/simulator"
)

// doubled is a way to a receiver that carries out everything twice, and answers once: it knows nothing again.
type doubled struct {
	inner http.RoundTripper
	t     *testing.T

	mu sync.Mutex
	on bool
}

func (d *doubled) RoundTrip(r *http.Request) (*http.Response, error) {
	d.mu.Lock()
	on := d.on
	d.mu.Unlock()
	if !on || r.Method != http.MethodPost || strings.HasSuffix(r.URL.Path, "/_search") {
		return d.inner.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	again := r.Clone(r.Context())
	again.Header.Set("X-Request-Id", uuid.NewString())
	again.Body, again.ContentLength = io.NopCloser(bytes.NewReader(unconditional(d.t, body))), -1
	response, err := d.inner.RoundTrip(again)
	if err != nil {
		return nil, err
	}
	_ = response.Body.Close()
	if response.StatusCode/100 != 2 {
		d.t.Errorf("the second time: %s", response.Status)
	}
	r.Body = io.NopCloser(bytes.NewReader(unconditional(d.t, body)))
	r.ContentLength = -1
	return d.inner.RoundTrip(r)
}

// unconditional is a message without its conditions.
func unconditional(t *testing.T, body []byte) []byte {
	var bundle map[string]any
	if err := json.Unmarshal(body, &bundle); err != nil {
		t.Error(err)
	}
	entries, _ := bundle["entry"].([]any)
	for _, e := range entries {
		if request, ok := e.(map[string]any)["request"].(map[string]any); ok {
			delete(request, "ifNoneExist")
		}
	}
	out, err := json.Marshal(bundle)
	if err != nil {
		t.Error(err)
	}
	return out
}

// What a receiver has twice is found by reading it back, in each protocol that can tell.
func TestWhatAReceiverWroteTwiceIsFound(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	way := &doubled{inner: f.client.Transport, t: t}
	fhirAt, barsAt := f.organisation(), f.organisation()
	fhirSystem, err := fhir.New(fhir.Options{BaseURL: f.server.URL + simulator.BasePath(fhirAt), Transport: way, Now: f.Now})
	if err != nil {
		t.Fatal(err)
	}
	barsSystem, err := newBaRS(f, barsAt, way)
	if err != nil {
		t.Fatal(err)
	}
	meshAt := f.organisation()
	meshSystem, err := filers(f)["MESH"].make(meshAt)
	if err != nil {
		t.Fatal(err)
	}
	differs := func(name string, system clinical.System, d clinical.Delivery, want clinical.DifferenceKind) {
		t.Helper()
		if _, counts := system.(clinical.Counter); !counts {
			t.Errorf("%s counts nothing", name)
		}
		if kind, err := clinical.Compare(t.Context(), system, d); err != nil || kind != want {
			t.Errorf("%s: it differs by %q, want %q: %v", name, kind, want, err)
		}
	}
	file := func(system clinical.System, d clinical.Delivery) clinical.Delivery {
		t.Helper()
		d, err := settled(system, d, nil)
		if err != nil || d.State == clinical.NeedsAttention {
			t.Fatalf("%s: %v", d.LastError, err)
		}
		d.State = clinical.Filed // MESH hears it later
		return d
	}
	once := []clinical.Delivery{
		file(fhirSystem, matrixDelivery(fhirAt, clinical.OwnRecord, nil)), file(barsSystem, matrixDelivery(barsAt, clinical.Arrival, nil)),
		file(meshSystem, matrixDelivery(meshAt, clinical.RegisteredPractice, nil)),
	}
	way.mu.Lock()
	way.on = true
	way.mu.Unlock()
	first := matrixDelivery(meshAt, clinical.RegisteredPractice, nil)
	twice := []clinical.Delivery{
		file(fhirSystem, matrixDelivery(fhirAt, clinical.OwnRecord, nil)), file(barsSystem, matrixDelivery(barsAt, clinical.Arrival, nil)), file(meshSystem, first),
	}
	file(meshSystem, first) // by something that forgot that it had sent it
	for i, system := range []clinical.System{fhirSystem, barsSystem, meshSystem} {
		name := []string{"FHIR", "BaRS", "MESH"}[i]
		differs(name+", once", system, once[i], "")
		differs(name+", twice", system, twice[i], clinical.Twice)
		never := matrixDelivery(fhirAt, map[string]clinical.Purpose{"FHIR": clinical.OwnRecord, "BaRS": clinical.Arrival, "MESH": clinical.RegisteredPractice}[name], nil)
		never.State = clinical.Filed
		differs(name+", never", system, never, clinical.Missing)
	}
	replayed := twice[2]
	replayed.ReplayedAt = time.Now()
	differs("MESH, sent again by a person", meshSystem, replayed, "")
	referral := once[1]
	referral.State = clinical.NeedsAttention
	differs("BaRS, there after all", barsSystem, referral, clinical.Unexpected)
	withdrawal, err := settled(fhirSystem, matrixDelivery(fhirAt, clinical.Withdrawal, &once[0]), nil)
	if err != nil {
		t.Fatal(err)
	}
	differs("FHIR, a withdrawal", fhirSystem, withdrawal, "")
}

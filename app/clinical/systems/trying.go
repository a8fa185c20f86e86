package systems

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/integrations"
)

// testTime bounds a whole test.
const testTime = 20 * time.Second

// Test tries a connection: it makes an adapter of it as it stands, asks what the system offers and one question that changes
// nothing, and says of each step what came of it. It goes by the network also where the integration is paused or only records.
func (s *Systems) Test(ctx context.Context, i clinical.Integration) ([]integrations.Step, *clinical.Capabilities) {
	ctx, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	w := &watcher{}
	t := trial{steps: map[integrations.StepName]integrations.Step{}}
	fresh, err := s.make(ctx, i, func(inner http.RoundTripper) http.RoundTripper {
		w.inner = inner
		return w
	})
	if err != nil {
		says := "It cannot be opened with the keys of this service. Set the credentials again."
		var refused *clinical.Refused
		if errors.As(err, &refused) {
			says = refused.Says
		}
		t.set(integrations.StepCredential, integrations.Failed, says)
		return t.list(), nil
	}
	defer fresh.closes()
	w.certified = fresh.known
	offers, err := fresh.system.Capabilities(ctx)
	t.reach(w)
	if err != nil {
		t.set(integrations.StepCapabilities, integrations.Failed, clinical.Says(err))
		return t.list(), nil
	}
	t.set(integrations.StepCapabilities, integrations.Passed, offered(offers))
	t.search(ctx, fresh.system, i, offers, s.o.Now())
	t.letIn(w) // again: the search may be what is refused
	return t.list(), &offers
}

// trial is what has been found out so far.
type trial struct {
	steps map[integrations.StepName]integrations.Step
}

func (t trial) set(name integrations.StepName, state integrations.StepState, says string) {
	t.steps[name] = integrations.Step{Step: name, State: state, Says: says}
}

// list is every step; what was not come to is skipped.
func (t trial) list() []integrations.Step {
	var list []integrations.Step
	for _, name := range integrations.Steps() {
		step, made := t.steps[name]
		if !made {
			step = integrations.Step{Step: name, State: integrations.Skipped, Says: "Not tried, because of what is said of another step."}
		}
		list = append(list, step)
	}
	return list
}

// reach says whether the system was reached, how, and whether it let us in.
func (t trial) reach(w *watcher) {
	first, called := w.first()
	if !called {
		t.set(integrations.StepAddress, integrations.Skipped, "Nothing was called.")
		return
	}
	if first.err != nil {
		step, says := unreached(first.err)
		if step != integrations.StepAddress {
			t.set(integrations.StepAddress, integrations.Passed, "Something answers at the address, and it may be called.")
		}
		t.set(step, integrations.Failed, says)
		return
	}
	t.set(integrations.StepAddress, integrations.Passed, "The system answers, and its address may be called.")
	if first.tls == nil {
		t.set(integrations.StepEncryption, integrations.Skipped, "Not encrypted. The platform’s operator allows that for this address; for a real system it must never be.")
	} else {
		says := "Encrypted with " + tls.VersionName(first.tls.Version) + "."
		if len(first.tls.PeerCertificates) > 0 {
			says += " The system’s certificate is good until " + first.tls.PeerCertificates[0].NotAfter.Format("2 January 2006") + "."
		}
		t.set(integrations.StepEncryption, integrations.Passed, says)
	}
	t.letIn(w)
}

// letIn says whether the system accepted who calls.
func (t trial) letIn(w *watcher) {
	if t.steps[integrations.StepEncryption].State == integrations.Failed || t.steps[integrations.StepAddress].State == integrations.Failed {
		return
	}
	authorised := w.certified
	for _, e := range w.all() {
		if e.status == http.StatusUnauthorized || e.status == http.StatusForbidden {
			t.set(integrations.StepCredential, integrations.Failed, fmt.Sprintf("The system does not let us in (status %d). Look whether the credentials are right, and registered with the system’s owner.", e.status))
			return
		}
		authorised = authorised || e.authorised
	}
	if !authorised {
		t.set(integrations.StepCredential, integrations.Skipped, "No credential was shown, and none was asked for.")
		return
	}
	t.set(integrations.StepCredential, integrations.Passed, "The system lets us in.")
}

// search asks something that changes nothing: for a document that nobody sent, or for free appointments.
func (t trial) search(ctx context.Context, system clinical.System, i clinical.Integration, offers clinical.Capabilities, now time.Time) {
	scheduler, schedules := system.(clinical.Scheduler)
	var err error
	switch {
	case slices.Contains(offers.Offers, clinical.ReadBack):
		id := uuid.New()
		_, _, err = system.Find(ctx, clinical.Delivery{
			ID: id, CorrelationID: id, NeighbourhoodID: i.NeighbourhoodID, OrganisationID: i.OrganisationID, IntegrationID: i.ID,
			State: clinical.Sent, Document: clinical.Document{DeliveryID: id}, CreatedAt: now, SentAt: now,
		})
	case i.Kind == clinical.GPConnect:
		t.set(integrations.StepSearch, integrations.Skipped, "Not asked: the practice’s system answers about appointments only to a named member of staff who books for a patient.")
		return
	case schedules && slices.Contains(offers.Offers, clinical.FindSlots):
		_, err = scheduler.Slots(ctx, clinical.SlotQuery{From: now, To: now.AddDate(0, 0, 7), Most: 1})
	default:
		t.set(integrations.StepSearch, integrations.Skipped, "The system offers nothing that could be asked without changing something.")
		return
	}
	if err != nil {
		t.set(integrations.StepSearch, integrations.Failed, clinical.Says(err))
		return
	}
	t.set(integrations.StepSearch, integrations.Passed, "The system answers a question that changes nothing.")
}

func offered(c clinical.Capabilities) string {
	name := strings.TrimSpace(c.Software)
	if name == "" {
		name = "The system"
	}
	switch len(c.Offers) {
	case 0:
		return name + " says nothing of what this product could use. What it lacks becomes a person’s task."
	case 1:
		return name + " offers one thing that this product uses."
	}
	return fmt.Sprintf("%s offers %d things that this product uses.", name, len(c.Offers))
}

// unreached says why there was no answer, and which step that is of. What net and net/http say may hold the address.
func unreached(err error) (integrations.StepName, string) {
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var alert tls.AlertError
	var record tls.RecordHeaderError
	var name *net.DNSError
	var timeout net.Error
	switch {
	case fault.Is(err, "outbound_refused"):
		return integrations.StepAddress, "This product does not call that address: it is not public, or not encrypted. The platform’s operator can allow it."
	case errors.As(err, &authority):
		return integrations.StepEncryption, "The system’s certificate is signed by an authority that is not known here. Give its certificate as a credential."
	case errors.As(err, &host):
		return integrations.StepEncryption, "The system’s certificate is for another name than the address has."
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return integrations.StepEncryption, "The system’s certificate has run out, or does not hold yet."
	case errors.As(err, &invalid):
		return integrations.StepEncryption, "The system’s certificate cannot be used for this."
	case errors.As(err, &alert), strings.Contains(err.Error(), "remote error: tls"):
		return integrations.StepCredential, "The system ended the connection: it asks for a client certificate that it knows."
	case errors.As(err, &record):
		return integrations.StepEncryption, "What answers there does not encrypt."
	case errors.As(err, &name):
		return integrations.StepAddress, "There is no system of that name."
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return integrations.StepAddress, "Nothing answered in time."
	}
	return integrations.StepAddress, "Nothing answers at that address."
}

// watcher is a transport that notes what came of each call, and no more of it.
type watcher struct {
	inner     http.RoundTripper
	certified bool // the connection shows a certificate

	mu        sync.Mutex
	exchanges []exchange
}

type exchange struct {
	err        error
	status     int
	tls        *tls.ConnectionState
	authorised bool // a token was shown
}

// RoundTrip implements http.RoundTripper.
func (w *watcher) RoundTrip(r *http.Request) (*http.Response, error) {
	e := exchange{authorised: r.Header.Get("Authorization") != ""}
	response, err := w.inner.RoundTrip(r)
	if err != nil {
		e.err = err
	} else {
		e.status, e.tls = response.StatusCode, response.TLS
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.exchanges = append(w.exchanges, e)
	return response, err
}

// all are the calls so far.
func (w *watcher) all() []exchange {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.exchanges)
}

// first is the first call that was made.
func (w *watcher) first() (exchange, bool) {
	all := w.all()
	if len(all) == 0 {
		return exchange{}, false
	}
	return all[0], true
}

package bars

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
)

// versions of Core that are spoken, the newest first. The published examples are those of 1.4.0.
func versions() []string { return []string{"1.5.0", "1.4.0", "1.3.0", "1.2.0", "1.1.0", "1.0.0"} }

// firstVersion is what the receiver's capabilities are asked in.
const firstVersion = "1.4.0"

// keptFor is how long what a receiver says of itself is believed. Source: Core, Caching: 12 hours are recommended, 24 allowed.
const keptFor = 12 * time.Hour

// agreement is what was negotiated with a receiver.
type agreement struct {
	at        time.Time
	version   string // of Core
	statement capabilityStatement
	messages  map[string]*r4.MessageDefinition // by event and what it is for, as they were asked for
}

type capabilityStatement struct {
	ResourceType string `json:"resourceType"`
	Version      string `json:"version"`
	Software     struct {
		Name string `json:"name"`
	} `json:"software"`
	Rest []struct {
		Mode     string `json:"mode"`
		Resource []struct {
			Type        string `json:"type"`
			Interaction []struct {
				Code string `json:"code"`
			} `json:"interaction"`
		} `json:"resource"`
		Operation []struct {
			Name string `json:"name"`
		} `json:"operation"`
	} `json:"rest"`
	Messaging []struct {
		SupportedMessage []struct {
			Mode       string `json:"mode"`
			Definition string `json:"definition"`
		} `json:"supportedMessage"`
	} `json:"messaging"`
}

// does reports whether a server offers an interaction.
func (c capabilityStatement) does(resource, interaction string) bool {
	for _, rest := range c.Rest {
		for _, r := range rest.Resource {
			for _, i := range r.Interaction {
				if rest.Mode == "server" && r.Type == resource && i.Code == interaction {
					return true
				}
			}
		}
	}
	return false
}

// takes reports whether it receives messages of a definition. Definitions are told with and without the address before them.
func (c capabilityStatement) takes(definition string) bool {
	last := definition[strings.LastIndex(definition, "/")+1:]
	for _, m := range c.Messaging {
		for _, s := range m.SupportedMessage {
			if s.Mode == "receiver" && s.Definition[strings.LastIndex(s.Definition, "/")+1:] == last {
				return true
			}
		}
	}
	return false
}

// named reports whether a code stands anywhere in a definition's contexts, or whether they name none of that system at all.
// Definitions are published in two ways: with the codes in code, and with them in the value.
func named(d *r4.MessageDefinition, systemEnd, code string) bool {
	some := false
	for _, u := range d.UseContext {
		codings := u.Codes()
		if value, ok := u.Value.(r4.CodeableConcept); ok {
			codings = append(codings, value.Coding...)
		}
		for _, c := range codings {
			if !strings.HasSuffix(c.System, systemEnd) || c.Code == "dos-id" { // which says only what kind of code is expected
				continue
			}
			some = true
			if strings.EqualFold(c.Code, code) {
				return true
			}
		}
	}
	return !some
}

// negotiated asks the receiver what it can, in the standard's order, unless that is known.
func (s *System) negotiated(ctx context.Context, from clinical.Party, correlation uuid.UUID) (agreement, error) {
	s.mu.Lock()
	known := s.learned
	s.mu.Unlock()
	if known != nil && s.now().Sub(known.at) < keptFor {
		return *known, nil
	}
	statement, version, err := s.capabilityStatement(ctx, from, correlation)
	if err != nil {
		return agreement{}, err
	}
	found := agreement{at: s.now(), version: version, statement: statement, messages: map[string]*r4.MessageDefinition{}}
	s.mu.Lock()
	s.learned = &found
	s.mu.Unlock()
	return found, nil
}

// forget makes the next call negotiate again: what the receiver said of itself did not hold.
func (s *System) forget() {
	s.mu.Lock()
	s.learned = nil
	s.mu.Unlock()
}

// capabilityStatement asks for it in our version and, when that is not acceptable, in older ones.
func (s *System) capabilityStatement(ctx context.Context, from clinical.Party, correlation uuid.UUID) (capabilityStatement, string, error) {
	var last answer
	for _, v := range versions() {
		if newer(v, firstVersion) {
			continue
		}
		a, err := s.read(ctx, "/metadata", from, correlation, v)
		if err != nil {
			return capabilityStatement{}, "", err
		}
		last = a
		if a.status == http.StatusNotAcceptable {
			continue
		}
		if a.status != http.StatusOK || a.body == nil {
			break
		}
		var c capabilityStatement
		if err := json.Unmarshal(a.body, &c); err != nil || c.ResourceType != "CapabilityStatement" {
			return c, "", unreadable(err)
		}
		version, ok := common(c.Version, v)
		if !ok {
			return c, "", &clinical.Refused{Says: "The receiving service speaks another version of the Booking and Referral Standard.", Cause: fmt.Errorf("its version has major %.8s", c.Version)}
		}
		return c, version, nil
	}
	return capabilityStatement{}, "", last.problem()
}

// common is the newest version that both speak: theirs when we know it, else the next older of ours. A statement without one is
// taken at the version in which it was asked for.
func common(theirs, asked string) (string, bool) {
	if parts(theirs) == nil {
		return asked, true
	}
	for _, v := range versions() {
		if parts(v)[0] == parts(theirs)[0] && !newer(v, theirs) {
			return v, true
		}
	}
	return "", false
}

// newer reports whether a version is newer than another; what is no version is the oldest.
func newer(a, b string) bool { return slices.Compare(parts(a), parts(b)) > 0 }

// parts are a version's three numbers; nil for what is none.
func parts(v string) []int {
	fields := strings.Split(strings.TrimSpace(v), ".")
	if len(fields) != 3 {
		return nil
	}
	out := make([]int, 0, len(fields))
	for _, f := range fields {
		f, _, _ = strings.Cut(f, "-")
		n, err := strconv.Atoi(f)
		if err != nil || n < 0 {
			return nil
		}
		out = append(out, n)
	}
	return out
}

// definition is what the receiver wants of a message for our service and use case, and refuses in words when it wants none.
func (s *System) definition(ctx context.Context, has agreement, event, definition string, from clinical.Party, correlation uuid.UUID) (*r4.MessageDefinition, error) {
	s.mu.Lock()
	kept, known := has.messages[definition]
	s.mu.Unlock()
	if known {
		return kept, nil
	}
	query := url.Values{"context": {s.target.System + "|" + s.target.Value, systemUseCases + "|" + s.useCase.Code}}
	a, err := s.read(ctx, "/MessageDefinition?"+query.Encode(), from, correlation, has.version)
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK || a.body == nil {
		return nil, a.problem()
	}
	var list received
	if err := json.Unmarshal(a.body, &list); err != nil || list.ResourceType != "Bundle" {
		return nil, unreadable(err)
	}
	for _, e := range list.Entry {
		d, err := r4.DecodeAs[*r4.MessageDefinition](e.Resource)
		if err != nil {
			continue
		}
		ours := named(d, "dos-id", s.target.Value) && named(d, "dos-service-id", s.target.Value) && named(d, "usecases-categories-bars", s.useCase.Code)
		if d.EventCode() == event && ours && fits(d, definition) {
			s.mu.Lock()
			has.messages[definition] = d
			s.mu.Unlock()
			return d, nil
		}
	}
	return nil, &clinical.Refused{Says: "The receiving service does not take this kind of referral. Send it another way, or ask it to be set up there."}
}

// fits reports whether a definition is for the message that is meant: an older one names the event alone, and not what for.
func fits(d *r4.MessageDefinition, definition string) bool {
	got, want := d.URL[strings.LastIndex(d.URL, "/")+1:], definition[strings.LastIndex(definition, "/")+1:]
	return got == want || (strings.HasPrefix(want, got) && !strings.HasSuffix(want, "-cancelled"))
}

// lacking names a resource that the receiver must have and the message has not.
func lacking(d *r4.MessageDefinition, b *r4.Bundle) string {
	have := map[string]bool{"Bundle": true}
	for _, e := range b.Entry {
		have[r4.KindOf(e.Resource)] = true
	}
	for _, f := range d.Focus {
		if f.Min > 0 && !have[f.Code] {
			return f.Code
		}
	}
	return ""
}

// applicationVersionOf is the version to write into a message: theirs where it is lower than ours and of the same major.
func applicationVersionOf(d *r4.MessageDefinition) string {
	if d == nil {
		return applicationVersion
	}
	theirs, ours := parts(d.Version), parts(applicationVersion)
	if theirs == nil || theirs[0] != ours[0] || slices.Compare(theirs, ours) >= 0 {
		return applicationVersion
	}
	return d.Version
}

// read is a call that changes nothing: each has a request id of its own.
func (s *System) read(ctx context.Context, path string, from clinical.Party, correlation uuid.UUID, version string) (answer, error) {
	id, err := uuid.NewRandomFromReader(s.random)
	if err != nil {
		return answer{}, err
	}
	return s.send(ctx, call{method: http.MethodGet, path: path, request: id, correlation: correlation, version: version, from: from})
}

func unreadable(cause error) error {
	return &clinical.Unknown{Says: "The receiving service answered in a way that we cannot read. We look whether it has the referral before we send the same again.", Cause: cause}
}

// Capabilities implements clinical.System.
func (s *System) Capabilities(ctx context.Context) (clinical.Capabilities, error) {
	id, err := uuid.NewRandomFromReader(s.random)
	if err != nil {
		return clinical.Capabilities{}, err
	}
	s.forget()
	has, err := s.negotiated(ctx, s.self, id)
	if err != nil {
		return clinical.Capabilities{}, err
	}
	out := clinical.Capabilities{Software: has.statement.Software.Name, Version: "Booking and Referral Standard " + has.version}
	if has.statement.takes(definitionReferral) {
		out.Offers = append(out.Offers, clinical.FileRequest)
	}
	if has.statement.does("ServiceRequest", "search-type") || has.statement.does("ServiceRequest", "read") {
		out.Offers = append(out.Offers, clinical.ReadBack, clinical.RequestStatus)
	}
	if has.statement.does("Slot", "search-type") {
		out.Offers = append(out.Offers, clinical.FindSlots)
	}
	if has.statement.takes(definitionBooking) {
		out.Offers = append(out.Offers, clinical.BookAppointment)
	}
	if has.statement.takes(definitionBookingEnd) {
		out.Offers = append(out.Offers, clinical.CancelAppointment)
	}
	return out, nil
}

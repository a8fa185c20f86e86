package bars

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
)

// Headers of the standard. Source: specification/booking-and-referral-1.4.0.yaml, components/parameters.
const (
	headerRequest      = "X-Request-Id"
	headerCorrelation  = "X-Correlation-Id"
	headerTarget       = "NHSD-Target-Identifier"
	headerOrganisation = "NHSD-End-User-Organisation"
	headerSoftware     = "NHSD-Requesting-Software"
	headerUseContext   = "use-context"
)

const mediaType = "application/fhir+json"

// answerLimit is far above any answer to what we ask.
const answerLimit = 1 << 20

// call is one request of the standard.
type call struct {
	method, path string
	// request and correlation are the ids that the receiver gives back. A retry has the same two.
	request, correlation uuid.UUID
	version              string
	from                 clinical.Party
	useContext           string // of a message only
	body                 []byte
}

// send makes one call and reads its answer whole. An error means that there is no answer to judge.
func (s *System) send(ctx context.Context, c call) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, c.method, s.base+c.path, bytes.NewReader(c.body))
	if err != nil {
		return answer{}, &clinical.Refused{Says: "The address of the service is not valid.", Cause: errors.New("the address cannot be parsed")}
	}
	h := request.Header
	h.Set("Accept", mediaType+"; version="+c.version)
	h.Set(headerRequest, c.request.String())
	h.Set(headerCorrelation, c.correlation.String())
	h.Set(headerTarget, encoded(s.target))
	h.Set(headerOrganisation, encoded(endUser(c.from)))
	h.Set(headerSoftware, encoded(software()))
	if c.body != nil {
		h.Set("Content-Type", mediaType+"; version="+c.version)
		h.Set(headerUseContext, c.useContext)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return answer{}, lost(err)
	}
	defer func() { _ = response.Body.Close() }()
	a := answer{
		call: c, status: response.StatusCode, retryAfter: wait(response.Header.Get("Retry-After"), s.now()),
		echoed: echoes(response.Header, headerRequest, c.request) && echoes(response.Header, headerCorrelation, c.correlation),
	}
	a.body, err = io.ReadAll(io.LimitReader(response.Body, answerLimit+1))
	if err != nil {
		return answer{}, lost(err)
	}
	if len(a.body) > answerLimit || !isFHIR(response.Header.Get("Content-Type")) {
		a.body = nil
	}
	return a, nil
}

func echoes(h http.Header, name string, want uuid.UUID) bool {
	got, err := uuid.Parse(h.Get(name))
	return err == nil && got == want
}

func isFHIR(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == mediaType || kind == "application/json")
}

// encoded is an object as the standard's headers hold it: standard Base64 of its JSON.
func encoded(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(b)
}

func endUser(from clinical.Party) *r4.Organization {
	o := &r4.Organization{Name: from.Name}
	if from.ODS != "" {
		o.Identifier = []r4.Identifier{{System: systemODS, Value: string(from.ODS)}}
	}
	return o
}

// device describes software as a FHIR Device does. Source: RequestingDevice_HParam.
type device struct {
	ResourceType string          `json:"resourceType"`
	Identifier   []r4.Identifier `json:"identifier"`
	DeviceName   deviceName      `json:"deviceName"`
	Version      value           `json:"version"`
}

type deviceName struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

type value struct {
	Value string `json:"value"`
}

func software() device {
	return device{
		"Device", []r4.Identifier{{System: systemDevice, Value: strings.ToLower(softwareName)}}, deviceName{softwareName, "manufacturer-name"}, value{softwareVersion},
	}
}

// lost judges a call without an answer. Only a connection that was never made is sure to have had no effect.
func lost(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return &clinical.Unavailable{Says: "The receiving service cannot be reached.", Cause: op}
	}
	return &clinical.Unknown{Says: "The receiving service did not answer, or the connection was lost. We look whether it has the referral before we send it again.", Cause: err}
}

// wait reads Retry-After: seconds, or a date (RFC 9110, 10.2.3).
func wait(header string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil {
		return max(0, time.Duration(min(seconds, 86_400))*time.Second)
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return max(0, at.Sub(now))
}

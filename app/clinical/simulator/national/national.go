// Package national plays national services for development and tests: the Personal Demographics Service, Patient Flags and
// the register of organisations, as their public specifications describe them.
//
//	/personal-demographics/FHIR/R4/Patient/{nhs number}     GET, and a search by GET of /Patient
//	/patient-flags/FHIR/R4/Flag?patient={nhs number}        GET
//	/organisation-data-terminology-api/fhir/Organization/{ods code}   GET
//	/{service}/faults                                       GET and POST {"mode": "ok|down|slow|rate-limit|never-answers|drops|malformed", "for": "30s"}
//	/{service}/calls                                        GET: how many calls were answered, and how many were too many
//
// It is written from the specifications and shares no type with the adapters, so that what they send is judged by somebody
// else: an unknown parameter, a missing X-Request-ID or a number without a check digit is refused as there, and more than 5
// calls in a second to the register of patients are answered 429. It keeps what it is given in memory, tells it to whoever
// asks, and is for made-up people only.
package national

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Paths of the services under the simulator's root.
const (
	PDSPath   = "/personal-demographics/FHIR/R4"
	FlagsPath = "/patient-flags/FHIR/R4"
	ODTPath   = "/organisation-data-terminology-api/fhir"
)

// callsPerSecond is the register of patients' limit for one application.
// Source: NHSDigital/personal-demographics-service-api, specification/personal-demographics.yaml, "Rate limits".
const callsPerSecond = 5

// Person is somebody in the register of patients.
type Person struct {
	NHSNumber, Given, Family string
	BirthDate                string // YYYY-MM-DD
	Gender                   string
	Postcode, Practice       string
	Pharmacy                 string
	Restricted, Invalidated  bool
	DiedOn                   string // YYYY-MM-DD; empty for the living
	Replaces                 string // an older NHS number that leads here
	Language                 string
	Interpreter              bool
	LargePrint               bool
	Adjustments              [][2]string // SNOMED CT code and words
}

// Organisation is one in the register of organisations.
type Organisation struct {
	ODS, Name, Role, RoleName string
	Lines                     []string
	Town, Postcode, Telephone string
	OpenedOn, ClosedOn        string // YYYY-MM-DD; the second is empty while it is open
	GPPractice                bool   // it has that role besides
}

// Server plays the services. It is safe for concurrent use.
type Server struct {
	mu            sync.Mutex
	people        map[string]Person
	organisations map[string]Organisation
	services      map[string]*service
}

// service is one of them: its faults, and what it was asked.
type service struct {
	mode    string
	until   time.Time
	recent  []time.Time
	perSec  int
	Calls   int `json:"calls"`
	TooMany int `json:"too_many"`
}

// New makes one that knows nobody.
func New() *Server {
	return &Server{
		people: map[string]Person{}, organisations: map[string]Organisation{},
		services: map[string]*service{"personal-demographics": {perSec: callsPerSecond}, "patient-flags": {}, "organisation-data-terminology-api": {}},
	}
}

// Know puts people into the register of patients, in the place of those with the same number.
func (s *Server) Know(people ...Person) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range people {
		s.people[p.NHSNumber] = p
	}
}

// List puts organisations into the register of organisations.
func (s *Server) List(organisations ...Organisation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range organisations {
		s.organisations[o.ODS] = o
	}
}

// Modes are how a service can behave.
func Modes() []string {
	return []string{"ok", "down", "slow", "rate-limit", "never-answers", "drops", "malformed"}
}

// slowBy is how late a slow service answers.
const slowBy = 3 * time.Second

// ServeHTTP finds the service. Faults and limits run on real time, as callers' patience does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	asked, ok := s.services[name]
	switch {
	case !ok:
		http.NotFound(w, r)
	case rest == "faults":
		s.faults(w, r, asked)
	case rest == "calls":
		s.mu.Lock()
		counted := *asked
		s.mu.Unlock()
		writeJSON(w, http.StatusOK, &counted)
	case !s.answers(w, r, asked):
	case r.Method != http.MethodGet:
		refuse(w, http.StatusMethodNotAllowed, "INVALID_METHOD", "Only GET is played here")
	case strings.HasPrefix(r.URL.Path, PDSPath+"/"):
		s.demographics(w, r, strings.TrimPrefix(r.URL.Path, PDSPath+"/"))
	case r.URL.Path == FlagsPath+"/Flag":
		s.flags(w, r)
	case strings.HasPrefix(r.URL.Path, ODTPath+"/Organization/"):
		s.organisation(w, strings.TrimPrefix(r.URL.Path, ODTPath+"/Organization/"))
	default:
		http.NotFound(w, r)
	}
}

// answers plays the fault and the limit, and reports whether the call goes on.
func (s *Server) answers(w http.ResponseWriter, r *http.Request, asked *service) bool {
	now := time.Now()
	s.mu.Lock()
	mode := asked.mode
	if !asked.until.IsZero() && now.After(asked.until) {
		mode = ""
	}
	asked.recent = slices.DeleteFunc(asked.recent, func(at time.Time) bool { return now.Sub(at) >= time.Second })
	tooMany := mode == "rate-limit" || (asked.perSec > 0 && len(asked.recent) >= asked.perSec)
	asked.Calls++
	if tooMany {
		asked.TooMany++
	} else {
		asked.recent = append(asked.recent, now)
	}
	s.mu.Unlock()
	switch {
	case mode == "down":
		refuse(w, http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE", "The service is down")
		return false
	case tooMany:
		w.Header().Set("Retry-After", "2")
		refuse(w, http.StatusTooManyRequests, "TOO_MANY_REQUESTS", "You have exceeded your application's rate limit")
		return false
	case mode == "never-answers":
		<-r.Context().Done()
		return false
	case mode == "drops":
		panic(http.ErrAbortHandler)
	case mode == "malformed":
		w.Header().Set("Content-Type", "application/fhir+json")
		_, _ = w.Write([]byte(`{"resourceType":"Patient","id":`)) // the caller may have gone
		return false
	case mode == "slow":
		select {
		case <-time.After(slowBy):
		case <-r.Context().Done():
			return false
		}
	}
	return true
}

func (s *Server) faults(w http.ResponseWriter, r *http.Request, asked *service) {
	if r.Method == http.MethodPost {
		var wanted struct {
			Mode string `json:"mode"`
			For  string `json:"for"`
		}
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&wanted)
		lasting, badTime := time.ParseDuration(wanted.For)
		if err != nil || (wanted.For != "" && badTime != nil) || !slices.Contains(Modes(), wanted.Mode) {
			writeJSON(w, http.StatusUnprocessableEntity, map[string]string{"error": `Send {"mode": "ok|down|slow|rate-limit|never-answers|drops|malformed", "for": "30s"}.`})
			return
		}
		s.mu.Lock()
		asked.mode, asked.until = wanted.Mode, time.Time{}
		if lasting > 0 {
			asked.until = time.Now().Add(lasting)
		}
		s.mu.Unlock()
	}
	s.mu.Lock()
	mode := asked.mode
	s.mu.Unlock()
	if mode == "" {
		mode = "ok"
	}
	writeJSON(w, http.StatusOK, map[string]string{"mode": mode})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the caller may have gone
}

func writeFHIR(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/fhir+json; version=1; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the caller may have gone
}

type object = map[string]any

// refuse answers as the services on the Spine do.
func refuse(w http.ResponseWriter, status int, code, display string) {
	writeFHIR(w, status, object{"resourceType": "OperationOutcome", "issue": []any{object{
		"severity": "error", "code": "processing",
		"details": object{"coding": []any{object{"system": "https://fhir.nhs.uk/R4/CodeSystem/Spine-ErrorOrWarningCode", "version": "1", "code": code, "display": display}}},
	}}})
}

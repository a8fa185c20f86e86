// Package simulator plays organisations' clinical systems for development and tests: a FHIR R4 server for each ODS code,
// a ledger of effects, and faults on command.
//
//	/{ods}/fhir     the server: transaction Bundle, create, read, update, search, metadata
//	/{ods}/mesh     MESH, and the organisation as a receiver of documents behind it (MeshPath)
//	/{ods}/patient-facing/FHIR/R4  GP Connect (Patient Facing) Prescriptions Management: repeat medicines, orders of them
//	/{ods}/STU3/1/gpconnect  GP Connect Appointment Management: slots, patients, appointments
//	/{ods}/bars     the Booking and Referral Standard: metadata, MessageDefinition, Slot, $process-message, and what was sent
//	/{ods}/ledger   GET: every commit as an effect, in order, never deduplicated
//	/{ods}/faults   GET and POST {"mode": "ok|down|slow|timeout-after-commit|conflict|rate-limit|…", "for": "30s",
//	                "latency": {"usual": "20ms", "slow": "400ms", "one_in": 20}}; the modes are those of Modes
//	/{ods}/oauth2   PUT /clients/{id} a JWK Set: from then on callers need a token; POST /token gives one (SMART Backend
//	                Services); /fhir/.well-known/smart-configuration says so
//
// It is written from the specification and shares no type with the adapters, so that what they send is judged by somebody
// else. It is durable: a commit is in an append-only journal, one file for each organisation, and synced before it is
// answered; a torn last line (the process was killed while writing it) is a commit that never was. It keeps what it is
// sent in the clear and asks nobody who they are unless a client was registered: it is for development, with test patients, and never for real ones.
package simulator

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"onedoor/app/nhs"
)

// Kind is what the demonstration calls such a system.
const Kind = "fhir-r4"

// Paths of one organisation's system under a simulator's root address.
func BasePath(ods nhs.ODSCode) string   { return "/" + string(ods) + "/fhir" }
func LedgerPath(ods nhs.ODSCode) string { return "/" + string(ods) + "/ledger" }
func FaultsPath(ods nhs.ODSCode) string { return "/" + string(ods) + "/faults" }

// Server plays every organisation that is asked for.
type Server struct {
	folder string
	now    func() time.Time

	closed chan struct{}
	beside map[string]http.Handler // by the first part of the path

	mu      sync.Mutex
	systems map[nhs.ODSCode]*system
}

// Hold puts a resource into an organisation's system as if it had always been there: it is no commit, it stands in no ledger,
// and it is put in anew at each start.
func (s *Server) Hold(ods nhs.ODSCode, kind, id string, r map[string]any) error {
	system, err := s.system(ods)
	if err != nil {
		return err
	}
	if err := validate(kind, r); err != nil {
		return err
	}
	system.records.hold(version{Type: kind, ID: id, Version: 1, At: s.now(), Resource: r})
	return nil
}

// Beside serves something else that is played, such as national services, under a first part of the path that is no ODS code.
// Call it before the first request.
func (s *Server) Beside(first string, h http.Handler) {
	s.beside[first] = http.StripPrefix("/"+first, h)
}

// system is one organisation's.
type system struct {
	records *records
	fault   *faultSwitch
	mesh    *post
	signIn  *signIn
	now     func() time.Time
	people  *people
}

// Open makes a simulator that keeps its journals in a folder, which it makes if need be; an empty name keeps everything in
// memory. The clock dates effects; faults and delays run on real time.
func Open(folder string, now func() time.Time) (*Server, error) {
	if folder != "" {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, err
		}
	}
	return &Server{folder: folder, now: now, closed: make(chan struct{}), beside: map[string]http.Handler{}, systems: map[nhs.ODSCode]*system{}}, nil
}

// Close lets go of callers who are kept waiting and closes the journals. Call it once, after the last request was accepted.
func (s *Server) Close() error {
	close(s.closed)
	s.mu.Lock()
	defer s.mu.Unlock()
	var first error
	for _, system := range s.systems {
		if err := system.records.close(); err != nil && first == nil {
			first = err
		}
	}
	s.systems = map[nhs.ODSCode]*system{}
	return first
}

func (s *Server) system(ods nhs.ODSCode) (*system, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, ok := s.systems[ods]; ok {
		return found, nil
	}
	records, err := openRecords(s.folder, string(ods), s.now)
	if err != nil {
		return nil, err
	}
	made := &system{records: records, fault: &faultSwitch{closed: s.closed}, signIn: newSignIn(), now: s.now, people: &people{}}
	made.mesh = newPost(records, made.fault, s.now)
	s.systems[ods] = made
	return made, nil
}

// ServeHTTP finds the organisation and what is asked of it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	first, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if h, ok := s.beside[first]; ok {
		h.ServeHTTP(w, r)
		return
	}
	ods, err := nhs.ParseODSCode(first)
	if err != nil || string(ods) != first {
		http.NotFound(w, r)
		return
	}
	system, err := s.system(ods)
	if err != nil {
		http.Error(w, "the journal cannot be read: "+err.Error(), http.StatusInternalServerError)
		return
	}
	part, path, _ := strings.Cut(rest, "/")
	protocol := map[string]func(http.ResponseWriter){
		"fhir":           func(w http.ResponseWriter) { system.serveFHIR(w, r, path) },
		"mesh":           func(w http.ResponseWriter) { system.mesh.serve(w, r, path) },
		"patient-facing": func(w http.ResponseWriter) { system.servePatientFacing(w, r, path) },
		"STU3":           func(w http.ResponseWriter) { system.serveGPConnect(w, r, ods, path) },
		"bars":           func(w http.ResponseWriter) { system.serveBaRS(w, r, ods, path) },
	}[part]
	switch {
	case protocol != nil:
		if !system.fault.garble(w, r, protocol) {
			protocol(w)
		}
	case part == "ledger" && path == "" && r.Method == http.MethodGet:
		writeJSON(w, http.StatusOK, system.records.ledger())
	case part == "oauth2":
		system.signIn.serve(w, r, path, system.now())
	case part == "faults" && path == "":
		system.fault.serve(w, r)
	default:
		http.NotFound(w, r)
	}
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the caller may have gone
}

package simulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"onedoor/app/nhs"
)

// What every mailbox of the simulator is entered with.
const (
	MeshPassword  = "simulated"
	MeshSharedKey = "TestKey"
)

// MeshPath is where an organisation's MESH is played, under a simulator's root address: MESH itself, with any number of
// mailboxes, and the organisation as the receiver behind it.
//
//	/{ods}/mesh/messageexchange/…   MESH: handshake, outbox with parts, tracking by either id, inbox
//	/{ods}/mesh/practice            GET and POST {"answers": "filed|received|silent|not-known|undeliverable"}
//
// A message is an effect when its last part has come, and not before. An upload that is not finished is forgotten when the
// simulator stops; a message that was put away stands in the inbox again.
func MeshPath(ods nhs.ODSCode) string { return "/" + string(ods) + "/mesh" }

// Answers is what the receiving organisation says of what it gets.
type Answers string

const (
	AnswersFiled         Answers = "filed"         // its machinery's word, then its staff's: known here
	AnswersReceived      Answers = "received"      // its machinery's word alone
	AnswersSilent        Answers = "silent"        // nothing
	AnswersNotKnown      Answers = "not-known"     // its machinery's word, then: patient not known here
	AnswersUndeliverable Answers = "undeliverable" // MESH finds no mailbox, and reports so
)

// post is a MESH: uploads on their way, what has come, and who put what away.
type post struct {
	records *records
	fault   *faultSwitch
	now     func() time.Time

	mu      sync.Mutex
	uploads map[string]*uploading
	putAway map[string]bool
	nonces  map[string]bool
	answers Answers
}

type uploading struct {
	from    string
	headers map[string]string
	parts   map[int][]byte
	total   int
}

func newPost(r *records, f *faultSwitch, now func() time.Time) *post {
	return &post{records: r, fault: f, now: now, uploads: map[string]*uploading{}, putAway: map[string]bool{}, nonces: map[string]bool{}, answers: AnswersFiled}
}

func (p *post) serve(w http.ResponseWriter, r *http.Request, path string) {
	if path == "practice" {
		p.serveAnswers(w, r)
		return
	}
	at := strings.Split(path, "/")
	if len(at) < 2 || at[0] != "messageexchange" {
		http.NotFound(w, r)
		return
	}
	writes := r.Method == http.MethodPost || r.Method == http.MethodPut
	if !p.fault.before(w, r, writes) {
		return
	}
	mailbox := at[1]
	if !p.entered(mailbox, r.Header.Get("Authorization")) {
		meshError(w, http.StatusForbidden, "", "Invalid Authentication Token")
		return
	}
	switch rest := at[2:]; {
	case len(rest) == 0 && r.Method == http.MethodGet:
		w.WriteHeader(http.StatusOK)
	case rest[0] == "outbox" && len(rest) == 1 && r.Method == http.MethodPost:
		p.begin(w, r, mailbox)
	case rest[0] == "outbox" && len(rest) == 2 && rest[1] == "tracking":
		p.track(w, mailbox, "id", r.URL.Query().Get("messageID"))
	case rest[0] == "outbox" && len(rest) == 3 && rest[1] == "tracking":
		p.track(w, mailbox, "mex-localid", rest[2])
	case rest[0] == "outbox" && len(rest) == 3 && r.Method == http.MethodPost:
		p.part(w, r, mailbox, rest[1], rest[2])
	case rest[0] == "inbox" && len(rest) == 1:
		p.list(w, mailbox)
	case rest[0] == "inbox" && len(rest) == 2 && r.Method == http.MethodGet:
		p.open(w, mailbox, rest[1])
	case rest[0] == "inbox" && len(rest) == 4 && rest[2] == "status" && r.Method == http.MethodPut:
		p.mu.Lock()
		p.putAway[rest[1]] = true
		p.mu.Unlock()
		w.WriteHeader(http.StatusOK)
	default:
		http.NotFound(w, r)
	}
}

// entered checks the NHSMESH header: its HMAC, its age and that it is new.
func (p *post) entered(mailbox, header string) bool {
	scheme, token, _ := strings.Cut(header, " ")
	f := strings.Split(token, ":")
	if scheme != "NHSMESH" || len(f) != 5 || f[0] != mailbox {
		return false
	}
	mac := hmac.New(sha256.New, []byte(MeshSharedKey))
	mac.Write([]byte(strings.Join([]string{f[0], f[1], f[2], MeshPassword, f[3]}, ":")))
	at, err := time.Parse("200601021504", f[3])
	p.mu.Lock()
	defer p.mu.Unlock()
	again := p.nonces[f[1]+f[2]]
	p.nonces[f[1]+f[2]] = true
	age := p.now().Sub(at)
	return err == nil && !again && age > -2*time.Hour && age < 2*time.Hour && hmac.Equal([]byte(hex.EncodeToString(mac.Sum(nil))), []byte(f[4]))
}

// begin takes the first part, or a whole message.
func (p *post) begin(w http.ResponseWriter, r *http.Request, mailbox string) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 20<<20))
	part, total, good := chunkRange(r.Header.Get("Mex-Chunk-Range"))
	switch {
	case err != nil:
		return // the caller went away in the middle: nothing came
	case r.Header.Get("Mex-To") == "" || r.Header.Get("Mex-WorkflowID") == "":
		meshError(w, http.StatusBadRequest, "06", "MalformedControlFile")
		return
	case !good || part != 1 || len(body) == 0:
		meshError(w, http.StatusExpectationFailed, "InvalidHeaderChunks", "Invalid chunk values")
		return
	}
	up := &uploading{from: mailbox, total: total, parts: map[int][]byte{1: body}, headers: map[string]string{}}
	for name := range r.Header {
		if n := strings.ToLower(name); strings.HasPrefix(n, "mex-") {
			up.headers[n] = r.Header.Get(name)
		}
	}
	id := strings.ToUpper(newID())
	p.mu.Lock()
	p.uploads[id] = up
	p.mu.Unlock()
	if total == 1 && !p.arrive(w, id, up) {
		return
	}
	p.lose(r)
	writeJSON(w, http.StatusAccepted, map[string]string{"message_id": id})
}

// part takes another; the last one makes it a message.
func (p *post) part(w http.ResponseWriter, r *http.Request, mailbox, id, number string) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 20<<20))
	if err != nil {
		return
	}
	n, total, good := chunkRange(r.Header.Get("Mex-Chunk-Range"))
	p.mu.Lock()
	up := p.uploads[id]
	p.mu.Unlock()
	switch {
	case up == nil && p.has(id):
		meshError(w, http.StatusLocked, "", "Locked")
		return
	case up == nil || up.from != mailbox:
		meshError(w, http.StatusNotFound, "20", "Message does not exist")
		return
	case !good || strconv.Itoa(n) != number || total != up.total:
		meshError(w, http.StatusExpectationFailed, "InvalidHeaderChunks", "Invalid chunk values")
		return
	}
	p.mu.Lock()
	up.parts[n] = body
	p.mu.Unlock()
	if n == total && !p.arrive(w, id, up) {
		return
	}
	p.lose(r)
	w.WriteHeader(http.StatusAccepted)
}

// lose plays a fault that loses the answer of what was taken.
func (p *post) lose(r *http.Request) {
	if !p.fault.after(r) {
		panic(http.ErrAbortHandler) // the connection is dropped without a byte
	}
}

func chunkRange(header string) (part, total int, good bool) {
	if header == "" {
		return 1, 1, true
	}
	a, b, found := strings.Cut(header, ":")
	part, err := strconv.Atoi(a)
	total, err2 := strconv.Atoi(b)
	return part, total, found && err == nil && err2 == nil && part >= 1 && part <= total
}

func (p *post) has(id string) bool {
	p.records.mu.Lock()
	defer p.records.mu.Unlock()
	_, found := p.records.byName["MeshMessage/"+id]
	return found
}

// list tells the names of what waits in a mailbox, the oldest first.
func (p *post) list(w http.ResponseWriter, mailbox string) {
	out := []string{}
	for _, v := range p.inbox(mailbox) {
		out = append(out, v.ID)
	}
	writeJSON(w, http.StatusOK, map[string]any{"messages": out, "links": map[string]string{"self": "/messageexchange/" + mailbox + "/inbox"}})
}

func (p *post) inbox(mailbox string) []version {
	p.records.mu.Lock()
	defer p.records.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []version
	for _, name := range p.records.order["MeshAnswer"] {
		if v := p.records.byName[name]; text(v.Resource, "to") == mailbox && !p.putAway[v.ID] {
			out = append(out, v)
		}
	}
	return out
}

func (p *post) open(w http.ResponseWriter, mailbox, id string) {
	box := p.inbox(mailbox)
	i := slices.IndexFunc(box, func(v version) bool { return v.ID == id })
	if i < 0 {
		meshError(w, http.StatusNotFound, "20", "Message does not exist")
		return
	}
	headers, _ := box[i].Resource["headers"].(map[string]any)
	for name, v := range headers {
		if s, ok := v.(string); ok {
			w.Header().Set(name, s)
		}
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = io.WriteString(w, text(box[i].Resource, "body"))
}

// track tells what became of what a mailbox sent, by MESH's id or the sender's.
func (p *post) track(w http.ResponseWriter, mailbox, by, v string) {
	type found struct{ id, status string }
	var all []found
	p.mu.Lock()
	for id, up := range p.uploads {
		if up.from == mailbox && (by == "id" && id == v || by != "id" && up.headers[by] == v) {
			all = append(all, found{id, "uploading"})
		}
	}
	p.mu.Unlock()
	p.records.mu.Lock()
	for _, name := range p.records.order["MeshMessage"] {
		m := p.records.byName[name]
		headers, _ := m.Resource["headers"].(map[string]any)
		if text(m.Resource, "from") == mailbox && (by == "id" && m.ID == v || by != "id" && headers[by] == v) {
			all = append(all, found{m.ID, "accepted"})
		}
	}
	p.records.mu.Unlock()
	switch {
	case len(all) == 0:
		meshError(w, http.StatusNotFound, "20", "Message does not exist")
	case len(all) > 1:
		meshError(w, http.StatusMultipleChoices, "", "Multiple messages")
	case by == "id":
		writeJSON(w, http.StatusOK, map[string]string{"message_id": all[0].id, "status": all[0].status})
	default: // the old way of asking answers in the old form
		writeJSON(w, http.StatusOK, map[string]string{"messageId": all[0].id, "status": all[0].status})
	}
}

func meshError(w http.ResponseWriter, status int, code, says string) {
	writeJSON(w, status, map[string]any{"detail": []map[string]string{{"event": "SEND", "code": code, "msg": says}}})
}

func (p *post) serveAnswers(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		var wanted struct {
			Answers Answers `json:"answers"`
		}
		all := []Answers{AnswersFiled, AnswersReceived, AnswersSilent, AnswersNotKnown, AnswersUndeliverable}
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&wanted); err != nil || !slices.Contains(all, wanted.Answers) {
			writeJSON(w, http.StatusUnprocessableEntity, map[string]string{"error": "answers is filed, received, silent, not-known or undeliverable."})
			return
		}
		p.mu.Lock()
		p.answers = wanted.Answers
		p.mu.Unlock()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	writeJSON(w, http.StatusOK, map[string]Answers{"answers": p.answers})
}

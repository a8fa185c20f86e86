package simulator

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Mode is how a system behaves.
type Mode string

const (
	OK                 Mode = "ok"
	Down               Mode = "down"                 // 503 to everything
	Slow               Mode = "slow"                 // every answer takes 3 s
	TimeoutAfterCommit Mode = "timeout-after-commit" // a write commits and is never answered; reads are
	Conflict           Mode = "conflict"             // a write is 409 before it commits; reads are answered
	RateLimit          Mode = "rate-limit"           // 429 with Retry-After 2 to everything
	DropAfterCommit    Mode = "drop-after-commit"    // a write commits and the connection is dropped at once; reads are answered
	ErrorAfterCommit   Mode = "error-after-commit"   // a write commits and the answer is 504; reads are answered
	Stale              Mode = "stale"                // a write is 412 before it commits; reads are answered
	TooEarly           Mode = "too-early"            // 425 with Retry-After 2 to every write
	Refuses            Mode = "refuses"              // a write is 422 before it commits; reads are answered
	NeverArrives       Mode = "never-arrives"        // a write does not commit and is never answered; reads are answered
	NeverAnswers       Mode = "never-answers"        // nothing is carried out, and nothing is ever answered
	Malformed          Mode = "malformed"            // a write commits, and every answer breaks off in the middle
)

// Modes are all of them.
func Modes() []Mode {
	return []Mode{OK, Down, Slow, TimeoutAfterCommit, Conflict, RateLimit, DropAfterCommit, ErrorAfterCommit, Stale, TooEarly, Refuses, NeverArrives, NeverAnswers, Malformed}
}

const slowBy = 3 * time.Second

// Latency is how long answers take when nothing is wrong: most the usual time, and one in so many the slow one. The zero value
// answers at once.
type Latency struct {
	Usual time.Duration
	Slow  time.Duration
	OneIn int
}

// mostLatency bounds both.
const mostLatency = time.Minute

// latencyJSON is a Latency as it is sent.
type latencyJSON struct {
	Usual string `json:"usual"`
	Slow  string `json:"slow,omitempty"`
	OneIn int    `json:"one_in,omitempty"`
}

func (l latencyJSON) parse() (Latency, bool) {
	out := Latency{OneIn: l.OneIn}
	var err, slow error
	out.Usual, err = time.ParseDuration(l.Usual)
	if l.Slow != "" {
		out.Slow, slow = time.ParseDuration(l.Slow)
	}
	return out, err == nil && slow == nil && min(out.Usual, out.Slow) >= 0 && max(out.Usual, out.Slow) <= mostLatency && l.OneIn >= 0
}

// faultSwitch holds the mode until its time is over. It runs on real time, as the callers' patience does.
type faultSwitch struct {
	closed <-chan struct{} // when the simulator closes, nobody is kept waiting
	mu     sync.Mutex
	mode   Mode
	until  time.Time // zero has no end
	// latency lasts, whatever the mode; calls counts those that it slowed.
	latency Latency
	calls   int
}

// takes is how long the next answer takes.
func (f *faultSwitch) takes() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if f.latency.OneIn > 0 && f.calls%f.latency.OneIn == 0 {
		return f.latency.Slow
	}
	return f.latency.Usual
}

func (f *faultSwitch) current() (Mode, time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mode == "" || (!f.until.IsZero() && !time.Now().Before(f.until)) {
		return OK, time.Time{}
	}
	return f.mode, f.until
}

func (f *faultSwitch) set(mode Mode, lasting time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mode, f.until = mode, time.Time{}
	if lasting > 0 {
		f.until = time.Now().Add(lasting)
	}
}

type faultState struct {
	Mode  Mode       `json:"mode"`
	Until *time.Time `json:"until,omitempty"`
}

func (f *faultSwitch) serve(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
	case http.MethodPost:
		var wanted struct {
			Mode Mode   `json:"mode"`
			For  string `json:"for"`
			// Latency is set apart from the mode; without it, it stays.
			Latency *latencyJSON `json:"latency"`
		}
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&wanted); err != nil {
			writeJSON(w, http.StatusBadRequest, map[string]string{"error": `Send JSON such as {"mode": "down", "for": "30s"}.`})
			return
		}
		if wanted.Mode == "" && wanted.Latency != nil {
			wanted.Mode, _ = f.current()
		}
		if !slices.Contains(Modes(), wanted.Mode) {
			writeJSON(w, http.StatusUnprocessableEntity, map[string]any{"error": "This mode is not one of those that there are.", "modes": Modes()})
			return
		}
		if wanted.Latency != nil {
			latency, ok := wanted.Latency.parse()
			if !ok {
				writeJSON(w, http.StatusUnprocessableEntity, map[string]string{"error": `latency is such as {"usual": "20ms", "slow": "400ms", "one_in": 20}.`})
				return
			}
			f.mu.Lock()
			f.latency = latency
			f.mu.Unlock()
		}
		var lasting time.Duration
		if wanted.For != "" {
			var err error
			if lasting, err = time.ParseDuration(wanted.For); err != nil || lasting <= 0 {
				writeJSON(w, http.StatusUnprocessableEntity, map[string]string{"error": `for is a time such as "30s" or "5m".`})
				return
			}
		}
		f.set(wanted.Mode, lasting)
	default:
		w.Header().Set("Allow", "GET, POST")
		http.Error(w, "use GET or POST", http.StatusMethodNotAllowed)
		return
	}
	mode, until := f.current()
	state := faultState{Mode: mode}
	if !until.IsZero() {
		state.Until = &until
	}
	writeJSON(w, http.StatusOK, state)
}

// before plays the fault's part ahead of a request. It reports false when the request has been answered.
func (f *faultSwitch) before(w http.ResponseWriter, r *http.Request, writes bool) bool {
	f.pause(r, f.takes())
	mode, _ := f.current()
	switch mode {
	case Down:
		refuse(w, http.StatusServiceUnavailable, "transient", "The system is down.")
		return false
	case RateLimit:
		w.Header().Set("Retry-After", "2")
		refuse(w, http.StatusTooManyRequests, "throttled", "Too many requests.")
		return false
	case Slow:
		f.pause(r, slowBy)
		return true
	case NeverAnswers:
		f.keep(r)
		panic(http.ErrAbortHandler) // the connection ends without a byte
	case OK, TimeoutAfterCommit, DropAfterCommit, ErrorAfterCommit, Malformed:
		return true
	case Conflict, Stale, TooEarly, Refuses, NeverArrives:
	}
	if !writes {
		return true
	}
	switch mode {
	case Stale:
		refuse(w, http.StatusPreconditionFailed, "conflict", "Someone changed it since: read it again.")
	case TooEarly:
		w.Header().Set("Retry-After", "2")
		refuse(w, http.StatusTooEarly, "transient", "It is too early for this.")
	case Refuses:
		refuse(w, http.StatusUnprocessableEntity, "business-rule", "A rule of this system forbids it.")
	case NeverArrives:
		f.keep(r)
		panic(http.ErrAbortHandler) // the connection ends without a byte
	default:
		refuse(w, http.StatusConflict, "conflict", "Another change is under way.")
	}
	return false
}

// pause keeps a caller waiting. One who gives up is not told, and the request is still carried out, as a slow system would.
func (f *faultSwitch) pause(r *http.Request, lasting time.Duration) {
	if lasting <= 0 {
		return
	}
	timer := time.NewTimer(lasting)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	case <-f.closed:
	}
}

// after is asked when a write has committed: whether it is answered at all. A system whose answers are lost keeps the caller until it
// goes away.
func (f *faultSwitch) after(r *http.Request) bool {
	switch mode, _ := f.current(); mode {
	case TimeoutAfterCommit:
		f.keep(r)
		return false
	case DropAfterCommit:
		return false
	case OK, Down, Slow, Conflict, RateLimit, ErrorAfterCommit, Stale, TooEarly, Refuses, NeverArrives, NeverAnswers, Malformed:
	}
	return true
}

// keep leaves a caller without an answer until it goes away. That is noticed only once all that it sent was read.
func (f *faultSwitch) keep(r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	select {
	case <-r.Context().Done():
	case <-f.closed:
	}
}

// garble carries a request out and spoils what is answered, where the fault is of that kind; false where it is not. Something
// in front of the system has lost the answer of a write that committed (504), or whatever is answered breaks off.
func (f *faultSwitch) garble(w http.ResponseWriter, r *http.Request, serve func(http.ResponseWriter)) bool {
	mode, _ := f.current()
	writes := r.Method == http.MethodPost || r.Method == http.MethodPut
	if mode != Malformed && (mode != ErrorAfterCommit || !writes || strings.HasSuffix(r.URL.Path, "/_search")) {
		return false
	}
	kept := &keptAnswer{header: http.Header{}, status: http.StatusOK}
	serve(kept)
	if mode == ErrorAfterCommit && kept.status/100 == 2 {
		refuse(w, http.StatusGatewayTimeout, "timeout", "The system behind did not answer in time.")
		return true
	}
	for name, values := range kept.header {
		w.Header()[name] = values
	}
	w.WriteHeader(kept.status)
	body := kept.body.Bytes()
	if mode == Malformed {
		body = body[:len(body)/2]
	}
	_, _ = w.Write(body) // the caller may have gone
	return true
}

// keptAnswer is an answer that has not gone out yet.
type keptAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *keptAnswer) Header() http.Header         { return k.header }
func (k *keptAnswer) WriteHeader(status int)      { k.status = status }
func (k *keptAnswer) Write(b []byte) (int, error) { return k.body.Write(b) }

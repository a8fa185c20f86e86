package simulator

import (
	"encoding/json"
	"net/http"
	"slices"
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
)

const slowBy = 3 * time.Second

// faultSwitch holds the mode until its time is over. It runs on real time, as the callers' patience does.
type faultSwitch struct {
	closed <-chan struct{} // when the simulator closes, nobody is kept waiting
	mu     sync.Mutex
	mode   Mode
	until  time.Time // zero has no end
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
		}
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&wanted); err != nil {
			writeJSON(w, http.StatusBadRequest, map[string]string{"error": `Send JSON such as {"mode": "down", "for": "30s"}.`})
			return
		}
		if !slices.Contains([]Mode{OK, Down, Slow, TimeoutAfterCommit, Conflict, RateLimit}, wanted.Mode) {
			writeJSON(w, http.StatusUnprocessableEntity, map[string]string{"error": "mode is ok, down, slow, timeout-after-commit, conflict or rate-limit."})
			return
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
	switch mode, _ := f.current(); {
	case mode == Down:
		refuse(w, http.StatusServiceUnavailable, "transient", "The system is down.")
		return false
	case mode == RateLimit:
		w.Header().Set("Retry-After", "2")
		refuse(w, http.StatusTooManyRequests, "throttled", "Too many requests.")
		return false
	case mode == Conflict && writes:
		refuse(w, http.StatusConflict, "conflict", "Another change is under way.")
		return false
	case mode == Slow:
		select {
		case <-time.After(slowBy):
		case <-r.Context().Done(): // the caller gave up: the request is still carried out, as a slow system would
		case <-f.closed:
		}
	}
	return true
}

// after holds the answer to a write that has committed until the caller goes away.
func (f *faultSwitch) after(r *http.Request) bool {
	if mode, _ := f.current(); mode != TimeoutAfterCommit {
		return true
	}
	select {
	case <-r.Context().Done():
	case <-f.closed:
	}
	return false
}

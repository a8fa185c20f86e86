package mesh

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"onedoor/app/clinical"
)

// answerLimit is far above any answer of MESH's own; a message in the inbox has its own limit.
const (
	answerLimit  = 1 << 20
	messageLimit = 8 << 20
)

// answer is MESH's, read whole.
type answer struct {
	status     int
	header     http.Header
	body       []byte
	retryAfter time.Duration
}

// authorisation is the NHSMESH header: the mailbox, a nonce, its count and the time, and an HMAC-SHA256 of these with the
// mailbox's password, under the environment's shared key (mesh-client, generate_token). Each call has a nonce of its own.
func (s *System) authorisation() (string, error) {
	nonce, err := uuid.NewRandomFromReader(s.o.Random)
	if err != nil {
		return "", err
	}
	at := s.o.Now().UTC().Format("200601021504")
	mac := hmac.New(sha256.New, s.o.Secrets[SecretSharedKey])
	fmt.Fprintf(mac, "%s:%s:0:%s:%s", s.mailbox, nonce, s.o.Secrets[SecretPassword], at)
	return fmt.Sprintf("NHSMESH %s:%s:0:%s:%s", s.mailbox, nonce, at, hex.EncodeToString(mac.Sum(nil))), nil
}

// call makes one request. An error means that there is no answer to judge: *Unavailable where nothing left, *Unknown otherwise.
func (s *System) call(ctx context.Context, method, path string, headers map[string]string, body []byte, limit int64) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, &clinical.Refused{Says: "The address of MESH is not valid."}
	}
	authorisation, err := s.authorisation()
	if err != nil {
		return answer{}, &clinical.Unavailable{Says: "The call to MESH could not be signed.", Cause: err}
	}
	request.Header.Set("Authorization", authorisation)
	request.Header.Set("Accept", "application/vnd.mesh.v2+json")
	request.Header.Set("Accept-Encoding", "gzip") // ours to undo: parts may have been made smaller together
	request.Header.Set("Mex-ClientVersion", "onedoor")
	request.Header.Set("Mex-OSName", runtime.GOOS)
	request.Header.Set("Mex-OSVersion", runtime.GOARCH)
	for name, v := range headers {
		request.Header.Set(name, v)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return answer{}, lost(err)
	}
	defer func() { _ = response.Body.Close() }()
	a := answer{status: response.StatusCode, header: response.Header, retryAfter: wait(response.Header.Get("Retry-After"), s.o.Now())}
	if a.body, err = io.ReadAll(io.LimitReader(response.Body, limit+1)); err != nil {
		return answer{}, lost(err)
	}
	if int64(len(a.body)) > limit {
		return answer{}, &clinical.Unknown{Says: "MESH's answer was too long to read."}
	}
	return a, nil
}

func lost(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return &clinical.Unavailable{Says: "MESH cannot be reached.", Cause: errors.New("no connection")}
	}
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		return &clinical.Unknown{Says: "MESH did not answer in time. We ask whether it has the document before we go on."}
	}
	return &clinical.Unknown{Says: "The connection to MESH was lost. We ask whether it has the document before we go on."}
}

// wait reads Retry-After: seconds, or a date (RFC 9110, 10.2.3).
func wait(header string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil {
		return max(0, time.Duration(min(seconds, 86_400))*time.Second)
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// ok reports a success.
func (a answer) ok() bool { return a.status/100 == 2 }

// read takes an answer in MESH's JSON apart. The body may come made smaller.
func (a answer) read(into any) error {
	body, err := plain(a.body, answerLimit)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

// code is MESH's own for an error, such as EPL-151; in either form of its answers.
func (a answer) code() string {
	var e struct {
		ErrorCode string `json:"errorCode"`
		Detail    []struct {
			Code string `json:"code"`
		} `json:"detail"`
	}
	if a.read(&e) != nil {
		return ""
	}
	if e.ErrorCode == "" && len(e.Detail) > 0 {
		return e.Detail[0].Code
	}
	return e.ErrorCode
}

func (a answer) cause() error { return fmt.Errorf("MESH: status %d", a.status) }

// problem judges an answer that is not a success, where nothing of a document can have been delivered by it.
func (a answer) problem() error {
	switch {
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden:
		// Everything waits, rather than each document being set aside for what is one mistake.
		return &clinical.Unavailable{Says: "MESH does not accept our mailbox, its password or our certificate. Documents wait until these are right.", Cause: a.cause()}
	case a.status == http.StatusTooManyRequests || a.status == http.StatusTooEarly || a.status == http.StatusRequestTimeout:
		return &clinical.Unavailable{Says: "MESH takes no more for the moment.", RetryAfter: a.retryAfter, Cause: a.cause()}
	case a.status >= 500:
		return &clinical.Unavailable{Says: "MESH has a problem of its own.", RetryAfter: a.retryAfter, Cause: a.cause()}
	case a.status == http.StatusConflict:
		return &clinical.Unavailable{Says: "MESH reported a conflict with another change. We try again.", RetryAfter: a.retryAfter, Cause: a.cause()}
	case a.status/100 == 3:
		return &clinical.Refused{Says: "MESH sent us to another address. Documents go only to the address that was set up.", Cause: a.cause()}
	}
	return &clinical.Refused{Says: inWords(a.code()), Cause: a.cause()}
}

// words for MESH's error codes (mesh-sandbox, ErrorCodeMap; endpoint lookup guide). MESH's own text is not repeated: it may
// hold what was asked for.
var words = map[string]string{
	"06":      "MESH found a fault in the message's header.",
	"07":      "MESH does not know our mailbox as a sender.",
	"12":      "MESH does not know the mailbox that it was for.",
	"14":      "The practice did not fetch the document from its mailbox in time.",
	"17":      "One of the two mailboxes is not registered for this kind of message.",
	"EPL-150": "MESH found more than one mailbox for the patient's practice.",
	"EPL-151": "MESH found no mailbox for the patient's practice.",
	"EPL-152": "MESH says that the NHS number is not a valid one.",
	"EPL-153": "MESH does not know the NHS number.",
	"EPL-154": "The NHS number does not belong to this name and date of birth. Check who the patient is.",
}

func inWords(code string) string {
	if says, ok := words[code]; ok {
		return says + " (MESH " + code + ")"
	}
	return "MESH refused the document, and gave no reason that we know."
}

// ascii is text for a header: accents are left off, and what has no plain letter is left out. The guides say nothing of others.
func ascii(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		switch {
		case r == '’' || r == '‘':
			b.WriteByte('\'')
		case r == '_':
			b.WriteByte(' ') // it parts the fields of GPPROVIDER
		case r < unicode.MaxASCII && unicode.IsPrint(r):
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}

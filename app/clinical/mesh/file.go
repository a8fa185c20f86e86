package mesh

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"onedoor/app/clinical"
	"onedoor/app/clinical/itk3"
	"onedoor/app/clinical/pdf"
)

// partLimit is as much as goes up in one call before it is made smaller.
const partLimit = 4 << 20

// File takes one step: it begins an upload and gives *clinical.Begun, or it finishes the one that has begun.
func (s *System) File(ctx context.Context, d clinical.Delivery) (clinical.Receipt, error) {
	switch d.Purpose {
	case clinical.OwnRecord, clinical.RegisteredPractice:
	case clinical.Arrival, clinical.Withdrawal:
		return clinical.Receipt{}, &clinical.Refused{Says: "MESH carries documents about what was done, and no requests."}
	}
	to, err := s.recipient(d.Document)
	if err != nil {
		return clinical.Receipt{}, err
	}
	message, workflow, err := s.message(d.Document)
	if err != nil {
		return clinical.Receipt{}, &clinical.Refused{Says: "The document cannot be written as a message, so it was not sent.", Cause: err}
	}
	up := upload{to: to, workflow: workflow, doc: d.Document, parts: parts(message)}
	switch {
	case d.State != clinical.Sent: // never sent, or a person wants it sent anew
		return clinical.Receipt{}, s.begin(ctx, up)
	case d.ExternalID != "":
		return s.goOn(ctx, up, d.ExternalID)
	}
	return s.settle(ctx, up)
}

// message is the document in the form that it goes in.
func (s *System) message(doc clinical.Document) (message []byte, workflow string, err error) {
	form, workflow := s.form(doc)
	m := itk3.Message{Form: form, Mailbox: s.mailbox, Document: doc, Phone: s.o.Integration.Settings[SettingPhone]}
	if form == itk3.UpdateRecord {
		m.Definition = s.o.Integration.Settings[SettingDefinition]
	} else if m.Pages, err = pdf.Draw(doc); err != nil {
		return nil, "", err
	}
	message, err = m.XML()
	return message, workflow, err
}

// upload is a message on its way up.
type upload struct {
	to, workflow string
	doc          clinical.Document
	parts        [][]byte
}

// parts cuts a message into two or more, so that its first POST delivers nothing yet.
func parts(message []byte) [][]byte {
	n := max(2, (len(message)+partLimit-1)/partLimit)
	size := (len(message) + n - 1) / n
	var out [][]byte
	for ; len(message) > size; message = message[size:] {
		out = append(out, message[:size])
	}
	return append(out, message)
}

func (u upload) headers(part int) map[string]string {
	h := map[string]string{
		"Content-Type": "application/octet-stream", "Content-Encoding": "gzip",
		"Mex-Chunk-Range": fmt.Sprintf("%d:%d", part, len(u.parts)),
	}
	if part == 1 {
		h["Mex-To"] = u.to
		h["Mex-WorkflowID"] = u.workflow
		h["Mex-LocalID"] = localID(u.doc)
		h["Mex-FileName"] = u.doc.Reference + ".xml"
		h["Mex-Subject"] = ascii(itk3.Subject(u.doc))
		h["Mex-Content-Type"] = itk3.ContentType
	}
	return h
}

func (s *System) post(ctx context.Context, u upload, path string, part int) (answer, error) {
	smaller, err := squeeze(u.parts[part-1])
	if err != nil {
		return answer{}, &clinical.Refused{Says: "The document could not be packed, so it was not sent.", Cause: err}
	}
	return s.call(ctx, http.MethodPost, path, u.headers(part), smaller, answerLimit)
}

// begin sends the first part. Whatever becomes of it, nothing is delivered by it.
func (s *System) begin(ctx context.Context, u upload) error {
	a, err := s.post(ctx, u, "/outbox", 1)
	if err != nil {
		return err
	}
	if !a.ok() {
		if a.status >= 500 {
			return &clinical.Unknown{Says: "MESH has a problem of its own. We ask whether it took the document before we go on.", RetryAfter: a.retryAfter, Cause: a.cause()}
		}
		return a.problem()
	}
	var taken struct {
		ID string `json:"message_id"`
		V1 string `json:"messageID"`
	}
	if err := a.read(&taken); err != nil || !named(taken.ID) && !named(taken.V1) {
		return &clinical.Unknown{Says: "MESH answered in a way that we cannot read. We ask whether it took the document before we go on."}
	}
	if taken.ID == "" {
		taken.ID = taken.V1
	}
	return &clinical.Begun{ExternalID: taken.ID}
}

var messageName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

// named reports whether MESH's id can stand in an address.
func named(id string) bool { return messageName.MatchString(id) }

// goOn sends the parts after the first. Sending one again changes nothing: MESH counts them.
func (s *System) goOn(ctx context.Context, u upload, id string) (clinical.Receipt, error) {
	if !named(id) {
		return clinical.Receipt{}, &clinical.Refused{Says: "This document has a name that MESH did not give. Look whether the practice has it before you send it again."}
	}
	for part := 2; part <= len(u.parts); part++ {
		a, err := s.post(ctx, u, "/outbox/"+id+"/"+strconv.Itoa(part), part)
		if err != nil {
			return clinical.Receipt{}, unsure(err)
		}
		switch {
		case a.ok():
		case a.status == http.StatusLocked || a.status == http.StatusNotAcceptable:
			return s.finished(ctx, id) // it has the last part already
		case a.status == http.StatusNotFound:
			return clinical.Receipt{}, &clinical.Refused{Says: "MESH no longer knows this document. Look whether the practice has it before you send it again.", Cause: a.cause()}
		default:
			return clinical.Receipt{}, unsure(a.problem())
		}
	}
	return clinical.Receipt{State: clinical.Accepted, ExternalID: id, At: s.o.Now()}, nil
}

// unsure keeps an upload that has begun where it is, unless MESH refused it.
func unsure(err error) error {
	var refused *clinical.Refused
	var unknown *clinical.Unknown
	var unavailable *clinical.Unavailable
	switch {
	case errors.As(err, &refused) || errors.As(err, &unknown):
		return err
	case errors.As(err, &unavailable):
		return &clinical.Unknown{Says: unavailable.Says, RetryAfter: unavailable.RetryAfter, Cause: unavailable.Cause}
	}
	return err
}

// finished asks what became of a document that MESH takes no more of.
func (s *System) finished(ctx context.Context, id string) (clinical.Receipt, error) {
	t, found, err := s.track(ctx, id)
	switch {
	case err != nil:
		return clinical.Receipt{}, unsure(err)
	case !found || t.uploading():
		return clinical.Receipt{}, &clinical.Unknown{Says: "MESH does not say yet what became of the document. We ask again."}
	}
	return t.receipt()
}

// settle asks MESH by our own id about a first part whose answer was lost.
func (s *System) settle(ctx context.Context, u upload) (clinical.Receipt, error) {
	t, found, err := s.trackOurs(ctx, u.doc)
	switch {
	case err != nil:
		return clinical.Receipt{}, unsure(err)
	case !found:
		return clinical.Receipt{}, s.begin(ctx, u) // MESH has nothing of it
	case t.uploading():
		return clinical.Receipt{}, &clinical.Begun{ExternalID: t.ID}
	}
	return t.receipt()
}

// Find asks MESH what it has of a delivery. An upload that is not finished is nothing yet.
func (s *System) Find(ctx context.Context, d clinical.Delivery) (clinical.Receipt, bool, error) {
	var t tracked
	var found bool
	var err error
	switch {
	case d.ExternalID != "" && named(d.ExternalID):
		t, found, err = s.track(ctx, d.ExternalID)
	case d.State == clinical.Sent:
		return clinical.Receipt{}, false, nil // File asks by our id, and goes on with what it finds
	default:
		t, found, err = s.trackOurs(ctx, d.Document)
	}
	if err != nil || !found || t.uploading() {
		return clinical.Receipt{}, false, err
	}
	receipt, err := t.receipt()
	var refused *clinical.Refused
	if errors.As(err, &refused) {
		return clinical.Receipt{}, false, nil // File hears of the refusal again, and says it
	}
	return receipt, err == nil, err
}

// tracked is what MESH says of a message that we sent, in either form of its answers.
type tracked struct {
	ID     string `json:"message_id"`
	V1     string `json:"messageId"`
	Status string `json:"status"`
	Code   string `json:"status_code"`
	CodeV1 string `json:"statusCode"`
}

func (t tracked) uploading() bool { return strings.EqualFold(t.Status, "uploading") }

// receipt judges a finished upload. That the practice has fetched it is not yet that its system has it.
func (t tracked) receipt() (clinical.Receipt, error) {
	switch strings.ToLower(t.Status) {
	case "accepted", "acknowledged":
		return clinical.Receipt{State: clinical.Accepted, ExternalID: t.ID}, nil
	case "undeliverable", "error":
		return clinical.Receipt{}, &clinical.Refused{Says: inWords(t.Code)}
	}
	return clinical.Receipt{}, &clinical.Unknown{Says: "MESH says something of the document that we do not know. We ask again."}
}

func (s *System) track(ctx context.Context, id string) (tracked, bool, error) {
	return s.tracking(ctx, "/outbox/tracking?"+url.Values{"messageID": {id}}.Encode())
}

// trackOurs asks by our own id. That way of asking has grown old at MESH: where it is no longer offered, a person looks.
func (s *System) trackOurs(ctx context.Context, doc clinical.Document) (tracked, bool, error) {
	return s.tracking(ctx, "/outbox/tracking/"+url.PathEscape(localID(doc)))
}

func (s *System) tracking(ctx context.Context, path string) (tracked, bool, error) {
	a, err := s.call(ctx, http.MethodGet, path, nil, nil, answerLimit)
	switch {
	case err != nil:
		return tracked{}, false, err
	case a.status == http.StatusNotFound:
		return tracked{}, false, nil
	case a.status == http.StatusMultipleChoices:
		return tracked{}, false, &clinical.Refused{Says: "MESH has this document more than once. Look whether the practice has it before you send it again.", Cause: errSeveral}
	case a.status == http.StatusGone || a.status == http.StatusMethodNotAllowed || a.status == http.StatusNotImplemented:
		return tracked{}, false, &clinical.Refused{Says: "MESH cannot say whether it has this document. Look whether the practice has it before you send it again.", Cause: a.cause()}
	case !a.ok():
		return tracked{}, false, a.problem()
	}
	var t tracked
	if err := a.read(&t); err != nil {
		return tracked{}, false, &clinical.Unknown{Says: "MESH answered in a way that we cannot read. We ask again."}
	}
	if t.ID == "" {
		t.ID = t.V1
	}
	if t.Code == "" {
		t.Code = t.CodeV1
	}
	if !named(t.ID) {
		return tracked{}, false, &clinical.Unknown{Says: "MESH answered in a way that we cannot read. We ask again."}
	}
	return t, true, nil
}

// Capabilities shakes hands with the mailbox.
func (s *System) Capabilities(ctx context.Context) (clinical.Capabilities, error) {
	a, err := s.call(ctx, http.MethodGet, "", nil, nil, answerLimit)
	if err != nil {
		return clinical.Capabilities{}, err
	}
	if !a.ok() {
		return clinical.Capabilities{}, a.problem()
	}
	return clinical.Capabilities{Software: "MESH", Version: "2", Offers: []clinical.Capability{clinical.FileOutcome, clinical.ReadBack}}, nil
}

// squeeze makes a part smaller; the same bytes each time.
func squeeze(raw []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	w.ModTime = time.Time{}
	if _, err := w.Write(raw); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// plain undoes it, where it was done: parts may have been made smaller each by itself or all together.
func plain(raw []byte, limit int64) ([]byte, error) {
	if len(raw) < 2 || raw[0] != 0x1f || raw[1] != 0x8b {
		return raw, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(out)) > limit {
		return nil, errors.New("too long")
	}
	return out, nil
}

package simulator

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// arrive turns a finished upload into a message: journalled as one effect, with what the organisation answers. It reports
// false when the request has been answered.
func (p *post) arrive(w http.ResponseWriter, id string, up *uploading) bool {
	message, err := whole(up)
	if err != nil {
		meshError(w, http.StatusExpectationFailed, "InvalidHeaderChunks", err.Error())
		return false
	}
	about, err := readMessage(message)
	if err != nil {
		meshError(w, http.StatusExpectationFailed, "InvalidFileFormat", err.Error())
		return false
	}
	p.mu.Lock()
	answers := p.answers
	p.mu.Unlock()
	headers := resource{}
	for name, v := range up.headers {
		headers[name] = v
	}
	at := p.now().UTC()
	reference, _, _ := strings.Cut(up.headers["mex-filename"], ".")
	c := commit{
		Effect:   Effect{ID: newID(), RequestReference: reference, Kind: "document", Resource: "MeshMessage/" + id, At: at},
		Versions: []version{{Type: "MeshMessage", ID: id, Version: 1, At: at, Resource: resource{"from": up.from, "headers": headers, "message": string(message)}}},
	}
	for i, a := range answersTo(answers, id, about, up, at) {
		c.Versions = append(c.Versions, version{Type: "MeshAnswer", ID: fmt.Sprintf("%s_%d", id, i), Version: 1, At: at, Resource: a})
	}
	p.records.mu.Lock()
	defer p.records.mu.Unlock()
	if _, came := p.records.byName["MeshMessage/"+id]; came { // the last part twice at once
		meshError(w, http.StatusLocked, "", "Locked")
		return false
	}
	if err := p.records.journal.append(c); err != nil {
		http.Error(w, "the journal cannot be written", http.StatusInternalServerError)
		return false
	}
	p.records.apply(c)
	p.mu.Lock()
	delete(p.uploads, id)
	p.mu.Unlock()
	return true
}

// whole puts the parts together.
func whole(up *uploading) ([]byte, error) {
	var raw bytes.Buffer
	for i := 1; i <= up.total; i++ {
		part, ok := up.parts[i]
		if !ok {
			return nil, fmt.Errorf("part %d is missing", i)
		}
		raw.Write(part)
	}
	if !bytes.HasPrefix(raw.Bytes(), []byte{0x1f, 0x8b}) {
		return raw.Bytes(), nil
	}
	z, err := gzip.NewReader(&raw)
	if err != nil {
		return nil, errors.New("the content is damaged")
	}
	return io.ReadAll(io.LimitReader(z, 40<<20))
}

// about is as much of an ITK3 message as its receiver has to know to answer it.
type about struct {
	XMLName xml.Name `xml:"http://hl7.org/fhir Bundle"`
	Type    struct {
		Value string `xml:"value,attr"`
	} `xml:"type"`
	Entries []struct {
		Header *struct {
			ID struct {
				Value string `xml:"value,attr"`
			} `xml:"id"`
			Event struct {
				Code struct {
					Value string `xml:"value,attr"`
				} `xml:"code"`
			} `xml:"event"`
			Focus []struct {
				Reference struct {
					Value string `xml:"value,attr"`
				} `xml:"reference"`
			} `xml:"focus"`
		} `xml:"resource>MessageHeader"`
		FullURL struct {
			Value string `xml:"value,attr"`
		} `xml:"fullUrl"`
	} `xml:"entry"`
}

// readMessage refuses what no receiver could take: no header first, an event of another kind, a focus that is not there.
func readMessage(raw []byte) (header string, err error) {
	var m about
	if err := xml.Unmarshal(raw, &m); err != nil || m.Type.Value != "message" || len(m.Entries) < 2 || m.Entries[0].Header == nil {
		return "", errors.New("this is no ITK3 message")
	}
	h := m.Entries[0].Header
	if h.Event.Code.Value != "ITK007C" && h.Event.Code.Value != "ITK014M" || h.ID.Value == "" || len(h.Focus) != 1 {
		return "", errors.New("the message's header is not one that is taken here")
	}
	for _, e := range m.Entries {
		if e.FullURL.Value == h.Focus[0].Reference.Value {
			return h.ID.Value, nil
		}
	}
	return "", errors.New("the message's focus is not in it")
}

// answersTo are what comes into the sender's mailbox.
func answersTo(a Answers, id, header string, up *uploading, at time.Time) []resource {
	if a == AnswersUndeliverable {
		return []resource{{"to": up.from, "body": "", "headers": resource{
			"Mex-MessageType": "REPORT", "Mex-WorkflowID": up.headers["mex-workflowid"], "Mex-LinkedMsgID": id, "Mex-StatusCode": "EPL-151",
			"Mex-StatusSuccess": "ERROR", "Mex-StatusDescription": "No mailbox matched", "Mex-StatusTimestamp": at.Format("20060102150405"),
		}}}
	}
	said := map[Answers][][2]string{
		AnswersFiled: {{"ok", "20013"}, {"ok", "30001"}}, AnswersReceived: {{"ok", "20013"}}, AnswersNotKnown: {{"ok", "20013"}, {"fatal-error", "30002"}},
	}
	var out []resource
	for _, one := range said[a] {
		out = append(out, resource{"to": up.from, "body": responseTo(header, one[0], one[1], at), "headers": resource{
			"Mex-MessageType": "DATA", "Mex-WorkflowID": up.headers["mex-workflowid"] + "_ACK", "Mex-Chunk-Range": "1:1",
		}})
	}
	return out
}

func responseTo(header, code, itk string, at time.Time) string {
	return `<Bundle xmlns="http://hl7.org/fhir"><meta><profile value="https://fhir.nhs.uk/STU3/StructureDefinition/ITK-Message-Bundle-1"/></meta><type value="message"/>` +
		`<entry><resource><MessageHeader><event><system value="https://fhir.nhs.uk/STU3/CodeSystem/ITK-MessageEvent-2"/><code value="ITK008M"/></event>` +
		`<timestamp value="` + at.Format("2006-01-02T15:04:05+00:00") + `"/><response><identifier value="` + header + `"/><code value="` + code + `"/></response></MessageHeader></resource></entry>` +
		`<entry><resource><OperationOutcome><issue><severity value="information"/><code value="informational"/><details><coding>` +
		`<system value="https://fhir.nhs.uk/STU3/CodeSystem/ITK-ResponseCodes-1"/><code value="` + itk + `"/><display value="-"/></coding></details></issue></OperationOutcome></resource></entry></Bundle>`
}

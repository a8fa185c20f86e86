package itk3

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
)

// Response is the receiving system's word on one message: at the level of its machinery (infrastructure) or of its work
// (business).
type Response struct {
	Delivery uuid.UUID // what it is about
	Code     string    // ITK3's, such as 20013; empty where the answer has none
	State    clinical.State
	Says     string // why it was refused, in plain words; empty otherwise
	At       time.Time
}

// success of the machinery, and of the work.
const (
	infrastructureSuccess = "20013"
	patientKnown          = "30001"
)

// refusals are the negative codes, all of them final ("Response Code Types"), in words for the person who has to act.
var refusals = map[string]string{
	"10001": "how the message asked to be handled",
	"10002": "the wish for an answer from its machinery",
	"10003": "the wish for an answer from its staff",
	"10004": "the kind of message",
	"10005": "the version of the kind of message",
	"10007": "the sender's reference",
	"10008": "how the message asked to be handled",
	"10009": "a message that it could not read",
	"10010": "whom the message was for",
}

var refused = map[string]string{
	"20001": "The practice's system does not know the person that the message was for.",
	"20002": "The practice's system does not know the organisation that the message was for.",
	"20003": "The practice's system does not know us as a sender.",
	"20004": "The practice's system does not take this kind of file.",
	"20005": "The practice's system does not take this kind of file.",
	"20006": "The practice's system found a fault in the message's header.",
	"20009": "The practice's system found a fault in the message's contents.",
	"20010": "The practice's system does not know the organisation that the document was for.",
	"20011": "The practice's system does not know the person that the document was for.",
	"20012": "The practice's system does not take messages from us.",
	"30002": "The practice does not know this patient. Find out where they are registered, and send it there.",
	"30003": "The patient is no longer with this practice. Find out where they are registered, and send it there.",
}

// duplicates are refusals that say the message is already there: it was received and processed before (20007, 20008).
var duplicates = map[string]bool{"20007": true, "20008": true}

// bundle is as much of an answer as is read. Names match in any namespace.
type bundle struct {
	XMLName xml.Name `xml:"Bundle"`
	Entries []struct {
		Header  *header  `xml:"resource>MessageHeader"`
		Outcome *outcome `xml:"resource>OperationOutcome"`
	} `xml:"entry"`
}

type attribute struct {
	Value string `xml:"value,attr"`
}

type header struct {
	Extensions []struct {
		Parts []struct {
			URL  string    `xml:"url,attr"`
			Text attribute `xml:"valueString"`
		} `xml:"extension"`
	} `xml:"extension"`
	Event struct {
		Code attribute `xml:"code"`
	} `xml:"event"`
	Timestamp attribute `xml:"timestamp"`
	Response  *struct {
		Identifier attribute `xml:"identifier"`
		Code       attribute `xml:"code"`
	} `xml:"response"`
}

type outcome struct {
	Issues []struct {
		Details struct {
			Codings []struct {
				System attribute `xml:"system"`
				Code   attribute `xml:"code"`
			} `xml:"coding"`
		} `xml:"details"`
	} `xml:"issue"`
}

// ErrNotResponse means that a message is no ITK3 response at all.
var ErrNotResponse = errors.New("not an ITK3 response")

// ParseResponse reads an answer. The free words of the other system are not repeated: they may name the patient.
func ParseResponse(raw []byte) (Response, error) {
	var b bundle
	if err := xml.Unmarshal(raw, &b); err != nil {
		return Response{}, fmt.Errorf("%w: it is not XML of a Bundle", ErrNotResponse) // the parser's words may quote the message
	}
	var h *header
	codes := []string{}
	for _, e := range b.Entries {
		if e.Header != nil && h == nil {
			h = e.Header
		}
		if e.Outcome == nil {
			continue
		}
		for _, issue := range e.Outcome.Issues {
			for _, c := range issue.Details.Codings {
				if strings.HasSuffix(c.System.Value, "/ITK-ResponseCodes-1") {
					codes = append(codes, c.Code.Value)
				}
			}
		}
	}
	if h == nil || h.Response == nil {
		return Response{}, ErrNotResponse
	}
	about, err := h.about()
	if err != nil {
		return Response{}, err
	}
	r := Response{Delivery: about}
	if at, err := time.Parse(time.RFC3339, h.Timestamp.Value); err == nil {
		r.At = at
	}
	return r.judged(h.Response.Code.Value, codes)
}

// about is the delivery that is answered: by the header's id, or by our reference where that is not repeated.
func (h *header) about() (uuid.UUID, error) {
	byID, err := uuid.Parse(strings.TrimPrefix(h.Response.Identifier.Value, "urn:uuid:"))
	if err == nil {
		return byID, nil
	}
	for _, e := range h.Extensions {
		for _, part := range e.Parts {
			if part.URL != "SenderReference" {
				continue
			}
			if id, err := uuid.Parse(strings.TrimPrefix(part.Text.Value, "urn:uuid:")); err == nil {
				return id, nil
			}
		}
	}
	return uuid.Nil, fmt.Errorf("%w: it names no message of ours", ErrNotResponse)
}

// judged says what the answer means. A refusal counts whatever else is said; a code that is not known counts by the
// header's word, which is ok, transient-error or fatal-error.
func (r Response) judged(code string, codes []string) (Response, error) {
	positive := ""
	for _, c := range codes {
		switch {
		case c == infrastructureSuccess || c == patientKnown || duplicates[c]:
			positive = max(positive, c) // of two, the word of the business: 30001
		default:
			r.Code, r.State, r.Says = c, clinical.NeedsAttention, inWords(c)
			return r, nil
		}
	}
	r.Code = positive
	switch {
	case positive == patientKnown:
		r.State = clinical.Filed
	case positive != "" || code == "ok":
		r.State = clinical.Acknowledged
	case code == "transient-error" || code == "fatal-error":
		r.State, r.Says = clinical.NeedsAttention, "The practice's system refused the message, and gave no reason."
	default:
		return Response{}, fmt.Errorf("%w: it says neither yes nor no", ErrNotResponse)
	}
	return r, nil
}

func inWords(code string) string {
	if says, ok := refused[code]; ok {
		return says + " (ITK3 " + code + ")"
	}
	if what, ok := refusals[code]; ok {
		return "The practice's system did not understand " + what + ". (ITK3 " + code + ")"
	}
	if len(code) != 5 || strings.Trim(code, "0123456789") != "" {
		return "The practice's system refused the message with a code that we do not know."
	}
	return "The practice's system refused the message. (ITK3 " + code + ")"
}

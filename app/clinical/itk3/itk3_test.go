package itk3_test

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/itk3"
	"onedoor/app/nhs"
)

func outcome() clinical.Document {
	return clinical.Document{
		DeliveryID: uuid.MustParse("0193f5a8-0000-7000-8000-000000000001"), Reference: "4820017365", Purpose: clinical.RegisteredPractice,
		Kind: clinical.Coded{Code: "symptoms", Title: "Help with symptoms"}, Outcome: clinical.Coded{Code: "medicine-supplied", Title: "Medicine supplied"},
		Patient:    clinical.Patient{NHSNumber: "9990001006", GivenName: "Siân", FamilyName: "O'Neill & Sons", BirthDate: nhs.Date{Year: 1996, Month: 4, Day: 27}},
		Note:       "Better <soon>.\nCome back if not.",
		RecordedBy: "Grace Mary Mensah", RecordedAt: time.Date(2026, 11, 23, 12, 30, 0, 0, time.UTC),
		From: clinical.Party{ODS: "FRV01", Name: "Quayside Pharmacy"}, For: clinical.Party{ODS: "A81001", Name: "Weir Lane Surgery"},
	}
}

// read walks a message into its elements' paths, each with its values in order, and checks that it is well formed.
func read(t *testing.T, raw []byte) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	d := xml.NewDecoder(bytes.NewReader(raw))
	var path []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			path = append(path, token.Name.Local)
			if path[0] != "Bundle" || token.Name.Space != "http://hl7.org/fhir" && token.Name.Space != "http://www.w3.org/1999/xhtml" {
				t.Fatalf("%v in %s", path, token.Name.Space)
			}
			for _, a := range token.Attr {
				if a.Name.Local == "value" || a.Name.Local == "url" {
					at := strings.Join(path, "/")
					out[at] = append(out[at], a.Value)
				}
			}
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			at := strings.Join(path, "/")
			if text := strings.TrimSpace(string(token)); text != "" {
				out[at] = append(out[at], text)
			}
		}
	}
}

func write(t *testing.T, m itk3.Message) map[string][]string {
	t.Helper()
	raw, err := m.XML()
	if err != nil {
		t.Fatal(err)
	}
	again, err := m.XML()
	if err != nil || !bytes.Equal(raw, again) {
		t.Errorf("the same message gives other bytes: %v", err)
	}
	return read(t, raw)
}

// references are those of a message; every one must be an entry's fullUrl.
func references(t *testing.T, got map[string][]string) {
	t.Helper()
	known := map[string]bool{}
	for path, values := range got {
		if strings.HasSuffix(path, "/fullUrl") {
			for _, v := range values {
				if known[v] {
					t.Errorf("%s stands twice", v)
				}
				known[v] = true
			}
		}
	}
	seen := 0
	for path, values := range got {
		if !strings.HasSuffix(path, "/reference") || strings.Contains(path, "valueReference") {
			continue
		}
		for _, v := range values {
			seen++
			if !known[v] {
				t.Errorf("%s points at %s, which is nowhere", path, v)
			}
		}
	}
	if seen < 6 {
		t.Errorf("only %d references", seen)
	}
}

const (
	head = "Bundle/entry/resource/MessageHeader/"
	body = "Bundle/entry/resource/Bundle/entry/resource/"
)

func expect(t *testing.T, got map[string][]string, want map[string]string) {
	t.Helper()
	for path, v := range want {
		if all := got[path]; len(all) == 0 || all[0] != v {
			t.Errorf("%s is %q, want %q", path, all, v)
		}
	}
}

func TestSendDocumentSaysWhatTheSpecificationAsks(t *testing.T) {
	t.Parallel()
	pages := []byte("%PDF-1.3 pages")
	got := write(t, itk3.Message{Form: itk3.SendDocument, Mailbox: "X26ABC1", Document: outcome(), Pages: pages, Phone: "01632 960000"})
	references(t, got)
	expect(t, got, map[string]string{
		"Bundle/type":                          "message",
		"Bundle/meta/profile":                  "https://fhir.nhs.uk/STU3/StructureDefinition/ITK-Message-Bundle-1",
		head + "id":                            "0193f5a8-0000-7000-8000-000000000001",
		head + "event/code":                    "ITK007C",
		head + "source/endpoint":               "X26ABC1",
		head + "timestamp":                     "2026-11-23T12:30:00+00:00",
		body + "Composition/status":            "final",
		body + "Composition/type/coding/code":  "371531000",
		body + "Composition/title":             "Consultation report",
		body + "Composition/confidentiality":   "N",
		body + "Binary/contentType":            "application/pdf",
		body + "Binary/content":                base64.StdEncoding.EncodeToString(pages),
		body + "Patient/identifier/value":      "9990001006",
		body + "Patient/name/family":           "O'Neill & Sons",
		body + "Patient/birthDate":             "1996-04-27",
		body + "Practitioner/name/family":      "Mensah",
		body + "Practitioner/name/given":       "Grace Mary",
		body + "Organization/identifier/value": "FRV01",
		body + "Organization/telecom/value":    "01632 960000",
		"Bundle/entry/resource/Bundle/type":    "document",
	})
	asks := head + "extension/extension"
	if all := got[asks]; fmt.Sprint(all) != "[BusAckRequested InfAckRequested RecipientType MessageDefinition SenderReference LocalExtension]" {
		t.Errorf("asks %v", all)
	}
	expect(t, got, map[string]string{
		asks + "/valueBoolean": "true", asks + "/valueCoding/code": "FA", asks + "/valueString": "0193f5a8-0000-7000-8000-000000000001",
		asks + "/valueReference/reference": "https://fhir.nhs.uk/STU3/MessageDefinition/ITK-GPConnectSendDocument-MessageDefinition-1",
	})
	if all := got[asks+"/valueString"]; len(all) != 2 || all[1] != "SendDocument-ConsultationReport" {
		t.Errorf("the use case is %q", all)
	}
	for path := range got { // GPCM-SD-049
		if strings.HasPrefix(path, head+"destination") || strings.HasPrefix(path, head+"receiver") {
			t.Errorf("%s must not be there: MESH finds the practice", path)
		}
	}
}

func TestUpdateRecordCarriesTheWordsAsResources(t *testing.T) {
	t.Parallel()
	doc := outcome()
	got := write(t, itk3.Message{Form: itk3.UpdateRecord, Mailbox: "X26ABC1", Document: doc, Definition: "https://example.org/MessageDefinition/1"})
	references(t, got)
	expect(t, got, map[string]string{
		head + "event/code": "ITK014M",
		head + "extension/extension/valueReference/reference": "https://example.org/MessageDefinition/1",
		body + "Composition/type/coding/code":                 "2129921000000100",
		body + "Encounter/status":                             "finished",
		body + "ClinicalImpression/summary":                   doc.Text(),
		body + "ClinicalImpression/meta/profile":              "https://fhir.nhs.uk/STU3/StructureDefinition/CareConnect-GPC-ClinicalImpression-1",
	})
	if len(got[body+"Binary/content"]) > 0 {
		t.Error("an update of the record carries pages")
	}
}

func TestWhatIsNotWhole(t *testing.T) {
	t.Parallel()
	incomplete := outcome()
	incomplete.Reference = ""
	for name, m := range map[string]itk3.Message{
		"no form": {Document: outcome()}, "a document without pages": {Form: itk3.SendDocument, Document: outcome()},
		"an update without its definition": {Form: itk3.UpdateRecord, Document: outcome()},
		"an incomplete document":           {Form: itk3.SendDocument, Document: incomplete, Pages: []byte("x")},
	} {
		if raw, err := m.XML(); err == nil || raw != nil {
			t.Errorf("%s is written", name)
		}
	}
}

// answer is a response as the specification shows it.
func answer(header, code string, itk ...string) string {
	issues := ""
	for _, c := range itk {
		issues += `<issue><severity value="fatal"/><code value="processing"/><details><coding><system value="https://fhir.nhs.uk/STU3/CodeSystem/ITK-ResponseCodes-1"/><code value="` +
			c + `"/><display value="x"/></coding></details><diagnostics value="Mr Richard Smith is not known"/></issue>`
	}
	return `<Bundle xmlns="http://hl7.org/fhir"><type value="message"/><entry><resource><MessageHeader>
		<extension url="https://fhir.nhs.uk/STU3/StructureDefinition/Extension-ITK-MessageHandling-2"><extension url="SenderReference"><valueString value="0193f5a8-0000-7000-8000-000000000001"/></extension></extension>
		<event><code value="ITK008M"/></event><timestamp value="2026-11-23T13:00:00+00:00"/>` +
		`<response><identifier value="` + header + `"/><code value="` + code + `"/></response></MessageHeader></resource></entry>
		<entry><resource><OperationOutcome>` + issues + `</OperationOutcome></resource></entry></Bundle>`
}

func TestAnAnswerMeans(t *testing.T) {
	t.Parallel()
	id := uuid.MustParse("0193f5a8-0000-7000-8000-000000000001")
	for name, c := range map[string]struct {
		answer string
		state  clinical.State
		says   string
	}{
		"the machinery has it":                      {answer(id.String(), "ok", "20013"), clinical.Acknowledged, ""},
		"the machinery has it, by the header alone": {answer(id.String(), "ok"), clinical.Acknowledged, ""},
		"the practice knows the patient":            {answer(id.String(), "ok", "30001"), clinical.Filed, ""},
		"both words in one":                         {answer(id.String(), "ok", "30001", "20013"), clinical.Filed, ""},
		"it had the message already":                {answer(id.String(), "fatal-error", "20007"), clinical.Acknowledged, ""},
		"the patient is not known":                  {answer(id.String(), "fatal-error", "30002"), clinical.NeedsAttention, "does not know this patient"},
		"the patient has left":                      {answer(id.String(), "fatal-error", "30003"), clinical.NeedsAttention, "no longer with this practice"},
		"a refusal counts beside a success":         {answer(id.String(), "ok", "20013", "20009"), clinical.NeedsAttention, "contents"},
		"the contents are at fault":                 {answer(id.String(), "fatal-error", "20009"), clinical.NeedsAttention, "contents"},
		"the handling is at fault":                  {answer(id.String(), "fatal-error", "10009"), clinical.NeedsAttention, "could not read"},
		"no reason is given":                        {answer(id.String(), "fatal-error"), clinical.NeedsAttention, "no reason"},
		"a code that is none":                       {answer(id.String(), "fatal-error", "Mr Smith"), clinical.NeedsAttention, "do not know"},
		"a code of tomorrow":                        {answer(id.String(), "fatal-error", "30099"), clinical.NeedsAttention, "30099"},
		"by our reference where the id is not ours": {answer("abc", "ok", "20013"), clinical.Acknowledged, ""},
	} {
		got, err := itk3.ParseResponse([]byte(c.answer))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Delivery != id || got.State != c.state || !strings.Contains(got.Says, c.says) || (c.says == "") != (got.Says == "") || got.At.IsZero() {
			t.Errorf("%s: %+v", name, got)
		}
		if strings.Contains(got.Says, "Smith") {
			t.Errorf("%s: the other system's words are repeated: %s", name, got.Says)
		}
	}
	for name, raw := range map[string]string{
		"no XML": "hello", "no response": `<Bundle xmlns="http://hl7.org/fhir"><entry><resource><MessageHeader/></resource></entry></Bundle>`,
		"neither yes nor no": answer(id.String(), "perhaps"), "of nobody's": strings.ReplaceAll(answer("x", "ok"), id.String(), "y"), "nothing": "",
	} {
		if got, err := itk3.ParseResponse([]byte(raw)); !errors.Is(err, itk3.ErrNotResponse) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func FuzzParseResponse(f *testing.F) {
	id := "0193f5a8-0000-7000-8000-000000000001"
	for _, seed := range []string{answer(id, "ok", "20013"), answer(id, "fatal-error", "30002"), "", "<Bundle/>", "<Bundle><entry>"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := itk3.ParseResponse(raw)
		if err != nil {
			if !errors.Is(err, itk3.ErrNotResponse) {
				t.Errorf("%v", err)
			}
			return
		}
		switch r.State {
		case clinical.Acknowledged, clinical.Filed:
			if r.Says != "" {
				t.Errorf("%+v", r)
			}
		case clinical.NeedsAttention:
			if r.Says == "" || len(r.Says) > 200 {
				t.Errorf("%+v", r)
			}
		default:
			t.Errorf("%+v", r)
		}
	})
}

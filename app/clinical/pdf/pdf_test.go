package pdf_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/pdf"
	"onedoor/app/nhs"
)

func outcome() clinical.Document {
	return clinical.Document{
		DeliveryID: uuid.MustParse("0193f5a8-0000-7000-8000-000000000001"), Reference: "4820017365", Purpose: clinical.RegisteredPractice,
		Kind: clinical.Coded{Code: "symptoms", Title: "Help with symptoms"}, Outcome: clinical.Coded{Code: "medicine-supplied", Title: "Medicine supplied"},
		Patient:    clinical.Patient{NHSNumber: "9990001006", GivenName: "Siân", FamilyName: "Llŷr-Gwŷdd"},
		Note:       "Wedi rhoi eli. Mae’r croen yn well, ŵ ŷ Ŵ Ŷ â ê î ô û ẁ ẃ ẅ.",
		Details:    map[string]string{"Medicine": "Fusidic acid 2% cream, 15 g"},
		RecordedBy: "Grace Mensah", RecordedAt: time.Date(2026, 11, 23, 12, 30, 0, 0, time.UTC),
		From: clinical.Party{ODS: "FRV01", Name: "Quayside Pharmacy"}, For: clinical.Party{ODS: "A81001", Name: "Weir Lane Surgery"},
	}
}

func draw(t *testing.T, doc clinical.Document) []byte {
	t.Helper()
	drawn, err := pdf.Draw(doc)
	if err != nil {
		t.Fatal(err)
	}
	return drawn
}

var (
	streams = regexp.MustCompile(`(?s)stream\r?\n(.*?)\r?\nendstream`)
	shown   = regexp.MustCompile(`(?s)\(((?:\\.|[^\\)])*)\)\s*(?:Tj|-?[\d.]+|\])`)
)

// words are what the pages show, read from their content streams, whose strings are UTF-16.
func words(t *testing.T, drawn []byte) string {
	t.Helper()
	var all strings.Builder
	for _, stream := range streams.FindAllSubmatch(drawn, -1) {
		r, err := zlib.NewReader(bytes.NewReader(stream[1]))
		if err != nil {
			continue // not compressed: no page
		}
		content, err := io.ReadAll(r)
		if err != nil || !bytes.Contains(content, []byte(" Tf ")) && !bytes.Contains(content, []byte("BT ")) {
			continue
		}
		for _, s := range shown.FindAllSubmatch(content, -1) {
			raw := regexp.MustCompile(`(?s)\\(.)`).ReplaceAllFunc(s[1], func(m []byte) []byte {
				if m[1] == 'r' {
					return []byte{'\r'}
				}
				return m[1:]
			})
			var units []uint16
			for ; len(raw) >= 2; raw = raw[2:] {
				units = append(units, binary.BigEndian.Uint16(raw))
			}
			all.WriteString(string(utf16.Decode(units)) + " ")
		}
	}
	return strings.Join(strings.Fields(all.String()), " ")
}

func TestEveryFactOfTheDocumentIsOnThePages(t *testing.T) {
	t.Parallel()
	doc := outcome()
	got := words(t, draw(t, doc))
	facts := 0
	for _, section := range doc.Facts() {
		for _, fact := range section {
			for _, word := range strings.Fields(fact.Name + " " + fact.Says) {
				facts++
				if !strings.Contains(got, word) {
					t.Errorf("%q is not drawn in %q", word, got)
				}
			}
		}
	}
	if facts < 20 || !strings.Contains(got, doc.Title()) {
		t.Errorf("%d words, and the title in %q", facts, got)
	}
}

func TestTheSameDocumentGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	first := draw(t, outcome())
	for range 5 {
		if !bytes.Equal(first, draw(t, outcome())) {
			t.Fatal("another drawing differs")
		}
	}
	other := outcome()
	other.Note = "Something else."
	if bytes.Equal(first, draw(t, other)) {
		t.Error("another note gives the same bytes")
	}
}

func TestLettersOfOtherScriptsAreShownAsTheirCodes(t *testing.T) {
	t.Parallel()
	doc := outcome()
	doc.Patient.FamilyName = "中 w\u0302yn 😀\x07"
	got := words(t, draw(t, doc))
	for _, want := range []string{"[U+4E2D]", "ŵyn", "[U+1F600]"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %q", want, got)
		}
	}
}

func TestALongNoteGoesOnOverPagesThatEachSayWhoseTheyAre(t *testing.T) {
	t.Parallel()
	doc := outcome()
	doc.Note = strings.Repeat("Rash on both arms, better since Tuesday, not hot.\n", 150) + "THE END"
	doc.Details["A long label that has to be broken into two lines"] = strings.Repeat("word ", 800)
	drawn := draw(t, doc)
	pages := bytes.Count(drawn, []byte("/Type /Page\n")) + bytes.Count(drawn, []byte("/Type /Page "))
	got := words(t, drawn)
	if pages < 3 || !strings.Contains(got, "THE END") {
		t.Fatalf("%d pages", pages)
	}
	if n := strings.Count(got, "NHS number 999 000 1006"); n < pages {
		t.Errorf("%d of %d pages say whose they are", n, pages)
	}
}

func TestAPatientWithoutANumberIsToBeMatchedByHand(t *testing.T) {
	t.Parallel()
	doc := outcome()
	doc.Patient = clinical.Patient{BirthDate: nhs.Date{}}
	if got := words(t, draw(t, doc)); !strings.Contains(got, "match this person by hand") {
		t.Error(got)
	}
}

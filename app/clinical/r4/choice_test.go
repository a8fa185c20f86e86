package r4_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"onedoor/app/clinical/r4"
)

func TestAChoiceIsWrittenUnderItsTypesName(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]r4.Resource{
		`{"resourceType":"Patient","deceasedBoolean":false}`:                   &r4.Patient{Deceased: r4.Boolean(false)},
		`{"resourceType":"Patient","deceasedDateTime":"2026-01-01"}`:           &r4.Patient{Deceased: r4.DateTime("2026-01-01")},
		`{"resourceType":"Patient","extension":[{"url":"u","valueCode":"c"}]}`: &r4.Patient{Common: r4.Common{Extension: []r4.Extension{{URL: "u", Value: r4.Code("c")}}}},
		`{"resourceType":"MedicationRequest","status":"active","intent":"plan","subject":{"display":"A"},"medicationCodeableConcept":{"text":"x"}}`: &r4.MedicationRequest{
			Status: "active", Intent: "plan", Subject: r4.Reference{Display: "A"}, Medication: r4.CodeableConcept{Text: "x"},
		},
		`{"resourceType":"Task","status":"requested","intent":"order","note":[{"text":"t","authorString":"A"}],"output":[{"type":{"text":"o"},"valueString":"s"}]}`: &r4.Task{
			Status: "requested", Intent: "order", Note: []r4.Annotation{{Author: r4.String("A"), Text: "t"}},
			Output: []r4.Parameter{{Type: r4.CodeableConcept{Text: "o"}, Value: r4.String("s")}},
		},
		`{"resourceType":"Communication","status":"completed","payload":[{"contentString":"Hello"}]}`: &r4.Communication{
			Status: "completed", Payload: []r4.Payload{{Content: r4.String("Hello")}},
		},
		`{"resourceType":"Observation","status":"final","code":{"text":"c"},"effectiveDateTime":"2026-01-01","valueQuantity":{"value":1.50}}`: &r4.Observation{
			Status: "final", Code: r4.CodeableConcept{Text: "c"}, Effective: r4.DateTime("2026-01-01"), Value: r4.Quantity{Value: "1.50"},
		},
	} {
		got, err := json.Marshal(r)
		if err != nil || string(got) != want {
			t.Errorf("%v\n%s", err, cmp.Diff(want, string(got)))
		}
		back, err := r4.Decode(got)
		if err != nil {
			t.Errorf("%s: %v", want, err)
			continue
		}
		again, _ := json.Marshal(back)
		if string(again) != want {
			t.Errorf("read and written: %s", cmp.Diff(want, string(again)))
		}
		if faults := r4.Faults(got); len(faults) > 0 {
			t.Errorf("%s: %v", got, faults)
		}
	}
}

func TestTwoValuesOfAChoiceAreNotRead(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		`{"resourceType":"Patient","deceasedBoolean":false,"deceasedDateTime":"2026-01-01"}`,
		`{"resourceType":"Task","status":"requested","intent":"order","output":[{"type":{"text":"o"},"valueString":"s","valueCode":"s"}]}`,
		`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","extension":[{"url":"u","valueCode":"a","valueString":"b"}]}}]}`,
	} {
		if _, err := r4.Decode([]byte(bad)); err == nil || !strings.Contains(err.Error(), "more than one value") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestWhatIsNotAResourceIsRefused(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{``, `null`, `[]`, `{}`, `{"resourceType":""}`, `{"resourceType":3}`} {
		if _, err := r4.Decode([]byte(bad)); !errors.Is(err, r4.ErrNotResource) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := r4.DecodeAs[*r4.Task]([]byte(`{"resourceType":"Slot"}`)); !errors.Is(err, r4.ErrNotResource) {
		t.Errorf("a Slot as a Task: %v", err)
	}
	other := `{"resourceType":"Basic","anything":[1,2]}`
	r, err := r4.Decode([]byte(other))
	if err != nil || r4.KindOf(r) != "Basic" {
		t.Fatalf("%v, %v", r, err)
	}
	if again, err := json.Marshal(r); err != nil || string(again) != other {
		t.Errorf("a type that has no struct comes back as %s, %v", again, err)
	}
}

func TestWithKeepsWhatNoStructKnows(t *testing.T) {
	t.Parallel()
	raw := `{"resourceType":"Task","status":"requested","intent":"order","somethingElse":{"a":[1]}}`
	got, err := r4.With([]byte(raw), "status", "cancelled")
	if want := `{"intent":"order","resourceType":"Task","somethingElse":{"a":[1]},"status":"cancelled"}`; err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
	if got, err = r4.With(got, "somethingElse", nil); err != nil || strings.Contains(string(got), "somethingElse") {
		t.Errorf("%s, %v", got, err)
	}
}

func TestTheWalkFindsSeededFaults(t *testing.T) {
	t.Parallel()
	for bad, where := range map[string]string{
		`{"output":[{"type":{"text":"o"},"valueString":"a","valueBoolean":true}]}`:         "output[0] has more than one value[x]",
		`{"output":[{"type":{"text":"a"}}]}`:                                               "output[0] has no value[x]",
		`{"note":[{"authorString":"a","authorReference":{"display":"x"},"text":"b"}]}`:     "note[0] has more than one author[x]",
		`{"medicationCodeableConcept":{"text":"a"},"medicationReference":{"display":"a"}}`: " has more than one medication[x]",
		`{"extension":[{"url":"u"}]}`:                                                      "extension[0] has neither value[x] nor extensions, or both",
		`{"note":null}`:                                                                    "note is null",
		`{"note":[]}`:                                                                      "note is empty",
		`{"a":{"b":" "}}`:                                                                  "a.b is empty",
		`{"a":{}}`:                                                                         "a is empty",
		`{`:                                                                                "this is not JSON",
	} {
		if got := r4.Faults([]byte(bad)); len(got) == 0 || got[0] != where {
			t.Errorf("%s: %q, want %q", bad, got, where)
		}
	}
	good := `{"reasonCode":[{"text":"a"}],"reasonReference":[{"display":"a"}],"content":[{"attachment":{"contentType":"text/plain"}}],"contentType":"a"}`
	if got := r4.Faults([]byte(good)); len(got) > 0 {
		t.Errorf("%v", got)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","deceasedBoolean":true,"contained":[{"resourceType":"Slot"}]}}]}`))
	f.Add([]byte(`{"resourceType":"Task","output":[{"valueAge":{"value":1}}],"note":[{"authorReference":{}}]}`))
	f.Add([]byte(`{"resourceType":"MessageDefinition","useContext":[{"code":[{"code":"a"},{"code":"b"}],"valueCodeableConcept":{}}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := r4.Decode(raw)
		if err != nil {
			return
		}
		written, err := json.Marshal(r)
		if err != nil {
			t.Fatalf("read but not written: %v", err)
		}
		again, err := r4.Decode(written)
		if err != nil {
			t.Fatalf("written but not read: %v\n%s", err, written)
		}
		if twice, err := json.Marshal(again); err != nil || string(twice) != string(written) {
			t.Fatalf("not the same twice: %v\n%s\n%s", err, written, twice)
		}
	})
}

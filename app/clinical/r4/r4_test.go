package r4_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"onedoor/app/clinical/r4"
)

// published is where the NHS's published examples lie, beside the checkout.
func published(t *testing.T) string {
	t.Helper()
	folder := filepath.Join("..", "..", "..", "..", "shared", "data", "bars-examples")
	if _, err := os.Stat(folder); err == nil {
		return folder
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("the published BaRS examples are not in %s, and in CI they have to be", folder)
	}
	t.Skipf("THE PUBLISHED BaRS EXAMPLES ARE NOT HERE: put NHSDigital/booking-and-referral-fhir-api's specification/examples into %s", folder)
	return ""
}

// Slips of the published examples: an element that R4 does not have by that name, or a resource in the place of its entry.
func mend(r map[string]any) {
	delete(r, "PatientInstruction") // patientInstruction
	if r["resourceType"] != "Bundle" {
		delete(r, "search") // the entry's
	}
	if r["resourceType"] == "Slot" {
		delete(r, "Schedule") // schedule
	}
	entries, _ := r["entry"].([]any)
	for i, e := range entries {
		if one, ok := e.(map[string]any); ok && one["resourceType"] != nil { // a resource in an entry's place
			entries[i] = map[string]any{"resource": one}
		}
	}
}

// resources are all in a file, each as it came.
func resources(x any, give func(kind string, r map[string]any)) {
	switch x := x.(type) {
	case []any:
		for _, inner := range x {
			resources(inner, give)
		}
	case map[string]any:
		for _, inner := range x {
			resources(inner, give)
		}
		if kind, ok := x["resourceType"].(string); ok {
			give(kind, x)
		}
	}
}

// What is published comes back as it was: nothing that the examples hold is lost or changed.
func TestPublishedExamplesComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	count := map[string]int{}
	err := filepath.WalkDir(published(t), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var whole any
		if err := json.Unmarshal(raw, &whole); err != nil {
			t.Logf("%s is not JSON: %v", filepath.Base(path), err)
			return nil
		}
		resources(whole, func(kind string, r map[string]any) {
			mend(r)
			want, _ := json.Marshal(r)
			got, err := r4.Decode(want)
			if err != nil {
				t.Errorf("%s: %v", path, err)
				return
			}
			if _, unknown := got.(*r4.Other); unknown {
				t.Errorf("%s: no struct for %s", path, kind)
			}
			again, err := json.Marshal(got)
			if err != nil {
				t.Errorf("%s: %v", path, err)
				return
			}
			if diff := cmp.Diff(plain(t, want), plain(t, again)); diff != "" {
				t.Errorf("%s: %s\n%s", path, kind, diff)
			}
			count[kind]++
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{
		"Appointment", "Bundle", "CapabilityStatement", "CarePlan", "Consent", "DocumentReference", "Encounter", "Flag",
		"HealthcareService", "Location", "MessageDefinition", "MessageHeader", "Observation", "OperationOutcome", "Organization", "Patient",
		"Practitioner", "PractitionerRole", "Schedule", "ServiceRequest", "Slot",
	} {
		if count[kind] == 0 {
			t.Errorf("no %s was compared", kind)
		}
	}
}

// plain is JSON as values without what is empty (the examples leave out some required elements, and have an empty list), where
// R4 has a list in a place and an example a single one, or the reverse.
func plain(t *testing.T, raw []byte) any {
	t.Helper()
	var x any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&x); err != nil {
		t.Fatal(err)
	}
	return pruned(x)
}

func pruned(x any) any {
	switch x := x.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, inner := range x {
			switch one := pruned(inner).(type) {
			case nil:
			case map[string]any:
				if name == "basedOn" {
					out[name] = []any{one}
					continue
				}
				out[name] = one
			default:
				out[name] = one
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case []any:
		var out []any
		for _, inner := range x {
			if one := pruned(inner); one != nil {
				out = append(out, one)
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case string:
		if x == "" {
			return nil
		}
	}
	return x
}

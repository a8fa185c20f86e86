package dmn_test

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"onedoor/policy/dmn"
	"onedoor/policy/dmn/feel"
)

// The test cases of the DMN Technology Compatibility Kit, in its own format. Two of them are kept beside the repository;
// ONEDOOR_DMN_KIT names the TestCases folder of a whole kit.
type (
	kitFile struct {
		Model string    `xml:"modelName"`
		Cases []kitCase `xml:"testCase"`
	}
	kitCase struct {
		ID        string      `xml:"id,attr"`
		Type      string      `xml:"type,attr"`
		Invocable string      `xml:"invocableName,attr"`
		Inputs    []kitNamed  `xml:"inputNode"`
		Results   []kitResult `xml:"resultNode"`
	}
	kitResult struct {
		Name     string    `xml:"name,attr"`
		Expected *kitValue `xml:"expected"`
	}
	kitNamed struct {
		Name string `xml:"name,attr"`
		kitValue
	}
	kitValue struct {
		Value *struct {
			Text string `xml:",chardata"`
			Nil  bool   `xml:"nil,attr"`
			Type string `xml:"type,attr"`
		} `xml:"value"`
		Components []kitNamed `xml:"component"`
		List       *struct {
			Nil   bool       `xml:"nil,attr"`
			Items []kitValue `xml:"item"`
		} `xml:"list"`
	}
)

func (v kitValue) feel() feel.Value {
	switch {
	case v.List != nil && !v.List.Nil:
		l := feel.List{}
		for _, item := range v.List.Items {
			l = append(l, item.feel())
		}
		return l
	case len(v.Components) > 0:
		c := feel.NewContext()
		for _, part := range v.Components {
			c.Put(part.Name, part.feel())
		}
		return c
	case v.Value == nil || v.Value.Nil:
		return nil
	}
	text := v.Value.Text
	_, kind, _ := strings.Cut(v.Value.Type, ":")
	switch kind {
	case "decimal", "double", "integer", "":
		if n, ok := feel.ParseNumber(strings.TrimSpace(text)); ok {
			return n
		}
	case "boolean":
		return strings.TrimSpace(text) == "true"
	case "date", "time", "dateTime", "duration":
		if t, ok := feel.ParseTemporal(strings.TrimSpace(text)); ok {
			return t
		}
	}
	return text
}

func TestCompatibilityKit(t *testing.T) {
	t.Parallel()
	files := kitFiles(t)
	passed, failed := 0, 0
	for _, path := range files {
		p, f := runKit(t, path)
		passed, failed = passed+p, failed+f
	}
	t.Logf("%d results of the kit are as expected, %d are not", passed, failed)
	if passed == 0 {
		t.Error("no result was compared")
	}
}

func kitFiles(t *testing.T) []string {
	t.Helper()
	pattern := filepath.Join("..", "..", "..", "shared", "data", "dmn-tck", "*-test-*.xml")
	if root := os.Getenv("ONEDOOR_DMN_KIT"); root != "" {
		pattern = filepath.Join(root, "compliance-level-[23]", "*", "*-test-*.xml")
	}
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 && os.Getenv("CI") != "" {
		t.Fatalf("the compatibility kit's cases are not at %s", pattern)
	}
	if len(files) == 0 {
		t.Skipf("NOT TESTED: the compatibility kit's cases are not at %s", pattern)
	}
	return files
}

func runKit(t *testing.T, path string) (passed, failed int) {
	t.Helper()
	document, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file kitFile
	if err := xml.Unmarshal(document, &file); err != nil {
		t.Fatal(err)
	}
	document, err = os.ReadFile(filepath.Join(filepath.Dir(path), file.Model))
	if err != nil {
		t.Fatal(err)
	}
	m, err := dmn.Parse(document)
	if err != nil {
		t.Errorf("%s: %v", file.Model, err)
		return 0, 1
	}
	for _, c := range file.Cases {
		for _, result := range c.Results {
			if got, want := kitEvaluate(t, m, c, result), kitWanted(result); kitEqual(want, got.Value) {
				passed++
			} else {
				failed++
				t.Errorf("%s, case %s, %s: expected %s, got %s %s", file.Model, c.ID, result.Name, feel.Text(want), feel.Text(got.Value), got.Reasons)
			}
		}
	}
	return passed, failed
}

// kitEvaluate takes the way of the command line: inputs as JSON.
func kitEvaluate(t *testing.T, m *dmn.Model, c kitCase, result kitResult) dmn.Result {
	t.Helper()
	given := feel.NewContext()
	for _, in := range c.Inputs {
		given.Put(in.Name, in.feel())
	}
	inputs, _, err := m.ReadInputs(dmn.JSON(given))
	if err != nil {
		t.Fatal(err)
	}
	name := result.Name
	if c.Type == "decisionService" || c.Type == "bkm" {
		name = c.Invocable
	}
	got, err := m.Evaluate(name, inputs, time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC))
	if err != nil {
		t.Error(err)
	}
	return got
}

func kitWanted(result kitResult) feel.Value {
	if result.Expected == nil {
		return nil
	}
	return result.Expected.feel()
}

// kitEqual allows numbers the digits that the kit's authors rounded away.
func kitEqual(want, got feel.Value) bool {
	switch w := want.(type) {
	case *feel.Number:
		g, is := got.(*feel.Number)
		if !is {
			return false
		}
		a, errA := w.Float64()
		b, errB := g.Float64()
		return errA == nil && errB == nil && a-b < 1e-8 && b-a < 1e-8
	case feel.List:
		g, is := got.(feel.List)
		if !is || len(w) != len(g) {
			return false
		}
		for i := range w {
			if !kitEqual(w[i], g[i]) {
				return false
			}
		}
		return true
	case *feel.Context:
		g, is := got.(*feel.Context)
		if !is || len(w.Keys()) != len(g.Keys()) {
			return false
		}
		for _, key := range w.Keys() {
			a, _ := w.Get(key)
			if b, there := g.Get(key); !there || !kitEqual(a, b) {
				return false
			}
		}
		return true
	}
	return feel.TypeName(want) == feel.TypeName(got) && feel.Text(want) == feel.Text(got)
}

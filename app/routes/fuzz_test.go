package routes_test

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"onedoor/app/fault"
	"onedoor/app/routes"
)

// Whatever is sent is either read, or refused with a code and a sentence; what is read is valid JSON and nothing else.
func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{`{"name":"A","age":1}`, `{"more":{"a":[1,2]}}`, `{"name":"\u0000"}`, "{\"name\":\"\xff\"}", `{"age":1e400}`, `[[[[`, `{"name":1,"name":2}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		var b body
		err := routes.ParseJSON(input, &b)
		if err == nil {
			if !json.Valid(input) || !utf8.Valid(input) {
				t.Fatalf("read %q", input)
			}
			return
		}
		e := fault.As(err)
		if e.Kind == fault.Internal || e.Code == "" || e.Says == "" {
			t.Fatalf("%q: %v", input, err)
		}
	})
}

// A path that a browser is sent back to is always on this site.
func FuzzLocalPath(f *testing.F) {
	for _, s := range []string{"/reception", "//evil.example", `/\evil`, "/%2f%2fevil", "https:evil", "/\t/evil"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := routes.LocalPath(s, "/")
		if got[0] != '/' || (len(got) > 1 && (got[1] == '/' || got[1] == '\\')) {
			t.Fatalf("%q gives %q", s, got)
		}
	})
}

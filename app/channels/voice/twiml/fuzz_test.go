package twiml

import (
	"net/http"
	"net/url"
	"testing"
)

// FuzzForm looks for forms that are read otherwise than they are signed.
func FuzzForm(f *testing.F) {
	for _, s := range []string{
		"CallSid=CA1&From=%2B447700900077&Digits=1", "a=1&a=2", "a=%00", "a=%zz", "=&=", "a;b", "Digits=%23", "a=%f0%9f%98%80", "RecordingUrl=http%3A%2F%2F[::1]%2F",
	} {
		f.Add(s, "c2lnbmF0dXJl", "/voice/twiml/riverside?x=1")
	}
	f.Fuzz(func(t *testing.T, body, signature, path string) {
		form, err := parseForm(body)
		if err != nil {
			return
		}
		for name, values := range form {
			if len(values) != 1 {
				t.Fatalf("%q stands %d times", name, len(values))
			}
		}
		again, err := parseForm(form.Encode())
		if err != nil || again.Encode() != form.Encode() {
			t.Fatalf("%q is read as %v, which is read as %v (%v)", body, form, again, err)
		}
		address, err := url.ParseRequestURI(path)
		if err != nil {
			return
		}
		if signed([]string{"token-of-the-test", "another"}, publicURL("https://onedoor.example", &http.Request{URL: address}), form, []string{signature}) {
			t.Fatalf("a signature was guessed: %q of %q", signature, body)
		}
		if signed(nil, "https://onedoor.example", form, []string{signature}) || signed([]string{""}, "https://onedoor.example", form, []string{signature}) {
			t.Fatal("signed with no token")
		}
		_ = post{form: form}.caller() // any number is read or is none
	})
}

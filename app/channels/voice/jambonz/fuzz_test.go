package jambonz

import (
	"testing"
	"time"
)

// FuzzMessage looks for a signature that is believed without the secret, and for a message that breaks the reader.
func FuzzMessage(f *testing.F) {
	f.Add([]byte(`{"call_sid":"a","from":"+447700900077","digits":"1"}`), "t=1795428120,v1=00")
	f.Add([]byte(`{"call_sid":1}`), "t=,v1=")
	f.Add([]byte(`[]`), "v1=,v1=,t=99999999999999999999")
	f.Add([]byte("\xff"), "t=1,t=2,v1=x")
	now := time.Unix(1795428120, 0)
	f.Fuzz(func(t *testing.T, body []byte, header string) {
		if signed([]string{"secret-of-the-test", ""}, []string{header}, body, now) {
			t.Fatalf("a signature was guessed: %q", header)
		}
		if m, err := parseMessage(body); err == nil {
			if m.CallSID == "" {
				t.Fatal("a message of no call")
			}
			_ = m.caller()
		}
	})
}

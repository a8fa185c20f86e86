package voice

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestMain lets this program be the telephones, as the product's is.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "bench" && os.Args[2] == "telephones" {
		if err := Telephones(os.Stdin, os.Stdout); err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func TestCallsAreMeasuredWithSoundBothWays(t *testing.T) {
	t.Parallel()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := Measure(t.Context(), Options{Calls: 5, Seconds: 2, Workers: 1, Plain: true, Program: program, Out: &out}); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if n := strings.Count(out.String(), "KB a call   load"); n != 3 {
		t.Errorf("%d lines of figures:\n%s", n, out.String())
	}
}

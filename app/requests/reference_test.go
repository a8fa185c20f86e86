package requests_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"onedoor/app/nhs"
	"onedoor/app/requests"
)

func source(seed uint64) *rand.ChaCha8 {
	var b [32]byte
	copy(b[:], fmt.Sprint(seed))
	return rand.NewChaCha8(b)
}

func TestAReferenceIsNeverAnNHSNumberAndComesBackAsRead(t *testing.T) {
	t.Parallel()
	random := source(1)
	for range 20_000 {
		r, err := requests.NewReference(random)
		if err != nil {
			t.Fatal(err)
		}
		if nhs.Modulus11(string(r)) {
			t.Fatalf("%s is a valid NHS number", r)
		}
		if again, err := requests.ParseReference(r.Spaced()); err != nil || again != r {
			t.Fatalf("%s read back as %s: %v", r, again, err)
		}
	}
}

func TestAReferenceRefusesOneWrongDigitAndTwoSwapped(t *testing.T) {
	t.Parallel()
	random := source(2)
	for range 500 {
		r, err := requests.NewReference(random)
		if err != nil {
			t.Fatal(err)
		}
		for i := range r {
			for d := byte('0'); d <= '9'; d++ {
				wrong := []byte(r)
				if wrong[i] == d {
					continue
				}
				wrong[i] = d
				if _, err := requests.ParseReference(string(wrong)); err == nil {
					t.Fatalf("%s passed for %s", wrong, r)
				}
			}
			if i > 0 && r[i] != r[i-1] {
				swapped := []byte(r)
				swapped[i], swapped[i-1] = swapped[i-1], swapped[i]
				if _, err := requests.ParseReference(string(swapped)); err == nil {
					t.Fatalf("%s passed for %s", swapped, r)
				}
			}
		}
	}
}

func FuzzParseReference(f *testing.F) {
	f.Add("123 456 7894")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		if r, err := requests.ParseReference(s); err == nil && len(r) != 10 {
			t.Errorf("%q gave %q", s, r)
		}
	})
}

package dialogue_test

import (
	"math/rand/v2"
	"testing"

	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/nhs"
)

func letter(rng *rand.Rand) string { return string("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[rng.IntN(26)]) }

func digit(rng *rand.Rand) string { return string("0123456789"[rng.IntN(10)]) }

// Every shape that a postcode has comes back from its keys as it was, with any letters.
func TestAPostcodeComesBackFromItsKeys(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	shapes := []func() string{
		func() string { return letter(rng) + digit(rng) },
		func() string { return letter(rng) + digit(rng) + digit(rng) },
		func() string { return letter(rng) + letter(rng) + digit(rng) },
		func() string { return letter(rng) + letter(rng) + digit(rng) + digit(rng) },
		func() string { return letter(rng) + letter(rng) + digit(rng) + letter(rng) },
		func() string { return string("ENW"[rng.IntN(3)]) + "1" + letter(rng) }, // the only A9A there are
	}
	for i := range 20_000 {
		want, err := nhs.ParsePostcode(shapes[i%len(shapes)]() + " " + digit(rng) + letter(rng) + letter(rng))
		if err != nil {
			t.Fatal(err)
		}
		keys := dialogue.PostcodeKeys(want)
		if got, ok := dialogue.PostcodeOf(keys); !ok || got != want {
			t.Fatalf("%s is keyed %s and read as %q", want, keys, got)
		}
	}
}

func TestKeysThatAreNoPostcodeAreRefused(t *testing.T) {
	t.Parallel()
	for _, keys := range []string{"", "1", "7374", "737411213", "73741121314151", "13741 12131", "7574112131", "7374112195", "0000000000", "1111111111"} {
		if got, ok := dialogue.PostcodeOf(keys); ok {
			t.Errorf("%q is read as %s", keys, got)
		}
	}
}

func FuzzPostcodeOf(f *testing.F) {
	f.Add("7374112131")
	f.Add("9191111111")
	f.Fuzz(func(t *testing.T, keys string) {
		for _, r := range keys {
			if r < '0' || r > '9' {
				return // the collector gives nothing else
			}
		}
		if p, ok := dialogue.PostcodeOf(keys); ok && dialogue.PostcodeKeys(p) != keys {
			t.Errorf("%q is read as %s, which is keyed %q", keys, p, dialogue.PostcodeKeys(p))
		}
	})
}

package simulate_test

import (
	"maps"
	"testing"

	"github.com/google/uuid"

	"onedoor/policy"
	"onedoor/policy/simulate"
)

func TestFactsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	decoder, into := simulate.NewDecoder(), policy.Facts{}
	for _, f := range []policy.Facts{
		{},
		{"age": policy.Int(42), "kind": policy.Text("symptoms")},
		{"a;b=c#d%e": policy.Text("=;#% ü\x00\n"), "n": policy.Int(-7), "digits": policy.Text("7")},
		{"not-known": policy.Value{}, "known": policy.Text("yes")},
	} {
		line := simulate.EncodeFacts(f)
		for i := range len(line) {
			if line[i] <= ' ' || line[i] > '~' {
				t.Errorf("%q is not plain", line)
			}
		}
		for range 2 { // the second time from what the decoder remembers
			if err := decoder.Facts([]byte(line), into); err != nil {
				t.Fatal(err)
			}
			want := maps.Clone(f)
			maps.DeleteFunc(want, func(_ string, v policy.Value) bool { return !v.Known() })
			if !maps.Equal(into, want) {
				t.Errorf("%q gives %v; want %v", line, into, want)
			}
		}
	}
}

func TestLoadsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	decoder, into := simulate.NewDecoder(), policy.Load{}
	l := policy.Load{uuid.New(): {Open: 3, Today: 70}, uuid.New(): {Today: 1000}, uuid.New(): {}}
	if err := decoder.Load(simulate.EncodeLoad(l), into); err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(l, func(_ uuid.UUID, s policy.ServiceLoad) bool { return s == policy.ServiceLoad{} })
	if len(l) != 2 || !maps.Equal(l, into) {
		t.Errorf("%v; want %v", into, l)
	}
}

func FuzzFacts(f *testing.F) {
	for _, line := range []string{"", "age#42;kind=symptoms", "a%3bb=c", "a#x", "=x", ";", "a=%z", "a=b;"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		decoder, facts := simulate.NewDecoder(), policy.Facts{}
		if decoder.Facts([]byte(line), facts) != nil {
			return
		}
		again := policy.Facts{}
		if err := decoder.Facts([]byte(simulate.EncodeFacts(facts)), again); err != nil || !maps.Equal(facts, again) {
			t.Errorf("%q gives %v, and then %v: %v", line, facts, again, err)
		}
	})
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte{})
	f.Add(simulate.EncodeLoad(policy.Load{uuid.Nil: {Open: 3, Today: 4}}))
	f.Add(make([]byte, 17))
	f.Fuzz(func(t *testing.T, b []byte) {
		decoder, load := simulate.NewDecoder(), policy.Load{}
		if decoder.Load(b, load) != nil {
			return
		}
		maps.DeleteFunc(load, func(_ uuid.UUID, s policy.ServiceLoad) bool { return s == policy.ServiceLoad{} })
		again := policy.Load{}
		if err := decoder.Load(simulate.EncodeLoad(load), again); err != nil || !maps.Equal(load, again) {
			t.Errorf("%x gives %v, and then %v: %v", b, load, again, err)
		}
	})
}

package voice_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"onedoor/app/calls"
	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/channels/voice/line/linetest"
	"onedoor/app/nhs"
	"onedoor/app/patients"
)

// Twenty callers key a whole request each, at once, and each request holds what that caller keyed, to the last digit.
func TestTwentyWholeCallsAtOnceAreTwentyRequests(t *testing.T) {
	t.Parallel()
	const all = 20
	w := newWorld(t)
	phones := make([]*linetest.Telephone, all)
	rows := "SEQUENTIAL\n"
	number := func(i int) nhs.Phone { return nhs.Phone(fmt.Sprintf("+4477009002%02d", i)) }
	for i := range phones {
		phones[i] = linetest.NewTelephone(t)
		rows += fmt.Sprintf("%s;%s\n", number(i), phones[i].Port())
	}
	file := filepath.Join(t.TempDir(), "calls.csv")
	if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		ended <- linetest.Sipp(t, "line/testdata/concurrent.xml", w.Addr(), "-s", "A81001", "-inf", file, "-m", fmt.Sprint(all), "-l", fmt.Sprint(all), "-r", fmt.Sprint(5*all))
	}()
	adults := slices.DeleteFunc(slices.Clone(w.Patients), func(p patients.Patient) bool { // children are asked other questions
		return p.BirthDate.String() > "2005"
	})
	var keying sync.WaitGroup
	for range all {
		id := w.next(t)
		w.mu.Lock()
		turns, from := w.turns[id], w.from[id]
		w.mu.Unlock()
		var i int
		if _, err := fmt.Sscanf(string(from), "+4477009002%02d", &i); err != nil {
			t.Fatal(err)
		}
		keying.Go(func() {
			c := &caller{world: w, t: t, phone: phones[i], id: id, turns: turns, ended: make(chan error)}
			c.phone.Hear(t)
			c.phone.Quiet(t)
			c.listen()
			who := adults[i%len(adults)]
			for _, keys := range []string{
				"1", "2", "1", "3", "5", "1", fmt.Sprintf("%d#", i+1), "1", "2", string(who.NHSNumber), birthKeys(who.BirthDate), "2", "1", "1", "1", "2",
			} {
				c.key(keys)
			}
			if c.turn.Expect.Kind != dialogue.ExpectEnd {
				t.Errorf("call %d ends with %+v", i, c.turn)
			}
		})
	}
	keying.Wait()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	eventually(t, "every call is completed", func() bool { return w.ended(calls.Completed) == all })
	got := map[int]bool{}
	for _, sent := range w.handedIn() {
		i, err := strconv.Atoi(strings.TrimPrefix(string(sent.Patient.Mobile), "+4477009002"))
		if err != nil || i >= all {
			t.Fatalf("somebody else sent %+v", sent.Patient)
		}
		who := adults[i%len(adults)]
		if sent.Patient.NHSNumber != who.NHSNumber || sent.Patient.BirthDate != who.BirthDate || got[i] ||
			string(sent.Answers["days-left"]) != strconv.Itoa(i+1) {
			t.Errorf("caller %d sent %+v, %v", i, sent.Patient, sent.Answers)
		}
		got[i] = true
	}
	if len(got) != all {
		t.Errorf("%d requests were handed in", len(got))
	}
}

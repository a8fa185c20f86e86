package voice_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/calls"
	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/channels/voice/line"
	"onedoor/app/channels/voice/line/linetest"
	"onedoor/app/demo"
	"onedoor/app/nhs"
	"onedoor/app/requests"
)

// caller is somebody on a call: sipp signals, and the telephone keys and speaks.
type caller struct {
	*world
	t     *testing.T
	phone *linetest.Telephone
	id    uuid.UUID
	turns chan dialogue.Turn
	ended chan error
	turn  dialogue.Turn
}

// ring calls the practice's line and waits until it is greeted.
func (w *world) ring(t *testing.T, scenario string) *caller {
	t.Helper()
	c := &caller{world: w, t: t, phone: linetest.NewTelephone(t), ended: make(chan error, 1)}
	go func() {
		c.ended <- linetest.Sipp(t, "line/testdata/"+scenario+".xml", w.Addr(), "-s", "A81001", "-key", "rtp_port", c.phone.Port())
	}()
	c.id = w.next(t)
	w.mu.Lock()
	c.turns = w.turns[c.id]
	w.mu.Unlock()
	c.phone.Hear(t)
	c.phone.Quiet(t)
	return c.listen()
}

// listen waits for the next thing that the caller is told.
func (c *caller) listen() *caller {
	c.t.Helper()
	select {
	case c.turn = <-c.turns:
	case err := <-c.ended:
		c.t.Fatal("the call is over:", err)
	case <-time.After(patience):
		c.t.Fatal("nothing was said")
	}
	return c
}

// key answers, and waits for what comes of it.
func (c *caller) key(keys string, want ...string) *caller {
	c.t.Helper()
	c.phone.Key(c.t, keys)
	return c.listen().heard(want...)
}

func (c *caller) heard(want ...string) *caller {
	c.t.Helper()
	var said strings.Builder
	for _, p := range c.turn.Say {
		said.WriteString(p.Text + " ")
	}
	for _, w := range want {
		if !strings.Contains(said.String(), w) {
			c.t.Fatalf("the caller heard %q, and not %q", said.String(), w)
		}
	}
	return c
}

// over waits until the call is, as its scenario says.
func (c *caller) over() calls.Call {
	c.t.Helper()
	select {
	case err := <-c.ended:
		if err != nil {
			c.t.Fatal(err)
		}
	case <-time.After(patience):
		c.t.Fatal("the call did not end")
	}
	return c.record(c.t, c.id)
}

func (c *caller) only() submitted {
	c.t.Helper()
	sent := c.handedIn()
	if len(sent) != 1 {
		c.t.Fatalf("%d requests were handed in", len(sent))
	}
	return sent[0]
}

func birthKeys(d nhs.Date) string {
	s := d.String()
	return s[8:] + s[5:7] + s[:4]
}

func TestAWholeCallByTelephoneEventIsARequestInTheQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.Patients[0]
	c := w.ring(t, "answered").heard("Weir Lane Surgery", "999")
	c.key("1", "Appointments").key("2", "repeat prescription").key("1", "How old").key("3", "None of these").key("5", "Which medicines")
	c.key("1", "How many days").key("7#", "Where do you want to collect").key("1", "For yes, press 1").key("2", "NHS number")
	c.key(string(who.NHSNumber), "date of birth").key(birthKeys(who.BirthDate), "their sex").key("2", "number that you call from")
	c.key("1", "safe to text").key("1", "To send this, press 1").key("1", "Its reference is").key("2", "Goodbye")
	record := c.over()
	sent := c.only()
	if sent.Receipt.Status != requests.Queued || sent.Kind != "repeat-prescription" || sent.Channel != requests.Phone || sent.Receipt.Accountable.ODS != "A81001" {
		t.Errorf("handed in %+v, %+v", sent.Submission, sent.Receipt)
	}
	if record.End != calls.Completed || record.Reference != string(sent.Receipt.Reference) || record.Via != calls.SIP || record.Line != "A81001" || record.AnsweredAt.IsZero() {
		t.Errorf("recorded %+v", record)
	}
	if !sent.FirstContactAt.Equal(record.StartedAt) {
		t.Errorf("the place counts from %s, and the call began at %s", sent.FirstContactAt, record.StartedAt)
	}
}

func TestAWholeCallByInfoIsARequestInTheQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.Patients[0]
	keys := "121" + "35" + "1" + "7#" + "12" + string(who.NHSNumber) + birthKeys(who.BirthDate) + "2" + "1" + "1" + "1" + "2"
	if err := linetest.Sipp(t, byInfo(t, keys), w.Addr(), "-s", "A81001"); err != nil {
		t.Fatal(err)
	}
	record := w.record(t, w.next(t))
	if sent := w.handedIn(); len(sent) != 1 || sent[0].Kind != "repeat-prescription" || record.Reference != string(sent[0].Receipt.Reference) {
		t.Errorf("handed in %+v; recorded %+v", sent, record)
	}
}

// byInfo writes a scenario that keys by SIP INFO, one after another, and stays until the line hangs up.
func byInfo(t *testing.T, keys string) string {
	t.Helper()
	whole, err := os.ReadFile("line/testdata/info.xml")
	if err != nil {
		t.Fatal(err)
	}
	ends := "  <recv response=\"200\"/>\n"
	first, last := strings.Index(string(whole), "INFO [next_url]"), strings.LastIndex(string(whole), ends)+len(ends)
	begin := strings.LastIndex(string(whole[:first]), "  <send")
	one := string(whole[begin : begin+strings.Index(string(whole[begin:]), ends)+len(ends)])
	var b strings.Builder
	b.Write(whole[:begin])
	for i := range keys {
		key := strings.Replace(one, "Signal=1", "Signal="+keys[i:i+1], 1)
		key = strings.Replace(key, "CSeq: 2 INFO", fmt.Sprintf("CSeq: %d INFO", i+2), 1)
		b.WriteString(key + "  <pause milliseconds=\"60\"/>\n")
	}
	b.Write(whole[last:])
	path := filepath.Join(t.TempDir(), "by_info.xml")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestACallerWhoHangsUpLeavesWhatTheyAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *line.Config) { c.SilenceWait = 2 * time.Second })
	c := w.ring(t, "answered")
	c.key("1").key("2").key("1").key("3").key("5", "Which medicines").key("1", "How many days")
	record := c.over() // the caller is gone without a word: no audio comes
	sent := c.only()
	if sent.Kind != "callback" || sent.Incomplete == nil || sent.Incomplete.Kind != "repeat-prescription" || !record.AnswersKept || record.End != calls.AbandonedKept {
		t.Errorf("handed in %+v; recorded %+v", sent.Submission, record)
	}
}

func TestZeroPutsTheCallerThrough(t *testing.T) {
	t.Parallel()
	for scenario, ending := range map[string]calls.Ending{"refer_answered": calls.Person, "refer_bye": calls.Person} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.ring(t, scenario)
			c.key("0")
			if c.turn.Expect.Kind != dialogue.ExpectTransfer {
				t.Fatalf("zero gives %+v", c.turn)
			}
			if record := c.over(); record.End != ending || record.PersonAt.IsZero() {
				t.Errorf("recorded %+v", record)
			}
			if sent := w.handedIn(); len(sent) != 0 {
				t.Errorf("handed in %+v", sent)
			}
		})
	}
}

func TestZeroKeepsThePlaceWhenNobodyIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.ring(t, "refer_busy")
	c.key("0").listen().heard("07700, 900123")
	c.key("1").heard("Goodbye")
	record := c.over()
	if sent := c.only(); sent.Kind != "callback" || record.End != calls.Callback || !sent.FirstContactAt.Equal(record.StartedAt) {
		t.Errorf("handed in %+v; recorded %+v", sent.Submission, record)
	}
}

func TestWhatACallerSaysIsKeptWithTheRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *line.Config) { c.SilenceWait = 2 * time.Second })
	c := w.ring(t, "answered")
	kind, _ := w.Catalogue.Kind("admin")
	c.key("1").key(kind.Key[:1])
	if len(kind.Key) > 1 {
		c.key(kind.Key[1:])
	}
	c.key("3").key("5")
	for range 12 { // to the first question that is answered by speaking
		if c.turn.Expect.Kind != dialogue.ExpectRecording {
			c.key("1")
		}
	}
	if c.turn.Expect.Kind != dialogue.ExpectRecording {
		t.Fatalf("nobody listens: %+v", c.turn)
	}
	c.phone.Speak(t, 2*time.Second) // over the end of the question and the tone, as people do
	c.phone.Key(t, "#")
	c.listen()
	record := c.over() // and is gone
	sent := c.only()
	if sent.Incomplete == nil || !record.AnswersKept {
		t.Fatalf("handed in %+v; recorded %+v", sent.Submission, record)
	}
	kept, err := w.recordings.OfRequest(t.Context(), w.Actor(t, "sam.carter"), sent.Receipt.Reference)
	if err != nil || len(kept) != 1 || kept[0].Length < time.Second || kept[0].CallID != c.id {
		t.Errorf("kept %+v, %v, for %s", kept, err, sent.Receipt.Accountable.ODS)
	}
}

func TestALineThatCannotSpeakLooksForAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mu.Lock()
	w.mute = true
	w.mu.Unlock()
	c := &caller{world: w, t: t, ended: make(chan error, 1)}
	go func() {
		c.ended <- linetest.Sipp(t, "line/testdata/refer_answered.xml", w.Addr(), "-s", "A81001")
	}()
	c.id = w.next(t)
	if record := c.over(); record.End != calls.Person {
		t.Errorf("recorded %+v", record)
	}
}

func TestCallsThatReachNobodyAreRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *line.Config) { c.Ring = 5 * time.Second })
	if err := linetest.Sipp(t, "line/testdata/cancel.xml", w.Addr(), "-s", "A81001"); err != nil {
		t.Fatal(err)
	}
	if err := linetest.Sipp(t, "line/testdata/codec.xml", w.Addr(), "-s", "A81001"); err != nil {
		t.Fatal(err)
	}
	for ending, want := range map[calls.Ending]int{calls.AbandonedEmpty: 1, calls.Failed: 1} {
		eventually(t, "it is in the figures", func() bool { return w.ended(ending) == want })
	}
}

func TestACallWhoseProcessDiedIsFiledFromItsState(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *line.Config) { c.SilenceWait = 2 * time.Second })
	c := w.ring(t, "answered")
	c.key("1").key("2").key("1").key("3").key("5", "Which medicines").key("1", "How many days")
	var kept calls.Session
	eventually(t, "the state is kept", func() bool {
		var err error
		kept, err = w.calls.LoadSession(t.Context(), demo.NeighbourhoodID("riverside"), c.id)
		return err == nil && kept.Version == 6 // one for each answer
	})
	var state dialogue.State // as the sweep of silent calls does it
	if err := json.Unmarshal(kept.State, &state); err != nil {
		t.Fatal(err)
	}
	if _, err := w.driver.Handle(t.Context(), &state, dialogue.Event{Kind: dialogue.HungUp}); err != nil {
		t.Fatal(err)
	}
	if sent := c.only(); sent.Kind != "callback" || sent.Incomplete == nil {
		t.Errorf("handed in %+v", sent.Submission)
	}
	c.over() // the process was alive after all, and files it again
	references := map[requests.Reference]bool{}
	for _, sent := range w.handedIn() {
		references[sent.Receipt.Reference] = true
	}
	if len(references) != 1 {
		t.Errorf("it was filed as %d requests", len(references))
	}
}

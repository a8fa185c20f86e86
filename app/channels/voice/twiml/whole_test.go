package twiml_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"onedoor/app/calls"
	"onedoor/app/channels/voice/twiml"
	"onedoor/app/channels/voice/webhook/hooktest"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/policy"
)

func keysOf(d nhs.Date) string {
	s := d.String()
	return s[8:] + s[5:7] + s[:4]
}

// repeats asks for the usual medicines, to just before it is sent.
func (p *phone) repeats() *phone {
	p.t.Helper()
	who := p.Patients[0]
	p.wantHeard("Weir Lane Surgery", "999").press("12135").wantHeard("Which medicines")
	p.press("1").press("7#").press("1").press("2").wantHeard("NHS number")
	return p.press(string(who.NHSNumber)).press(keysOf(who.BirthDate)).press("2").press("1").press("1").wantHeard("To send this, press 1.")
}

func TestAWholeCallIsARequestInTheQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	began := w.Now()
	p := w.ring()
	p.repeats()
	p.press("1").wantHeard("Its reference is")
	in, receipt := w.Only(t)
	if in.Kind != "repeat-prescription" || in.Channel != requests.Phone || receipt.Accountable.ODS != "A81001" || !in.FirstContactAt.Equal(began) {
		t.Errorf("handed in %+v, %+v", in, receipt)
	}
	if !strings.Contains(strings.ReplaceAll(p.last.heard(), ", ", ""), string(receipt.Reference)) {
		t.Errorf("the reference is not said: %s", p.last.heard())
	}
	p.press("2").wantHeard("Goodbye")
	if p.last.Redirect == "" {
		t.Fatalf("the last words end with %s", p.raw)
	}
	p.post(p.last.Redirect, nil)
	if p.last.Hangup == nil {
		t.Errorf("it ends with %s", p.raw)
	}
	p.status("completed")
	c := p.record()
	if !c.Ended() || c.End != calls.Completed || c.Reference != string(receipt.Reference) || c.Via != calls.TwiML || c.AnsweredAt.IsZero() {
		t.Errorf("recorded as %+v", c)
	}
	w.Only(t)
}

func TestWordsAreFetchedAndKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.ring()
	p.press("1313511").wantHeard("We record your next words") // a sore throat, without a sign of danger
	p.speak("#")
	if p.last.Record != nil || p.storage.Asked() != 2 {
		t.Fatalf("after %d tries: %s", p.storage.Asked(), p.raw)
	}
	p.status("completed")
	in, _ := w.Only(t)
	if in.Kind != "callback" || in.Incomplete == nil {
		t.Fatalf("handed in %+v", in)
	}
	spoken := 0
	for _, a := range in.Incomplete.Answers {
		if a.Recording != [16]byte{} {
			spoken++
		}
	}
	if spoken != 1 {
		t.Errorf("%d answers were spoken", spoken)
	}
	if c := p.record(); c.End != calls.AbandonedKept || !c.AnswersKept {
		t.Errorf("recorded as %+v", c)
	}
}

// toRecording goes to the first question that is answered in words.
func (w *world) toRecording() *phone {
	w.t.Helper()
	return w.ring().press("1313511").wantHeard("We record your next words")
}

func TestRecordingsComeOnlyFromWhereCallsMayGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, address := range map[string]string{
		"the metadata service": "http://169.254.169.254/latest/meta-data", "our own database": "http://127.0.0.1:5432/x", "a file": "file:///etc/passwd",
		"a password in it": "http://user:secret@" + w.storage.Host() + "/Recordings/RE1", "nothing": "x",
	} {
		p := w.toRecording()
		p.post(p.last.Record.Action, url.Values{"RecordingUrl": {address}, "RecordingDuration": {"3"}, "Digits": {"#"}})
		if p.last.Record != nil || p.last.Gather == nil {
			t.Errorf("%s: %s", name, p.raw) // it goes on without
		}
		p.status("completed")
	}
	if w.storage.Asked() != 0 {
		t.Errorf("the storage was asked %d times", w.storage.Asked())
	}
}

func TestEndsOfARecording(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		do    func(p *phone)
		heard string
	}{
		"hash at once, while the words are said": {func(p *phone) { p.press("#") }, ""},
		"hash right after the tone":              {func(p *phone) { p.post(p.last.Redirect, nil) }, ""},
		"hash into an empty recording": {func(p *phone) {
			p.post(p.last.Record.Action, url.Values{"RecordingUrl": {p.storage.URL + "/x"}, "RecordingDuration": {"0"}, "Digits": {"#"}})
		}, ""},
		"silence":             {func(p *phone) { p.Pass(2 * time.Minute); p.post(p.last.Redirect, nil) }, "Take your time"},
		"a star":              {func(p *phone) { p.speak("*") }, "press"},
		"a zero at its end":   {func(p *phone) { p.speak("0") }, ""},
		"a zero in its place": {func(p *phone) { p.press("0") }, ""},
	} {
		p := w.toRecording()
		question := p.last.heard()
		c.do(p)
		again := p.last.Record != nil && strings.HasSuffix(p.last.heard(), question[len(question)-20:])
		switch {
		case strings.HasPrefix(name, "a zero"):
			if p.last.Dial == nil {
				t.Errorf("%s: %s", name, p.raw)
			}
		case c.heard == "" && again, c.heard != "" && !again:
			t.Errorf("%s: %s", name, p.raw)
		}
		p.status("completed")
	}
}

func TestZeroReachesThePeopleOfTheLineAndNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.ring()
	p.press("1").press("0")
	d := p.last.Dial
	if d == nil || len(d.Numbers) != 1 || d.Numbers[0].To != "+441632960101" || len(d.SIPs) != 1 || d.SIPs[0].To != "sip:desk@192.0.2.10" {
		t.Fatalf("zero leads to %s", p.raw)
	}
	// The one who picks up has a leg of their own.
	answered := url.Values{"CallSid": {"CAleg"}, "ParentCallSid": {p.sid}, "CallStatus": {"in-progress"}}
	w.Pass(10 * time.Second)
	p.post(d.Numbers[0].URL, answered)
	if strings.Contains(p.raw, "Hangup") || strings.Contains(p.raw, "Say") {
		t.Fatalf("the one who picks up hears %s", p.raw)
	}
	c := p.record()
	if c.Ended() || c.PersonAt.IsZero() || c.PersonAt.Sub(c.PersonAskedAt) != 10*time.Second {
		t.Errorf("recorded as %+v", c)
	}
	w.Pass(5 * time.Minute)
	p.post(d.Action, url.Values{"DialCallStatus": {"completed"}})
	if p.last.Hangup == nil {
		t.Errorf("after the talk: %s", p.raw)
	}
	if c := p.record(); !c.Ended() || c.End != calls.Person {
		t.Errorf("recorded as %+v", c)
	}
	p.status("completed")
}

func TestWhenNobodyAnswersACallbackKeepsThePlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	began := w.Now()
	p := w.ring()
	p.press("1").press("0")
	w.Pass(40 * time.Second)
	p.post(p.last.Dial.Action, url.Values{"DialCallStatus": {"no-answer"}})
	p.wantHeard("press 1").press("1").wantHeard("reference")
	in, _ := w.Only(t)
	if in.Kind != "callback" || !in.FirstContactAt.Equal(began) {
		t.Errorf("handed in %+v", in)
	}
	p.status("completed")
	if c := p.record(); c.End != calls.Callback {
		t.Errorf("recorded as %+v", c)
	}
}

func TestARedFlagIsRecordedEvenIfTheCallerGoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.ring()
	p.press("131311") // pain in the chest
	p.wantHeard("999")
	if p.last.Dial != nil {
		t.Fatalf("the caller is put through: %s", p.raw)
	}
	p.status("completed")
	in, receipt := w.Only(t)
	if receipt.Urgency != policy.Emergency || in.Channel != requests.Phone {
		t.Errorf("handed in %+v as %s", in, receipt.Urgency)
	}
	if c := p.record(); c.End != calls.Emergency {
		t.Errorf("recorded as %+v", c)
	}
}

func TestSilenceNeverEndsACallAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.ring()
	p.wait()
	p.wait()
	p.wait()
	if p.last.Hangup != nil || (p.last.Dial == nil && p.last.Gather == nil) {
		t.Errorf("after three silences: %s", p.raw)
	}
}

func TestALateHashDoesNotAnswerTheNextQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.Patients[0]
	p := w.ring()
	p.press("12135").press("1").press("7#").press("1").press("2")
	p.press(string(who.NHSNumber)).wantHeard("date of birth") // complete by its length
	asked := p.last.heard()
	p.press("#")
	if p.last.heard() != asked {
		t.Errorf("a late hash leads to %s", p.raw)
	}
	p.press(keysOf(who.BirthDate)).wantHeard("their sex")
	w.Pass(4 * time.Second)
	p.press("#") // meant: it leaves the question out
	if strings.Contains(p.last.heard(), "their sex") {
		t.Errorf("a hash that is meant is ignored: %s", p.raw)
	}
}

func TestAStarRepeatsWhereverItStands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.ring()
	greeting := p.last.heard()
	p.press("*")
	if p.last.heard() != greeting {
		t.Errorf("a star leads to %s", p.raw)
	}
	p.press("12135").press("1").press("7#").press("1").press("2").wantHeard("NHS number")
	asked := p.last.heard()
	p.post(p.last.Gather.Action, url.Values{"Digits": {"999*123456"}, "FinishedOnKey": {""}})
	if p.last.heard() != asked {
		t.Errorf("a star among digits leads to %s", p.raw)
	}
}

func TestOurOwnSoundIsServedForTheTurnAndNoLonger(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *twiml.Options) { o.Prompts = hooktest.Beep{} })
	w.channel.Hook().AddSound(w.Server)
	p := w.ring()
	if len(p.last.Gather.Played) != 1 || p.last.heard() != "" {
		t.Fatalf("played %s", p.raw)
	}
	address := p.last.Gather.Played[0]
	status, body, header := get(t, address)
	if status != http.StatusOK || string(body[:4]) != "RIFF" || header.Get("Content-Type") != "audio/wav" || header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d, %d bytes, %v", status, len(body), header)
	}
	for name, wrong := range map[string]string{
		"another turn": strings.Replace(address, "/1.wav", "/2.wav", 1), "without a signature": address[:strings.Index(address, "?")],
		"another time": strings.Replace(address, "until=", "until=9", 1), "another line": strings.Replace(address, "riverside", "hillside", 1),
		"another signature": address + "x",
	} {
		if status, _, _ := get(t, wrong); status != http.StatusNotFound {
			t.Errorf("%s: %d", name, status)
		}
	}
	w.Pass(3 * time.Minute)
	if status, _, _ := get(t, address); status != http.StatusNotFound {
		t.Errorf("three minutes later: %d", status)
	}
	p.press("1")
	if status, _, _ := get(t, address); status != http.StatusNotFound {
		t.Errorf("after the turn: %d", status)
	}
}

package jambonz_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"

	"onedoor/app/calls"
	"onedoor/app/channels/voice/webhook"
	"onedoor/app/channels/voice/webhook/hooktest"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/policy"
)

func keysOf(d nhs.Date) string {
	s := d.String()
	return s[8:] + s[5:7] + s[:4]
}

func (p *phone) repeats() *phone {
	p.t.Helper()
	who := p.Patients[0]
	p.wantHeard("Weir Lane Surgery", "999", "Am Gymraeg").press("12135").wantHeard("Which medicines")
	p.press("1").press("7#").press("1").press("2").wantHeard("NHS number")
	return p.press(string(who.NHSNumber)).press(keysOf(who.BirthDate)).press("2").press("1").press("1").wantHeard("To send this, press 1.")
}

func TestAWholeCallIsARequestInTheQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	began := w.Now()
	p := w.ring().repeats().press("1").wantHeard("Its reference is")
	in, receipt := w.Only(t)
	if in.Kind != "repeat-prescription" || in.Channel != requests.Phone || receipt.Accountable.ODS != "A81001" || !in.FirstContactAt.Equal(began) {
		t.Errorf("handed in %+v, %+v", in, receipt)
	}
	p.press("2").wantHeard("Goodbye")
	p.post(p.want("redirect").ActionHook, nil)
	p.want("hangup")
	p.status("completed")
	if c := p.record(); !c.Ended() || c.End != calls.Completed || c.Reference != string(receipt.Reference) || c.Via != calls.Jambonz {
		t.Errorf("recorded as %+v", c)
	}
	w.Only(t)
}

func TestWhatIsSaidIsStreamedAndKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		seconds, loud int
		digits        string
		spoken        int
		heard         string
	}{
		"words, then the hash":       {2, 9000, "#", 1, ""},
		"words, then silence":        {2, 9000, "", 1, ""},
		"the hash at once":           {0, 0, "#", 0, ""},
		"nothing for the whole time": {2, 10, "", 0, "We record your next words"},
	} {
		t.Run(name, func(t *testing.T) {
			p := w.ring().press("1313511").wantHeard("We record your next words")
			p.speak(c.seconds, c.loud, c.digits)
			if again := strings.Contains(p.heard(), "We record your next words"); again != (c.heard != "") {
				t.Errorf("then a caller hears %q", p.heard())
			}
			p.status("completed")
			sent, _ := w.HandedIn()
			spoken := 0
			for _, a := range sent[len(sent)-1].Incomplete.Answers {
				if a.Recording != uuid.Nil {
					spoken++
				}
			}
			if spoken != c.spoken {
				t.Errorf("%d answers were spoken", spoken)
			}
		})
	}
}

func TestOnlyTheAnswerThatListensTakesSound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.ring().press("1313511")
	address := p.want("listen").URL
	for name, wrong := range map[string]string{
		"another pass":  address[:strings.LastIndex(strings.TrimSuffix(address, "/sound"), "/")] + "/AAAAAAAAAAAAAAAAAAAAAAAA/sound",
		"another line":  strings.Replace(address, "riverside", "hillside", 1),
		"another call":  strings.Replace(address, strings.Split(address, "/")[6], uuid.NewString(), 1),
		"no such place": strings.Replace(address, strings.Split(address, "/")[6], "x", 1),
	} {
		socket, response, err := websocket.Dial(t.Context(), wrong, nil)
		if err == nil {
			_ = socket.CloseNow()
			t.Errorf("%s: taken", name)
		} else if response == nil || response.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	p.speak(1, 9000, "#")
	if socket, _, err := websocket.Dial(t.Context(), address, nil); err == nil {
		_ = socket.CloseNow()
		t.Error("sound is taken after the answer was given")
	}
}

func TestSoundThatNeverComesHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.ring().press("1313511")
	p.post(p.want("listen").ActionHook, map[string]any{"digits": "#"})
	if _, again := p.find("listen"); again {
		t.Errorf("it asks again: %s", p.raw)
	}
}

func TestZeroReachesThePeopleOfTheLineAndNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.ring().press("1").press("0")
	d := p.want("dial")
	if len(d.Target) != 2 || d.Target[0].Number != "+441632960101" || d.Target[1].SIPURI != "sip:desk@192.0.2.10" {
		t.Fatalf("zero leads to %s", p.raw)
	}
	w.Pass(10 * time.Second)
	p.post(d.ConfirmHook, map[string]any{"call_sid": "the-leg", "parent_call_sid": p.sid})
	if string(p.raw) != "[]\n" {
		t.Errorf("the one who picks up hears %s", p.raw)
	}
	if c := p.record(); c.Ended() || c.PersonAt.Sub(c.PersonAskedAt) != 10*time.Second {
		t.Errorf("recorded as %+v", c)
	}
	w.Pass(5 * time.Minute)
	p.post(d.ActionHook, map[string]any{"dial_call_status": "completed"})
	p.want("hangup")
	if c := p.record(); !c.Ended() || c.End != calls.Person {
		t.Errorf("recorded as %+v", c)
	}
}

func TestWhenNobodyAnswersACallbackKeepsThePlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.ring().press("1").press("0")
	p.post(p.want("dial").ActionHook, map[string]any{"dial_call_status": "no-answer"})
	p.press("1").wantHeard("reference")
	if in, _ := w.Only(t); in.Kind != "callback" {
		t.Errorf("handed in %+v", in)
	}
	p.status("completed")
}

func TestARedFlagIsRecordedEvenIfTheCallerGoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.ring().press("131311").wantHeard("999")
	if _, put := p.find("dial"); put {
		t.Fatalf("the caller is put through: %s", p.raw)
	}
	p.status("completed")
	if _, receipt := w.Only(t); receipt.Urgency != policy.Emergency {
		t.Errorf("handed in as %s", receipt.Urgency)
	}
}

func TestSilenceAndAHashAreToldApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.ring().press("12135").press("1").wantHeard("How many days")
	asked := p.heard()
	p.post(p.want("gather").ActionHook, map[string]any{"reason": "timeout"})
	if !strings.HasSuffix(p.heard(), asked[len(asked)-20:]) {
		t.Errorf("silence leads to %s", p.raw)
	}
	p.post(p.want("gather").ActionHook, map[string]any{"reason": "dtmfDetected", "digits": ""})
	if strings.Contains(p.heard(), "How many days") {
		t.Errorf("a hash leads to %s", p.raw)
	}
}

func TestOnlyWhatIsSignedInTimeIsBelieved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	address := w.URL + "/voice/jambonz/riverside"
	message := func(sid string) []byte {
		b, _ := json.Marshal(map[string]any{"call_sid": sid, "from": hooktest.From})
		return b
	}
	body := message("one")
	right := sign(hooktest.Secret, w.Now(), body)
	for name, c := range map[string]struct {
		address, signature string
		body               []byte
		status             int
	}{
		"unsigned":                            {address, "", body, http.StatusForbidden},
		"another secret":                      {address, sign("another", w.Now(), body), body, http.StatusForbidden},
		"an empty secret":                     {address, sign("", w.Now(), body), body, http.StatusForbidden},
		"another body":                        {address, right, message("two"), http.StatusForbidden},
		"six minutes old":                     {address, sign(hooktest.Secret, w.Now().Add(-6*time.Minute), body), body, http.StatusForbidden},
		"six minutes ahead":                   {address, sign(hooktest.Secret, w.Now().Add(6*time.Minute), body), body, http.StatusForbidden},
		"two times":                           {address, "t=1," + right, body, http.StatusForbidden},
		"no time":                             {address, right[strings.Index(right, ",")+1:], body, http.StatusForbidden},
		"no signature":                        {address, right[:strings.Index(right, ",")], body, http.StatusForbidden},
		"a line that takes none":              {w.URL + "/voice/jambonz/hillside", right, body, http.StatusForbidden},
		"a line that does not exist":          {w.URL + "/voice/jambonz/nowhere", right, body, http.StatusForbidden},
		"not JSON":                            {address, sign(hooktest.Secret, w.Now(), []byte("x")), []byte("x"), http.StatusBadRequest},
		"no call":                             {address, sign(hooktest.Secret, w.Now(), []byte("{}")), []byte("{}"), http.StatusUnprocessableEntity},
		"rightly signed":                      {address, right, body, http.StatusOK},
		"by the new secret, four minutes old": {address, sign(hooktest.NextSecret, w.Now().Add(-4*time.Minute), message("three")), message("three"), http.StatusOK},
		"two signatures, one right":           {address, sign(hooktest.Secret, w.Now(), message("four")) + ",v1=00", message("four"), http.StatusOK},
	} {
		if status, answer := w.send(c.address, c.signature, c.body); status != c.status {
			t.Errorf("%s: %d %s", name, status, answer)
		}
	}
}

func TestAMessageThatWasKeptIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.ring()
	start, startBody := p.address, p.body
	p.press("1")
	said, old, oldBody := string(p.raw), p.address, p.body
	if status, answer := w.send(old, sign(hooktest.Secret, w.Now(), oldBody), oldBody); status != http.StatusOK || string(answer) != said {
		t.Errorf("the same message again: %d %s", status, answer)
	}
	next := p.want("gather").ActionHook
	// What was posted to one address, at another: jambonz does not sign addresses, ours hold a pass.
	parts := strings.Split(next, "/")
	parts[len(parts)-1] = strings.Split(old, "/")[len(parts)-1]
	if status, _ := w.send(strings.Join(parts, "/"), sign(hooktest.Secret, w.Now(), oldBody), oldBody); status != http.StatusForbidden {
		t.Errorf("at the next address with the last pass: %d", status)
	}
	p.press("2")
	for name, c := range map[string]struct {
		address string
		body    []byte
	}{"the first message": {start, startBody}, "an older one": {old, oldBody}} {
		if status, _ := w.send(c.address, sign(hooktest.Secret, w.Now(), c.body), c.body); status != http.StatusForbidden {
			t.Errorf("%s: %d", name, status)
		}
	}
	p.press("1").wantHeard("How old is the person")
}

func TestOurOwnSoundIsPlayedWhereThereIsSome(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *webhook.Options) { o.Prompts = hooktest.Beep{} })
	p := w.ring()
	if g := p.want("gather"); g.Play.URL == "" || !g.DTMFBargein || len(g.Say.Text) > 0 {
		t.Errorf("it plays %s", p.raw)
	}
}

func TestKeysWhileACallerSpeaks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.ring().press("1313511")
	question := p.heard()
	p.speakAndKey("5*") // a key that means nothing here ends nothing
	p.want("listen")
	if p.heard() != question {
		t.Errorf("after a star a caller hears %q, and not %q", p.heard(), question)
	}
	p.speakAndKey("0").want("dial")
	p.status("completed")
	in, _ := w.Only(t)
	spoken := 0
	for _, a := range in.Incomplete.Answers {
		if a.Recording != uuid.Nil {
			spoken++
		}
	}
	if spoken != 1 {
		t.Errorf("what was said before the 0 was kept %d times", spoken)
	}
}

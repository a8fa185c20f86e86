package twiml_test

import (
	"encoding/xml"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"onedoor/app/calls"
	"onedoor/app/channels/voice/twiml"
	"onedoor/app/channels/voice/webhook"
	"onedoor/app/channels/voice/webhook/hooktest"
)

func first(sid string) url.Values {
	return url.Values{"CallSid": {sid}, "AccountSid": {"AC1"}, "From": {hooktest.From}, "To": {"+441632960999"}, "CallStatus": {"ringing"}}
}

func TestOnlyWhatIsSignedOverTheExactAddressAndFieldsIsBelieved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	address := w.URL + "/voice/twiml/riverside"
	form := first("CA1")
	right := sign(t, hooktest.Token, address, form)
	changed, added, removed := maps.Clone(form), maps.Clone(form), maps.Clone(form)
	changed["From"], added["Digits"] = []string{"+447700900078"}, []string{"1"}
	delete(removed, "To")
	for name, c := range map[string]struct {
		address, signature string
		form               url.Values
		status             int
	}{
		"unsigned":                        {address, "", form, http.StatusForbidden},
		"another token":                   {address, sign(t, "another", address, form), form, http.StatusForbidden},
		"an empty token":                  {address, sign(t, "", address, form), form, http.StatusForbidden},
		"a field changed":                 {address, right, changed, http.StatusForbidden},
		"a field added":                   {address, right, added, http.StatusForbidden},
		"a field removed":                 {address, right, removed, http.StatusForbidden},
		"another address":                 {address + "?x=1", right, form, http.StatusForbidden},
		"another spelling of it":          {w.URL + "/voice/twiml/Riverside", right, form, http.StatusForbidden},
		"signed for another machine":      {address, sign(t, hooktest.Token, "https://other.example/voice/twiml/riverside", form), form, http.StatusForbidden},
		"a line that takes no webhooks":   {w.URL + "/voice/twiml/hillside", sign(t, hooktest.Token, w.URL+"/voice/twiml/hillside", form), form, http.StatusForbidden},
		"a line that does not exist":      {w.URL + "/voice/twiml/nowhere", sign(t, hooktest.Token, w.URL+"/voice/twiml/nowhere", form), form, http.StatusForbidden},
		"not base64":                      {address, "???", form, http.StatusForbidden},
		"a call without a name":           {address, sign(t, hooktest.Token, address, url.Values{"From": {"x"}}), url.Values{"From": {"x"}}, http.StatusUnprocessableEntity},
		"rightly signed":                  {address, right, form, http.StatusOK},
		"rightly signed by the new token": {address, sign(t, hooktest.NextToken, address, first("CA2")), first("CA2"), http.StatusOK},
	} {
		status, body := w.send(c.address, c.signature, c.form)
		if status != c.status {
			t.Errorf("%s: %d %s", name, status, body)
		}
		if status >= 400 && !strings.Contains(body, `"code":"`) { // no person reads it
			t.Errorf("%s: refused without a code: %s", name, body)
		}
	}
	w.ChangeLine(func(l *webhook.Line) { l.TwiMLTokens = []string{hooktest.NextToken} })
	if status, _ := w.send(address, sign(t, hooktest.Token, address, first("CA3")), first("CA3")); status != http.StatusForbidden {
		t.Errorf("a token that was withdrawn: %d", status)
	}
}

func TestTheAddressThatIsSignedIsThePublicOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *twiml.Options) { o.Base = "https://onedoor.example/" })
	form := first("CA1")
	status, body := w.send(w.URL+"/voice/twiml/riverside", sign(t, hooktest.Token, "https://onedoor.example/voice/twiml/riverside", form), form)
	if status != http.StatusOK || !strings.Contains(body, `action="https://onedoor.example/voice/twiml/riverside/`) {
		t.Errorf("%d %s", status, body)
	}
}

func TestFormsThatCannotBeTwiliosAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	address := w.URL + "/voice/twiml/riverside"
	for name, c := range map[string]struct {
		media, body string
		status      int
	}{
		"JSON":                 {"application/json", `{"CallSid":"CA1"}`, http.StatusUnsupportedMediaType},
		"no content type":      {"", "CallSid=CA1", http.StatusUnsupportedMediaType},
		"a field twice":        {"application/x-www-form-urlencoded", "CallSid=CA1&CallSid=CA2", http.StatusBadRequest},
		"a broken escape":      {"application/x-www-form-urlencoded", "CallSid=%zz", http.StatusBadRequest},
		"a semicolon":          {"application/x-www-form-urlencoded", "CallSid=CA1;From=x", http.StatusBadRequest},
		"not UTF-8":            {"application/x-www-form-urlencoded", "CallSid=%ff", http.StatusBadRequest},
		"the character nought": {"application/x-www-form-urlencoded", "CallSid=%00", http.StatusBadRequest},
		"too many fields":      {"application/x-www-form-urlencoded", strings.Repeat("a&", 300), http.StatusBadRequest},
		"too long":             {"application/x-www-form-urlencoded", "CallSid=" + strings.Repeat("a", 64<<10), http.StatusRequestEntityTooLarge},
		"nothing":              {"application/x-www-form-urlencoded", "", http.StatusForbidden},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		if c.media != "" {
			r.Header.Set("Content-Type", c.media)
		}
		r.Header.Set("X-Twilio-Signature", "x")
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != c.status {
			t.Errorf("%s: %d, want %d", name, response.StatusCode, c.status)
		}
	}
}

// again sends the last post as it was.
func (p *phone) again() (int, string) {
	p.t.Helper()
	return p.send(p.address, sign(p.t, hooktest.Token, p.address, p.form), p.form)
}

func TestAPostThatComesTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.ring()
	if status, body := p.again(); status != http.StatusOK || body != p.raw {
		t.Errorf("the first post again: %d %s", status, body)
	}
	p.repeats().press("1")
	said := p.raw
	for range 3 {
		if status, body := p.again(); status != http.StatusOK || body != said {
			t.Errorf("the same post again: %d %s", status, body)
		}
	}
	w.Only(t)
	p.press("2")
	p.post(p.last.Redirect, nil)
	p.status("completed")
	p.status("completed")
	w.Only(t)
}

func TestAPostThatWasKeptIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.ring()
	start, startForm := p.address, p.form
	p.press("1")
	old, oldForm := p.address, p.form
	p.press("2")
	for name, c := range map[string]struct {
		address string
		form    url.Values
	}{"the first post": {start, startForm}, "an older answer": {old, oldForm}} {
		if status, body := w.send(c.address, sign(t, hooktest.Token, c.address, c.form), c.form); status != http.StatusForbidden || strings.Contains(body, "<Response>") {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	w.Pass(31 * time.Second)
	if status, _ := p.again(); status != http.StatusForbidden {
		t.Errorf("the last post after half a minute: %d", status)
	}
	// Nothing of that disturbed the call.
	p.press("1").wantHeard("How old is the person")
	p.status("completed")
	if status, body := w.send(start, sign(t, hooktest.Token, start, startForm), startForm); status != http.StatusForbidden {
		t.Errorf("the first post after the call: %d %s", status, body)
	}
	var end reply
	status, body := p.again()
	if err := xml.Unmarshal([]byte(body), &end); status != http.StatusOK || err != nil || end.Hangup == nil {
		t.Errorf("the last post after the call: %d %s", status, body)
	}
}

func TestAPostOfOneCallIsNotAnothers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ours, theirs := w.ring(), w.ring()
	form := url.Values{"CallSid": {theirs.sid}, "Digits": {"1"}}
	if status, _ := w.send(ours.last.Gather.Action, sign(t, hooktest.Token, ours.last.Gather.Action, form), form); status != http.StatusForbidden {
		t.Errorf("another call's post: %d", status)
	}
	for name, address := range map[string]string{
		"a call that never was":  w.URL + "/voice/twiml/riverside/0190a8c0-0000-7000-8000-000000000000/1",
		"an answer to come":      strings.TrimSuffix(ours.last.Gather.Action, "/1") + "/9",
		"not a call":             w.URL + "/voice/twiml/riverside/x/1",
		"not an answer":          strings.TrimSuffix(ours.last.Gather.Action, "/1") + "/0",
		"not a number of answer": strings.TrimSuffix(ours.last.Gather.Action, "/1") + "/x",
	} {
		form := url.Values{"CallSid": {ours.sid}, "Digits": {"1"}}
		status, body := w.send(address, sign(t, hooktest.Token, address, form), form)
		if strings.Contains(body, "<Say") || (status != http.StatusForbidden && !strings.Contains(body, "Hangup")) {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	ours.press("1")
}

func TestManyPostsAtOnceAreOneStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.ring()
	p.repeats()
	form := maps.Clone(p.form)
	maps.Copy(form, url.Values{"Digits": {"1"}, "FinishedOnKey": {""}})
	address := p.last.Gather.Action
	signature := sign(t, hooktest.Token, address, form)
	var wait sync.WaitGroup
	var mu sync.Mutex
	bodies := map[string]int{}
	for range 8 {
		wait.Go(func() {
			_, body := w.send(address, signature, form)
			mu.Lock()
			defer mu.Unlock()
			bodies[body]++
		})
	}
	wait.Wait()
	if len(bodies) != 1 {
		t.Errorf("%d different answers", len(bodies))
	}
	w.Only(t)
}

func TestACallThatNeverReachedUsIsNotLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := &phone{world: w, sid: "CAnever"}
	p.status("failed")
	if c := p.record(); !c.Ended() || c.End != calls.Failed {
		t.Errorf("recorded as %+v", c)
	}
}

func TestACallWhoseEndNobodySaidIsFiledByTheSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.ring().press("1313511")
	w.Pass(20 * time.Minute)
	sweeper := calls.NewService(w.CallOptions(w))
	c := p.record()
	if n, err := sweeper.Sweep(t.Context(), c.NeighbourhoodID); err != nil || n != 1 {
		t.Fatalf("%d, %v", n, err)
	}
	in, _ := w.Only(t)
	if in.Kind != "callback" || in.Incomplete == nil {
		t.Errorf("handed in %+v", in)
	}
	if c := p.record(); c.End != calls.AbandonedKept {
		t.Errorf("recorded as %+v", c)
	}
}

func TestNumbersThatAreWithheldAreNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for from, withheld := range map[string]bool{
		hooktest.From: false, "+266696687": true, "anonymous": true, "": true, "client:desk": true, "+1": true, "sip:a@b": true,
	} {
		p := &phone{world: w, sid: "CA" + from}
		p.post(w.URL+"/voice/twiml/riverside", url.Values{"From": {from}})
		if c := p.record(); c.Withheld != withheld {
			t.Errorf("%q: withheld is %v", from, c.Withheld)
		}
	}
}

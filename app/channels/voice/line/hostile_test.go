package line_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"onedoor/app/channels/voice/line"
	"onedoor/app/channels/voice/line/linetest"
)

func TestWhatIsNoCallIsRefusedByItsReason(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		scenario, reason string
		change           func(*line.Config)
	}{
		"a line that there is not":                    {scenario: "unknown", reason: line.RefusedUnknownLine, change: func(c *line.Config) { c.Lines[0].Name = "hillside" }},
		"a line whose calls come from elsewhere":      {scenario: "forbidden", reason: line.RefusedSource, change: func(c *line.Config) { c.Lines[0].Trunk = []netip.Prefix{prefix("192.0.2.0/24")} }},
		"an extension that is not known":              {scenario: "extension", reason: line.RefusedExtension},
		"no codec in common":                          {scenario: "codec", reason: line.RefusedCodec},
		"a body that is no offer":                     {scenario: "not_sdp", reason: line.RefusedMalformed},
		"an offer that cannot be read":                {scenario: "bad_sdp", reason: line.RefusedMalformed},
		"a session time that is too short":            {scenario: "timer_short", reason: line.RefusedTimer},
		"a REFER from outside":                        {scenario: "refer_from_outside", reason: line.RefusedRefer},
		"a method that is not taken":                  {scenario: "message", reason: line.RefusedMalformed},
		"a BYE without a call":                        {scenario: "bye_without_call", reason: line.RefusedDialog},
		"a key without a call":                        {scenario: "info_without_call", reason: line.RefusedDialog},
		"a question whether the line is there is not": {scenario: "options"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			change := c.change
			if change == nil {
				change = func(*line.Config) {}
			}
			r := start(t, untilItEnds, change)
			r.sipp(t, c.scenario)
			got := r.Stats()
			if c.reason != "" && got.Refused[c.reason] != 1 || len(got.Refused) > 1 || got.Answered != 0 {
				t.Errorf("the figures are %+v", got)
			}
		})
	}
}

func TestOneCallTooManyIsBusy(t *testing.T) {
	t.Parallel()
	r := start(t, untilItEnds, func(c *line.Config) { c.Most = 1 })
	first := make(chan error, 1)
	go func() { first <- r.trySipp(t, "answered") }()
	call := r.next(t)
	r.sipp(t, "busy")
	if err := call.HangUp(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-first; err != nil {
		t.Error(err)
	}
	eventually(t, "the place is free", func() bool { return r.Stats().Active == 0 })
	if got := r.handler.reasons(); len(got) != 1 || got[0] != line.RefusedBusy {
		t.Errorf("counted were %v", got)
	}
}

func TestALineThatStopsFinishesItsCallsAndTakesNoNewOnes(t *testing.T) {
	t.Parallel()
	r := start(t, untilItEnds, func(c *line.Config) { c.DrainWait = patience })
	first := make(chan error, 1)
	go func() { first <- r.trySipp(t, "answered") }()
	call := r.next(t)
	stopped := make(chan error, 1)
	go func() { stopped <- r.stop() }()
	r.sipp(t, "draining")
	select {
	case err := <-stopped:
		t.Fatal("it stopped with a call standing:", err)
	default:
	}
	if err := call.HangUp(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-first; err != nil {
		t.Error(err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestALineThatMustStopEndsTheCallsThatDoNot(t *testing.T) {
	t.Parallel()
	r := start(t, untilItEnds)
	first := make(chan error, 1)
	go func() { first <- r.trySipp(t, "answered") }()
	r.next(t)
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	r.endsWith(t, line.ErrDrained)
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// raw sends datagrams as they are, and keeps no answers.
func raw(t *testing.T, to netip.AddrPort, from string, messages ...string) {
	t.Helper()
	conn, err := net.DialUDP("udp", &net.UDPAddr{IP: net.ParseIP(from)}, net.UDPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, m := range messages {
		if _, err := conn.Write([]byte(m)); err != nil {
			t.Fatal(err)
		}
	}
}

func malformed(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/malformed/*.sip")
	if err != nil || len(files) < 10 {
		t.Fatal("the malformed messages are missing:", err)
	}
	var list []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, strings.ReplaceAll(string(b), "\n", "\r\n"))
	}
	return append(list, "", "\x00\x00\x00", strings.Repeat("A", 60_000), "INVITE sip:riverside@127.0.0.1 SIP/2.0", string([]byte{0xff, 0xfe, 0x80, 0, 1, 2}))
}

func TestMalformedMessagesDoNothingButCount(t *testing.T) {
	t.Parallel()
	r := start(t, func(ctx context.Context, call line.Call) error { return call.HangUp(ctx) })
	messages := malformed(t)
	raw(t, r.Addr(), "127.0.0.1", messages...)
	for _, m := range messages {
		conn, err := net.Dial("tcp", r.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write([]byte(m))
		_ = conn.Close()
	}
	eventually(t, "they were counted", func() bool {
		got := r.Stats()
		return got.Malformed+got.Refused[line.RefusedMalformed] >= uint64(len(messages))
	})
	r.sipp(t, "answered")
	if got := r.Stats(); got.Panics != 0 || got.Answered != 1 {
		t.Errorf("the figures are %+v", got)
	}
}

func TestPacketsFromWhereNoLineTakesCallsAreNotRead(t *testing.T) {
	t.Parallel()
	r := start(t, func(ctx context.Context, call line.Call) error { return call.HangUp(ctx) }, func(c *line.Config) {
		c.Listen, c.Lines[0].Trunk = "0.0.0.0:0", []netip.Prefix{prefix("127.0.0.1/32")}
	})
	here := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), r.Addr().Port())
	raw(t, here, "127.0.0.9", invite("stranger"), "OPTIONS sip:riverside@127.0.0.1 SIP/2.0\r\n\r\n")
	conn, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 9)}}).Dial("tcp", here.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	if _, err := conn.Read(make([]byte, 1)); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Error("the connection was kept:", err)
	}
	eventually(t, "they were counted", func() bool { return r.Stats().Stray == 3 })
	if got := r.Stats(); got.Answered != 0 || len(got.Refused) != 0 {
		t.Errorf("the figures are %+v", got)
	}
	if err := r.trySipp(t, "answered"); err == nil { // 0.0.0.0 is nobody's address: it is reached by the one that is asked for
		t.Log("the line is reached by its unspecified address here")
	}
}

// invite is a new call that nobody will acknowledge.
func invite(call string) string {
	offer := crlf("v=0\no=caller 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 41000 RTP/AVP 8\na=rtpmap:8 PCMA/8000\n")
	return crlf(fmt.Sprintf(`INVITE sip:riverside@127.0.0.1 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:5999;branch=z9hG4bK-%[1]s
From: <sip:07700900123@127.0.0.1>;tag=%[1]s
To: <sip:riverside@127.0.0.1>
Call-ID: %[1]s@127.0.0.1
CSeq: 1 INVITE
Contact: <sip:07700900123@127.0.0.1:5999>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: %[2]d

`, call, len(offer))) + offer
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func TestAFloodOfCallsIsBounded(t *testing.T) {
	t.Parallel()
	const calls = 3000
	r := start(t, func(ctx context.Context, call line.Call) error { return call.HangUp(ctx) }, func(c *line.Config) {
		c.Most, c.InviteRate, c.Ring, c.AckWait = 5, 10, 100*time.Millisecond, 300*time.Millisecond
	})
	var messages []string
	for i := range calls {
		messages = append(messages, invite(fmt.Sprintf("flood%d", i)))
	}
	most := 0
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			most = max(most, r.Stats().Active)
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
	raw(t, r.Addr(), "127.0.0.1", messages...)
	eventually(t, "the flood is over", func() bool {
		got := r.Stats()
		// How many of them are read at all is for the machine to say: what does not fit its buffers is dropped.
		return got.Refused[line.RefusedFlood] > 0 && got.NoAck > 0 && got.Active == 0
	})
	close(done)
	watching.Wait()
	if most > 5 {
		t.Errorf("%d calls were held at once", most)
	}
	if got := r.Stats(); got.Answered != 0 || got.NoAck == 0 || got.NoAck > 60 {
		t.Errorf("the figures are %+v", got)
	}
	r.sipp(t, "answered") // and the line still answers
}

func TestAudioFromElsewhereDoesNothingButCount(t *testing.T) {
	t.Parallel()
	keys := make(chan string, 1)
	r := start(t, func(ctx context.Context, call line.Call) error {
		keys <- collect(ctx, call, '#')
		return nil
	})
	phone, stranger := linetest.NewTelephone(t), linetest.NewTelephone(t)
	ended := make(chan error, 1)
	go func() { ended <- r.trySipp(t, "answered", "-key", "rtp_port", phone.Port()) }()
	r.next(t)
	phone.Hear(t)
	phone.Quiet(t)
	phone.Key(t, "1")
	stranger.To = phone.To
	stranger.Key(t, "999#")
	phone.Key(t, "2#")
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got := <-keys; got != "12#" {
		t.Errorf("the keys were %q", got)
	}
	eventually(t, "it was counted", func() bool { return r.Stats().Spoofed >= 24 })
}

func TestMessagesThatOnlyKnowACallsIdDoNotEndIt(t *testing.T) {
	t.Parallel()
	r := start(t, untilItEnds)
	first := make(chan error, 1)
	go func() { first <- r.trySipp(t, "answered", "-cid_str", "known%u") }()
	call := r.next(t)
	for _, method := range []string{"BYE", "INVITE", "UPDATE", "INFO"} {
		raw(t, r.Addr(), "127.0.0.1", strings.ReplaceAll(fmt.Sprintf(`%[1]s sip:riverside@127.0.0.1 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:5999;branch=z9hG4bK-guess%[1]s
From: <sip:07700900123@127.0.0.1>;tag=guess
To: <sip:riverside@127.0.0.1>;tag=guess
Call-ID: known1
CSeq: 7 %[1]s
Contact: <sip:07700900123@127.0.0.1:5999>
Content-Length: 0

`, method), "\n", "\r\n"))
	}
	eventually(t, "they were refused", func() bool { return r.Stats().Refused[line.RefusedDialog] == 4 })
	select {
	case <-call.Done():
		t.Error("the call ended")
	default:
	}
	if err := call.HangUp(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-first; err != nil {
		t.Error(err)
	}
}

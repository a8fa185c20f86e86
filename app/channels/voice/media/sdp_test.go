package media

import (
	"os"
	"strings"
	"testing"

	"onedoor/app/fault"
)

const sdpHead = "v=0\r\no=- 20 7 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"

const sdpKey = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"

func TestWhatAnOfferAgrees(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sdp  string
		want agreement
	}{
		"A-law first": {
			sdpHead + "m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n",
			agreement{codec: ALaw, payload: 8, keyed: true, events: 101, listens: true, speaks: true},
		},
		"mu-law first, and no events": {
			sdpHead + "m=audio 4000 RTP/AVP 0 8\r\n",
			agreement{codec: MuLaw, payload: 0, listens: true, speaks: true},
		},
		"what we do not speak comes first": {
			sdpHead + "m=audio 4000 RTP/AVP 9 18 96 8\r\na=rtpmap:96 opus/48000/2\r\n",
			agreement{codec: ALaw, payload: 8, listens: true, speaks: true},
		},
		"events under number 96": {
			sdpHead + "m=audio 4000 RTP/AVP 8 96\r\na=rtpmap:96 telephone-event/8000\r\n",
			agreement{codec: ALaw, payload: 8, keyed: true, events: 96, listens: true, speaks: true},
		},
		"events at the wide band's clock as well": {
			sdpHead + "m=audio 4000 RTP/AVP 9 8 100 98\r\na=rtpmap:100 telephone-event/16000\r\na=rtpmap:98 telephone-event/8000\r\n",
			agreement{codec: ALaw, payload: 8, keyed: true, events: 98, listens: true, speaks: true},
		},
		"events at another clock only": {
			sdpHead + "m=audio 4000 RTP/AVP 8 100\r\na=rtpmap:100 telephone-event/48000\r\n",
			agreement{codec: ALaw, payload: 8, listens: true, speaks: true},
		},
		"events mapped and not listed": {
			sdpHead + "m=audio 4000 RTP/AVP 8\r\na=rtpmap:101 telephone-event/8000\r\n",
			agreement{codec: ALaw, payload: 8, listens: true, speaks: true},
		},
		"a codec under a number of its own": {
			sdpHead + "m=audio 4000 RTP/AVP 110\r\na=rtpmap:110 pcma/8000/1\r\n",
			agreement{codec: ALaw, payload: 110, listens: true, speaks: true},
		},
		"hold: they only speak": {
			sdpHead + "m=audio 4000 RTP/AVP 8\r\na=sendonly\r\n",
			agreement{codec: ALaw, payload: 8, speaks: true},
		},
		"hold: nobody speaks": {
			sdpHead + "m=audio 4000 RTP/AVP 8\r\na=inactive\r\n",
			agreement{codec: ALaw, payload: 8},
		},
		"hold: an address of zeros": {
			strings.ReplaceAll(sdpHead, "c=IN IP4 192.0.2.1", "c=IN IP4 0.0.0.0") + "m=audio 4000 RTP/AVP 8\r\n",
			agreement{codec: ALaw, payload: 8, speaks: true},
		},
		"they only listen": {
			sdpHead + "m=audio 4000 RTP/AVP 8\r\na=recvonly\r\n",
			agreement{codec: ALaw, payload: 8, listens: true},
		},
		"the session's direction": {
			strings.TrimSuffix(sdpHead, "") + "a=sendonly\r\nm=audio 4000 RTP/AVP 8\r\n",
			agreement{codec: ALaw, payload: 8, speaks: true},
		},
		"the stream's direction before the session's": {
			sdpHead + "a=inactive\r\nm=audio 4000 RTP/AVP 8\r\na=sendrecv\r\n",
			agreement{codec: ALaw, payload: 8, listens: true, speaks: true},
		},
		"lines end without a return": {
			strings.ReplaceAll(sdpHead+"m=audio 4000 RTP/AVP 8\r\n", "\r", ""),
			agreement{codec: ALaw, payload: 8, listens: true, speaks: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, err := ParseOffer([]byte(c.sdp))
			if err != nil {
				t.Fatal(err)
			}
			got := o.streams[0].sound
			if o.Held() == got.listens {
				t.Error("hold and listening are not opposites")
			}
			if got.to.Port() != 4000 {
				t.Errorf("sent to port %d", got.to.Port())
			}
			got.origin, got.to, got.proto = c.want.origin, c.want.to, c.want.proto
			if got != c.want {
				t.Errorf("agreed %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestWhatAnOfferIsRefusedFor(t *testing.T) {
	t.Parallel()
	at := func(ip string) string { return strings.ReplaceAll(sdpHead, "c=IN IP4 192.0.2.1", "c="+ip) }
	for name, c := range map[string]struct{ sdp, code string }{
		"nothing":                          {"", CodeSDPMalformed},
		"no SDP":                           {"hello", CodeSDPMalformed},
		"too large":                        {sdpHead + strings.Repeat("a=x\r\n", 4000), CodeSDPMalformed},
		"more streams than calls":          {sdpHead + strings.Repeat("m=audio 4000 RTP/AVP 8\r\n", mostStreams+1), CodeSDPMalformed},
		"no stream":                        {sdpHead, CodeSDPNoAudio},
		"pictures only":                    {sdpHead + "m=video 4000 RTP/AVP 31\r\n", CodeSDPNoAudio},
		"sound that is off":                {sdpHead + "m=audio 0 RTP/AVP 8\r\n", CodeSDPNoAudio},
		"sound over DTLS":                  {sdpHead + "m=audio 4000 UDP/TLS/RTP/SAVPF 8\r\n", CodeSDPNoAudio},
		"no codec of ours":                 {sdpHead + "m=audio 4000 RTP/AVP 9 18\r\n", CodeSDPNoCodec},
		"A-law at another rate":            {sdpHead + "m=audio 4000 RTP/AVP 110\r\na=rtpmap:110 PCMA/16000\r\n", CodeSDPNoCodec},
		"events and no codec":              {sdpHead + "m=audio 4000 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000\r\n", CodeSDPNoCodec},
		"the number 8 means another codec": {sdpHead + "m=audio 4000 RTP/AVP 8\r\na=rtpmap:8 speex/8000\r\n", CodeSDPNoCodec},
		"pictures, then no codec":          {sdpHead + "m=video 4000 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 9\r\n", CodeSDPNoCodec},
		"encrypted without a key":          {sdpHead + "m=audio 4000 RTP/SAVP 8\r\n", CodeSDPNotSecure},
		"a key that is too short":          {sdpHead + "m=audio 4000 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA\r\n", CodeSDPNotSecure},
		"a suite that is unknown":          {sdpHead + "m=audio 4000 RTP/SAVP 8\r\na=crypto:1 F8_128_HMAC_SHA1_80 " + sdpKey + "\r\n", CodeSDPNotSecure},
		"a key with an identifier":         {sdpHead + "m=audio 4000 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 " + sdpKey + "|2^20|1:4\r\n", CodeSDPNotSecure},
		"encrypted in name only":           {sdpHead + "m=audio 4000 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 " + sdpKey + " UNENCRYPTED_SRTP\r\n", CodeSDPNotSecure},
		"a name for an address":            {at("IN IP4 phone.example") + "m=audio 4000 RTP/AVP 8\r\n", CodeSDPAddress},
		"a multicast address":              {at("IN IP4 233.252.0.1/127") + "m=audio 4000 RTP/AVP 8\r\n", CodeSDPAddress},
		"everybody's address":              {at("IN IP4 255.255.255.255") + "m=audio 4000 RTP/AVP 8\r\n", CodeSDPAddress},
		"a port of a service":              {sdpHead + "m=audio 53 RTP/AVP 8\r\n", CodeSDPAddress},
		"no address at all":                {"v=0\r\no=- 20 7 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n", CodeSDPAddress},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseOffer([]byte(c.sdp))
			if err == nil {
				t.Fatal("it was taken")
			}
			if got := fault.As(err).Code; got != c.code {
				t.Errorf("refused as %s, want %s", got, c.code)
			}
			if strings.Contains(err.Error(), "192.0.2") || strings.Contains(err.Error(), "example") {
				t.Errorf("the refusal quotes the offer: %v", err)
			}
		})
	}
}

func TestAnAnswerHasEveryStreamInItsOrder(t *testing.T) {
	t.Parallel()
	s := testSession(t)
	o, err := ParseOffer([]byte(strings.ReplaceAll(sdpHead, "192.0.2.1", "127.0.0.1") +
		"m=video 4002 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 8 0 97\r\na=rtpmap:97 telephone-event/8000\r\na=sendonly\r\n" +
		"m=audio 4010 RTP/SAVP 0\r\na=crypto:3 AES_CM_128_HMAC_SHA1_32 " + sdpKey + "|2^31\r\nm=application 5000 UDP/BFCP *\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if !o.Secure() {
		t.Error("encrypted sound was not seen")
	}
	answer, err := s.Answer(o)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, line := range strings.Split(strings.TrimSpace(string(answer)), "\r\n") {
		if line[0] == 'm' || strings.HasPrefix(line, "a=send") || strings.HasPrefix(line, "a=crypto") {
			lines = append(lines, line)
		}
	}
	crypto := "a=crypto:3 AES_CM_128_HMAC_SHA1_32 inline:"
	if len(lines) != 6 || lines[0] != "m=video 0 RTP/AVP 31" || lines[1] != "m=audio 0 RTP/AVP 8 0 97" || !strings.HasPrefix(lines[2], "m=audio ") ||
		!strings.HasSuffix(lines[2], " RTP/SAVP 0") || !strings.HasPrefix(lines[3], crypto) || lines[4] != "a=sendrecv" || lines[5] != "m=application 0 UDP/BFCP *" {
		t.Errorf("the answer:\n%s", answer)
	}
	if strings.Contains(string(answer), sdpKey) {
		t.Error("the answer has their key for ours")
	}
	if !s.Secured() {
		t.Error("plain sound was chosen where encrypted was offered")
	}
	if _, err := ParseOffer(answer); err != nil {
		t.Errorf("our own answer cannot be read: %v", err)
	}
}

func TestHoldIsAnsweredInItsForm(t *testing.T) {
	t.Parallel()
	s := testSession(t)
	head := strings.ReplaceAll(sdpHead, "192.0.2.1", "127.0.0.1") + "m=audio 4000 RTP/AVP 8\r\n"
	version := "0"
	for _, c := range []struct {
		offer, want string
		held        bool
	}{
		{head, "a=sendrecv", false},
		{head + "a=sendonly\r\n", "a=recvonly", true},
		{head + "a=inactive\r\n", "a=inactive", true},
		{strings.ReplaceAll(head, "c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0"), "a=recvonly", true},
		{head + "a=recvonly\r\n", "a=sendonly", false},
		{head, "a=sendrecv", false},
	} {
		o, err := ParseOffer([]byte(c.offer))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := s.Renegotiate(o)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(answer), c.want+"\r\n") || s.Held() != c.held {
			t.Errorf("%q: held %t, answered\n%s", c.offer, s.Held(), answer)
		}
		now := strings.Fields(string(answer))[3]
		if c.want != "a=recvonly" && now == version {
			t.Error("something else was said under the same version")
		}
		version = now
	}
	if string(s.Description()) == "" {
		t.Error("what was said is forgotten")
	}
}

func TestARefusedOfferLeavesTheCallAsItWas(t *testing.T) {
	t.Parallel()
	s, p := testSession(t, func(o *Options) { o.Secure = SecureNever }), newPhone(t)
	before := p.call(s, p.offer("m=audio %d RTP/AVP 8"))
	for name, offer := range map[string]string{
		"encrypted, never here":        "m=audio 4000 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 " + sdpKey + "\r\n",
		"an address of another family": "m=audio 4000 RTP/AVP 8\r\nc=IN IP6 2001:db8::1\r\n",
	} {
		o, err := ParseOffer([]byte(sdpHead + offer))
		if err != nil {
			t.Fatal(name, err)
		}
		if _, err := s.Renegotiate(o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if string(s.Description()) != before {
		t.Error("a refused offer changed what we say")
	}
	p.send(8, Silence(FrameLength))
	eventually(t, "the call goes on", func() bool { return s.Stats().Received == 1 })
}

func TestSoundIsNotSentToThisMachineForAStranger(t *testing.T) {
	t.Parallel()
	s := testSession(t, func(o *Options) { o.Secure = SecureRequired })
	s.options.IP = s.options.IP.Next() // still of this machine; pretend that it is not
	for _, offer := range []string{"m=audio 4000 RTP/AVP 8\r\n"} {
		o, err := ParseOffer([]byte(sdpHead + offer))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Answer(o); err == nil || fault.As(err).Code != CodeSDPNotSecure {
			t.Errorf("plain sound was taken where encryption is required: %v", err)
		}
	}
	for own, want := range map[string]bool{"10.0.0.1": false, "127.0.0.2": true} {
		c := &Session{options: s.options}
		c.options.IP = mustAddr(own)
		if c.reachable(loopback) != want {
			t.Errorf("a session at %s reaches this machine: %t", own, !want)
		}
	}
}

func TestALateOfferIsAnsweredInTheAck(t *testing.T) {
	t.Parallel()
	s, p := testSession(t), newPhone(t)
	offer := s.Offer()
	o, err := ParseOffer(offer)
	if err != nil {
		t.Fatal(err)
	}
	if got := o.streams[0]; strings.Join(got.formats, " ") != "8 0 101" || got.sound.codec != ALaw || !got.sound.keyed {
		t.Errorf("we offered %v", got)
	}
	if string(s.Offer()) != string(offer) {
		t.Error("the same offer is said in two ways")
	}
	p.to = o.streams[0].sound.to
	for _, bad := range []string{"", "m=audio 4000 RTP/AVP 18\r\n", "m=audio 4000 RTP/AVP 8\r\nm=video 4002 RTP/AVP 31\r\n"} {
		if err := s.Accept([]byte(sdpHead + bad)); err == nil {
			t.Errorf("taken for an answer: %q", bad)
		}
	}
	if err := s.Accept(p.offer("m=audio %d RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000")); err != nil {
		t.Fatal(err)
	}
	if got := p.receive(); got.PayloadType != 0 {
		t.Errorf("we speak %d after the answer", got.PayloadType)
	}
	p.send(101, []byte{5, 0, 0, 160})
	if d := <-s.Digits(); d.Key != '5' {
		t.Errorf("heard %c", d.Key)
	}
}

func FuzzSDP(f *testing.F) {
	f.Add([]byte(sdpHead + "m=audio 4000 RTP/SAVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 " + sdpKey + "|2^31\r\n"))
	f.Add([]byte(sdpHead + "m=video 4002 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 9 110\r\na=rtpmap:110 PCMU/8000/1\r\na=inactive\r\n"))
	if b, err := os.ReadFile("testdata/alice.mp3"); err == nil {
		f.Add(b[:200])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := ParseOffer(body)
		if err != nil {
			return
		}
		s := &Session{options: Options{IP: mustAddr("192.0.2.9"), Random: zeros{}}}
		s.options.Now = fixed
		s.local.at = addr("192.0.2.9:4000")
		chosen, err := s.choose(o)
		if err != nil {
			return
		}
		if err := s.agree(o.streams[chosen].sound); err != nil {
			t.Fatal(err)
		}
		answer := s.describe(o, chosen)
		again, err := ParseOffer(answer)
		if err != nil {
			t.Fatalf("our answer cannot be read: %v\n%q", err, answer)
		}
		if len(again.streams) != len(o.streams) || again.streams[chosen].sound.codec != o.streams[chosen].sound.codec {
			t.Fatalf("the answer has other streams or another codec:\n%q", answer)
		}
	})
}

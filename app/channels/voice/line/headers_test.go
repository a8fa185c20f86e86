package line

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

func request(t testing.TB, headers string) *sip.Request {
	t.Helper()
	message := "INVITE sip:riverside@127.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-1\nFrom: <sip:07700900123@127.0.0.1>;tag=1\n" +
		"To: <sip:riverside@127.0.0.1>\nCall-ID: 1\nCSeq: 1 INVITE\n" + headers + "\n"
	m, err := sip.ParseMessage([]byte(strings.ReplaceAll(message, "\n", "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	return m.(*sip.Request)
}

func TestTheCallersNumberIsWhatTheNetworkAsserts(t *testing.T) {
	t.Parallel()
	for headers, want := range map[string]string{
		"": "+447700900123",
		"P-Asserted-Identity: <sip:+441514960123@trunk.example>\n": "+441514960123",
		"P-Asserted-Identity: \"A\" <tel:+441514960123>\n":         "+441514960123",
		"P-Asserted-Identity: <sip:anonymous@anonymous.invalid>\n": "+447700900123",
		"Privacy: id\n": "", "Privacy: user;id\n": "", "Privacy: none\n": "+447700900123",
	} {
		if got := callerOf(request(t, headers)); string(got) != want {
			t.Errorf("%q gives %q, want %q", headers, got, want)
		}
	}
	for user, want := range map[string]string{"anonymous": "", "201": "", "07700900123;phone-context=uk": "+447700900123", "+353861234567": "+353861234567", "dr.smith": ""} {
		if got := phoneOf(sip.Uri{User: user}); string(got) != want {
			t.Errorf("%q gives %q, want %q", user, got, want)
		}
	}
}

func TestInfoBodiesThatAreKeys(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind, body string
		want       byte
	}{
		{"application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", '5'},
		{"application/dtmf-relay", "Signal= *\r\nDuration= 250\r\n", '*'},
		{"Application/DTMF-Relay; charset=utf-8", "Duration=1\r\nsignal = #\r\n", '#'},
		{"application/dtmf", "7", '7'},
		{"application/dtmf", "11\r\n", '#'},
		{"application/dtmf", "10\r\n", '*'},
		{"application/dtmf", "12345", 0},
		{"application/dtmf-relay", "Duration=160", 0},
		{"text/plain", "5", 0},
		{"application/dtmf", "", 0},
	} {
		if got, _ := infoDigit(c.kind, []byte(c.body)); got != c.want {
			t.Errorf("%s %q gives %q, want %q", c.kind, c.body, got, c.want)
		}
	}
}

func TestSessionTimesAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]sessionTime{
		"1800": {30 * time.Minute, ""}, "90;refresher=UAS": {90 * time.Second, "uas"}, "90 ; refresher = uac": {90 * time.Second, "uac"},
		"": {}, "-1": {}, "99999999": {}, "abc;refresher=uas": {0, "uas"}, "90;refresher=you": {90 * time.Second, ""},
	} {
		if got := parseSessionTime(value); got != want {
			t.Errorf("%q gives %+v, want %+v", value, got, want)
		}
	}
}

func TestTheStatusOfATransfer(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int{
		"SIP/2.0 200 OK\r\n": 200, "SIP/2.0 100 Trying": 100, "SIP/2.0 486 Busy Here\r\nTo: x\r\n": 486, "": 0, "200 OK": 0, "SIP/2.0 9999 x": 0, "SIP/2.0 abc": 0,
	} {
		if got := sipfrag([]byte(body)); got != want {
			t.Errorf("%q gives %d, want %d", body, got, want)
		}
	}
}

func TestOnlyOneSIPAddressIsATarget(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]bool{
		"sip:100@192.0.2.10": true, "sips:desk@example.org:5061": true, "sip:100@192.0.2.10;transport=tcp": true,
		"tel:+441514960123": false, "100": false, "sip:100@h?Replaces=x": false, "sip:100@h>\r\nContact: <sip:x@y": false, "sip:": false, "": false,
	} {
		if _, err := parseTarget(target); (err == nil) != want {
			t.Errorf("%q: %v", target, err)
		}
	}
}

// FuzzMessage reads whatever a peer sends as the line does.
func FuzzMessage(f *testing.F) {
	files, err := filepath.Glob("testdata/malformed/*.sip")
	if err != nil || len(files) == 0 {
		f.Fatal("the seeds are missing:", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")))
	}
	f.Add([]byte("INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:1234567@h>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n" +
		"Contact: <sip:x@y>\r\nP-Asserted-Identity: <tel:+441514960123>\r\nPrivacy: id\r\nSession-Expires: 90;refresher=uac\r\nRequire: a,b\r\nRecord-Route: <sip:p;lr>,<sip:q>\r\n" +
		"Content-Type: application/dtmf-relay\r\nContent-Length: 8\r\n\r\nSignal=1"))
	s := &Server{config: Config{}.withDefaults(), counts: newCounts()}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := sip.NewParser().ParseSIP(data)
		if err != nil {
			return
		}
		req, ok := m.(*sip.Request)
		if !ok {
			return
		}
		if phone := callerOf(req); phone != "" && !strings.HasPrefix(string(phone), "+") {
			t.Errorf("a number in another form: %d bytes", len(phone))
		}
		unsupported(req)
		isSDP(req)
		if timer, ok := s.agree(req); ok && timer.every < 0 {
			t.Error("a time that runs backwards")
		}
		infoDigit(header(req, "Content-Type", "c"), req.Body())
		sipfrag(req.Body())
		sourceOf(req)
		if req.From() == nil || req.To() == nil || req.CallID() == nil || req.CSeq() == nil || req.Contact() == nil || req.To().Params.Has("tag") {
			return
		}
		d, err := newDialog(req.Clone(), "ours", sip.Uri{Scheme: "sip", User: "riverside", Host: "127.0.0.1", Port: 5080}, sip.Addr{})
		if err != nil {
			return
		}
		d.receive(req)
		d.retarget(req)
		bye := d.request(sip.BYE)
		if bye.CallID().Value() != req.CallID().Value() || bye.From().Params.GetOr("tag", "") != "ours" {
			t.Error("a BYE of another dialog")
		}
		_ = bye.String()
		_ = d.response(200, "OK", []byte("v=0")).String()
	})
}

func TestALineIsFoundByEveryWayInWhichTrunksWriteItsNumber(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"sip:01632960100@127.0.0.1", "sip:+441632960100@127.0.0.1;user=phone", "sip:%2B441632960100@127.0.0.1", "sip:+441632960100;npdi;rn=+441632960000@127.0.0.1",
		"tel:+441632960100", "tel:01632960100;phone-context=+44",
	} {
		var uri sip.Uri
		if err := sip.ParseUri(address, &uri); err != nil {
			t.Fatal(address, err)
		}
		if got := Key(dialled(uri)); got != Key("01632 960100") {
			t.Errorf("%s is for %q", address, got)
		}
	}
}

//go:build peers

package voice_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"onedoor/app/calls"
	"onedoor/app/channels/voice/line"
	"onedoor/app/requests"
)

// freePort is one that nobody has now.
func freePort(t *testing.T, network string) int {
	t.Helper()
	if network == "tcp" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return l.Addr().(*net.TCPAddr).Port
	}
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).Port
}

// program runs a peer until the test ends, and shows what it said when the test fails.
func program(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	said, err := os.CreateTemp(t.TempDir(), "said")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = said, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // its own group: the children that it made
		_ = cmd.Wait()
		if t.Failed() {
			b, _ := os.ReadFile(said.Name())
			t.Logf("%s said:\n%s", name, b)
		}
		_ = said.Close()
	})
	return cmd
}

// kamailio is a registrar that asks for a password, and a proxy.
func kamailio(t *testing.T, port int) *exec.Cmd {
	t.Helper()
	config, err := os.ReadFile("testdata/kamailio.cfg")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "kamailio.cfg")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(config), "@PORT@", strconv.Itoa(port))), 0o600); err != nil {
		t.Fatal(err)
	}
	return program(t, "kamailio", "-D", "-E", "-f", path, "-m", "32", "-M", "4", "-Y", t.TempDir())
}

// phone is baresip, told what to do over TCP.
type phone struct {
	t    *testing.T
	conn net.Conn
}

func baresip(t *testing.T, account, extra string) *phone {
	t.Helper()
	dir := t.TempDir()
	control := freePort(t, "tcp")
	modules := "/usr/lib/baresip/modules"
	config := fmt.Sprintf(`poll_method epoll
sip_listen 127.0.0.1:%d
sip_trans_def udp
call_max_calls 2
audio_player aufile,%s/heard.wav
audio_source ausine,440
audio_alert aufile,%s/alert.wav
ausrc_srate 48000
ausrc_channels 2
auplay_srate 8000
net_interface 127.0.0.1
module_path %s
module g711.so
module ausine.so
module aufile.so
module srtp.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:%d
%s
`, freePort(t, "udp"), dir, dir, modules, control, extra)
	for name, text := range map[string]string{"config": config, "accounts": account + "\n", "contacts": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program(t, "baresip", "-f", dir)
	p := &phone{t: t}
	eventually(t, "the phone is there", func() bool {
		var err error
		p.conn, err = net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", control))
		return err == nil
	})
	t.Cleanup(func() { _ = p.conn.Close() })
	go func() { _, _ = io.Copy(io.Discard, p.conn) }() // its events
	return p
}

// do gives a command, as a netstring of JSON.
func (p *phone) do(command, params string) {
	p.t.Helper()
	b, err := json.Marshal(map[string]string{"command": command, "params": params})
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(p.conn, "%d:%s,", len(b), b); err != nil {
		p.t.Fatal(err)
	}
}

func TestPeerKamailioAndBaresipBringAWholeCallToTheQueue(t *testing.T) {
	t.Parallel()
	port := freePort(t, "udp")
	kamailio(t, port)
	registrar := fmt.Sprintf("127.0.0.1:%d", port)
	w := newWorld(t, func(c *line.Config) {
		c.Lines[0].Register = &line.Registration{Registrar: registrar, User: "201", Password: "s3cret"}
		c.ReRegister, c.RegisterRetry, c.RegisterWait = time.Second, 100*time.Millisecond, time.Second
	})
	eventually(t, "the line is registered", func() bool { return w.Stats().Registered["A81001"] })
	p := baresip(t, "<sip:07700900123@"+registrar+";transport=udp>;regint=0;answermode=manual", "")
	p.do("dial", "sip:201@"+registrar)
	p.call(w)
	eventually(t, "the call is over", func() bool { return w.Stats().Active == 0 })
	sent := w.handedIn()
	if len(sent) != 1 || sent[0].Kind != "repeat-prescription" || sent[0].Receipt.Status != requests.Queued {
		t.Fatalf("handed in %+v", sent)
	}
}

// call goes through a whole request for a repeat prescription, by the phone's own keys.
func (p *phone) call(w *world) {
	p.t.Helper()
	who := w.Patients[0]
	id := w.next(p.t)
	w.mu.Lock()
	turns := w.turns[id]
	w.mu.Unlock()
	for _, keys := range []string{"", "1", "2", "1", "3", "5", "1", "7#", "1", "2", string(who.NHSNumber), birthKeys(who.BirthDate), "2", "1", "1", "1", "2"} {
		for i := range keys {
			p.do("sndcode", keys[i:i+1])
			time.Sleep(120 * time.Millisecond) // a finger
			p.do("sndcode", "\x04")            // and the key let go
			time.Sleep(60 * time.Millisecond)
		}
		select {
		case <-turns:
		case <-time.After(patience):
			p.t.Fatalf("nothing followed %q", keys)
		}
	}
	if record := w.record(p.t, id); record.End != calls.Completed {
		p.t.Errorf("recorded %+v", record)
	}
}

func TestPeerALineIsFoundAgainAfterKamailioWasRestarted(t *testing.T) {
	t.Parallel()
	port := freePort(t, "udp")
	first := kamailio(t, port)
	registrar := fmt.Sprintf("127.0.0.1:%d", port)
	w := newWorld(t, func(c *line.Config) {
		c.Lines[0].Register = &line.Registration{Registrar: registrar, User: "201", Password: "s3cret"}
		c.ReRegister, c.RegisterRetry, c.RegisterWait = 500*time.Millisecond, 100*time.Millisecond, 500*time.Millisecond
	})
	eventually(t, "the line is registered", func() bool { return w.Stats().Registered["A81001"] })
	_ = syscall.Kill(-first.Process.Pid, syscall.SIGKILL)
	_ = first.Wait()
	eventually(t, "the line knows that its registrar is gone", func() bool { return !w.Stats().Registered["A81001"] })
	kamailio(t, port)
	eventually(t, "the line is registered again", func() bool { return w.Stats().Registered["A81001"] })
	p := baresip(t, "<sip:07700900123@"+registrar+";transport=udp>;regint=0;answermode=manual", "")
	p.do("dial", "sip:201@"+registrar)
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	select {
	case <-w.began:
	case <-ctx.Done():
		t.Fatal("no call came through the registrar that was restarted")
	}
	p.do("hangup", "")
	eventually(t, "the call is over", func() bool { return w.Stats().Active == 0 })
}

package line_test

import (
	"bytes"
	"context"
	"net"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"onedoor/app/channels/voice/line"
	"onedoor/app/channels/voice/line/linetest"
)

// registrar is an address that nobody has; sipp will.
func registrar(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().String()
}

// serve plays a registrar's scenario until it is over.
func serve(t *testing.T, scenario, at string) <-chan error {
	t.Helper()
	_, port, err := net.SplitHostPort(at)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	cmd := exec.CommandContext(ctx, "sipp", "-sf", "testdata/"+scenario+".xml", "-i", "127.0.0.1", "-p", port, "-m", "1", "-nostdin", "-nd",
		"-timeout", strconv.Itoa(int(patience/time.Second))+"s", "-timeout_error", "-trace_err", "-error_file", "/dev/stderr")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	t.Cleanup(cancel)
	go func() {
		err := cmd.Wait()
		if err != nil {
			t.Logf("sipp %s: %v\n%s", scenario, err, linetest.Tail(said.String()))
		}
		ended <- err
	}()
	return ended
}

func extension(at, password string) func(*line.Config) {
	return func(c *line.Config) {
		c.Lines[0].Register = &line.Registration{Registrar: at, User: "201", Password: password}
		c.ReRegister, c.RegisterRetry, c.RegisterWait = 300*time.Millisecond, 50*time.Millisecond, time.Second
	}
}

func TestALineRegistersRefreshesAndGivesItsPlaceBack(t *testing.T) {
	t.Parallel()
	at := registrar(t)
	served := serve(t, "registrar", at)
	r := start(t, untilItEnds, extension(at, "s3cret"))
	eventually(t, "it is registered", func() bool { return r.Stats().Registered["riverside"] })
	eventually(t, "it has refreshed", func() bool { return r.Stats().Registrations >= 2 })
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if r.Stats().Registered["riverside"] {
		t.Error("it says that it is registered still")
	}
}

func TestALineRegistersAnewWhenItsRegistrarIsBack(t *testing.T) {
	t.Parallel()
	at := registrar(t)
	r := start(t, untilItEnds, extension(at, "s3cret"))
	eventually(t, "it knows that it is not registered", func() bool { registered, known := r.Stats().Registered["riverside"]; return known && !registered })
	served := serve(t, "registrar_once", at)
	eventually(t, "it is registered", func() bool { return r.Stats().Registered["riverside"] })
	if err := <-served; err != nil {
		t.Error(err)
	}
	eventually(t, "it knows that its registrar is gone", func() bool { return !r.Stats().Registered["riverside"] })
	served = serve(t, "registrar_once", at)
	eventually(t, "it is registered again", func() bool { return r.Stats().Registered["riverside"] })
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func TestARegistrarThatWantsLongerTimesGetsThem(t *testing.T) {
	t.Parallel()
	at := registrar(t)
	served := serve(t, "registrar_brief", at)
	r := start(t, untilItEnds, extension(at, "s3cret"))
	eventually(t, "it is registered", func() bool { return r.Stats().Registered["riverside"] })
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func TestAWrongPasswordIsToldOnceAndTriedSlowly(t *testing.T) {
	t.Parallel()
	at := registrar(t)
	served := serve(t, "registrar_refuses", at)
	r := start(t, untilItEnds, extension(at, "wrong"), func(c *line.Config) { c.RegisterRetry, c.ReRegister = time.Minute, time.Minute })
	eventually(t, "it knows that it is not registered", func() bool { registered, known := r.Stats().Registered["riverside"]; return known && !registered })
	if err := <-served; err != nil { // two attempts: without the password, and with it
		t.Error(err)
	}
}

package routes_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"onedoor/app/routes"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func openStream(t *testing.T, f *fixture, base string, headers ...string) (*bufio.Reader, io.Closer) {
	t.Helper()
	r, err := http.NewRequest("GET", base+"/api/v1/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	return bufio.NewReader(res.Body), res.Body
}

func expect(t *testing.T, r *bufio.Reader, lines ...string) {
	t.Helper()
	for _, want := range lines {
		got, err := r.ReadString('\n')
		if err != nil || strings.TrimSuffix(got, "\n") != want {
			t.Fatalf("line %q, want %q (%v)", got, want, err)
		}
	}
}

func TestStream(t *testing.T) {
	t.Parallel()
	f := serve(t, func(o *routes.Options) { o.Heartbeat = time.Millisecond; o.Timeout = time.Millisecond })
	r, body := openStream(t, f, f.url, append(bearer(f.receptionist), "Last-Event-ID", "6")...)
	defer func() { _ = body.Close() }()
	expect(t, r, "retry: 2000", "")
	// Heartbeats may come before the event.
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line == "id: 78\n" {
			break
		}
	}
	expect(t, r, "event: request", "data: one", "data: two 6", "", ": still here", "")
	f.StopStreams()
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Errorf("the stream did not end cleanly: %v", err)
	}
}

// A stream is not use of a session, and does not outlive it.
func TestStreamEndsWithItsSession(t *testing.T) {
	t.Parallel()
	f := serve(t, func(o *routes.Options) { o.Heartbeat = time.Millisecond })
	r, body := openStream(t, f, f.url, "Cookie", "onedoor-session="+string(f.session))
	defer func() { _ = body.Close() }()
	expect(t, r, "retry: 2000", "")
	f.doors.forget(f.session)
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Error(err)
	}
	f.doors.mu.Lock()
	defer f.doors.mu.Unlock()
	if f.doors.active != 0 {
		t.Error("listening counted as use of the session")
	}
}

func TestStopFinishesWhatWasAccepted(t *testing.T) {
	t.Parallel()
	f := serve(t, nil)
	l := listen(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Serve(ctx, l) }()
	base := "http://" + l.Addr().String()

	stream, body := openStream(t, f, base, bearer(f.receptionist)...)
	defer func() { _ = body.Close() }()
	status := make(chan int, 1)
	go func() {
		r, _ := http.NewRequest("GET", base+"/api/v1/things/held", nil)
		r.Header.Set("Authorization", "Bearer "+string(f.receptionist))
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			status <- 0
			return
		}
		defer func() { _ = res.Body.Close() }()
		status <- res.StatusCode
	}()
	<-f.blocked
	stop()
	<-f.Stopping()
	if _, err := io.Copy(io.Discard, stream); err != nil {
		t.Errorf("the stream did not end cleanly: %v", err)
	}
	select {
	case err := <-ended:
		t.Fatalf("stopped before the accepted call was answered: %v", err)
	default:
	}
	close(f.block)
	if got := <-status; got != 204 {
		t.Errorf("the accepted call got %d", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("stopping: %v", err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("still listening")
	}
}

func TestStopDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	f := serve(t, func(o *routes.Options) { o.Drain = time.Millisecond })
	l := listen(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Serve(ctx, l) }()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		r, _ := http.NewRequest("GET", "http://"+l.Addr().String()+"/api/v1/things/held", nil)
		r.Header.Set("Authorization", "Bearer "+string(f.receptionist))
		if res, err := http.DefaultClient.Do(r); err == nil {
			_ = res.Body.Close()
		}
	}()
	<-f.blocked
	stop()
	if err := <-ended; err == nil {
		t.Error("a call was cut off and nobody was told")
	}
	<-gone
	close(f.block)
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	away := errors.New("no database at 10.0.0.1")
	f := serve(t, func(o *routes.Options) {
		o.Ready = []routes.Check{
			{Name: "database", Ask: func(context.Context) error { return away }},
			{Name: "jobs", Ask: func(context.Context) error { return nil }},
		}
	})
	got := f.call(t, "GET", "/readyz", "")
	if got.StatusCode != 503 || strings.TrimSpace(got.text) != `{"failing":["database"],"status":"not ready"}` {
		t.Errorf("%d %s", got.StatusCode, got.text)
	}
	if got := f.call(t, "GET", "/healthz", ""); got.StatusCode != 200 {
		t.Errorf("health: %d", got.StatusCode)
	}
	well := serve(t, nil)
	if got := well.call(t, "GET", "/readyz", ""); got.StatusCode != 200 {
		t.Errorf("ready: %d", got.StatusCode)
	}
	well.StopStreams()
	if got := well.call(t, "GET", "/readyz", ""); got.StatusCode != 503 {
		t.Errorf("stopping: %d", got.StatusCode)
	}
}

func TestMetricsHaveAnAddressOfTheirOwn(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	f := serve(t, func(o *routes.Options) { o.Registry = registry })
	f.call(t, "GET", "/healthz", "")
	l := listen(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- routes.ServeMetrics(ctx, l, registry) }()
	res, err := http.Get("http://" + l.Addr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if !strings.Contains(string(text), `onedoor_http_requests_total{method="GET",route="/healthz",status="200"} 1`) {
		t.Errorf("%s", text)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if got := f.call(t, "GET", "/metrics", ""); got.StatusCode != 404 {
		t.Errorf("metrics on the public port: %d", got.StatusCode)
	}
}

// A client that dribbles its headers is let go; the limit itself is the standard library's.
func TestLimitsAgainstSlowClientsAreSet(t *testing.T) {
	t.Parallel()
	f := serve(t, nil)
	l := listen(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Serve(ctx, l) }()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\nX-Large: " + strings.Repeat("x", 64<<10) + "\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.Contains(line, "431") {
		t.Errorf("%q %v", line, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestReadyzSaysWhatWorksLessWellAndStaysReady(t *testing.T) {
	t.Parallel()
	says := []string{"riverside: cannot load the live version"}
	f := serve(t, func(o *routes.Options) {
		o.Degraded = func(context.Context) []string { return says }
	})
	res, err := http.Get(f.url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || strings.TrimSpace(string(body)) != `{"degraded":["riverside: cannot load the live version"],"status":"ready"}` {
		t.Errorf("%d %s, %v", res.StatusCode, body, err)
	}
}

func TestARouteMayHaveBoundsOfItsOwn(t *testing.T) {
	t.Parallel()
	f := serve(t, nil)
	f.AddBounded(http.MethodPut, "/api/v1/long", routes.Public, routes.Bounds{Body: 1 << 20}, func(c echo.Context) error {
		body, err := routes.ReadBody(c)
		if err != nil {
			return err
		}
		return routes.WriteJSON(c, http.StatusOK, len(body))
	})
	for size, want := range map[int]int{512 << 10: http.StatusOK, 1 << 20: http.StatusOK, 1<<20 + 1: http.StatusRequestEntityTooLarge} {
		for _, known := range []bool{true, false} {
			var body io.Reader = strings.NewReader(strings.Repeat("x", size))
			if !known {
				body = io.MultiReader(body) // its length is not sent
			}
			r, err := http.NewRequest(http.MethodPut, f.url+"/api/v1/long", body)
			if err != nil {
				t.Fatal(err)
			}
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != want {
				t.Errorf("%d bytes, length sent %v: %d, want %d", size, known, res.StatusCode, want)
			}
		}
	}
}

package routes

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
)

// Event is one server-sent event.
type Event struct {
	ID   string // what a client sends back as Last-Event-ID; absent leaves the client's as it was
	Name string
	Data []byte // any line ends are carried
}

// Stream is a response of server-sent events.
type Stream struct {
	c       echo.Context
	control *http.ResponseController
}

const (
	streamRetry = 2 * time.Second  // when a browser should come back after a stream ended
	streamWrite = 10 * time.Second // a reader that takes nothing for this long is cut off
)

// LastEventID is where a client that comes back wants to go on from; empty for a new one.
func LastEventID(c echo.Context) string { return c.Request().Header.Get("Last-Event-ID") }

// OpenStream answers with the headers of a stream and its retry time.
func OpenStream(c echo.Context) (*Stream, error) {
	callOf(c).stream = true
	s := &Stream{c: c, control: http.NewResponseController(c.Response())}
	// The server's limits are for answers that end. They are lifted here, and each write gets a limit of its own.
	_ = s.control.SetReadDeadline(time.Time{})
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	c.Response().WriteHeader(http.StatusOK)
	return s, s.write([]byte("retry: " + strconv.FormatInt(streamRetry.Milliseconds(), 10) + "\n\n"))
}

// Send writes one event and flushes it.
func (s *Stream) Send(e Event) error {
	var b bytes.Buffer
	if e.ID != "" {
		b.WriteString("id: " + oneLine(e.ID) + "\n")
	}
	if e.Name != "" {
		b.WriteString("event: " + oneLine(e.Name) + "\n")
	}
	data := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(e.Data))
	for line := range strings.SplitSeq(data, "\n") {
		b.WriteString("data: " + line + "\n")
	}
	b.WriteByte('\n')
	return s.write(b.Bytes())
}

func oneLine(s string) string { return strings.NewReplacer("\r", "", "\n", "", "\x00", "").Replace(s) }

func (s *Stream) write(b []byte) error {
	if s.c.Request().Method == http.MethodHead {
		return nil
	}
	_ = s.control.SetWriteDeadline(time.Now().Add(streamWrite))
	if _, err := s.c.Response().Write(b); err != nil {
		return err
	}
	return s.control.Flush()
}

// Pump sends events until their channel is closed, the caller leaves or may no longer listen, or the server stops. Between
// events it writes heartbeats. A stream that ends so is no error: the client comes back with the last id it saw.
func (s *Stream) Pump(events <-chan Event) error {
	if s.c.Request().Method == http.MethodHead {
		return nil
	}
	k := callOf(s.c)
	beat := time.NewTicker(k.server.o.Heartbeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case <-s.c.Request().Context().Done():
			return nil
		case <-k.server.stopping:
			return nil
		case e, ok := <-events:
			if !ok {
				return nil
			}
			err = s.Send(e)
		case <-beat.C:
			if !k.server.mayStill(s.c) {
				return nil
			}
			err = s.write([]byte(": still here\n\n"))
		}
		if err != nil {
			return nil // the caller is gone, or takes nothing
		}
	}
}

// mayStill asks again who a stream's caller is: a session may have ended, or a key been withdrawn, since it was opened.
// When nobody can say, because the database is away, the stream goes on.
func (s *Server) mayStill(c echo.Context) bool {
	if !callOf(c).who.Known() {
		return true
	}
	_, err := s.find(c)
	if err == nil {
		return true
	}
	kind := fault.As(err).Kind
	return kind != fault.Unauthenticated && kind != fault.Forbidden
}

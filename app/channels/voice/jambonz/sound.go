package jambonz

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/coder/websocket"
	"github.com/labstack/echo/v4"

	"onedoor/app/channels/voice/webhook"
)

const (
	rate = 8000 // samples a second, of two bytes
	// quiet is the loudest that a line without speech is; shortest is how much sound can hold a word.
	quiet    = 500
	shortest = rate / 2
	mostPart = 64 << 10
	// subprotocol is jambonz's name for its streams of sound.
	subprotocol = "audio.jambonz.org"
)

// sound takes what a caller says: a text of JSON first, then binary parts of 16-bit PCM, with a text for each key. It believes the pass in the address.
func (c *Channel) sound(e echo.Context) error {
	r := e.Request()
	line, found, err := c.lines.Line(r.Context(), e.Param("line"))
	if err != nil {
		return err
	}
	at, err := place(e)
	if err != nil {
		return err
	}
	if !found || len(line.JambonzSecrets) == 0 {
		return webhook.Refused(nil)
	}
	expected, err := c.hook.Listening(r.Context(), line, at)
	if err != nil {
		return err
	}
	socket, err := websocket.Accept(e.Response(), r, &websocket.AcceptOptions{Subprotocols: []string{subprotocol}})
	if err != nil {
		return nil //nolint:nilerr // it has been answered
	}
	defer func() { _ = socket.CloseNow() }()
	longest := min(expected.Expect.Longest+30*time.Second, longestSound)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), longest)
	defer cancel()
	samples, key := listen(ctx, socket, int(longest/time.Second)*rate)
	// The platform is gone by now, and what was said is kept all the same.
	filing, done := context.WithTimeout(context.WithoutCancel(r.Context()), 10*time.Second)
	defer done()
	heard := webhook.Nothing()
	if key != "*" && spoken(samples) { // after a star it is said anew
		if heard, err = c.keep.Keep(filing, line.NeighbourhoodID, expected.CallID, expected.LinkID, wav(samples)); err != nil {
			return nil //nolint:nilerr // whoever waits for it goes on without; the connection takes no answer
		}
	}
	_ = c.hook.Hear(filing, line, at, heard, key) // likewise
	return nil
}

// listen reads sound until it ends, holds more than it may, or the caller presses 0 or the star, which it gives.
func listen(ctx context.Context, socket *websocket.Conn, most int) (samples []byte, key string) {
	socket.SetReadLimit(mostPart)
	for len(samples) < 2*most {
		kind, part, err := socket.Read(ctx)
		if err != nil {
			if !errors.Is(err, io.EOF) {
				return samples, "" // a close, which is how it ends, or a connection that broke: what came counts
			}
			return samples, ""
		}
		if kind == websocket.MessageBinary {
			samples = append(samples, part...)
			continue
		}
		if key := pressed(part); key == "0" || key == "*" {
			_ = socket.Write(ctx, websocket.MessageText, []byte(disconnect)) // jambonz then asks what follows
			return samples, key
		}
	}
	return samples[:2*most], ""
}

// disconnect asks jambonz to end a stream of sound.
const disconnect = `{"type":"disconnect"}`

// pressed is the key that a text of the stream tells of; empty for any other text.
func pressed(text []byte) string {
	var e struct{ Event, DTMF string }
	if json.Unmarshal(text, &e) != nil || e.Event != "dtmf" {
		return ""
	}
	return e.DTMF
}

// spoken reports whether a sound can hold a word.
func spoken(samples []byte) bool {
	if len(samples)/2 < shortest {
		return false
	}
	for i := 0; i+1 < len(samples); i += 2 {
		if v := int16(binary.LittleEndian.Uint16(samples[i:])); v > quiet || v < -quiet { //nolint:gosec // the two bytes are a signed sample
			return true
		}
	}
	return false
}

// wav puts 16-bit PCM of one channel into a WAV file.
func wav(samples []byte) []byte {
	samples = samples[:len(samples)&^1]
	size := uint32(len(samples)) //nolint:gosec // bounded by longestSound
	b := make([]byte, 0, 44+len(samples))
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, 36+size)
	b = append(b, "WAVEfmt "...)
	for _, v := range []uint32{16, 1 | 1<<16, rate, 2 * rate, 2 | 16<<16} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, size)
	return append(b, samples...)
}

package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/fault"
	"onedoor/app/routes"
)

// soundHolds is how long an address of sound can be fetched: the platform fetches it at once.
const soundHolds = 2 * time.Minute

const bytesASecond = 8000

// answer says what to tell the platform. A turn is played when we have the sound of all of it, and said by the platform's
// voice otherwise: two voices in one sentence are hard to follow.
func (h *Hook) answer(ctx context.Context, line Line, s *session) Answer {
	a := Answer{CallID: s.call, Step: s.Step, Turn: s.Turn, Line: line, Over: over(s), Lasts: lasts(s.Turn), Pass: pass(s, s.Step)}
	if sound, err := h.sound(ctx, line, s.Turn); err == nil && len(sound) > 0 {
		until := h.Now().Add(soundHolds).Unix()
		a.Sound = h.Base + soundPath(line, s.call, s.Step) + "?" +
			url.Values{"until": {strconv.FormatInt(until, 10)}, "signature": {signature(s, until)}}.Encode()
		a.Lasts = time.Duration(len(sound)) * time.Second / bytesASecond
	}
	return a
}

func (h *Hook) sound(ctx context.Context, line Line, turn dialogue.Turn) ([]byte, error) {
	if h.Prompts == nil {
		return nil, nil
	}
	var all []byte
	for _, phrase := range turn.Say {
		sound, err := h.Prompts.Sound(ctx, line.NeighbourhoodID, line.OrganisationID, phrase)
		if err != nil {
			return nil, err
		}
		all = append(all, sound...)
	}
	return all, nil
}

// AddSound registers where the sound of turns is served: once, by any one hook, for the calls of all.
func (h *Hook) AddSound(s *routes.Server) {
	s.Add(http.MethodGet, "/voice/sound/:line/:call/:turn", routes.Public, func(c echo.Context) error {
		wav, err := h.Sound(c.Request().Context(), c.Param("line"), c.Param("call"), c.Param("turn"), c.QueryParam("until"), c.QueryParam("signature"))
		if err != nil {
			return err
		}
		c.Response().Header().Set("Cache-Control", "no-store")
		return c.Blob(http.StatusOK, "audio/wav", wav)
	})
}

func soundPath(line Line, call uuid.UUID, step int) string {
	return fmt.Sprintf("/voice/sound/%s/%s/%d.wav", url.PathEscape(line.Name), call, step)
}

func signature(s *session, until int64) string {
	mac := hmac.New(sha256.New, s.Secret)
	_, _ = fmt.Fprintf(mac, "sound\x00%s\x00%d\x00%d", s.call, s.Step, until)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// pass is what only an answer of this call knows of the answer at a step.
func pass(s *session, step int) string {
	mac := hmac.New(sha256.New, s.Secret)
	_, _ = fmt.Fprintf(mac, "pass\x00%s\x00%d", s.call, step)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:18])
}

// Sound is the WAV behind an address that an Answer gave. Whatever is wrong with the address, it is absent.
func (h *Hook) Sound(ctx context.Context, lineName, call, turn, until, signed string) ([]byte, error) {
	line, found, err := h.Lines.Line(ctx, lineName)
	if err != nil {
		return nil, err
	}
	id, idErr := uuid.Parse(call)
	step, stepErr := strconv.Atoi(strings.TrimSuffix(turn, ".wav"))
	end, endErr := strconv.ParseInt(until, 10, 64)
	if !found || idErr != nil || stepErr != nil || endErr != nil {
		return nil, fault.Absent()
	}
	s, err := h.load(ctx, line, id)
	if err != nil {
		return nil, err
	}
	if s.Step != step || h.Now().Unix() > end || !hmac.Equal([]byte(signature(s, end)), []byte(signed)) {
		return nil, fault.Absent()
	}
	sound, err := h.sound(ctx, line, s.Turn)
	if err != nil {
		return nil, err
	}
	if len(sound) == 0 {
		return nil, fault.Absent()
	}
	return WAV(sound), nil
}

// WAV puts G.711 mu-law of 8 kHz into a WAV file (format 7, one channel).
func WAV(mulaw []byte) []byte {
	const head = 58
	b := make([]byte, 0, head+len(mulaw)+1)
	le16 := func(v uint16) { b = binary.LittleEndian.AppendUint16(b, v) }
	le32 := func(v int) { b = binary.LittleEndian.AppendUint32(b, uint32(v)) } //nolint:gosec // a turn is minutes, not days
	padded := len(mulaw) + len(mulaw)%2
	b = append(b, "RIFF"...)
	le32(head - 8 + padded)
	b = append(b, "WAVEfmt "...)
	le32(18)
	le16(7)
	le16(1)
	le32(bytesASecond)
	le32(bytesASecond)
	le16(1)
	le16(8)
	le16(0)
	b = append(b, "fact"...)
	le32(4)
	le32(len(mulaw))
	b = append(b, "data"...)
	le32(len(mulaw))
	b = append(b, mulaw...)
	if len(mulaw)%2 == 1 {
		b = append(b, 0xff) // silence
	}
	return b
}

// lasts is about how long words take to say, and rather less: a voice says three words a second.
func lasts(turn dialogue.Turn) time.Duration {
	words := 0
	for _, p := range turn.Say {
		n := len(strings.Fields(p.Text))
		if p.Slow {
			n *= 2
		}
		words += n
	}
	return time.Duration(words) * time.Second / 3
}

package openai

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"mime/multipart"
	"net/textproto"
	"strings"
	"time"
	"unicode/utf8"

	"onedoor/app/fault"
	"onedoor/app/speech"
)

// TranscriberOptions say how a server hears.
type TranscriberOptions struct {
	Server
	Model string
	// Version is said with each transcript, beside the model: the server does not say which weights it runs.
	Version string
	Within  time.Duration // for one recording: 60 s
}

// Transcriber is a speech.Transcriber.
type Transcriber struct{ o TranscriberOptions }

var _ speech.Transcriber = (*Transcriber)(nil)

const (
	recordingMost  = 20 << 20
	answerMost     = 1 << 20
	transcriptMost = 20_000 // bytes: more than anybody says in ten minutes
)

// NewTranscriber refuses options that cannot work. It calls nobody.
func NewTranscriber(o TranscriberOptions) (*Transcriber, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.Model == "" {
		return nil, errors.New("openai: a model is needed to transcribe")
	}
	if o.Within <= 0 {
		o.Within = time.Minute
	}
	return &Transcriber{o}, nil
}

// Transcribe implements speech.Transcriber. Confidence is the mean over all segments of how likely the model found its own
// words, weighed by their length; 0 where the server does not say.
func (t *Transcriber) Transcribe(ctx context.Context, wav []byte, language string) (speech.Transcript, error) {
	switch {
	case !speech.Known(language):
		return speech.Transcript{}, fault.New(fault.Invalid, "speech_language", "The telephone speaks English and Welsh only.")
	case len(wav) > recordingMost:
		return speech.Transcript{}, speech.TranscriberRefused().Because(errors.New("the recording is too long"))
	case len(wav) < 12 || string(wav[:4]) != "RIFF":
		return speech.Transcript{}, speech.TranscriberRefused().Because(errors.New("the recording is no WAV file"))
	}
	body, contentType, err := t.form(wav, language)
	if err != nil {
		return speech.Transcript{}, err
	}
	answer, err := t.o.post(ctx, t.o.Within, "/audio/transcriptions", contentType, "application/json", body, answerMost)
	var status errStatus
	switch {
	case late(err):
		return speech.Transcript{}, speech.TranscriberLate().Because(err)
	case errors.As(err, &status) && status.permanent():
		return speech.Transcript{}, speech.TranscriberRefused().Because(err)
	case err != nil:
		return speech.Transcript{}, speech.TranscriberFailed().Because(err)
	}
	return t.read(answer)
}

func (t *Transcriber) form(wav []byte, language string) (body []byte, contentType string, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	header := textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="recording.wav"`}, "Content-Type": {"audio/wav"},
	}
	part, err := w.CreatePart(header)
	if err != nil {
		return nil, "", err
	}
	if _, err := part.Write(wav); err != nil {
		return nil, "", err
	}
	for _, field := range [][2]string{{"model", t.o.Model}, {"language", language}, {"response_format", "verbose_json"}, {"temperature", "0"}} {
		if err := w.WriteField(field[0], field[1]); err != nil {
			return nil, "", err
		}
	}
	if err := w.Close(); err != nil { // writes the end
		return nil, "", err
	}
	return b.Bytes(), w.FormDataContentType(), nil
}

// heard is the answer, as verbose_json; a server that knows only json leaves out the segments.
type heard struct {
	Text     *string `json:"text"`
	Segments []struct {
		Start      float64  `json:"start"`
		End        float64  `json:"end"`
		AvgLogprob *float64 `json:"avg_logprob"`
	} `json:"segments"`
}

func (t *Transcriber) read(answer []byte) (speech.Transcript, error) {
	var h heard
	if err := json.Unmarshal(answer, &h); err != nil || h.Text == nil {
		return speech.Transcript{}, speech.TranscriberFailed().Because(errors.New("the answer is no transcript"))
	}
	text := strings.TrimSpace(strings.ToValidUTF8(*h.Text, ""))
	if len(text) > transcriptMost {
		cut := transcriptMost
		for !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut]
	}
	return speech.Transcript{Text: text, Model: t.o.Model, Version: t.o.Version, Confidence: h.confidence()}, nil
}

func (h heard) confidence() float64 {
	sum, length := 0.0, 0.0
	for _, s := range h.Segments {
		if s.AvgLogprob == nil {
			continue
		}
		weight := max(s.End-s.Start, 0.01)
		sum += math.Exp(min(*s.AvgLogprob, 0)) * weight
		length += weight
	}
	if length == 0 || math.IsNaN(sum) || math.IsInf(length, 0) {
		return 0
	}
	return sum / length
}

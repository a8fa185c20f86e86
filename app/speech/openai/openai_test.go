package openai_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"onedoor/app/fault"
	"onedoor/app/outbound"
	"onedoor/app/speech/openai"
)

// wav is half a second of silence at 8 kHz.
func wav() []byte {
	b := make([]byte, 44+8000)
	copy(b, "RIFF")
	copy(b[8:], "WAVEfmt ")
	copy(b[36:], "data")
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	binary.LittleEndian.PutUint32(b[40:], 8000)
	return b
}

// serve starts a real server on this machine, and a guard that may call it.
func serve(t *testing.T, answer http.HandlerFunc) openai.Server {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	allowed, err := outbound.ParseAllowed(u.Host)
	if err != nil {
		t.Fatal(err)
	}
	return openai.Server{Base: s.URL + "/v1", Key: "the-secret-key", Client: outbound.New(outbound.Options{Allow: allowed})}
}

func speaker(t *testing.T, s openai.Server) *openai.Speaker {
	t.Helper()
	e, err := openai.NewSpeaker(openai.SpeakerOptions{Server: s, Model: "kokoro", Voices: map[string]string{"en": "bf_emma"}, Within: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func transcriber(t *testing.T, s openai.Server) *openai.Transcriber {
	t.Helper()
	e, err := openai.NewTranscriber(openai.TranscriberOptions{Server: s, Model: "whisper-1", Version: "2026-01", Within: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestWordsAreSpokenByTheServer(t *testing.T) {
	t.Parallel()
	var got map[string]string
	e := speaker(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/v1/audio/speech" || r.Header.Get("Authorization") != "Bearer the-secret-key" {
			t.Errorf("called %s %s", r.Method, r.URL.Path)
		}
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		_, _ = w.Write(wav())
	}))
	sound, err := e.Speak(t.Context(), "  Call 999\nnow. ", "en")
	if err != nil || !bytes.Equal(sound, wav()) {
		t.Fatalf("%d bytes, %v", len(sound), err)
	}
	want := map[string]string{"model": "kokoro", "voice": "bf_emma", "input": "Call 9 9 9 now.", "response_format": "wav"}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %q, want %q", name, got[name], value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("it was sent %v", got)
	}
	if name := e.Name(); strings.Contains(name, "127.0.0.1") || strings.Contains(name, "secret") || !strings.Contains(name, "kokoro en=bf_emma") {
		t.Errorf("its name is %q", name)
	}
	if _, err := e.Speak(t.Context(), "Helo", "cy"); !fault.Is(err, "speech_language") {
		t.Errorf("without a voice: %v", err)
	}
	if _, err := e.Speak(t.Context(), " ", "en"); !fault.Is(err, "speech_empty") {
		t.Errorf("nothing to say: %v", err)
	}
}

func TestWhatAServerDoesWrongIsSaidWithoutWordsOrAddresses(t *testing.T) {
	t.Parallel()
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(code)
			_, _ = io.Copy(w, r.Body) // some servers say back what they were sent
		}
	}
	says := func(b []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(b) }
	}
	endless := func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(wav()[:44])
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	}
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "9000")
		_, _ = w.Write(wav()[:100])
	}
	redirect := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://127.0.0.1:1/elsewhere", http.StatusTemporaryRedirect)
	}
	for name, tt := range map[string]struct {
		answer     http.HandlerFunc
		speaks     string
		transcribe string
	}{
		"hangs":            {hang, "speech_engine_late", "speech_transcriber_late"},
		"is broken":        {status(500), "speech_engine_failed", "speech_transcriber_failed"},
		"is busy":          {status(429), "speech_engine_failed", "speech_transcriber_failed"},
		"knows no such":    {status(404), "speech_engine_failed", "speech_transcriber_refused"},
		"refuses the key":  {status(401), "speech_engine_failed", "speech_transcriber_refused"},
		"says nothing":     {says(nil), "speech_engine_failed", "speech_transcriber_failed"},
		"says a page":      {says([]byte("<html>secret</html>")), "speech_engine_failed", "speech_transcriber_failed"},
		"says other JSON":  {says([]byte(`{"words":"secret"}`)), "speech_engine_failed", "speech_transcriber_failed"},
		"sends us away":    {redirect, "speech_engine_failed", "speech_transcriber_failed"},
		"stops half way":   {cut, "speech_engine_failed", "speech_transcriber_failed"},
		"speaks for ever":  {endless, "speech_engine_failed", "speech_transcriber_failed"},
		"has nobody there": {nil, "speech_engine_failed", "speech_transcriber_failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openai.Server{Base: "http://127.0.0.1:1/v1", Client: outbound.New(outbound.Options{Allow: allow(t, "127.0.0.1:1")})}
			if tt.answer != nil {
				s = serve(t, tt.answer)
			}
			within := 20 * time.Second
			if name == "hangs" {
				within = 200 * time.Millisecond
			}
			e, err := openai.NewSpeaker(openai.SpeakerOptions{Server: s, Model: "m", Voices: map[string]string{"en": "v"}, Within: within})
			if err != nil {
				t.Fatal(err)
			}
			h, err := openai.NewTranscriber(openai.TranscriberOptions{Server: s, Model: "m", Within: within})
			if err != nil {
				t.Fatal(err)
			}
			_, spoke := e.Speak(t.Context(), "my secret words", "en")
			_, heard := h.Transcribe(t.Context(), wav(), "en")
			if !fault.Is(spoke, tt.speaks) {
				t.Errorf("speaking: %v, want %s", spoke, tt.speaks)
			}
			if !fault.Is(heard, tt.transcribe) {
				t.Errorf("transcribing: %v, want %s", heard, tt.transcribe)
			}
			for _, err := range []error{spoke, heard} {
				if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "127.0.0.1")) {
					t.Errorf("the error says %v", err)
				}
			}
		})
	}
}

// hang never answers. The body is read first: until then a server does not learn that its caller has gone.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func allow(t *testing.T, address string) []outbound.Allowed {
	t.Helper()
	a, err := outbound.ParseAllowed(address)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestARecordingIsTranscribed(t *testing.T) {
	t.Parallel()
	h := transcriber(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/audio/transcriptions" || r.ParseMultipartForm(1<<20) != nil {
			t.Errorf("called %s", r.URL.Path)
			return
		}
		for name, want := range map[string]string{"model": "whisper-1", "language": "cy", "response_format": "verbose_json", "temperature": "0"} {
			if got := r.FormValue(name); got != want {
				t.Errorf("%s is %q", name, got)
			}
		}
		file, header, err := r.FormFile("file")
		if err != nil {
			t.Error(err)
			return
		}
		sent, _ := io.ReadAll(file)
		if !bytes.Equal(sent, wav()) || header.Filename != "recording.wav" || header.Header.Get("Content-Type") != "audio/wav" {
			t.Errorf("the file is %q of %d bytes", header.Filename, len(sent))
		}
		_, _ = io.WriteString(w, `{"text":" Mae gen i ddolur gwddf. ","segments":[{"start":0,"end":3,"avg_logprob":-0.105},{"start":3,"end":4,"avg_logprob":-0.693}]}`)
	}))
	got, err := h.Transcribe(t.Context(), wav(), "cy")
	if err != nil {
		t.Fatal(err)
	}
	if got.Text != "Mae gen i ddolur gwddf." || got.Model != "whisper-1" || got.Version != "2026-01" || got.Confidence < 0.79 || got.Confidence > 0.81 {
		t.Errorf("heard %+v", got)
	}
}

func TestAPlainTranscriptHasNoConfidence(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ answer, text string }{
		"json":        {`{"text":"hello"}`, "hello"},
		"silence":     {`{"text":""}`, ""},
		"no logprobs": {`{"text":"hello","segments":[{"start":0,"end":1}]}`, "hello"},
		"very long":   {`{"text":"` + strings.Repeat("ŵ", 30_000) + `"}`, strings.Repeat("ŵ", 10_000)},
	} {
		h := transcriber(t, serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, tt.answer) }))
		got, err := h.Transcribe(t.Context(), wav(), "en")
		if err != nil || got.Text != tt.text || got.Confidence != 0 {
			t.Errorf("%s: %d bytes, %v, %v", name, len(got.Text), got.Confidence, err)
		}
	}
}

func TestWhatIsNoRecordingIsNotSent(t *testing.T) {
	t.Parallel()
	h := transcriber(t, serve(t, func(http.ResponseWriter, *http.Request) { t.Error("it was sent") }))
	for name, tt := range map[string]struct {
		wav            []byte
		language, code string
	}{
		"nothing":          {nil, "en", "speech_transcriber_refused"},
		"an MP3":           {append([]byte("ID3"), make([]byte, 100)...), "en", "speech_transcriber_refused"},
		"too large":        {append(wav(), make([]byte, 21<<20)...), "en", "speech_transcriber_refused"},
		"another language": {wav(), "fr", "speech_language"},
	} {
		if _, err := h.Transcribe(t.Context(), tt.wav, tt.language); !fault.Is(err, tt.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAServerThatIsNotAllowedIsNotCalled(t *testing.T) {
	t.Parallel()
	s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("it was called") })
	s.Client = outbound.New(outbound.Options{})
	if _, err := speaker(t, s).Speak(t.Context(), "Hello", "en"); !fault.Is(err, "speech_engine_failed") {
		t.Errorf("speaking: %v", err)
	}
	if _, err := transcriber(t, s).Transcribe(t.Context(), wav(), "en"); !fault.Is(err, "speech_transcriber_failed") {
		t.Errorf("transcribing: %v", err)
	}
}

func TestACallEndsWithWhoeverAsked(t *testing.T) {
	t.Parallel()
	s := serve(t, hang)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := speaker(t, s).Speak(ctx, "Hello", "en"); !fault.Is(err, "speech_engine_late") {
		t.Errorf("speaking: %v", err)
	}
}

func TestOptionsThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	client := outbound.New(outbound.Options{})
	voices := map[string]string{"en": "emma"}
	for name, o := range map[string]openai.SpeakerOptions{
		"no address":           {Server: openai.Server{Client: client}, Model: "m", Voices: voices},
		"a path":               {Server: openai.Server{Base: "/v1", Client: client}, Model: "m", Voices: voices},
		"a password in it":     {Server: openai.Server{Base: "https://a:b@speech.example/v1", Client: client}, Model: "m", Voices: voices},
		"another scheme":       {Server: openai.Server{Base: "ftp://speech.example", Client: client}, Model: "m", Voices: voices},
		"no client":            {Server: openai.Server{Base: "https://speech.example/v1"}, Model: "m", Voices: voices},
		"no model":             {Server: openai.Server{Base: "https://speech.example/v1", Client: client}, Voices: voices},
		"no voice":             {Server: openai.Server{Base: "https://speech.example/v1", Client: client}, Model: "m"},
		"a voice of no tongue": {Server: openai.Server{Base: "https://speech.example/v1", Client: client}, Model: "m", Voices: map[string]string{"fr": "x"}},
	} {
		if _, err := openai.NewSpeaker(o); err == nil {
			t.Errorf("%s: speaks", name)
		}
	}
	if _, err := openai.NewTranscriber(openai.TranscriberOptions{Server: openai.Server{Base: "https://speech.example/v1", Client: client}}); err == nil {
		t.Error("it transcribes without a model")
	}
}

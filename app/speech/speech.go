// Package speech holds the two ports of the spoken word: an Engine makes words into sound, and a Transcriber makes sound into
// words. It says what may be said, in which languages, and what is refused before any plug is asked. The plugs live in the
// folders below: espeak (a program on this machine, offline) and openai (both ports, by the HTTP calls that OpenAI published and
// many servers understand).
//
// It keeps nothing and calls nobody. Text comes from app/channels/voice/prompts, which keeps what an engine made; sound comes
// from app/recordings, which keeps what a transcriber heard. Words and sound can be a caller's own, so neither is ever in an
// error or a log.
package speech

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"onedoor/app/fault"
)

// The languages that the telephone speaks, as BCP 47.
const (
	English = "en"
	Welsh   = "cy"
)

// Languages are all of them, in the order in which pages list them.
func Languages() []string { return []string{English, Welsh} }

// Known reports whether the telephone speaks a language.
func Known(language string) bool { return language == English || language == Welsh }

// LongestText is the most that one phrase holds, in bytes. A read-back of every answer is said in several phrases.
const LongestText = 4096

// Engine makes words into sound. It is called from many calls at once, and holds its own bounds: when it is busy it waits its
// turn until ctx ends. A plug refuses with speech_engine_failed (it answered badly), speech_engine_late (not in its time) or
// speech_engine_missing (it is not there).
type Engine interface {
	// Speak says plain words in a language of Languages. The text is words to be said and nothing else: markup and the like
	// are read out, never obeyed. What comes back is one WAV file.
	Speak(ctx context.Context, text, language string) (wav []byte, err error)
	// Name tells engine, voice and version apart, without secrets or addresses: what two names say sounds different. It is part
	// of the key by which sound is kept.
	Name() string
}

// Transcriber makes a recording into words that a machine wrote: staff see them marked so, and they change no answer and no
// urgency.
type Transcriber interface {
	// Transcribe hears a WAV file in a language of Languages. It refuses with speech_transcriber_late, speech_transcriber_failed
	// (try again later) or speech_transcriber_refused (the same recording would be refused again).
	Transcribe(ctx context.Context, wav []byte, language string) (Transcript, error)
}

// Transcript is what a machine heard.
type Transcript struct {
	Text           string
	Model, Version string
	// Confidence is from 0 to 1; 0 where the model gives none.
	Confidence float64
}

// Text makes words ready to be said: valid, without characters that cannot be heard, white space as single spaces. It refuses
// what is empty, longer than LongestText or in another language than the telephone speaks. Engines call it first.
func Text(text, language string) (string, error) {
	switch {
	case !Known(language):
		return "", fault.New(fault.Invalid, "speech_language", "The telephone speaks English and Welsh only.")
	case len(text) > LongestText:
		return "", fault.New(fault.TooLarge, "speech_too_long", "A phrase can have at most %d characters.", LongestText)
	case !utf8.ValidString(text):
		return "", fault.New(fault.Malformed, "speech_not_text", "A phrase must be plain text in UTF-8.")
	}
	var b strings.Builder
	gap := false
	for _, r := range text {
		if unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r) || r == utf8.RuneError {
			gap = gap || unicode.IsSpace(r) || unicode.IsControl(r)
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte(' ')
		}
		gap = false
		b.WriteRune(r)
	}
	if b.Len() == 0 {
		return "", fault.New(fault.Invalid, "speech_empty", "There is nothing to say.")
	}
	return b.String(), nil
}

// Late, Failed and Missing are how every plug says that it could not. The cause is for the log: it must not hold the words.
func Late() *fault.Error {
	return fault.New(fault.Unavailable, "speech_engine_late", "The speech engine took too long to answer.")
}

// Failed says that the engine answered with something other than sound.
func Failed() *fault.Error {
	return fault.New(fault.Unavailable, "speech_engine_failed", "The speech engine could not say this.")
}

// TranscriberLate, TranscriberFailed and TranscriberRefused are how every transcriber says that it could not.
func TranscriberLate() *fault.Error {
	return fault.New(fault.Unavailable, "speech_transcriber_late", "The transcriber took too long to answer.")
}

// TranscriberFailed says that it may work another time.
func TranscriberFailed() *fault.Error {
	return fault.New(fault.Unavailable, "speech_transcriber_failed", "The transcriber could not be reached, or did not answer as it should.")
}

// TranscriberRefused says that it will not work another time either.
func TranscriberRefused() *fault.Error {
	return fault.New(fault.Invalid, "speech_transcriber_refused", "The transcriber does not take this recording.")
}

// Missing says that the engine is not there at all.
func Missing() *fault.Error {
	return fault.New(fault.Unavailable, "speech_engine_missing", "There is no speech engine at the configured place.")
}

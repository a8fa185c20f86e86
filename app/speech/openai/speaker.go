package openai

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"onedoor/app/fault"
	"onedoor/app/speech"
)

// SpeakerOptions say how a server speaks.
type SpeakerOptions struct {
	Server
	Model string
	// Voices are the server's names of a voice, by language. A language without one is refused with speech_language, so that
	// another engine speaks it.
	Voices map[string]string
	Within time.Duration // for one phrase: 4 s
}

// Speaker is a speech.Engine.
type Speaker struct{ o SpeakerOptions }

var _ speech.Engine = (*Speaker)(nil)

// soundMost is how many bytes of sound are read: two minutes at 24 kHz.
const soundMost = 6 << 20

// NewSpeaker refuses options that cannot work. It calls nobody.
func NewSpeaker(o SpeakerOptions) (*Speaker, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.Model == "" || len(o.Voices) == 0 {
		return nil, errors.New("openai: a model and a voice are needed to speak")
	}
	for language, voice := range o.Voices {
		if !speech.Known(language) || voice == "" {
			return nil, fmt.Errorf("openai: a voice is for one of %s", strings.Join(speech.Languages(), ", "))
		}
	}
	if o.Within <= 0 {
		o.Within = 4 * time.Second
	}
	return &Speaker{o}, nil
}

// Name is the model and the voices, and a hash of where the server is: two servers may give two models one name.
func (s *Speaker) Name() string {
	where := sha256.Sum256([]byte(s.o.Base))
	name := fmt.Sprintf("openai %x %s", where[:4], s.o.Model)
	for _, language := range speech.Languages() {
		if voice := s.o.Voices[language]; voice != "" {
			name += " " + language + "=" + voice
		}
	}
	return name
}

// Speak implements speech.Engine.
func (s *Speaker) Speak(ctx context.Context, text, language string) ([]byte, error) {
	text, err := speech.Text(text, language)
	if err != nil {
		return nil, err
	}
	voice := s.o.Voices[language]
	if voice == "" {
		return nil, fault.New(fault.Invalid, "speech_language", "This speech engine has no voice in that language.")
	}
	body, err := json.Marshal(map[string]string{"model": s.o.Model, "voice": voice, "input": speech.Aloud(text), "response_format": "wav"})
	if err != nil {
		return nil, err
	}
	sound, err := s.o.post(ctx, s.o.Within, "/audio/speech", "application/json", "audio/wav", body, soundMost)
	switch {
	case late(err):
		return nil, speech.Late().Because(err)
	case err != nil:
		return nil, speech.Failed().Because(err)
	case len(sound) < 12 || string(sound[:4]) != "RIFF" || string(sound[8:12]) != "WAVE":
		return nil, speech.Failed().Because(errors.New("the answer is no WAV file"))
	}
	return sound, nil
}

package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"onedoor/app/channels/voice/prompts"
	"onedoor/app/outbound"
	"onedoor/app/speech"
	"onedoor/app/speech/espeak"
	"onedoor/app/speech/openai"
	"onedoor/app/store/promptstore"
)

// warmAfter is how long after the start phrases are made.
const warmAfter = 10 * time.Second

// promptFolder is where sound is kept, in the data folder.
const promptFolder = "prompts"

// wireSpeech makes what the telephone says into sound: by a server where one is named, and by espeak-ng where that is not or
// does not answer. Without either there are no prompts: pages work, telephony platforms speak with their own voice, and a
// process that has a telephone line refuses to start.
func (a *App) wireSpeech(ctx context.Context) error {
	c := a.config.speech()
	var engines []speech.Engine
	if c.url != "" {
		guard, err := a.guard(outbound.Options{Timeout: 5 * time.Second})
		if err != nil {
			return err
		}
		voices, err := c.voicesByLanguage()
		if err != nil {
			return err
		}
		server, err := openai.NewSpeaker(openai.SpeakerOptions{
			Server: openai.Server{Base: c.url, Key: c.key, Client: guard}, Model: c.model, Voices: voices,
		})
		if err != nil {
			return fmt.Errorf("--speech-url: %w", err)
		}
		engines = append(engines, server)
	}
	offline, err := espeak.New(ctx, espeak.Options{Program: c.program})
	switch {
	case err == nil:
		engines = append(engines, offline)
	case len(engines) == 0:
		a.log.LogAttrs(ctx, slog.LevelWarn, "there is no speech engine: install espeak-ng, or name a server with --speech-url", slog.String("cause", err.Error()))
		return nil
	}
	o := prompts.Options{
		Engine: engines[0], Store: promptstore.New(a.db), Phrases: append(prompts.Characters(), a.services.dialogue.Phrases()...),
		Folder: filepath.Join(a.config.Data, promptFolder), Now: a.now, Log: a.log,
	}
	if len(engines) > 1 {
		o.Reserve = engines[1]
	}
	a.services.prompts, err = prompts.New(o)
	return err
}

// warmUp makes every phrase that is always the same into sound, behind the calls that are heard. It delays nobody: what is not
// there yet is made when it is said.
func (a *App) warmUp(ctx context.Context) error {
	select { // the first seconds of a start belong to those who wait for it
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(warmAfter):
	}
	began := time.Now()
	phrases := a.services.dialogue.Phrases()
	failed, err := a.services.prompts.Warm(ctx, phrases)
	if err != nil {
		return err
	}
	level := slog.LevelInfo
	if failed > 0 {
		level = slog.LevelWarn
	}
	a.log.LogAttrs(ctx, level, "the telephone's phrases are ready",
		slog.Int("phrases", len(phrases)), slog.Int("failed", failed), slog.Duration("took", time.Since(began).Round(time.Millisecond)))
	<-ctx.Done()
	return ctx.Err()
}

// transcriber hears what callers say; nil where no server is named.
func (a *App) transcriber() (speech.Transcriber, error) {
	c := a.config
	if c.TranscriberURL == "" {
		return nil, nil //nolint:nilnil // most have none: staff then hear recordings, and read nothing
	}
	const within = time.Minute
	guard, err := a.guard(outbound.Options{Timeout: within + 5*time.Second})
	if err != nil {
		return nil, err
	}
	t, err := openai.NewTranscriber(openai.TranscriberOptions{
		Server: openai.Server{Base: c.TranscriberURL, Key: c.TranscriberKey, Client: guard}, Model: c.TranscriberModel, Version: c.TranscriberVersion, Within: within,
	})
	if err != nil {
		return nil, fmt.Errorf("--transcriber-url: %w", err)
	}
	return t, nil
}

// speechConfig is how the telephone speaks.
type speechConfig struct{ program, url, key, model, voices string }

func (c Config) speech() speechConfig {
	return speechConfig{c.SpeechProgram, c.SpeechURL, c.SpeechKey, c.SpeechModel, c.SpeechVoices}
}

// voicesByLanguage reads "en=emma,cy=nia".
func (c speechConfig) voicesByLanguage() (map[string]string, error) {
	voices := make(map[string]string)
	for _, part := range strings.Split(c.voices, ",") {
		language, voice, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok || !speech.Known(language) || voice == "" {
			return nil, errors.New("--speech-voices wants a voice for each language, such as en=emma,cy=nia")
		}
		voices[language] = voice
	}
	return voices, nil
}

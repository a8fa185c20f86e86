package recordings

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"

	"onedoor/app/speech"
	"onedoor/app/understanding"
)

// transcribeMost is how many recordings one round takes in a neighbourhood.
const transcribeMost = 8

// Transcribing reports whether this installation has a transcriber.
func (s *Service) Transcribing() bool { return s.o.Transcriber != nil }

// Transcribe writes down what was said in the recordings of a neighbourhood that wait for it, oldest first, and counts them.
// Each is tried five times at the most. What a machine heard changes neither answers nor urgency.
func (s *Service) Transcribe(ctx context.Context, neighbourhood uuid.UUID) (int, error) {
	if s.o.Transcriber == nil {
		return 0, nil
	}
	waiting, err := s.o.Store.Waiting(ctx, neighbourhood, transcribeMost)
	if err != nil {
		return 0, err
	}
	written := 0
	var problems []error
	for _, k := range waiting {
		if err := s.transcribe(ctx, k); err != nil {
			problems = append(problems, err) // the others do not wait for it
			continue
		}
		written++
	}
	return written, errors.Join(problems...)
}

func (s *Service) transcribe(ctx context.Context, k Kept) error {
	wav, err := s.o.Vault.Open(ctx, k.NeighbourhoodID, k.Audio, sealedFor("sound", k.ID))
	if err != nil {
		return err
	}
	sound, err := parse(wav)
	if err != nil {
		return err
	}
	language := k.Language
	if !speech.Known(language) {
		language = speech.English
	}
	heard, err := s.o.Transcriber.Transcribe(ctx, sound.plain(), language)
	if err != nil {
		return err
	}
	words := strings.TrimSpace(heard.Text)
	if s.o.Listener != nil && words != "" && k.Kind != "" {
		s.o.Listener.Listen(understanding.Heard{
			NeighbourhoodID: k.NeighbourhoodID, OrganisationID: k.Line, Words: words, Language: language, Channel: "phone", Kind: k.Kind, LinkID: k.LinkID,
		})
	}
	if words == "" {
		words = "(nothing that could be made out)"
	}
	sealed, err := s.o.Vault.Seal(ctx, k.NeighbourhoodID, []byte(words), sealedFor("transcript", k.ID))
	if err != nil {
		return err
	}
	return s.o.Store.Transcribed(ctx, k.NeighbourhoodID, k.ID, sealed, strings.TrimSpace(heard.Model+" "+heard.Version))
}

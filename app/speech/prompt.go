package speech

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
)

// Prompt is a person's own recording of a phrase, which is played in place of an engine. An organisation's stands on its own
// line; a neighbourhood's, where OrganisationID is zero, on every line that has none of its own.
type Prompt struct {
	// ID is new at each upload, so that what was kept of an earlier one is never played for it.
	ID              uuid.UUID
	NeighbourhoodID uuid.UUID
	OrganisationID  uuid.UUID
	Phrase          string // the phrase's id: welcome, question.symptoms.duration
	Language        string
	// Of names the words that were recorded, see WordsHash. While the phrase has other words, an engine says them: an old
	// recording could name a key that does something else now.
	Of  string
	By  audit.Actor
	At  time.Time
	For time.Duration // how long it lasts
}

// WordsHash names words without holding them.
func WordsHash(text, language string) string {
	sum := sha256.Sum256([]byte(language + "\x00" + text))
	return hex.EncodeToString(sum[:16])
}

// PromptStore keeps recordings of phrases.
type PromptStore interface {
	// Prompts are all of a neighbourhood, without their sound, as calls use them.
	Prompts(ctx context.Context, neighbourhood uuid.UUID) ([]Prompt, error)
	// Sound is that of one recording: mu-law, 8 kHz. It is fault.Absent when it was removed meanwhile.
	Sound(ctx context.Context, neighbourhood, id uuid.UUID) ([]byte, error)
	// SavePrompt puts a recording in the place of any other of the same phrase, language and organisation.
	SavePrompt(ctx context.Context, p Prompt, sound []byte, entry audit.Entry) error
	// RemovePrompt removes one, and fills in the entry's subject; it is fault.Absent when there is none.
	RemovePrompt(ctx context.Context, neighbourhood, organisation uuid.UUID, phrase, language string, entry audit.Entry) error
}

// Line is one phrase that the telephone always says in the same words, by language.
type Line struct {
	Phrase string
	Texts  map[string]string
}

package prompts

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/channels/voice/media"
	"onedoor/app/fault"
	"onedoor/app/speech"
)

const (
	// fresh is how long what is known of a neighbourhood's recordings stands: a change made by another process is heard then.
	fresh = 10 * time.Second
	// lookUp bounds how long a call waits to learn of recordings: without, an engine speaks.
	lookUp = time.Second
)

// recordings is what is known of people's recordings, by neighbourhood.
type recordings struct {
	mu sync.Mutex
	of map[uuid.UUID]*index
}

// index is one neighbourhood's.
type index struct {
	mu     sync.Mutex
	at     time.Time
	byLine map[place]speech.Prompt
}

type place struct {
	organisation     uuid.UUID
	phrase, language string
}

// own is the recording that stands for a phrase, if there is one and it still says the same words.
func (p *Prompts) own(ctx context.Context, neighbourhood, organisation uuid.UUID, phrase dialogue.Phrase) (media.Audio, bool) {
	if p.store == nil || phrase.ID == "" || phrase.Private {
		return nil, false
	}
	known := p.indexOf(ctx, neighbourhood)
	of := speech.WordsHash(phrase.Text, phrase.Language)
	for _, whose := range []uuid.UUID{organisation, uuid.Nil} {
		prompt, ok := known[place{whose, phrase.ID, phrase.Language}]
		if !ok || prompt.Of != of {
			continue
		}
		if sound, ok := p.soundOf(ctx, prompt); ok {
			return sound, true
		}
	}
	return nil, false
}

// indexOf is what is known of a neighbourhood's recordings. While the store does not answer, what was known last stands.
func (p *Prompts) indexOf(ctx context.Context, neighbourhood uuid.UUID) map[place]speech.Prompt {
	p.recorded.mu.Lock()
	ix, ok := p.recorded.of[neighbourhood]
	if !ok {
		ix = &index{}
		p.recorded.of[neighbourhood] = ix
	}
	p.recorded.mu.Unlock()
	ix.mu.Lock()
	defer ix.mu.Unlock()
	now := p.now()
	if ix.byLine != nil && now.Sub(ix.at) < fresh {
		return ix.byLine
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookUp)
	defer cancel()
	list, err := p.store.Prompts(ctx, neighbourhood)
	ix.at = now
	if err != nil {
		p.log.LogAttrs(ctx, slog.LevelWarn, "recordings of phrases could not be looked up", slog.String("cause", err.Error()))
		if ix.byLine == nil {
			ix.byLine = map[place]speech.Prompt{}
		}
		return ix.byLine
	}
	byLine := make(map[place]speech.Prompt, len(list))
	for _, prompt := range list {
		byLine[place{prompt.OrganisationID, prompt.Phrase, prompt.Language}] = prompt
	}
	ix.byLine = byLine
	return byLine
}

// changed makes the next phrase look again.
func (p *Prompts) changed(neighbourhood uuid.UUID) {
	p.recorded.mu.Lock()
	defer p.recorded.mu.Unlock()
	delete(p.recorded.of, neighbourhood)
}

func (p *Prompts) soundOf(ctx context.Context, prompt speech.Prompt) (media.Audio, bool) {
	key := "recording " + prompt.ID.String()
	if sound, ok := p.memory.get(key); ok {
		return sound, true
	}
	ctx, cancel := context.WithTimeout(ctx, lookUp)
	defer cancel()
	sound, err := p.store.Sound(ctx, prompt.NeighbourhoodID, prompt.ID)
	if err != nil {
		if !fault.Is(err, fault.Absent().Code) {
			p.log.LogAttrs(ctx, slog.LevelWarn, "a recording of a phrase could not be read", slog.String("cause", err.Error()))
		}
		return nil, false
	}
	p.memory.put(key, sound)
	return sound, true
}

// linesOf puts the languages of each phrase together, in the order given.
func linesOf(phrases []dialogue.Phrase) ([]speech.Line, error) {
	var lines []speech.Line
	at := make(map[string]int)
	for _, phrase := range phrases {
		if phrase.ID == "" || phrase.Private {
			continue
		}
		i, ok := at[phrase.ID]
		if !ok {
			i = len(lines)
			at[phrase.ID] = i
			lines = append(lines, speech.Line{Phrase: phrase.ID, Texts: make(map[string]string)})
		}
		if text, twice := lines[i].Texts[phrase.Language]; twice && text != phrase.Text {
			return nil, fmt.Errorf("prompts: the phrase %s has two texts in %s", phrase.ID, phrase.Language)
		}
		lines[i].Texts[phrase.Language] = phrase.Text
	}
	return lines, nil
}

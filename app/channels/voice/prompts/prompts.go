// Package prompts turns a phrase of the dialogue into sound: an organisation's own recording, else its neighbourhood's, else
// what a speech engine makes of the words. Every telephone channel asks it, and the page of recordings changes them through it.
//
// What an engine made is kept under a hash of engine, voice, language and words: in memory up to a bound, and on disk under the
// data folder, so that a restart is not silent. Words of one caller alone are neither kept in memory nor written down; numbers
// and postcodes are put together from single characters, so that they need no engine at all. A recording whose words have
// changed since is not played: it could name a key that does something else now.
//
// Phrases come from app/channels/voice/dialogue, engines from app/speech's port, recordings from its store; sound goes to
// app/channels/voice/media. Nothing here logs words.
package prompts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/singleflight"

	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/channels/voice/media"
	"onedoor/app/fault"
	"onedoor/app/speech"
)

// Bounds where Options say nothing.
const (
	DefaultMemory = 48 << 20 // every phrase of both languages takes some 30 MB
	DefaultDisk   = 512 << 20
	DefaultWithin = 5 * time.Second
)

const (
	// rest is how long an engine that failed is not asked while there is another.
	rest = 30 * time.Second
	// form is raised when the same words would be made into another sound by this package.
	form = "mulaw-8000-2"
)

// Options are what prompts are made of.
type Options struct {
	Engine speech.Engine
	// Reserve speaks while Engine cannot, and always says the words of one caller alone; nil for none. Where Engine is a server,
	// it is the one on this machine.
	Reserve speech.Engine
	// Store keeps people's recordings; nil for none.
	Store speech.PromptStore
	// Phrases are all that are always the same, in each language: those that can be recorded.
	Phrases []dialogue.Phrase
	// Folder is where sound is kept, and nothing else; empty for memory alone.
	Folder       string
	Memory, Disk int64         // bytes
	Within       time.Duration // for one phrase
	Now          func() time.Time
	Log          *slog.Logger
}

// Prompts is safe for concurrent use.
type Prompts struct {
	engines  []*engine
	store    speech.PromptStore
	lines    []speech.Line
	memory   *memory
	disk     *disk // nil for memory alone
	within   time.Duration
	now      func() time.Time
	log      *slog.Logger
	flights  singleflight.Group
	recorded recordings
}

// engine is a speech engine, and until when it rests after a failure.
type engine struct {
	speech.Engine
	mu    sync.Mutex
	until time.Time
}

// New puts prompts together. It refuses an engine that is not there, phrases of which one id has two texts, and a folder that
// cannot be used.
func New(o Options) (*Prompts, error) {
	if o.Engine == nil || o.Now == nil {
		return nil, errors.New("prompts: an engine and a clock are needed")
	}
	p := &Prompts{
		engines: []*engine{{Engine: o.Engine}}, store: o.Store, within: o.Within, now: o.Now, log: o.Log,
		memory: newMemory(orElse(o.Memory, DefaultMemory)), recorded: recordings{of: make(map[uuid.UUID]*index)},
	}
	if o.Reserve != nil {
		p.engines = append(p.engines, &engine{Engine: o.Reserve})
	}
	if p.within <= 0 {
		p.within = DefaultWithin
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if p.lines, err = linesOf(o.Phrases); err != nil {
		return nil, err
	}
	if o.Folder != "" {
		if p.disk, err = openDisk(o.Folder, orElse(o.Disk, DefaultDisk)); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func orElse(n, otherwise int64) int64 {
	if n > 0 {
		return n
	}
	return otherwise
}

// Audio is how a phrase sounds on the line of an organisation; a zero organisation is the neighbourhood's own line. It fails
// only when no engine can say the words: with speech_engine_late, speech_engine_failed or speech_engine_missing.
func (p *Prompts) Audio(ctx context.Context, neighbourhood, organisation uuid.UUID, phrase dialogue.Phrase) (media.Audio, error) {
	sound, err := p.audio(ctx, neighbourhood, organisation, phrase)
	if err != nil || !phrase.Unhurried {
		return sound, err
	}
	return append(sound[:len(sound):len(sound)], media.Silence(afterPhrase)...), nil // what is kept is not changed
}

func (p *Prompts) audio(ctx context.Context, neighbourhood, organisation uuid.UUID, phrase dialogue.Phrase) (media.Audio, error) {
	if sound, ok := p.own(ctx, neighbourhood, organisation, phrase); ok {
		return sound, nil
	}
	if !phrase.Slow {
		return p.made(ctx, phrase.Text, phrase.Language, !phrase.Private)
	}
	characters, ok := spelling(phrase.Text)
	if !ok {
		return p.made(ctx, speech.Slowly(phrase.Text), phrase.Language, !phrase.Private)
	}
	return p.spelt(ctx, neighbourhood, organisation, characters, phrase.Language)
}

// Sound is Audio as plain bytes, for channels that serve it.
func (p *Prompts) Sound(ctx context.Context, neighbourhood, organisation uuid.UUID, phrase dialogue.Phrase) ([]byte, error) {
	return p.Audio(ctx, neighbourhood, organisation, phrase)
}

// Warm makes what is not there yet, one phrase after another, so that calls are heard first. It goes on past a phrase that
// fails, and says how many did.
func (p *Prompts) Warm(ctx context.Context, phrases []dialogue.Phrase) (failed int, err error) {
	for _, phrase := range append(Characters(), phrases...) {
		if ctx.Err() != nil {
			return failed, ctx.Err()
		}
		if phrase.Private || phrase.Slow || phrase.Text == "" {
			continue
		}
		if _, err := p.made(ctx, phrase.Text, phrase.Language, true); err != nil {
			failed++
		}
	}
	return failed, nil
}

// made is what an engine makes of words, kept where keep says so.
func (p *Prompts) made(ctx context.Context, text, language string, keep bool) (media.Audio, error) {
	var failure error
	engines := p.engines
	if !keep { // what is one caller's own is said nearest to home, and nowhere else
		engines = engines[len(engines)-1:]
	}
	for i, e := range engines {
		key := keyOf(e.Name(), language, text)
		if keep {
			if sound, ok := p.kept(key); ok {
				return sound, nil
			}
		}
		if i < len(engines)-1 && e.rests(p.now()) {
			continue
		}
		sound, err := p.makeWith(ctx, e, key, text, language, keep)
		if err == nil {
			return sound, nil
		}
		if ctx.Err() != nil {
			return nil, speech.Late().Because(ctx.Err())
		}
		failure = err
		if fault.Is(err, "speech_language") { // it has no voice for this one, and speaks the other well
			continue
		}
		if i < len(engines)-1 && e.fails(p.now().Add(rest)) {
			p.log.LogAttrs(ctx, slog.LevelWarn, "a speech engine failed, and another speaks in its place", slog.String("cause", err.Error()))
		}
	}
	return nil, failure
}

// makeWith asks one engine. The same words asked for at once are made once; who goes away does not end it for the others.
func (p *Prompts) makeWith(ctx context.Context, e *engine, key, text, language string, keep bool) (media.Audio, error) {
	if !keep {
		ctx, cancel := context.WithTimeout(ctx, p.within)
		defer cancel()
		return e.speak(ctx, text, language)
	}
	done := p.flights.DoChan(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.within)
		defer cancel()
		if sound, ok := p.kept(key); ok {
			return sound, nil
		}
		sound, err := e.speak(ctx, text, language)
		if err != nil {
			return nil, err
		}
		p.memory.put(key, sound)
		if p.disk != nil {
			if err := p.disk.put(key, sound); err != nil {
				p.log.LogAttrs(ctx, slog.LevelWarn, "a prompt could not be kept on disk", slog.String("cause", err.Error()))
			}
		}
		return sound, nil
	})
	select {
	case r := <-done:
		if r.Err != nil {
			return nil, r.Err
		}
		sound, _ := r.Val.(media.Audio)
		return sound, nil
	case <-ctx.Done():
		return nil, speech.Late().Because(ctx.Err())
	}
}

// kept finds sound in memory, or else on disk.
func (p *Prompts) kept(key string) (media.Audio, bool) {
	if sound, ok := p.memory.get(key); ok {
		return sound, true
	}
	if p.disk == nil {
		return nil, false
	}
	sound, ok := p.disk.get(key)
	if ok {
		p.memory.put(key, sound)
	}
	return sound, ok
}

func (e *engine) speak(ctx context.Context, text, language string) (media.Audio, error) {
	wav, err := e.Speak(ctx, text, language)
	if err != nil {
		return nil, err
	}
	sound, err := media.FromWAV(wav)
	if err != nil {
		return nil, speech.Failed().Because(err)
	}
	return trim(sound), nil
}

func (e *engine) rests(now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return now.Before(e.until)
}

// fails lets the engine rest, and reports whether that is news.
func (e *engine) fails(until time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	news := e.until.IsZero() || until.Sub(e.until) >= rest
	e.until = until
	return news
}

// keyOf names sound by what it was made of. It is a file's name too, and says nothing of the words.
func keyOf(engine, language, text string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%s", form, engine, language, text))
	return hex.EncodeToString(sum[:])
}

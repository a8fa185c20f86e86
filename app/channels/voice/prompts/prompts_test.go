package prompts_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/channels/voice/media"
	"onedoor/app/channels/voice/prompts"
	"onedoor/app/fault"
	"onedoor/app/speech"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// engine says words as a tone whose length tells them apart, and remembers what it was asked for.
type engine struct {
	name string

	mu    sync.Mutex
	asked []string
	fails error
	holds chan struct{} // when set, an answer waits until it is closed
}

func (e *engine) Name() string { return e.name }

func (e *engine) Speak(ctx context.Context, text, language string) ([]byte, error) {
	e.mu.Lock()
	e.asked = append(e.asked, language+": "+text)
	fails, holds := e.fails, e.holds
	e.mu.Unlock()
	if holds != nil {
		select {
		case <-holds:
		case <-ctx.Done():
			return nil, speech.Late()
		}
	}
	if fails != nil {
		return nil, fails
	}
	return sounds(e.name + text).WAV(), nil
}

func (e *engine) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.asked)
}

func sounds(text string) media.Audio {
	length := 300 * time.Millisecond
	for _, r := range text {
		length += time.Duration(r%64) * time.Millisecond
	}
	return media.Tone(440, length)
}

func open(t *testing.T, o prompts.Options) *prompts.Prompts {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return noon }
	}
	p, err := prompts.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func say(t *testing.T, p *prompts.Prompts, phrase dialogue.Phrase) media.Audio {
	t.Helper()
	sound, err := p.Audio(t.Context(), uuid.New(), uuid.Nil, phrase)
	if err != nil {
		t.Fatal(err)
	}
	if sound.Length() < 100*time.Millisecond {
		t.Fatalf("%q lasts %s", phrase.Text, sound.Length())
	}
	return sound
}

func english(text string) dialogue.Phrase { return dialogue.Phrase{Text: text, Language: "en"} }

func TestWordsAreMadeOnceAndKeptOverARestart(t *testing.T) {
	t.Parallel()
	e, folder := &engine{name: "a"}, filepath.Join(t.TempDir(), "sound")
	p := open(t, prompts.Options{Engine: e, Folder: folder})
	first := say(t, p, english("Press 1."))
	if !bytes.Equal(first, say(t, p, english("Press 1."))) || e.count() != 1 {
		t.Errorf("the engine was asked %d times", e.count())
	}
	say(t, p, dialogue.Phrase{Text: "Press 1.", Language: "cy"})
	say(t, p, english("Press 2."))
	if e.count() != 3 {
		t.Errorf("other words and another language are other sounds: asked %d times", e.count())
	}
	again := &engine{name: "a"}
	restarted := open(t, prompts.Options{Engine: again, Folder: folder})
	if !bytes.Equal(first, say(t, restarted, english("Press 1."))) || again.count() != 0 {
		t.Errorf("after a restart the engine was asked %d times", again.count())
	}
	other := &engine{name: "b"}
	say(t, open(t, prompts.Options{Engine: other, Folder: folder}), english("Press 1."))
	if other.count() != 1 {
		t.Error("another engine's sound is played for this one's")
	}
	for name, mode := range map[string]os.FileMode{folder: 0o700, files(t, folder)[0]: 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

func files(t *testing.T, folder string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestWordsOfOneCallerAreNeverKept(t *testing.T) {
	t.Parallel()
	e, folder := &engine{name: "a"}, t.TempDir()
	p := open(t, prompts.Options{Engine: e, Folder: folder})
	private := dialogue.Phrase{ID: "welcome", Text: "27 April 1996", Language: "en", Private: true}
	say(t, p, private)
	say(t, p, private)
	if e.count() != 2 {
		t.Errorf("the engine was asked %d times: the words were kept", e.count())
	}
	if _, err := p.Warm(t.Context(), []dialogue.Phrase{private}); err != nil {
		t.Fatal(err)
	}
	for _, said := range e.asked[2:] {
		if strings.Contains(said, "1996") {
			t.Errorf("warming up says %q", said)
		}
	}
	before := len(files(t, folder))
	say(t, p, dialogue.Phrase{Text: "48205 17396", Language: "en", Private: true, Slow: true})
	say(t, p, dialogue.Phrase{Text: "Dr 4 Ash Road 5", Language: "en", Private: true, Slow: true})
	if after := len(files(t, folder)); after != before {
		t.Errorf("%d files were written for them", after-before)
	}
}

func TestNumbersAndPostcodesArePutTogetherFromCharacters(t *testing.T) {
	t.Parallel()
	e := &engine{name: "a"}
	p := open(t, prompts.Options{Engine: e})
	phrase := dialogue.Phrase{Text: "999, 000, 1006", Language: "cy", Private: true, Slow: true}
	number := say(t, p, phrase)
	for _, said := range e.asked {
		if len(strings.TrimPrefix(said, "cy: ")) != len("9.") {
			t.Errorf("the engine was given %q", said)
		}
	}
	if e.count() != 4 { // 9, 0, 1, 6
		t.Errorf("the engine was asked %d times", e.count())
	}
	if !bytes.Equal(number, say(t, p, phrase)) || e.count() != 4 {
		t.Error("characters are not kept")
	}
	together := say(t, p, dialogue.Phrase{Text: "9990001006", Language: "cy", Private: true, Slow: true})
	if together.Length() >= number.Length() {
		t.Error("groups have no longer pause between them")
	}
	say(t, p, dialogue.Phrase{Text: "RS1 1AD", Language: "en", Private: true, Slow: true})
	if got := strings.Join(e.asked[4:], "|"); got != "en: R.|en: S.|en: 1.|en: A.|en: D." {
		t.Errorf("a postcode is made of %s", got)
	}
	say(t, p, dialogue.Phrase{Text: "Flat 12", Language: "en", Private: true, Slow: true})
	if got := e.asked[len(e.asked)-1]; got != "en: Flat 1. 2." {
		t.Errorf("words with a number are %q", got)
	}
}

func TestTheSameWordsAskedForAtOnceAreMadeOnce(t *testing.T) {
	t.Parallel()
	e := &engine{name: "a", holds: make(chan struct{})}
	p := open(t, prompts.Options{Engine: e, Within: time.Minute})
	gone, leave := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := p.Audio(gone, uuid.New(), uuid.Nil, english("Hello")); !fault.Is(err, "speech_engine_late") {
			t.Errorf("who went away got %v", err)
		}
	})
	for deadline := time.Now().Add(time.Minute); e.count() == 0; {
		if time.Now().After(deadline) {
			t.Fatal("the engine was not asked")
		}
	}
	for range 30 {
		all.Go(func() {
			if sound, err := p.Audio(context.Background(), uuid.New(), uuid.Nil, english("Hello")); err != nil || len(sound) == 0 {
				t.Errorf("a caller who stayed got %v", err)
			}
		})
	}
	leave()
	close(e.holds)
	all.Wait()
	if e.count() != 1 {
		t.Errorf("the engine was asked %d times", e.count())
	}
}

func TestAnEngineThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	e := &engine{name: "a", holds: make(chan struct{})}
	defer close(e.holds)
	p := open(t, prompts.Options{Engine: e, Within: 50 * time.Millisecond})
	for _, private := range []bool{false, true} {
		if _, err := p.Audio(t.Context(), uuid.New(), uuid.Nil, dialogue.Phrase{Text: "Hello", Language: "en", Private: private}); !fault.Is(err, "speech_engine_late") {
			t.Errorf("private %v: %v", private, err)
		}
	}
}

func TestMemoryAndDiskAreBounded(t *testing.T) {
	t.Parallel()
	e, folder := &engine{name: "a"}, t.TempDir()
	const most = 100_000
	p := open(t, prompts.Options{Engine: e, Folder: folder, Memory: most, Disk: most})
	for i := range 100 {
		say(t, p, english(fmt.Sprintf("Phrase %d", i)))
	}
	holds := func() (total int64) {
		for _, name := range files(t, folder) {
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			total += info.Size()
		}
		return total
	}
	if got := holds(); got > most || got < most/2 {
		t.Errorf("the folder holds %d bytes of %d", got, most)
	}
	asked := e.count()
	say(t, p, english("Phrase 99"))
	if e.count() != asked {
		t.Error("the latest is not kept")
	}
	say(t, p, english("Phrase 0"))
	if e.count() != asked+1 {
		t.Error("memory keeps more than it may")
	}
	open(t, prompts.Options{Engine: e, Folder: folder, Disk: most / 4})
	if got := holds(); got > most/4 {
		t.Errorf("opened with a smaller bound, the folder holds %d", got)
	}
}

func TestAFileThatWasCutShortOrChangedIsMadeAnew(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func([]byte) []byte{
		"cut short": func(b []byte) []byte { return b[:len(b)/2] },
		"empty":     func([]byte) []byte { return nil },
		"changed":   func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
	} {
		folder := t.TempDir()
		want := say(t, open(t, prompts.Options{Engine: &engine{name: "a"}, Folder: folder}), english("Hello"))
		file := files(t, folder)[0]
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, spoil(whole), 0o600); err != nil {
			t.Fatal(err)
		}
		e := &engine{name: "a"}
		if got := say(t, open(t, prompts.Options{Engine: e, Folder: folder}), english("Hello")); !bytes.Equal(got, want) || e.count() != 1 {
			t.Errorf("%s: the engine was asked %d times", name, e.count())
		}
	}
}

func TestWhileAnEngineFailsAnotherSpeaks(t *testing.T) {
	t.Parallel()
	main, reserve, now := &engine{name: "main", fails: speech.Failed()}, &engine{name: "reserve"}, noon
	p := open(t, prompts.Options{Engine: main, Reserve: reserve, Now: func() time.Time { return now }})
	say(t, p, english("One"))
	say(t, p, english("Two"))
	if main.count() != 1 || reserve.count() != 2 {
		t.Errorf("asked %d and %d times: an engine that failed rests", main.count(), reserve.count())
	}
	now = now.Add(time.Minute)
	main.fails = nil
	say(t, p, english("One"))
	if main.count() != 2 {
		t.Error("it never speaks again")
	}
	main.fails = fault.New(fault.Invalid, "speech_language", "It has no voice in that language.")
	say(t, p, dialogue.Phrase{Text: "Un", Language: "cy"})
	main.fails = nil
	before := main.count()
	say(t, p, english("Three"))
	if main.count() != before+1 {
		t.Error("an engine without a voice for one language rests in the other")
	}
	before = main.count()
	say(t, p, dialogue.Phrase{Text: "27 April 1996", Language: "en", Private: true})
	if main.count() != before {
		t.Error("a caller's own words leave the machine")
	}
	alone := open(t, prompts.Options{Engine: &engine{name: "alone", fails: errors.New("it broke")}})
	if _, err := alone.Audio(t.Context(), uuid.New(), uuid.Nil, english("One")); err == nil {
		t.Error("nothing was said, and no error")
	}
}

func TestWarmingUpGoesOnPastWhatFails(t *testing.T) {
	t.Parallel()
	e := &engine{name: "a"}
	p := open(t, prompts.Options{Engine: e})
	failed, err := p.Warm(t.Context(), []dialogue.Phrase{english("Hello"), {Text: "Hello", Language: "cy"}})
	if err != nil || failed != 0 || e.count() != 2+len(prompts.Characters()) {
		t.Errorf("%d failed, %v; asked %d times", failed, err, e.count())
	}
	e.fails = speech.Failed()
	if failed, err := p.Warm(t.Context(), []dialogue.Phrase{english("Hello"), english("Bye"), english("Again")}); err != nil || failed != 2 {
		t.Errorf("%d failed, %v", failed, err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := p.Warm(ended, nil); err == nil {
		t.Error("it does not end with its context")
	}
}

func TestOnePhraseHasOneText(t *testing.T) {
	t.Parallel()
	_, err := prompts.New(prompts.Options{Engine: &engine{}, Now: time.Now, Phrases: []dialogue.Phrase{
		{ID: "welcome", Text: "Hello", Language: "en"}, {ID: "welcome", Text: "Hi", Language: "en"},
	}})
	if err == nil || !strings.Contains(err.Error(), "welcome") {
		t.Errorf("two texts: %v", err)
	}
}

func TestSilenceAroundWordsIsTakenOff(t *testing.T) {
	t.Parallel()
	p := open(t, prompts.Options{Engine: padded{}})
	if got := say(t, p, english("Hello")).Length(); got < time.Second || got > 1300*time.Millisecond {
		t.Errorf("a second of speech between silences lasts %s", got)
	}
}

type padded struct{}

func (padded) Name() string { return "padded" }

func (padded) Speak(context.Context, string, string) ([]byte, error) {
	sound := append(media.Silence(2*time.Second), media.Tone(440, time.Second)...)
	return append(sound, media.Silence(2*time.Second)...).WAV(), nil
}

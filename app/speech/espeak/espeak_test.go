package espeak_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"onedoor/app/fault"
	"onedoor/app/speech"
	"onedoor/app/speech/espeak"
)

func engine(t testing.TB, o espeak.Options) *espeak.Engine {
	t.Helper()
	e, err := espeak.New(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestBothLanguagesAreSpoken(t *testing.T) {
	t.Parallel()
	e := engine(t, espeak.Options{})
	sounds := make(map[string][]byte)
	for _, language := range speech.Languages() {
		wav, err := e.Speak(context.Background(), "Ar ôl y tôn, tell us your name.", language)
		if err != nil {
			t.Fatal(err)
		}
		if rate := binary.LittleEndian.Uint32(wav[24:]); rate != 22050 {
			t.Errorf("%s: %d Hz", language, rate)
		}
		if said := binary.LittleEndian.Uint32(wav[40:]); int(said) != len(wav)-44 {
			t.Errorf("%s: the header says %d bytes of %d", language, said, len(wav)-44)
		}
		if loud := loudest(wav[44:]); loud < 3000 {
			t.Errorf("%s: the loudest sample is %d", language, loud)
		}
		sounds[language] = wav
	}
	if bytes.Equal(sounds[speech.English], sounds[speech.Welsh]) {
		t.Error("both languages sound the same")
	}
	if name := e.Name(); !strings.HasPrefix(name, "espeak-ng 1") || !strings.Contains(name, "cy@") {
		t.Errorf("its name is %q", name)
	}
}

func loudest(pcm []byte) int {
	most := 0
	for i := 0; i+1 < len(pcm); i += 2 {
		sample := int(int16(binary.LittleEndian.Uint16(pcm[i:]))) //nolint:gosec // a sample is signed
		most = max(most, int(math.Abs(float64(sample))))
	}
	return most
}

// Each of these would sound otherwise if the program obeyed it: what is obeyed is either silent or another sound.
func TestWhatTheProgramWouldObeyIsReadOut(t *testing.T) {
	t.Parallel()
	e := engine(t, espeak.Options{})
	say := func(text string) []byte {
		wav, err := e.Speak(context.Background(), text, speech.English)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		return wav
	}
	for name, c := range map[string]struct{ text, sounds string }{
		"phonemes in brackets":   {"a [[h@l'oU]] b", "a   h@l'oU   b"},
		"brackets in a bracket":  {"a [[[h@l'oU]]] b", "a   h@l'oU   b"},
		"a tag":                  {`a <break time="60s"/> b`, `a  break time="60s"/  b`},
		"a file to play":         {`<audio src="/etc/passwd">b</audio>`, ` audio src="/etc/passwd" b /audio `},
		"a command of the voice": {"a \x01" + "50P b", "a 50P b"},
		"a character apart":      {"a [\u200b[h@l'oU]\u200b] b", "a   h@l'oU   b"},
	} {
		if !bytes.Equal(say(c.text), say(c.sounds)) {
			t.Errorf("%s: %q sounds otherwise than %q", name, c.text, c.sounds)
		}
	}
	for _, text := range []string{"--version", "-v de", "-f /etc/passwd", "-w /tmp/x.wav"} {
		if loud := loudest(say(text)[44:]); loud < 1000 {
			t.Errorf("%q makes no sound", text)
		}
	}
	long := say("--version and some more words")
	if len(long) < 22050 {
		t.Errorf("words after an option are not said: %d bytes", len(long))
	}
}

func TestManyCallsSpeakAtOnceAndEachHearsItsOwn(t *testing.T) {
	t.Parallel()
	e := engine(t, espeak.Options{Most: 2, Within: 30 * time.Second})
	want := make([][]byte, 4)
	for i := range want {
		var err error
		if want[i], err = e.Speak(context.Background(), fmt.Sprintf("number %d", i+1), speech.English); err != nil {
			t.Fatal(err)
		}
	}
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			got, err := e.Speak(context.Background(), fmt.Sprintf("number %d", i%4+1), speech.English)
			if err != nil || !bytes.Equal(got, want[i%4]) {
				t.Errorf("call %d hears %d bytes, %v", i, len(got), err)
			}
		})
	}
	all.Wait()
}

func TestWordsThatCannotBeSaidAreRefused(t *testing.T) {
	t.Parallel()
	e := engine(t, espeak.Options{})
	for _, c := range []struct{ text, language, code string }{
		{"", speech.English, "speech_empty"},
		{"Hallo", "de", "speech_language"},
		{strings.Repeat("a", speech.LongestText+1), speech.Welsh, "speech_too_long"},
	} {
		if _, err := e.Speak(context.Background(), c.text, c.language); !fault.Is(err, c.code) {
			t.Errorf("%.10q in %s: %v, want %s", c.text, c.language, err, c.code)
		}
	}
}

func TestAProgramThatIsNotThereIsMissing(t *testing.T) {
	t.Parallel()
	for name, program := range map[string]string{"no such file": "/nowhere/espeak-ng", "not on the path": "no-such-speaker", "another program": "/bin/true"} {
		if _, err := espeak.New(context.Background(), espeak.Options{Program: program}); !fault.Is(err, "speech_engine_missing") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// unreliable is a program that says its version, and then fails as a test wants. It notes each start.
func unreliable(t *testing.T, then string) (program string, starts func() int) {
	t.Helper()
	folder := t.TempDir()
	program, log := filepath.Join(folder, "speaker"), filepath.Join(folder, "starts")
	script := fmt.Sprintf("#!/bin/sh\nif [ \"$1\" = --version ]; then echo eSpeak NG text-to-speech: 1.0; exit; fi\necho x >>%s\nn=$(wc -l <%s)\n%s\n", log, log, then)
	if err := os.WriteFile(program, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return program, func() int {
		b, _ := os.ReadFile(log)
		return bytes.Count(b, []byte("\n"))
	}
}

// start waits for the script to be ready: another test that forks at that moment can hold it open for writing.
func start(t *testing.T, o espeak.Options) *espeak.Engine {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		e, err := espeak.New(context.Background(), o)
		if err == nil {
			return e
		}
		if !strings.Contains(err.Error(), "text file busy") || time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func TestAProgramThatDiesIsStartedOnceMore(t *testing.T) {
	t.Parallel()
	program, starts := unreliable(t, `if [ "$n" = 1 ]; then kill -9 $$; fi; exec espeak-ng "$@"`)
	e := start(t, espeak.Options{Program: program, Within: 30 * time.Second})
	wav, err := e.Speak(context.Background(), "hello", speech.English)
	if err != nil || len(wav) < 1000 || starts() != 2 {
		t.Errorf("%d bytes after %d starts: %v", len(wav), starts(), err)
	}
}

func TestAProgramThatKeepsFailingIsSaidToFail(t *testing.T) {
	t.Parallel()
	for name, then := range map[string]string{"dies": "exit 3", "is silent": "exit 0", "makes no WAV": "head -c 5000 /dev/zero"} {
		program, starts := unreliable(t, then)
		e := start(t, espeak.Options{Program: program, Within: 30 * time.Second})
		_, err := e.Speak(context.Background(), "secret words", speech.English)
		if !fault.Is(err, "speech_engine_failed") || starts() != 2 {
			t.Errorf("%s: %v after %d starts", name, err, starts())
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the words are in the error", name)
		}
	}
}

func TestAProgramThatHangsIsKilledInItsTimeAndItsTurnIsFreeAgain(t *testing.T) {
	t.Parallel()
	program, starts := unreliable(t, `if [ "$n" = 1 ]; then sleep 600; fi; exec espeak-ng "$@"`)
	e := start(t, espeak.Options{Program: program, Most: 1, Within: time.Minute})
	for within := 300 * time.Millisecond; starts() == 0; within *= 2 { // a busy machine may not start it so soon
		ctx, cancel := context.WithTimeout(context.Background(), within)
		if _, err := e.Speak(ctx, "hello", speech.English); !fault.Is(err, "speech_engine_late") {
			t.Fatalf("it says %v", err)
		}
		cancel()
	}
	if wav, err := e.Speak(context.Background(), "hello", speech.English); err != nil || len(wav) < 1000 || starts() > 2 {
		t.Errorf("afterwards %d bytes, %v", len(wav), err)
	}
}

func TestASoundWithoutEndIsCutOff(t *testing.T) {
	t.Parallel()
	program, _ := unreliable(t, `exec cat /dev/zero`)
	e := start(t, espeak.Options{Program: program, Within: 30 * time.Second})
	if _, err := e.Speak(context.Background(), "hello", speech.English); !fault.Is(err, "speech_engine_failed") {
		t.Errorf("it says %v", err)
	}
}

func BenchmarkSpeak(b *testing.B) {
	e := engine(b, espeak.Options{})
	for b.Loop() {
		if _, err := e.Speak(context.Background(), "To book an appointment, press 1. To change an appointment, press 2.", speech.English); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzSpeakNeverPanics(f *testing.F) {
	e, err := espeak.New(context.Background(), espeak.Options{})
	if err != nil {
		f.Skip("there is no espeak-ng")
	}
	f.Add("[[a]] <b> \x01", true)
	f.Fuzz(func(t *testing.T, text string, welsh bool) {
		language := speech.English
		if welsh {
			language = speech.Welsh
		}
		wav, err := e.Speak(context.Background(), text, language)
		if err == nil && len(wav) < 44 {
			t.Errorf("%q: %d bytes", text, len(wav))
		}
	})
}

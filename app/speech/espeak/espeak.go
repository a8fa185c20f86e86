// Package espeak is the speech engine that needs no network: it starts the program espeak-ng for each phrase, as another
// process, and reads sound from it. espeak-ng is under the GPL 3 and is never linked in. One process says one phrase and ends:
// starting it costs some 10 ms of a core (BenchmarkSpeak), and nothing of one phrase can leak into the next. A process that dies
// is started once more; one that takes too long is killed.
//
// Words come by standard input, never as arguments, and marks that the program would obey are taken out first. It keeps nothing
// and says no words in errors. Text comes from app/channels/voice/prompts by the port speech.Engine, and sound goes back to it.
package espeak

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"

	"onedoor/app/speech"
)

// Options say where the program is. Every field may be left out.
type Options struct {
	Program string        // espeak-ng, found on the PATH
	Most    int           // processes at once: one for each processor
	Within  time.Duration // for one phrase, waiting its turn apart: 5 s
}

// Engine is a speech.Engine.
type Engine struct {
	program string
	version string
	within  time.Duration
	turns   chan struct{}
}

// The voices, and how fast they speak, in words a minute: slower than the program's own 175, for a telephone.
const (
	englishVoice, englishSpeed = "en-gb", "150"
	welshVoice, welshSpeed     = "cy", "145"
)

// soundMost bounds what one phrase can sound: LongestText takes about six minutes.
const soundMost = 32 << 20

var versionNumber = regexp.MustCompile(`\d+(\.\d+)+`)

// New asks the program for its version. It refuses with speech_engine_missing when there is none.
func New(ctx context.Context, o Options) (*Engine, error) {
	e := &Engine{program: o.Program, within: o.Within}
	if e.program == "" {
		e.program = "espeak-ng"
	}
	if e.within <= 0 {
		e.within = 5 * time.Second
	}
	if o.Most <= 0 {
		o.Most = runtime.GOMAXPROCS(0)
	}
	e.turns = make(chan struct{}, o.Most)
	said, err := e.run(ctx, "", "--version")
	if err != nil {
		return nil, speech.Missing().Because(err)
	}
	if e.version = versionNumber.FindString(string(said)); e.version == "" || !strings.Contains(string(said), "eSpeak NG") {
		return nil, speech.Missing().Because(errors.New("it does not say that it is eSpeak NG, and its version"))
	}
	return e, nil
}

// Name is the program, its version, and the voices with their speeds.
func (e *Engine) Name() string {
	return fmt.Sprintf("espeak-ng %s %s@%s %s@%s", e.version, englishVoice, englishSpeed, welshVoice, welshSpeed)
}

// Speak says plain words in English or Welsh: 22,050 Hz, one channel, 16 bits.
func (e *Engine) Speak(ctx context.Context, text, language string) ([]byte, error) {
	text, err := speech.Text(text, language)
	if err != nil {
		return nil, err
	}
	voice, speed := englishVoice, englishSpeed
	text = plain(speech.Aloud(text))
	if language == speech.Welsh {
		voice, speed, text = welshVoice, welshSpeed, welsh(text)
	} else {
		text = english(text)
	}
	select {
	case e.turns <- struct{}{}:
		defer func() { <-e.turns }()
	case <-ctx.Done():
		return nil, speech.Late().Because(ctx.Err())
	}
	// -b 1: the text is UTF-8. Without -m, tags are not obeyed.
	sound, err := e.run(ctx, text, "-v", voice, "-s", speed, "-b", "1", "--stdin", "--stdout")
	if err == nil {
		sound, err = whole(sound)
	}
	if err != nil && !late(err) && ctx.Err() == nil {
		if sound, err = e.run(ctx, text, "-v", voice, "-s", speed, "-b", "1", "--stdin", "--stdout"); err == nil {
			sound, err = whole(sound)
		}
	}
	switch {
	case err == nil:
		return sound, nil
	case late(err):
		return nil, speech.Late().Because(err)
	case errors.Is(err, exec.ErrNotFound):
		return nil, speech.Missing().Because(err)
	}
	return nil, speech.Failed().Because(err)
}

func late(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// run starts the program once. Its environment is empty but for what finds its voices.
func (e *Engine) run(ctx context.Context, text string, arguments ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, e.within)
	defer cancel()
	c := exec.CommandContext(ctx, e.program, arguments...) //nolint:gosec // the program is the operator's, and no argument is a caller's
	c.Env = environment()
	c.Stdin = strings.NewReader(text)
	// Its own group, so that what it may have started ends with it.
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = time.Second
	out := &bounded{most: soundMost}
	c.Stdout = out
	if err := c.Start(); err != nil {
		return nil, err
	}
	// Speech is made ahead of need; calls that are being heard go first.
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, c.Process.Pid, 5)
	err := c.Wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	return out.kept, nil
}

// plain takes out what the program would obey: [[ ]] holds phonemes for it. What it cannot say at all is a pause.
func plain(text string) string {
	return strings.NewReplacer(
		"[", " ", "]", " ", "{", " ", "}", " ", "<", " ", ">", " ", "|", " ", "\\", " ", "_", " ", "‘", "'", "’", "'", "“", "", "”", "",
	).Replace(text)
}

// english writes out measures that the program would spell.
func english(text string) string {
	return strings.NewReplacer("°C", " degrees", " mg", " milligrams").Replace(text)
}

// whole gives a WAV its sizes: the program writes the header before it knows them.
func whole(wav []byte) ([]byte, error) {
	const header = 44
	if len(wav) <= header || !bytes.HasPrefix(wav, []byte("RIFF")) || string(wav[8:16]) != "WAVEfmt " || string(wav[36:40]) != "data" {
		return nil, errors.New("it made no sound")
	}
	size := uint32(len(wav)) //nolint:gosec // bounded by soundMost
	binary.LittleEndian.PutUint32(wav[4:], size-8)
	binary.LittleEndian.PutUint32(wav[40:], size-header)
	return wav, nil
}

// bounded keeps what is written up to a size, and then refuses.
type bounded struct {
	kept []byte
	most int
}

func (b *bounded) Write(p []byte) (int, error) {
	if len(b.kept)+len(p) > b.most {
		return 0, io.ErrShortBuffer
	}
	b.kept = append(b.kept, p...)
	return len(p), nil
}

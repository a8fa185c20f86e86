package media

import (
	"context"
	"math"
	"testing"
	"time"
)

// talk makes a taking hear frames, 20 ms each, as they would come.
type talk struct {
	s  *Session
	at time.Time
	ts uint32
}

func newTalk(o RecordOptions) *talk {
	at := fixed()
	s := &Session{remote: agreement{codec: MuLaw, listens: true}}
	s.keys.fetched = make(chan Digit, mostKeys)
	s.taking = &taking{options: o, began: at, quiet: at, codec: MuLaw, done: make(chan struct{})}
	return &talk{s: s, at: at}
}

func (k *talk) hear(a Audio) {
	for len(a) > 0 && k.s.taking != nil {
		n := min(len(a), frameSamples)
		k.s.sound(a[:n], k.ts, k.at)
		k.at, k.ts, a = k.at.Add(FrameLength), k.ts+uint32(n), a[n:]
		k.s.watchTaking(k.at)
	}
}

func TestWhenARecordingEnds(t *testing.T) {
	t.Parallel()
	speech, silence := Tone(300, 2*time.Second), Silence(10*time.Second)
	options := RecordOptions{First: 5 * time.Second, Silence: 2 * time.Second, Longest: 20 * time.Second, EndOnKey: "#"}
	for name, c := range map[string]struct {
		hear   func(k *talk)
		ended  Ending
		spoken bool
		length time.Duration
	}{
		"nobody speaks":              {func(k *talk) { k.hear(silence) }, EndedByNoSpeech, false, 5 * time.Second},
		"silence after speech":       {func(k *talk) { k.hear(speech); k.hear(silence) }, EndedBySilence, true, 2*time.Second + kept},
		"a pause, then more":         {func(k *talk) { k.hear(speech); k.hear(silence[:8000]); k.hear(speech); k.hear(silence) }, EndedBySilence, true, 5*time.Second + kept},
		"somebody who does not stop": {func(k *talk) { k.hear(append(Tone(300, 10*time.Second), Tone(300, 30*time.Second)...)) }, EndedByLongest, true, 20 * time.Second},
		"the hash":                   {func(k *talk) { k.hear(speech); k.s.pressed(Digit{Key: '#'}) }, EndedByKey, true, 2 * time.Second},
		"the hash at once":           {func(k *talk) { k.s.pressed(Digit{Key: '#'}) }, EndedByKey, false, 0},
		"a click is no speech":       {func(k *talk) { k.hear(Tone(300, 20*time.Millisecond)); k.hear(silence) }, EndedByNoSpeech, false, 5 * time.Second},
		"a noisy line that falls still": {func(k *talk) {
			k.hear(faint(3 * time.Second))
			k.hear(Tone(300, 2*time.Second))
			k.hear(faint(10 * time.Second))
		}, EndedBySilence, true, 5*time.Second + kept},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newTalk(options)
			recording := k.s.taking
			c.hear(k)
			if k.s.taking != nil {
				t.Fatal("it has not ended")
			}
			got := recording.result
			if got.Ended != c.ended || got.Spoken != c.spoken {
				t.Errorf("ended by %s, spoken %t", got.Ended, got.Spoken)
			}
			if d := got.Length - c.length; d < -200*time.Millisecond || d > 200*time.Millisecond {
				t.Errorf("%s long, want %s", got.Length, c.length)
			}
		})
	}
}

// faint is a line's noise: 30 dB below a tone.
func faint(d time.Duration) Audio {
	a := Tone(300, d)
	for i, b := range a {
		a[i] = linearToMuLaw(muLawLinear[b] / 32)
	}
	return a
}

func TestARecordingIsWhatWasSaidAtItsTime(t *testing.T) {
	t.Parallel()
	k := newTalk(RecordOptions{Longest: 10 * time.Second})
	rec := k.s.taking
	frame := func(b byte) []byte {
		f := make([]byte, frameSamples)
		for i := range f {
			f[i] = b
		}
		return f
	}
	step := func(b byte, ts uint32) { k.s.sound(frame(b), ts, k.at); k.at = k.at.Add(FrameLength) }
	step(1, 1000)
	step(2, 1160)
	step(4, 1480) // the third is late
	step(3, 1320)
	step(5, 1640+160)    // one is lost
	step(6, 900_000_000) // the clock jumps
	step(7, 900_000_160)
	step(8, 12) // and back
	var got []byte
	for at := 0; at < len(rec.sound); at += frameSamples {
		got = append(got, rec.sound[at])
	}
	want := []byte{1, 2, 3, 4, muLawSilence, 5, 6, 7, 8}
	if string(got) != string(want) {
		t.Errorf("recorded %v, want %v", got, want)
	}
	k.s.remote.codec = ALaw
	k.s.sound(frame(aLawSilence), 172, k.at)
	if b := rec.sound[len(rec.sound)-1]; muLawLinear[b] < -16 || muLawLinear[b] > 16 {
		t.Errorf("after a change of codec silence is %d", muLawLinear[b])
	}
	k.s.remote.listens = false
	before := len(rec.sound)
	k.s.sound(frame(1), 332, k.at)
	if len(rec.sound) != before {
		t.Error("the music of a held call is recorded")
	}
}

func TestTimesThatJumpFillNoMemory(t *testing.T) {
	t.Parallel()
	k := newTalk(RecordOptions{Longest: time.Minute})
	rec := k.s.taking
	for i := range uint32(500) {
		k.s.sound(make([]byte, frameSamples), i*0x3fffffff, k.at)
		k.at = k.at.Add(FrameLength)
	}
	if most := samples(12 * time.Second); len(rec.sound) > most {
		t.Errorf("10 s of packets made %d samples", len(rec.sound))
	}
}

func TestARecordingOverUDPIsAFileThatCanBeRead(t *testing.T) {
	t.Parallel()
	s, p := testSession(t), newPhone(t)
	p.call(s, p.offer("m=audio %d RTP/AVP 8 101", "a=rtpmap:101 telephone-event/8000"))
	made := make(chan Recording, 1)
	go func() {
		r, err := s.Record(context.Background(), RecordOptions{EndOnKey: "#"})
		if err != nil {
			t.Error(err)
		}
		made <- r
	}()
	eventually(t, "it is being recorded", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.taking != nil })
	tone := Tone(500, 500*time.Millisecond)
	for at := 0; at < len(tone); at += frameSamples {
		var law []byte
		for _, b := range tone[at : at+frameSamples] {
			law = append(law, muLawToALaw[b])
		}
		p.send(8, law)
	}
	p.send(101, []byte{11, 0x80, 1, 0})
	r := <-made
	if r.Ended != EndedByKey || r.Key != '#' || !r.Spoken || r.Length != 500*time.Millisecond {
		t.Fatalf("recorded %s by %s (%c), spoken %t", r.Length, r.Ended, r.Key, r.Spoken)
	}
	pcm, rate, err := readWAV(r.WAV)
	if err != nil || rate != Rate || len(pcm) != len(tone) {
		t.Fatalf("the file has %d samples at %d: %v", len(pcm), rate, err)
	}
	for i, sample := range pcm {
		if d := math.Abs(float64(sample) - float64(muLawLinear[tone[i]])); d > 600 {
			t.Fatalf("sample %d is %d, want %d", i, sample, muLawLinear[tone[i]])
		}
	}
	select {
	case d := <-s.Digits():
		t.Errorf("the key that ended it was given again: %c", d.Key)
	default:
	}
}

func TestWhatGoesOnEndsWithTheCall(t *testing.T) {
	t.Parallel()
	s, p := testSession(t), newPhone(t)
	if _, err := s.Record(context.Background(), RecordOptions{}); err == nil {
		t.Error("it records before anything was agreed")
	}
	p.call(s, p.offer("m=audio %d RTP/AVP 8"))
	played, recorded := make(chan error, 1), make(chan Ending, 1)
	go func() {
		_, err := s.Play(context.Background(), Silence(time.Hour), false)
		played <- err
	}()
	go func() {
		r, _ := s.Record(context.Background(), RecordOptions{})
		recorded <- r.Ended
	}()
	eventually(t, "both go on", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.taking != nil && s.playing != nil })
	if _, err := s.Play(context.Background(), Silence(1), false); err == nil {
		t.Error("two things are played at once")
	}
	if _, err := s.Record(context.Background(), RecordOptions{}); err == nil {
		t.Error("two things are recorded at once")
	}
	s.Close()
	s.Close()
	if err := <-played; err == nil || <-recorded != EndedByClose {
		t.Errorf("the call ended and what was played said %v", err)
	}
	if _, open := <-s.Digits(); open {
		t.Error("the keys of a call that ended stay open")
	}
	s.PushDigit('1')
	if _, err := s.Play(context.Background(), Silence(time.Second), false); err == nil {
		t.Error("a call that ended is spoken to")
	}
}

func TestContextEndsPlayAndRecord(t *testing.T) {
	t.Parallel()
	s, p := testSession(t), newPhone(t)
	p.call(s, p.offer("m=audio %d RTP/AVP 8"))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Play(ctx, Silence(time.Hour), false); err == nil {
		t.Error("it played to its end")
	}
	if r, err := s.Record(ctx, RecordOptions{}); err != nil || r.Ended != EndedByContext {
		t.Errorf("it ended by %s, %v", r.Ended, err)
	}
}

func TestAKeyPressedBeforeInterruptsAndEnds(t *testing.T) {
	t.Parallel()
	s, p := testSession(t), newPhone(t)
	p.call(s, p.offer("m=audio %d RTP/AVP 8"))
	s.PushDigit('x')
	s.PushDigit('1')
	s.PushDigit('#')
	if interrupted, err := s.Play(context.Background(), Silence(time.Hour), true); !interrupted || err != nil {
		t.Errorf("interrupted %t, %v", interrupted, err)
	}
	if interrupted, err := s.Play(context.Background(), Silence(FrameLength), false); interrupted || err != nil {
		t.Errorf("what cannot be interrupted was: %t, %v", interrupted, err)
	}
	if r, err := s.Record(context.Background(), RecordOptions{EndOnKey: "#"}); err != nil || r.Ended != EndedByKey || r.Spoken {
		t.Errorf("it ended by %s, %v", r.Ended, err)
	}
	if d := <-s.Digits(); d.Key != '1' || d.By != ByInfo {
		t.Errorf("the other key became %c", d.Key)
	}
	if got := s.Stats(); got.KeysUnreadable != 1 || got.Keys != 2 {
		t.Errorf("counted %+v", got)
	}
}

func TestOnHoldWhatIsPlayedWaits(t *testing.T) {
	t.Parallel()
	s, p := testSession(t), newPhone(t)
	p.call(s, p.offer("m=audio %d RTP/AVP 8", "a=sendonly"))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = s.Play(context.Background(), Tone(440, 40*time.Millisecond), false)
	}()
	eventually(t, "a few frames' time goes by", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.out.started && s.playing != nil })
	now := time.Now()
	eventually(t, "a while", func() bool { return time.Since(now) > 150*time.Millisecond })
	select {
	case <-done:
		t.Fatal("it was played to somebody who holds")
	default:
	}
	if n := s.Stats().Sent; n != 0 {
		t.Errorf("%d packets were sent to somebody who holds", n)
	}
	p.call(s, p.offer("m=audio %d RTP/AVP 8", "a=sendrecv"))
	if h := p.receive(); !h.Marker {
		t.Error("speech that goes on is not marked as its beginning")
	}
	<-done
}

// FuzzWAV reads files that may be anything.
func FuzzWAV(f *testing.F) {
	f.Add(Tone(440, 10*time.Millisecond).WAV())
	f.Add(append([]byte("RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x07\x00\x02\x00\x40\x1f\x00\x00\x00\x00\x00\x00\x00\x00\x08\x00data\xff\xff\xff\xff"), make([]byte, 64)...))
	f.Fuzz(func(t *testing.T, file []byte) {
		pcm, rate, err := readWAV(file)
		if err == nil && (len(pcm) == 0 || len(pcm) > len(file) || rate < lowestRate || rate > highestRate) {
			t.Fatalf("%d samples at %d from %d bytes", len(pcm), rate, len(file))
		}
	})
}

package media

import (
	"encoding/binary"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"onedoor/app/fault"
)

func TestBothLawsKeepEverySample(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		to   func(int16) byte
		from *[256]int16
	}{"mu-law": {linearToMuLaw, &muLawLinear}, "A-law": {linearToALaw, &aLawLinear}} {
		for s := math.MinInt16; s <= math.MaxInt16; s++ {
			back := float64(c.from[c.to(int16(s))])
			if off := math.Abs(back - float64(s)); off > 16+math.Abs(float64(s))/24 {
				t.Fatalf("%s makes %.0f of %d", name, back, s)
			}
		}
		for b := range 256 {
			if got := c.to(c.from[b]); c.from[got] != c.from[b] {
				t.Errorf("%s: byte %#x becomes %#x", name, b, got)
			}
		}
	}
	// Values that ITU-T G.711 gives: the ends of both scales, and silence.
	if muLawLinear[0x80] != 32124 || muLawLinear[0x00] != -32124 || muLawLinear[0xff] != 0 || aLawLinear[0xaa] != 32256 || aLawLinear[0x2a] != -32256 || aLawLinear[0xd5] != 8 {
		t.Error("the laws are not G.711")
	}
}

// file makes a WAV of any form.
func file(tag, channels, bits uint16, rate uint32, body []byte) []byte {
	le := binary.LittleEndian
	b := []byte("RIFF\x00\x00\x00\x00WAVELIST\x03\x00\x00\x00abc\x00fmt \x10\x00\x00\x00")
	b = le.AppendUint16(le.AppendUint16(b, tag), channels)
	b = le.AppendUint32(le.AppendUint32(b, rate), rate*uint32(channels*bits/8))
	b = le.AppendUint16(le.AppendUint16(b, channels*bits/8), bits)
	b = le.AppendUint32(append(b, "data"...), uint32(len(body)))
	return append(b, body...)
}

// sine is 16-bit samples of a tone.
func sine(hertz, amplitude float64, rate int, d time.Duration) []int16 {
	pcm := make([]int16, int(d.Seconds()*float64(rate)))
	for i := range pcm {
		pcm[i] = int16(amplitude * math.Sin(2*math.Pi*hertz*float64(i)/float64(rate)))
	}
	return pcm
}

func raw16(pcm []int16) (b []byte) {
	for _, s := range pcm {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return b
}

// level is how loud a tone is in the middle of audio.
func level(a Audio, hertz float64) float64 {
	var block []float64
	pcm := a.PCM()
	for _, s := range pcm[len(pcm)/4 : len(pcm)*3/4] {
		block = append(block, float64(s))
	}
	return math.Sqrt(power(block, hertz))
}

func TestEveryFormOfFileIsHeardAsTheSame(t *testing.T) {
	t.Parallel()
	const second = time.Second
	stereo := func(pcm []int16) (both []int16) {
		for _, s := range pcm {
			both = append(both, s, s)
		}
		return both
	}
	var eight, mu, a []byte
	for _, s := range sine(1000, 8000, 8000, second) {
		eight, mu, a = append(eight, byte(int(s)>>8+128)), append(mu, linearToMuLaw(s)), append(a, linearToALaw(s))
	}
	for name, f := range map[string][]byte{
		"16 bits at 8 kHz":            file(1, 1, 16, 8000, raw16(sine(1000, 8000, 8000, second))),
		"16 bits at 16 kHz":           file(1, 1, 16, 16000, raw16(sine(1000, 8000, 16000, second))),
		"16 bits at 22.05 kHz":        file(1, 1, 16, 22050, raw16(sine(1000, 8000, 22050, second))),
		"16 bits at 44.1 kHz, stereo": file(1, 2, 16, 44100, raw16(stereo(sine(1000, 8000, 44100, second)))),
		"16 bits at 48 kHz":           file(1, 1, 16, 48000, raw16(sine(1000, 8000, 48000, second))),
		"16 bits at 6 kHz":            file(1, 1, 16, 6000, raw16(sine(1000, 8000, 6000, second))),
		"faint":                       file(1, 1, 16, 16000, raw16(sine(1000, 800, 16000, second))),
		"loud":                        file(1, 1, 16, 16000, raw16(sine(1000, 32000, 16000, second))),
		"8 bits":                      file(1, 1, 8, 8000, eight),
		"mu-law":                      file(7, 1, 8, 8000, mu),
		"A-law":                       file(6, 1, 8, 8000, a),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := FromWAV(f)
			if err != nil {
				t.Fatal(err)
			}
			if d := got.Length() - second; d < -time.Millisecond || d > time.Millisecond {
				t.Errorf("a second became %s", got.Length())
			}
			if l := level(got, 1000) / math.Sqrt2; l < speechLevel*0.9 || l > speechLevel*1.1 {
				t.Errorf("its loudness is %.0f, want %.0f", l, speechLevel)
			}
		})
	}
}

func TestWhatATelephoneDoesNotCarryIsTakenOut(t *testing.T) {
	t.Parallel()
	both := sine(1000, 8000, 48000, time.Second)
	for i, s := range sine(7000, 8000, 48000, time.Second) { // would fold back to 1 kHz
		both[i] += s
	}
	for i, s := range sine(50, 8000, 48000, time.Second) {
		both[i] += s
	}
	a, err := FromWAV(file(1, 1, 16, 48000, raw16(both)))
	if err != nil {
		t.Fatal(err)
	}
	speech := level(a, 1000)
	if hum := level(a, 50); hum > speech/10 {
		t.Errorf("of hum %.0f is left beside %.0f", hum, speech)
	}
	folded, err := FromPCM(sine(7000, 8000, 48000, time.Second), 48000)
	if err != nil {
		t.Fatal(err)
	}
	if l := level(folded, 1000); l > 80 {
		t.Errorf("7 kHz folds back as %.0f of 8000", l)
	}
}

func TestNormalisingClipsNothingAndLeavesSilence(t *testing.T) {
	t.Parallel()
	bursts := make([]int16, 0, 16000)
	for range 10 { // mostly faint, with loud moments
		bursts = append(append(bursts, sine(500, 300, 8000, 90*time.Millisecond)...), sine(500, 30000, 8000, 10*time.Millisecond)...)
	}
	for _, s := range normalise(bursts) {
		if s == math.MaxInt16 || s == math.MinInt16 {
			t.Fatal("a peak was cut off")
		}
	}
	for _, s := range normalise(make([]int16, 8000)) {
		if s != 0 {
			t.Fatal("silence became sound")
		}
	}
}

func TestWhichFilesAreRefused(t *testing.T) {
	t.Parallel()
	good := file(1, 1, 16, 8000, raw16(sine(1000, 8000, 8000, time.Second)))
	for name, c := range map[string]struct {
		file []byte
		code string
	}{
		"nothing":          {nil, CodeAudioUnreadable},
		"a text":           {[]byte("this is not a sound file at all"), CodeAudioUnreadable},
		"only a head":      {good[:40], CodeAudioUnreadable},
		"no samples":       {file(1, 1, 16, 8000, nil), CodeAudioUnreadable},
		"24 bits":          {file(1, 1, 24, 8000, make([]byte, 300)), CodeAudioFormat},
		"five channels":    {file(1, 5, 16, 8000, make([]byte, 300)), CodeAudioFormat},
		"no channel":       {file(1, 0, 16, 8000, make([]byte, 300)), CodeAudioFormat},
		"an absurd rate":   {file(1, 1, 16, 4_000_000, make([]byte, 300)), CodeAudioFormat},
		"another codec":    {file(0x55, 1, 16, 8000, make([]byte, 300)), CodeAudioFormat},
		"eleven minutes":   {file(7, 1, 8, 8000, make([]byte, 11*60*8000)), CodeAudioTooLong},
		"a file too large": {make([]byte, largestFile+1), CodeAudioTooLong},
	} {
		if _, err := FromWAV(c.file); err == nil || fault.As(err).Code != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if a, err := FromWAV(good[:len(good)-4000]); err != nil || a.Length() < 700*time.Millisecond {
		t.Errorf("a file that was written while it was spoken: %s, %v", a.Length(), err)
	}
}

func TestMP3IsRead(t *testing.T) {
	t.Parallel()
	speech, err := os.ReadFile("testdata/alice.mp3")
	if err != nil {
		t.Fatal(err)
	}
	a, err := FromMP3(speech)
	if err != nil {
		t.Fatal(err)
	}
	if a.Length() < time.Second || a.Length() > 10*time.Second {
		t.Errorf("it is %s long", a.Length())
	}
	var frames []float64
	for _, s := range a.PCM() {
		frames = append(frames, float64(s))
	}
	if l := activeLevel(frames); l < speechLevel*0.7 || l > speechLevel*1.3 {
		t.Errorf("its loudness is %.0f, want %.0f", l, speechLevel)
	}
	for name, bad := range map[string][]byte{"nothing": nil, "a text": []byte("hello there"), "a WAV": file(1, 1, 16, 8000, make([]byte, 100)), "only a head": speech[:8], "a tag without an end": []byte("ID3\x04\x00\x00\x7f\x7f\x7f\x7f")} {
		if _, err := FromMP3(bad); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	for i := range speech { // damaged anywhere: read or refused, and nothing else
		if i%97 == 0 {
			broken := slices.Clone(speech[:4000])
			broken[i%4000] ^= 0xff
			_, _ = FromMP3(broken)
		}
	}
}

// FuzzMP3 reads files that may be anything.
func FuzzMP3(f *testing.F) {
	if speech, err := os.ReadFile("testdata/alice.mp3"); err == nil {
		f.Add(speech[:2000])
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		pcm, rate, err := readMP3(file)
		if err == nil && (len(pcm) == 0 || rate < lowestRate || rate > highestRate) {
			t.Fatalf("%d samples at %d", len(pcm), rate)
		}
	})
}

package media

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os/exec"
	"testing"
	"time"
)

// pressed are the samples of a key's two tones: decibels are from the loudest, twist is the high tone's above the low one's.
func toneOf(key byte, length time.Duration, decibels, twist, astray float64) []int16 {
	place := bytes.IndexByte([]byte(toneKeys), key)
	low, high := toneRows[place/4]*(1+astray), toneColumns[place%4]*(1+astray)
	amplitude := 32767 * math.Pow(10, decibels/20)
	pcm := make([]int16, samples(length))
	for i := range pcm {
		at := 2 * math.Pi * float64(i) / Rate
		pcm[i] = clip(amplitude * (math.Sin(low*at) + math.Pow(10, twist/20)*math.Sin(high*at)))
	}
	return pcm
}

func quiet(length time.Duration) []int16 { return make([]int16, samples(length)) }

// heardIn feeds samples as a telephone line carries them: through a law.
func heardIn(pcm []int16) string {
	var d toneDetector
	got := ""
	for _, s := range pcm {
		if key, ok := d.push(aLawLinear[linearToALaw(s)]); ok {
			got += string(key)
		}
	}
	return got
}

func TestKeysAreHeardInTheSound(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	all := func(length, pause time.Duration, decibels, twist, astray float64) (pcm []int16) {
		for _, key := range []byte("1234567890*#ABCD") {
			pcm = append(append(pcm, quiet(pause)...), toneOf(key, length, decibels, twist, astray)...)
		}
		return append(pcm, quiet(pause)...)
	}
	noisy := func(pcm []int16, decibels float64) []int16 {
		r := rand.New(rand.NewPCG(1, 2))
		for i, s := range pcm {
			pcm[i] = clip(float64(s) + r.NormFloat64()*32767*math.Pow(10, decibels/20))
		}
		return pcm
	}
	const each = "1234567890*#ABCD"
	for name, c := range map[string]struct {
		pcm  []int16
		want string
	}{
		"every key, comfortably":                {all(100*ms, 100*ms, -12, 0, 0), each},
		"every key, as short as they come":      {all(40*ms, 40*ms, -12, 0, 0), each},
		"every key, faint":                      {all(80*ms, 80*ms, -30, 0, 0), each},
		"every key, too faint":                  {all(80*ms, 80*ms, -50, 0, 0), ""},
		"every key, the high tone 6 dB fainter": {all(80*ms, 80*ms, -12, -6, 0), each},
		"every key, the high tone 3 dB louder":  {all(80*ms, 80*ms, -12, 3, 0), each},
		"the high tone 12 dB fainter":           {all(80*ms, 80*ms, -12, -12, 0), ""},
		"the high tone 8 dB louder":             {all(80*ms, 80*ms, -14, 8, 0), ""},
		"1.5 % too high":                        {all(80*ms, 80*ms, -12, 0, 0.015), each},
		"1.5 % too low":                         {all(80*ms, 80*ms, -12, 0, -0.015), each},
		"5 % too high":                          {all(80*ms, 80*ms, -12, 0, 0.05), ""},
		"every key in noise":                    {noisy(all(80*ms, 80*ms, -12, 0, 0), -30), each},
		"too short to be pressed":               {all(15*ms, 80*ms, -12, 0, 0), ""},
		"one key held":                          {toneOf('5', 3*time.Second, -12, 0, 0), "5"},
		"a key held through a gap of 10 ms":     {append(append(toneOf('5', 100*ms, -12, 0, 0), quiet(10*ms)...), toneOf('5', 100*ms, -12, 0, 0)...), "5"},
		"the same key twice":                    {append(append(toneOf('5', 60*ms, -12, 0, 0), quiet(50*ms)...), toneOf('5', 60*ms, -12, 0, 0)...), "55"},
		"one tone":                              {Tone(770, time.Second).PCM(), ""},
		"the ringing and dialling tones":        {mixed(350, 450, time.Second), ""},
		"noise":                                 {noisy(quiet(5*time.Second), -15), ""},
		"silence":                               {quiet(time.Second), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := heardIn(c.pcm); got != c.want {
				t.Errorf("heard %q, want %q", got, c.want)
			}
		})
	}
}

func mixed(a, b float64, length time.Duration) []int16 {
	one, two := Tone(a, length).PCM(), Tone(b, length).PCM()
	for i := range one {
		one[i] += two[i]
	}
	return one
}

// Talk-off: minutes of speech by several voices, high and low, fast and slow, in which no key may be heard.
func TestSpeechIsNotHeardAsKeys(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("espeak-ng"); err != nil {
		t.Skip("espeak-ng is not installed")
	}
	const words = "One two three four five six seven eight nine zero. I have had a sore throat for five days, and a fever since Tuesday evening. " +
		"She sells sea shells; the knee is swollen, I see a queue at the pharmacy and need two more tablets to sleep. " +
		"My address is eighteen Weir Lane, near the green. Hello? Ooh, eee, aah, mmm, no, yes, please, thank you, who are you, where were we, a year ago."
	heard, seconds := "", 0.0
	for _, voice := range []string{"en-gb", "en-gb-scotland", "en-gb-x-rp+f2", "cy", "cy+f2"} {
		for _, pitch := range []int{15, 50, 90} {
			for _, speed := range []int{120, 220} {
				wav, err := exec.CommandContext(t.Context(), "espeak-ng", "--stdout", "-v", voice, "-p", fmt.Sprint(pitch), "-s", fmt.Sprint(speed), words).Output()
				if err != nil || len(wav) < 100 {
					t.Fatalf("no speech by %s: %v", voice, err)
				}
				a, err := FromWAV(wav)
				if err != nil {
					t.Fatal(err)
				}
				seconds += a.Length().Seconds()
				if got := heardIn(a.PCM()); got != "" {
					heard += fmt.Sprintf(" %s/%d/%d:%s", voice, pitch, speed, got)
				}
			}
		}
	}
	if seconds < 600 {
		t.Fatalf("only %.0f s of speech were made", seconds)
	}
	t.Logf("%.0f s of speech", seconds)
	if heard != "" {
		t.Errorf("keys were heard in %.0f s of speech:%s", seconds, heard)
	}
}

func FuzzTones(f *testing.F) {
	f.Add(binary.LittleEndian.AppendUint16(nil, 9000), uint8(3))
	f.Fuzz(func(t *testing.T, raw []byte, times uint8) {
		var d toneDetector
		keys, fed := 0, 0
		for range times {
			for i := 0; i+1 < len(raw); i += 2 {
				fed++
				if key, ok := d.push(int16(binary.LittleEndian.Uint16(raw[i:]))); ok {
					keys++
					if bytes.IndexByte([]byte(toneKeys), key) < 0 {
						t.Fatalf("heard %q", key)
					}
				}
			}
		}
		if keys > fed/(2*toneBlock) {
			t.Fatalf("%d keys in %d samples", keys, fed)
		}
	})
}

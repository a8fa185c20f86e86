package media

import (
	"math"
	"time"

	"onedoor/app/fault"
)

// Audio is speech that is ready to send: mu-law bytes, one channel, 8,000 a second. A call whose other side speaks A-law
// sends it through a table. Join two with append; nobody writes into one that somebody may be playing.
type Audio []byte

// Length is how long it takes to say.
func (a Audio) Length() time.Duration { return time.Duration(len(a)) * time.Second / Rate }

// Longest and largest of what is read as a prompt. An hour of silence in a small file must not fill memory.
const (
	longestAudio = 10 * time.Minute
	largestFile  = 32 << 20
)

func samples(d time.Duration) int { return int(d * Rate / time.Second) }

// Silence is nothing, for a while.
func Silence(d time.Duration) Audio {
	a := make(Audio, max(0, samples(d)))
	for i := range a {
		a[i] = muLawSilence
	}
	return a
}

// Tone is one pure tone with soft ends, 12 dB below the loudest: what is heard before a recording begins.
func Tone(hertz float64, d time.Duration) Audio {
	a := make(Audio, max(0, samples(d)))
	const soft = Rate / 100
	for i := range a {
		ends := min(1, float64(min(i, len(a)-1-i))/soft)
		a[i] = linearToMuLaw(int16(8192 * ends * math.Sin(2*math.Pi*hertz*float64(i)/Rate)))
	}
	return a
}

// FromPCM makes 16-bit samples, one channel, at any rate from 4 to 192 kHz, ready to send as they are; [FromWAV] and
// [FromMP3] normalise, as prompts need it.
func FromPCM(pcm []int16, rate int) (Audio, error) {
	at8k, err := resample(pcm, rate)
	if err != nil {
		return nil, err
	}
	a := make(Audio, len(at8k))
	for i, s := range at8k {
		a[i] = linearToMuLaw(s)
	}
	return a, nil
}

// PCM is the audio as 16-bit samples at 8 kHz.
func (a Audio) PCM() []int16 {
	pcm := make([]int16, len(a))
	for i, b := range a {
		pcm[i] = muLawLinear[b]
	}
	return pcm
}

// What audio is refused for.
const (
	CodeAudioUnreadable = "audio_unreadable" // not the format that it says, cut short, or without samples
	CodeAudioFormat     = "audio_format"     // a format that we do not read
	CodeAudioTooLong    = "audio_too_long"
)

func unreadable(cause error) error {
	return fault.New(fault.Invalid, CodeAudioUnreadable, "This sound file cannot be read.").Because(cause)
}

func tooLong() error {
	return fault.New(fault.TooLarge, CodeAudioTooLong, "A prompt can last ten minutes at most.")
}

package media

import (
	"encoding/binary"
	"errors"
	"math"

	"onedoor/app/fault"
)

// The RIFF container with WAVE in it, as browsers, telephones and speech engines write it.

const (
	wavPCM        = 1
	wavALaw       = 6
	wavMuLaw      = 7
	wavExtensible = 0xfffe
)

// WAV is the audio as a file: 16-bit, one channel, 8 kHz.
func (a Audio) WAV() []byte { return wav(a, MuLaw) }

// wav makes a file of G.711.
func wav(sound []byte, c Codec) []byte {
	const header = 44
	out := make([]byte, header, header+2*len(sound))
	le := binary.LittleEndian
	size := uint32(2 * len(sound)) //nolint:gosec // G115: ten minutes at most
	copy(out, "RIFF")
	le.PutUint32(out[4:], header-8+size)
	copy(out[8:], "WAVEfmt ")
	le.PutUint32(out[16:], 16)
	le.PutUint16(out[20:], wavPCM)
	le.PutUint16(out[22:], 1)
	le.PutUint32(out[24:], Rate)
	le.PutUint32(out[28:], 2*Rate)
	le.PutUint16(out[32:], 2)
	le.PutUint16(out[34:], 16)
	copy(out[36:], "data")
	le.PutUint32(out[40:], size)
	linear := c.linear()
	for _, b := range sound {
		out = le.AppendUint16(out, uint16(linear[b])) //nolint:gosec // G115: the same bits
	}
	return out
}

// FromWAV reads a file: PCM of 8 or 16 bits or G.711, any rate from 4 to 192 kHz, one channel or two, which are mixed.
// It is brought to one loudness and to a telephone's band, as prompts must be; FromPCM leaves samples as they are.
func FromWAV(file []byte) (Audio, error) {
	pcm, rate, err := readWAV(file)
	if err != nil {
		return nil, err
	}
	return prompt(pcm, rate)
}

type wavFormat struct {
	tag, channels, bits uint16
	rate                uint32
}

// readWAV finds the samples, as one channel.
func readWAV(file []byte) ([]int16, int, error) {
	if len(file) > largestFile {
		return nil, 0, tooLong()
	}
	if len(file) < 12 || string(file[:4]) != "RIFF" || string(file[8:12]) != "WAVE" {
		return nil, 0, unreadable(errors.New("it does not begin as a WAV file"))
	}
	var format wavFormat
	for rest := file[12:]; len(rest) >= 8; {
		name, size := string(rest[:4]), uint64(binary.LittleEndian.Uint32(rest[4:]))
		// A programme that writes as it speaks cannot know the size: what is there is the sound.
		body := rest[8:min(uint64(len(rest)), 8+size)]
		switch name {
		case "fmt ":
			if len(body) < 16 {
				return nil, 0, unreadable(errors.New("its format is cut short"))
			}
			format = wavFormat{tag: binary.LittleEndian.Uint16(body), channels: binary.LittleEndian.Uint16(body[2:]), rate: binary.LittleEndian.Uint32(body[4:]), bits: binary.LittleEndian.Uint16(body[14:])}
			if format.tag == wavExtensible && len(body) >= 26 {
				format.tag = binary.LittleEndian.Uint16(body[24:])
			}
		case "data":
			return format.samples(body)
		}
		next := 8 + size + size%2
		if next > uint64(len(rest)) {
			break
		}
		rest = rest[next:]
	}
	return nil, 0, unreadable(errors.New("it has no samples"))
}

func (f wavFormat) samples(body []byte) ([]int16, int, error) {
	var at func(i int) int16
	width := 1
	switch {
	case f.tag == wavPCM && f.bits == 16:
		width = 2
		at = func(i int) int16 { return int16(binary.LittleEndian.Uint16(body[2*i:])) } //nolint:gosec // G115: the same bits
	case f.tag == wavPCM && f.bits == 8:
		at = func(i int) int16 { return (int16(body[i]) - 128) << 8 }
	case f.tag == wavMuLaw && f.bits == 8:
		at = func(i int) int16 { return muLawLinear[body[i]] }
	case f.tag == wavALaw && f.bits == 8:
		at = func(i int) int16 { return aLawLinear[body[i]] }
	}
	if at == nil || f.channels < 1 || f.channels > 2 || f.rate < lowestRate || f.rate > highestRate {
		return nil, 0, fault.New(fault.Unsupported, CodeAudioFormat, "This sound file's format is not one that can be read: 8 or 16 bits, one channel or two.")
	}
	n := len(body) / width / int(f.channels)
	if n == 0 {
		return nil, 0, unreadable(errors.New("it has no samples"))
	}
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = at(i * int(f.channels))
		if f.channels == 2 {
			pcm[i] = mix(pcm[i], at(2*i+1))
		}
	}
	return pcm, int(f.rate), nil
}

func mix(a, b int16) int16 { return int16((int(a) + int(b)) / 2) } //nolint:gosec // G115: between both

func clip(x float64) int16 {
	return int16(max(math.MinInt16, min(math.MaxInt16, math.Round(x))))
}

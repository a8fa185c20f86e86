package recordings

import (
	"encoding/binary"
	"time"

	"onedoor/app/fault"
)

// Most is how large a WAV can be, in bytes: over ten minutes of a telephone's sound.
const Most = 10 << 20

// The codings that a WAV of a telephone has.
const (
	codingPCM  = 1
	codingALaw = 6
	codingULaw = 7
)

// sound is one channel of samples as a WAV carries them.
type sound struct {
	coding, bits int
	rate         int
	samples      []byte
}

// parse reads a WAV. Chunks that say nothing of the sound are passed over, and a size that runs past the end, as a writer
// leaves it that was cut off, means as far as there is anything.
func parse(wav []byte) (sound, error) {
	if len(wav) > Most {
		return sound{}, fault.New(fault.TooLarge, "recording_too_long", "A recording can have at most %d bytes.", Most)
	}
	if len(wav) < 12 || string(wav[:4]) != "RIFF" || string(wav[8:12]) != "WAVE" {
		return sound{}, unreadable()
	}
	var s sound
	for rest := wav[12:]; len(rest) >= 8; {
		name, size := string(rest[:4]), uint64(binary.LittleEndian.Uint32(rest[4:8]))
		body := rest[8:]
		if size < uint64(len(body)) {
			body = body[:size]
		}
		switch name {
		case "fmt ":
			if len(body) < 16 {
				return sound{}, unreadable()
			}
			channels := binary.LittleEndian.Uint16(body[2:])
			s.coding, s.rate, s.bits = int(binary.LittleEndian.Uint16(body)), int(binary.LittleEndian.Uint32(body[4:])), int(binary.LittleEndian.Uint16(body[14:]))
			if channels != 1 || s.rate < 4000 || s.rate > 96000 || !s.coded() {
				return sound{}, unreadable()
			}
		case "data":
			if s.rate == 0 {
				return sound{}, unreadable()
			}
			s.samples = body[:len(body)-len(body)%(s.bits/8)]
			if len(s.samples) == 0 {
				return sound{}, fault.New(fault.Invalid, "recording_empty", "Nothing was recorded.")
			}
			return s, nil
		}
		next := 8 + size + size%2 // chunks begin at even places
		if next > uint64(len(rest)) {
			break
		}
		rest = rest[next:]
	}
	return sound{}, unreadable()
}

func unreadable() error {
	return fault.New(fault.Invalid, "recording_format", "A recording must be a WAV of one channel, in PCM of 8 or 16 bits or in G.711.")
}

func (s sound) coded() bool {
	switch s.coding {
	case codingPCM:
		return s.bits == 8 || s.bits == 16
	case codingALaw, codingULaw:
		return s.bits == 8
	}
	return false
}

func (s sound) length() time.Duration {
	return time.Duration(len(s.samples)/(s.bits/8)) * time.Second / time.Duration(s.rate)
}

// plain is the sound as a WAV of 16-bit PCM.
func (s sound) plain() []byte {
	n := len(s.samples) / (s.bits / 8)
	wav := make([]byte, 44, 44+2*n)
	copy(wav, "RIFF")
	binary.LittleEndian.PutUint32(wav[4:], uint32(36+2*n)) //nolint:gosec // G115: at most 2*Most
	copy(wav[8:], "WAVEfmt ")
	binary.LittleEndian.PutUint32(wav[16:], 16)
	binary.LittleEndian.PutUint16(wav[20:], codingPCM)
	binary.LittleEndian.PutUint16(wav[22:], 1)
	binary.LittleEndian.PutUint32(wav[24:], uint32(s.rate))   //nolint:gosec // G115: parse bounds it
	binary.LittleEndian.PutUint32(wav[28:], uint32(2*s.rate)) //nolint:gosec // G115: parse bounds it
	binary.LittleEndian.PutUint16(wav[32:], 2)
	binary.LittleEndian.PutUint16(wav[34:], 16)
	copy(wav[36:], "data")
	binary.LittleEndian.PutUint32(wav[40:], uint32(2*n)) //nolint:gosec // G115: at most 2*Most
	if s.coding == codingPCM && s.bits == 16 {
		return append(wav, s.samples...)
	}
	for _, b := range s.samples {
		wav = binary.LittleEndian.AppendUint16(wav, uint16(s.expand(b))) //nolint:gosec // G115: the same 16 bits
	}
	return wav
}

// expand is one sample of 8 bits as PCM of 16.
func (s sound) expand(b byte) int16 {
	switch s.coding {
	case codingALaw:
		return fromALaw(b)
	case codingULaw:
		return fromULaw(b)
	}
	return (int16(b) - 128) << 8
}

// fromULaw is ITU-T G.711: the bits are inverted; a sign, a segment of 3 bits and 4 bits within it.
func fromULaw(b byte) int16 {
	b = ^b
	magnitude := (int16(b&0x0f)<<3+0x84)<<(b>>4&7) - 0x84
	if b&0x80 != 0 {
		return -magnitude
	}
	return magnitude
}

// fromALaw is ITU-T G.711: every other bit is inverted.
func fromALaw(b byte) int16 {
	b ^= 0x55
	magnitude := int16(b&0x0f)<<4 + 8
	if segment := b >> 4 & 7; segment > 0 {
		magnitude = (magnitude + 0x100) << (segment - 1)
	}
	if b&0x80 != 0 {
		return magnitude
	}
	return -magnitude
}

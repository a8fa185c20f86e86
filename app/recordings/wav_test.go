package recordings

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"onedoor/app/fault"
)

// wavOf writes a WAV as the line does.
func wavOf(coding, channels, rate, bits int, samples []byte) []byte {
	b := []byte("RIFF\x00\x00\x00\x00WAVEfmt ")
	b = binary.LittleEndian.AppendUint32(b, 16)
	b = binary.LittleEndian.AppendUint16(b, uint16(coding))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate*channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(bits))
	b = append(b, "LIST\x03\x00\x00\x00abc\x00data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(samples)))
	b = append(b, samples...)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

func TestSoundOfATelephoneIsReadAndPlaysAsPCM(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		coding, bits int
		samples      []byte
		want         []int16
	}{
		"PCM of 16 bits": {codingPCM, 16, []byte{0x34, 0x12, 0x00, 0x80}, []int16{0x1234, -32768}},
		"PCM of 8 bits":  {codingPCM, 8, []byte{0, 128, 255}, []int16{-32768, 0, 32512}},
		"mu-law":         {codingULaw, 8, []byte{0xff, 0x7f, 0x00, 0x80, 0xe7}, []int16{0, 0, -32124, 32124, 260}},
		"A-law":          {codingALaw, 8, []byte{0xd5, 0x55, 0xaa, 0x2a, 0xc5}, []int16{8, -8, 32256, -32256, 264}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := parse(wavOf(c.coding, 1, 8000, c.bits, c.samples))
			if err != nil {
				t.Fatal(err)
			}
			plain, err := parse(s.plain())
			if err != nil || plain.coding != codingPCM || plain.bits != 16 || plain.rate != 8000 {
				t.Fatal("what plays is not PCM", plain, err)
			}
			for i, want := range c.want {
				if got := int16(binary.LittleEndian.Uint16(plain.samples[2*i:])); got != want {
					t.Errorf("sample %d is %d; want %d", i, got, want)
				}
			}
			if s.length() != plain.length() || len(plain.samples) != 2*len(c.want) {
				t.Errorf("%v became %v", s.length(), plain.length())
			}
		})
	}
}

func TestTheLengthIsThatOfTheSound(t *testing.T) {
	t.Parallel()
	s, err := parse(wavOf(codingULaw, 1, 8000, 8, make([]byte, 20000)))
	if err != nil || s.length() != 2500*time.Millisecond {
		t.Errorf("%v, %v", s.length(), err)
	}
}

func TestWhatAWriterLeftThatWasCutOffIsKept(t *testing.T) {
	t.Parallel()
	wav := wavOf(codingULaw, 1, 8000, 8, make([]byte, 8000))
	for _, size := range []uint32{0xffffffff, 9000, 8001} {
		cut := bytes.Clone(wav)
		binary.LittleEndian.PutUint32(cut[len(cut)-8004:], size)
		if s, err := parse(cut); err != nil || s.length() != time.Second {
			t.Errorf("a size of %d: %v, %v", size, s.length(), err)
		}
	}
}

func TestWhatIsNoRecordingIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		wav  []byte
		code string
	}{
		"nothing":         {nil, "recording_format"},
		"text":            {[]byte("RIFF, or so it says, but no WAVE"), "recording_format"},
		"two channels":    {wavOf(codingPCM, 2, 8000, 16, make([]byte, 100)), "recording_format"},
		"24 bits":         {wavOf(codingPCM, 1, 8000, 24, make([]byte, 99)), "recording_format"},
		"MP3 in a WAV":    {wavOf(0x55, 1, 8000, 8, make([]byte, 99)), "recording_format"},
		"no rate":         {wavOf(codingPCM, 1, 0, 16, make([]byte, 99)), "recording_format"},
		"no sound":        {wavOf(codingPCM, 1, 8000, 16, nil), "recording_empty"},
		"half a sample":   {wavOf(codingPCM, 1, 8000, 16, []byte{1}), "recording_empty"},
		"no data":         {wavOf(codingPCM, 1, 8000, 16, nil)[:36], "recording_format"},
		"data before fmt": {[]byte("RIFF\x00\x00\x00\x00WAVEdata\x02\x00\x00\x00ab"), "recording_format"},
		"too much":        {make([]byte, Most+1), "recording_too_long"},
	} {
		if _, err := parse(c.wav); !fault.Is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(wavOf(codingULaw, 1, 8000, 8, []byte("sound")))
	f.Add(wavOf(codingPCM, 1, 16000, 16, []byte("sound!")))
	f.Fuzz(func(t *testing.T, wav []byte) {
		s, err := parse(wav)
		if err != nil {
			return
		}
		again, err := parse(s.plain())
		if err != nil || again.length() != s.length() {
			t.Errorf("what was read does not play: %v", err)
		}
	})
}

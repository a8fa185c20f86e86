package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/hajimehoshi/go-mp3"
)

// FromMP3 reads an MP3 file of one channel or two, normalised as [FromWAV] does.
func FromMP3(file []byte) (Audio, error) {
	if len(file) > largestFile {
		return nil, tooLong()
	}
	pcm, rate, err := readMP3(file)
	if err != nil {
		return nil, err
	}
	return prompt(pcm, rate)
}

// readMP3 mixes both channels, which the decoder always makes. The decoder was written for files that are whole: what it
// does with others ends here.
func readMP3(file []byte) (pcm []int16, rate int, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			pcm, err = nil, unreadable(fmt.Errorf("the decoder gave up: %v", broken))
		}
	}()
	// Files begin with a frame or with a tag; the decoder would search through anything.
	if !bytes.HasPrefix(file, []byte("ID3")) && (len(file) < 2 || file[0] != 0xff || file[1]&0xe0 != 0xe0) {
		return nil, 0, unreadable(errors.New("it does not begin as an MP3 file"))
	}
	decoder, err := mp3.NewDecoder(bytes.NewReader(file))
	if err != nil {
		return nil, 0, unreadable(err)
	}
	rate = decoder.SampleRate()
	if rate < lowestRate || rate > highestRate {
		return nil, 0, unreadable(errors.New("its rate is none"))
	}
	longest := samples(longestAudio) / Rate * rate
	raw, err := io.ReadAll(io.LimitReader(decoder, int64(4*longest)+4))
	switch {
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return nil, 0, unreadable(err)
	case len(raw) > 4*longest:
		return nil, 0, tooLong()
	case len(raw) < 4:
		return nil, 0, unreadable(errors.New("it has no samples"))
	}
	pcm = make([]int16, len(raw)/4)
	for i := range pcm {
		pcm[i] = mix(int16(binary.LittleEndian.Uint16(raw[4*i:])), int16(binary.LittleEndian.Uint16(raw[4*i+2:]))) //nolint:gosec // G115: the same bits
	}
	return pcm, rate, nil
}

// prompt makes a file's samples ready to send.
func prompt(pcm []int16, rate int) (Audio, error) {
	at8k, err := resample(pcm, rate)
	if err != nil {
		return nil, err
	}
	return FromPCM(normalise(at8k), Rate)
}

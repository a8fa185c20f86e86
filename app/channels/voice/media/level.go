package media

import "math"

// speechDetector tells speech from a line's noise by loudness: what is well above the quietest that was heard in the
// last two seconds, for long enough to be no click.
type speechDetector struct {
	quietest [4]float64 // of the last half seconds, a ring
	inBlock  int
	index    int
	begun    bool
	loud     uint8 // of the last eight packets, the newest in the lowest bit
}

const (
	// speechLeast is the faintest that is speech (-50 dB of the loudest), however quiet the line is.
	speechLeast = 100.0
	// speechSurely is so loud (-30 dB) that no line's noise is: somebody who speaks without a pause is heard.
	speechSurely = 1000.0
	// speechAbove is how far speech is above the noise (about 8 dB).
	speechAbove = 2.5
	// levelBlock is how many packets make half a second.
	levelBlock = 25
	// loudOf is how many of the last eight packets must be loud.
	loudOf = 3
)

// hear takes a packet's samples and says whether somebody speaks.
func (d *speechDetector) hear(payload []byte, c Codec) bool {
	level := rms(payload, c)
	if !d.begun {
		d.begun = true
		for i := range d.quietest {
			d.quietest[i] = math.Inf(1)
		}
	}
	floor := min(d.quietest[0], d.quietest[1], d.quietest[2], d.quietest[3])
	d.quietest[d.index] = min(d.quietest[d.index], level)
	if d.inBlock++; d.inBlock == levelBlock {
		d.inBlock, d.index = 0, (d.index+1)%len(d.quietest)
		d.quietest[d.index] = math.Inf(1)
	}
	if math.IsInf(floor, 1) {
		floor = 0
	}
	d.loud <<= 1
	if level > min(speechSurely, max(speechLeast, speechAbove*floor)) {
		d.loud |= 1
	}
	ones := 0
	for b := d.loud; b != 0; b &= b - 1 {
		ones++
	}
	return ones >= loudOf
}

func rms(payload []byte, c Codec) float64 {
	if len(payload) == 0 {
		return 0
	}
	linear, sum := c.linear(), 0.0
	for _, b := range payload {
		x := float64(linear[b])
		sum += x * x
	}
	return math.Sqrt(sum / float64(len(payload)))
}

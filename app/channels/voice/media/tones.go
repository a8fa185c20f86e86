package media

import "math"

// toneDetector hears keys by their two tones (ITU-T Q.23), in the sound itself. It is the last resort, for a caller's
// network that sends keys in no other way; it is never asked where telephone events were agreed. Speech must not pass for
// a key (talk-off): a key is two tones that are loud enough, alike enough, nearly all that is heard, without the overtones
// that a voice has, and there for two blocks running.
type toneDetector struct {
	block   [toneBlock]float64
	filled  int
	current byte // the key that is told of and still held
	last    byte // what the last block was
	absent  int  // blocks running without the current key
}

const (
	// toneBlock is 12.75 ms: of the shortest key that counts, 40 ms (Q.24), two whole blocks are always within.
	toneBlock = 102
	// toneLeast is the least energy of either tone: -36 dB of the loudest.
	toneLeast = 512.0
	// Twist is how much the high tone may be fainter (8 dB) and louder (4 dB) than the low one (Q.24).
	twistFainter = 6.31
	twistLouder  = 2.51
	// toneAlone is how far the other tones of a group stay below the one (8 dB).
	toneAlone = 6.31
	// tonePure is the share of all energy that the two tones are.
	tonePure = 0.82
	// toneOvertone is the most that a tone's double may have of the tone (-12 dB): a voice has more.
	toneOvertone = 0.063
	// toneGone is how many blocks without the key end it.
	toneGone = 2
)

var (
	toneRows    = [4]float64{697, 770, 852, 941}
	toneColumns = [4]float64{1209, 1336, 1477, 1633}
)

const toneKeys = "123A456B789C*0#D"

// push takes one sample, and says when a key begins.
func (t *toneDetector) push(sample int16) (byte, bool) {
	t.block[t.filled] = float64(sample)
	if t.filled++; t.filled < toneBlock {
		return 0, false
	}
	t.filled = 0
	key := t.judge()
	steady := key == t.last
	t.last = key
	if t.current != 0 && key != t.current {
		if t.absent++; t.absent >= toneGone {
			t.current = 0
		}
	} else {
		t.absent = 0
	}
	if key == 0 || !steady || key == t.current {
		return 0, false
	}
	t.current, t.absent = key, 0
	return key, true
}

// judge says which key a block is, or none.
func (t *toneDetector) judge() byte {
	energy := 0.0
	for _, x := range t.block {
		energy += x * x
	}
	if energy < 2*toneLeast*toneLeast*toneBlock/2 {
		return 0
	}
	row, low, lowAlone := t.strongest(&toneRows)
	column, high, highAlone := t.strongest(&toneColumns)
	switch {
	case !lowAlone || !highAlone,
		min(low, high) < toneLeast*toneLeast,
		low > high*twistFainter || high > low*twistLouder,
		(low+high)*toneBlock/2 < tonePure*energy,
		t.power(2*toneRows[row]) > toneOvertone*low && 2*toneRows[row] < toneColumns[0]-200, // above, it is a column's neighbour
		t.power(2*toneColumns[column]) > toneOvertone*high:
		return 0
	}
	return toneKeys[row*4+column]
}

// strongest is the loudest tone of a group, its power, and whether it stands alone.
func (t *toneDetector) strongest(tones *[4]float64) (which int, power float64, alone bool) {
	var powers [4]float64
	for i, hertz := range tones {
		powers[i] = t.power(hertz)
		if powers[i] > powers[which] {
			which = i
		}
	}
	alone = true
	for i, p := range powers {
		alone = alone && (i == which || p*toneAlone <= powers[which])
	}
	return which, powers[which], alone
}

// power is the square of a tone's amplitude in the block (Goertzel's filter).
func (t *toneDetector) power(hertz float64) float64 {
	k := 2 * math.Cos(2*math.Pi*hertz/Rate)
	var one, two float64
	for _, x := range t.block {
		one, two = x+k*one-two, one
	}
	return (one*one + two*two - k*one*two) * 4 / (toneBlock * toneBlock)
}

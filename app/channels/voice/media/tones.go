package media

import (
	"math"
	"strings"
)

// toneDetector hears keys by their two tones (ITU-T Q.23), in the sound itself. It is the last resort, for a caller's
// network that sends keys in no other way; it is never asked where telephone events were agreed. Speech must not pass for
// a key (talk-off): a key is two tones that are loud enough, alike enough, nearly all that is heard, without the overtones
// that a voice has, and there for two blocks running.
type toneDetector struct {
	heard   [2 * toneBlock]float64 // the block before, and this one
	filled  int
	current byte       // the key that is told of and still held
	last    heardTones // what the last block was
	absent  int        // blocks running without the current key
}

// heardTones is what a block is: a key, or 0, and the power of its tones.
type heardTones struct {
	key       byte
	low, high float64
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
	tonePure = 0.92
	// toneExact is the same for both blocks together.
	toneExact = 0.93
	// toneOvertone is the most that a tone's double may have of the tone (-12 dB): a voice has more.
	toneOvertone = 0.063
	// toneSteady is how much a tone's power may change from one block to the next (1.5 dB): a voice's changes more.
	toneSteady = 1.41
	// toneAstray is how far from its frequency a tone is looked for as well: telephones are up to 1.5 % wrong.
	toneAstray = 0.011
	// toneGone is how many blocks without the key end it.
	toneGone = 3
)

var (
	toneRows    = [4]float64{697, 770, 852, 941}
	toneColumns = [4]float64{1209, 1336, 1477, 1633}
)

const toneKeys = "123A456B789C*0#D"

// push takes one sample, and says when a key begins.
func (t *toneDetector) push(sample int16) (byte, bool) {
	t.heard[toneBlock+t.filled] = float64(sample)
	if t.filled++; t.filled < toneBlock {
		return 0, false
	}
	t.filled = 0
	now, before := judge(t.heard[toneBlock:]), t.last
	certain := now.key != 0 && now.key == before.key && steady(now.low, before.low) && steady(now.high, before.high) && t.exact(now.key)
	copy(t.heard[:toneBlock], t.heard[toneBlock:])
	t.last = now
	if t.current != 0 && now.key != t.current {
		if t.absent++; t.absent >= toneGone {
			t.current = 0
		}
	} else {
		t.absent = 0
	}
	if !certain || now.key == t.current {
		return 0, false
	}
	t.current, t.absent = now.key, 0
	return now.key, true
}

func steady(a, b float64) bool { return a < b*toneSteady && b < a*toneSteady }

// exact says whether both blocks together are the key's tones: twice as long, they tell frequencies twice as finely, and
// a voice's overtones that stand near a key's tones fall through.
func (t *toneDetector) exact(key byte) bool {
	place := strings.IndexByte(toneKeys, key)
	both := nearby(t.heard[:], toneRows[place/4]) + nearby(t.heard[:], toneColumns[place%4])
	return both/2 >= toneExact*energy(t.heard[:])
}

// judge says which key a block is, or none.
func judge(block []float64) heardTones {
	all := energy(block)
	if all < toneLeast*toneLeast {
		return heardTones{}
	}
	row, low, lowAlone := strongest(block, &toneRows)
	column, high, highAlone := strongest(block, &toneColumns)
	switch {
	case !lowAlone || !highAlone,
		min(low, high) < toneLeast*toneLeast,
		low > high*twistFainter || high > low*twistLouder,
		(low+high)/2 < tonePure*all,
		power(block, 2*toneColumns[column]) > toneOvertone*high:
		return heardTones{}
	}
	return heardTones{key: toneKeys[row*4+column], low: low, high: high}
}

// strongest is the loudest tone of a group, its power, and whether it stands alone.
func strongest(block []float64, tones *[4]float64) (which int, loudest float64, alone bool) {
	var powers [4]float64
	for i, hertz := range tones {
		powers[i] = power(block, hertz)
		if powers[i] > powers[which] {
			which = i
		}
	}
	alone = true
	for i, p := range powers {
		alone = alone && (i == which || p*toneAlone <= powers[which])
	}
	return which, nearby(block, tones[which]), alone
}

// nearby is the power of a tone that may be a little wrong.
func nearby(block []float64, hertz float64) float64 {
	return max(power(block, hertz), power(block, hertz*(1-toneAstray)), power(block, hertz*(1+toneAstray)))
}

// power is the square of a tone's amplitude in a block (Goertzel's filter).
func power(block []float64, hertz float64) float64 {
	k := 2 * math.Cos(2*math.Pi*hertz/Rate)
	var one, two float64
	for _, x := range block {
		one, two = x+k*one-two, one
	}
	return (one*one + two*two - k*one*two) * 4 / float64(len(block)*len(block))
}

// energy is the mean square of a block.
func energy(block []float64) float64 {
	sum := 0.0
	for _, x := range block {
		sum += x * x
	}
	return sum / float64(len(block))
}

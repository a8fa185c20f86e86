package media

import "math"

// What people record at their desks, and what engines speak, differ in loudness and rumble. A caller hears all of them
// on one call, so each is brought to one loudness and to the band that a telephone carries.

const (
	// speechLevel is the loudness of speech while somebody speaks: 20 dB below the loudest, as networks expect it.
	speechLevel = 3277.0
	// mostGain is how much a faint recording is raised (24 dB): more would only raise its noise.
	mostGain = 16.0
	// knee is where peaks begin to be pressed down instead of clipped.
	knee = 20000.0
	// activeWithin is how far below the loudest frame a frame still is speech (25 dB).
	activeWithin = 0.056
)

// normalise brings 8 kHz speech to the house's loudness and band.
func normalise(pcm []int16) []int16 {
	speech := make([]float64, len(pcm))
	for i, s := range pcm {
		speech[i] = float64(s)
	}
	// Below 200 Hz a telephone carries nothing but hum; above 3,600 Hz nothing.
	highPass(200).run(speech)
	lowPass(3600).run(speech)
	gain := 1.0
	if level := activeLevel(speech); level > 0 {
		gain = min(mostGain, speechLevel/level)
	}
	out := make([]int16, len(pcm))
	for i, x := range speech {
		out[i] = clip(soften(x * gain))
	}
	return out
}

// activeLevel is how loud speech is while it is there, leaving pauses out; zero for silence.
func activeLevel(speech []float64) float64 {
	var frames []float64
	loudest := 0.0
	for at := 0; at < len(speech); at += frameSamples {
		frame := speech[at:min(at+frameSamples, len(speech))]
		power := 0.0
		for _, x := range frame {
			power += x * x
		}
		power /= float64(len(frame))
		frames, loudest = append(frames, power), max(loudest, power)
	}
	if loudest < 4 { // nothing but rounding
		return 0
	}
	sum, active := 0.0, 0
	for _, power := range frames {
		if power >= loudest*activeWithin*activeWithin {
			sum += power
			active++
		}
	}
	return math.Sqrt(sum / float64(active))
}

// soften bends what is above the knee, so that no sample passes the loudest.
func soften(x float64) float64 {
	if math.Abs(x) <= knee {
		return x
	}
	const room = math.MaxInt16 - knee
	return math.Copysign(knee+room*math.Tanh((math.Abs(x)-knee)/room), x)
}

// biquad is a filter of the second order (Butterworth), by the cookbook of Robert Bristow-Johnson.
type biquad struct{ b0, b1, b2, a1, a2 float64 }

func highPass(hertz float64) biquad { return butterworth(hertz, -1) }
func lowPass(hertz float64) biquad  { return butterworth(hertz, 1) }

func butterworth(hertz, side float64) biquad {
	w := 2 * math.Pi * hertz / Rate
	cos, alpha := math.Cos(w), math.Sin(w)/math.Sqrt2
	middle := (1 - side*cos) / (1 + alpha)
	return biquad{b0: middle / 2, b1: side * middle, b2: middle / 2, a1: -2 * cos / (1 + alpha), a2: (1 - alpha) / (1 + alpha)}
}

func (f biquad) run(x []float64) {
	var x1, x2, y1, y2 float64
	for i, in := range x {
		out := f.b0*in + f.b1*x1 + f.b2*x2 - f.a1*y1 - f.a2*y2
		x1, x2, y1, y2 = in, x1, out, y1
		x[i] = out
	}
}

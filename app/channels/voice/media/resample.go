package media

import (
	"math"

	"onedoor/app/fault"
)

const (
	lowestRate  = 4000
	highestRate = 192000
	// crossings is how many of the filter's zero crossings stand on each side: enough that nothing above 4 kHz folds back.
	crossings = 16
)

// resample brings samples to 8 kHz by a windowed sinc, which also removes what a telephone line does not carry.
func resample(pcm []int16, rate int) ([]int16, error) {
	if rate < lowestRate || rate > highestRate {
		return nil, fault.New(fault.Unsupported, CodeAudioFormat, "This sound file's rate is not one that can be read.")
	}
	n := len(pcm) * Rate / rate
	if n > samples(longestAudio) {
		return nil, tooLong()
	}
	if rate == Rate {
		return pcm, nil
	}
	out := make([]int16, n)
	step := float64(rate) / Rate
	cut := min(1, 0.95/step) // of half the source's rate
	reach := crossings / cut
	// Where an output sample stands between two of the source repeats: the filter is made once for each such place.
	every := Rate / divisor(rate, Rate)
	filters := make([][]float64, every)
	first := -int(reach) // of a filter's weights, from the source's sample before
	for i := range out {
		before, place := i*rate/Rate, i%every
		if filters[place] == nil {
			filters[place] = weights(float64(i*rate%Rate)/Rate, cut, reach, first)
		}
		sum := 0.0
		for k, w := range filters[place] {
			if j := before + first + k; j >= 0 && j < len(pcm) {
				sum += w * float64(pcm[j])
			}
		}
		out[i] = clip(sum)
	}
	return out, nil
}

// weights are the filter for a place between two samples.
func weights(place, cut, reach float64, first int) []float64 {
	w := make([]float64, int(reach)-first+2)
	sum := 0.0
	for k := range w {
		x := float64(first+k) - place
		if math.Abs(x) < reach {
			w[k] = sinc(x*cut) * (0.5 + 0.5*math.Cos(math.Pi*x/reach))
			sum += w[k]
		}
	}
	for k := range w {
		w[k] /= sum
	}
	return w
}

func divisor(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func sinc(x float64) float64 {
	if math.Abs(x) < 1e-9 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

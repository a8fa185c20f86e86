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
	for i := range out {
		centre := float64(i) * step
		sum, weight := 0.0, 0.0
		for j := max(0, int(math.Ceil(centre-reach))); j <= min(len(pcm)-1, int(centre+reach)); j++ {
			x := float64(j) - centre
			w := sinc(x*cut) * (0.5 + 0.5*math.Cos(math.Pi*x/reach))
			sum += w * float64(pcm[j])
			weight += w
		}
		if weight != 0 {
			out[i] = clip(sum / weight)
		}
	}
	return out, nil
}

func sinc(x float64) float64 {
	if math.Abs(x) < 1e-9 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

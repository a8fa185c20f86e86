package local

import (
	"math"
	"math/rand/v2"
	"slices"
)

// How it is trained. The figures were found by leaving sayings out of training in turn; the held-out sayings had no part in it.
const (
	rounds      = 30
	firstStep   = 3.0
	shrink      = 3e-4 // of every weight that is used, at each step
	sharpness   = 1.0  // by which chances are made as sure as they are right: 1 when they are so already
	biasStep    = 0.1
	shuffleSeed = 1
)

// classifier knows which kind words sound like. It does not change once trained.
type classifier struct {
	classes    []string // kinds, in order; "" for what fits none
	vocabulary map[string]int
	weights    []float32 // of each feature for each class
	biases     []float32
}

// train makes one from sayings: multinomial logistic regression by stochastic gradient descent. The same sayings give the
// same one.
func train(sayings []Saying) *classifier {
	m := &classifier{vocabulary: make(map[string]int)}
	for _, s := range sayings {
		if !slices.Contains(m.classes, s.Kind) {
			m.classes = append(m.classes, s.Kind)
		}
		each(fold(s.Words), func(name string, _ float32) {
			if _, ok := m.vocabulary[name]; !ok {
				m.vocabulary[name] = len(m.vocabulary)
			}
		})
	}
	slices.Sort(m.classes)
	classes := len(m.classes)
	m.weights = make([]float32, len(m.vocabulary)*classes)
	m.biases = make([]float32, classes)

	features := make([][]feature, len(sayings))
	right := make([]int, len(sayings))
	for i, s := range sayings {
		features[i] = m.features(s.Words)
		right[i] = slices.Index(m.classes, s.Kind)
	}
	random := rand.New(rand.NewPCG(shuffleSeed, shuffleSeed)) // #nosec G404 -- an order, the same each time, and no secret
	for round := range rounds {
		step := firstStep / (1 + float64(round)/10)
		for _, i := range random.Perm(len(sayings)) {
			chances := m.chances(features[i], 1)
			for y := range chances {
				gap := chances[y]
				if y == right[i] {
					gap--
				}
				down := float32(step * gap)
				for _, f := range features[i] {
					w := &m.weights[f.index*classes+y]
					*w -= down*f.value + float32(shrink*step)*(*w)
				}
				m.biases[y] -= biasStep * down
			}
		}
	}
	return m
}

// chances are those of each class for a text; they add up to 1.
func (m *classifier) chances(features []feature, sharpness float64) []float64 {
	classes := len(m.classes)
	scores := make([]float32, classes)
	copy(scores, m.biases)
	for _, f := range features {
		row := m.weights[f.index*classes : (f.index+1)*classes]
		for y := range row {
			scores[y] += row[y] * f.value
		}
	}
	most := float64(slices.Max(scores))
	chances := make([]float64, classes)
	sum := 0.0
	for y := range scores {
		chances[y] = math.Exp(sharpness * (float64(scores[y]) - most))
		sum += chances[y]
	}
	for y := range chances {
		chances[y] /= sum
	}
	return chances
}

// classify is the likeliest kind, "" for none of them, and the chance that it is right.
func (m *classifier) classify(words string) (kind string, confidence float64) {
	chances := m.chances(m.features(words), sharpness)
	best := 0
	for y := range chances {
		if chances[y] > chances[best] {
			best = y
		}
	}
	return m.classes[best], chances[best]
}

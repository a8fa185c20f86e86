package control

import "math"

// shewhart are the limits three standard deviations from the centre.
func shewhart(p, n float64) (lower, upper float64) {
	three := 3 * math.Sqrt(p*(1-p)/n)
	return max(0, p-three), min(1, p+three)
}

// exact are, of n with probability p, the least and the greatest count that are not rarer than a tail, and the median.
func exact(n int, p float64) (low, middle, high int) {
	if p > 0.5 { // counting the others: the recurrence below begins at the likelier end
		l, m, h := exact(n, 1-p)
		return n - h, n - m, n - l
	}
	// P(X = 0), P(X = 1) and so on, each from the one before. The logarithm keeps what is too small for a number.
	term := float64(n) * math.Log1p(-p)
	odds := math.Log(p) - math.Log1p(-p)
	low, middle, high = -1, -1, n
	cumulative := 0.0
	for x := 0; x <= n; x++ {
		probability := math.Exp(term)
		if beyond := 1 - cumulative; beyond < tail { // P(X ≥ x)
			high = x - 1
			break
		}
		cumulative += probability
		if low < 0 && cumulative >= tail {
			low = x
		}
		if middle < 0 && cumulative >= 0.5 {
			middle = x
		}
		term += math.Log(float64(n-x)) - math.Log(float64(x+1)) + odds
	}
	return max(low, 0), max(middle, 0), high
}

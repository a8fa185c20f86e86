package clinical

import (
	"errors"
	"time"
)

// The waits between tries. An outage must not be hammered, and yet everything is to be filed within a minute of a
// system's recovery: so no wait of our own is longer than MaxWait. A system that names its own time (Retry-After) is
// believed up to MaxRetryAfter.
const (
	FirstWait     = 500 * time.Millisecond
	MaxWait       = 15 * time.Second
	MaxRetryAfter = 60 * time.Second
	// Tolerated is how many failures in a row an organisation's system may show before its circuit opens. Before that
	// only the delivery that failed waits.
	Tolerated = 3
)

// Wait is how long to wait after a number of failures: it doubles from FirstWait to MaxWait. Jitter in [0,1) takes off up
// to a quarter, so that many organisations behind one supplier do not come back at the same instant.
func Wait(failures int, jitter float64) time.Duration {
	if failures <= 0 {
		return 0
	}
	wait := MaxWait
	if shift := failures - 1; shift < 16 {
		wait = min(MaxWait, FirstWait<<shift)
	}
	return wait - time.Duration(float64(wait)*jitter/4)
}

// Breaker is what is known of an organisation's system: it is kept in the database, one for all processes.
type Breaker struct {
	Failures int // in a row
}

// After is the breaker after one try, and for how long nothing is to be sent to the system; zero means go on. A refusal
// is an answer: the system is well.
func (b Breaker) After(err error, jitter float64) (Breaker, time.Duration) {
	if !Troubled(err) {
		return Breaker{}, 0
	}
	b.Failures++
	named := min(retryAfter(err), MaxRetryAfter)
	if b.Failures < Tolerated {
		return b, named
	}
	return b, max(named, Wait(b.Failures-Tolerated+1, jitter))
}

// Troubled reports whether an error speaks of the system rather than of the document.
func Troubled(err error) bool {
	if err == nil {
		return false
	}
	var unknown *Unknown
	var refused *Refused
	var begun *Begun
	if errors.As(err, &begun) {
		return false
	}
	return errors.As(err, &unknown) || !errors.As(err, &refused)
}

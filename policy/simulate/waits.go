package simulate

import (
	"context"
	"math/bits"
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/policy"
)

// Waits are the recorded answering times of a period: by the queue that a request was sent to and how urgent it was.
type Waits struct {
	byQueue  map[waitKey]*spread
	answered map[uuid.UUID]map[int64]int // by queue, then by hour since 1970
	typical  map[waitKey]time.Duration   // medians, worked out once
	rates    map[uuid.UUID]*rate         // the same
}

// waitKey without an urgency is all of a queue; without a queue besides, everything.
type waitKey struct {
	queue   uuid.UUID
	urgency policy.Urgency
}

// NewWaits makes an empty one.
func NewWaits() *Waits {
	return &Waits{byQueue: map[waitKey]*spread{}, answered: map[uuid.UUID]map[int64]int{}}
}

// Add counts n requests that waited this long: to the whole minute, and from two hours to the quarter of an hour. It is not for concurrent use, nor after Settle.
func (w *Waits) Add(queue uuid.UUID, urgency policy.Urgency, wait time.Duration, n int) {
	if wait = wait.Truncate(time.Minute); wait >= 2*time.Hour {
		wait = wait.Truncate(15 * time.Minute)
	}
	for _, key := range []waitKey{{queue, urgency}, {queue, ""}} {
		s := w.byQueue[key]
		if s == nil {
			s = &spread{}
			w.byQueue[key] = s
		}
		s.add(wait, n)
	}
}

// Answered counts n requests that a queue answered in an hour, counted from 1970. Only the closed-loop mode asks for it.
func (w *Waits) Answered(queue uuid.UUID, hour int64, n int) {
	hours := w.answered[queue]
	if hours == nil {
		hours = map[int64]int{}
		w.answered[queue] = hours
	}
	hours[hour] += n
}

func (w *Waits) merge(other *Waits) {
	for key, s := range other.byQueue {
		if own := w.byQueue[key]; own != nil {
			own.merge(s)
			continue
		}
		w.byQueue[key] = s
	}
	for queue, hours := range other.answered {
		for hour, n := range hours {
			w.Answered(queue, hour, n)
		}
	}
}

// Settle works the medians out, after which Typical may be asked, from anywhere.
func (w *Waits) Settle() *Waits {
	w.typical = make(map[waitKey]time.Duration, len(w.byQueue))
	for key, s := range w.byQueue {
		w.typical[key] = s.median()
	}
	var clock hourClock
	w.rates = make(map[uuid.UUID]*rate, len(w.answered))
	for queue, hours := range w.answered {
		r := &rate{}
		counts := make([]int, 0, len(hours))
		for hour, n := range hours {
			r.working[clock.of(time.Unix(hour*3600, 0))] = true
			counts = append(counts, n)
		}
		slices.Sort(counts)
		r.anHour = counts[(len(counts)-1)*9/10]
		w.rates[queue] = r
	}
	return w
}

// Typical is the median answering time of a queue for an urgency; of all that the queue answered when it has answered none
// of that urgency; false when it has answered nothing.
func (w *Waits) Typical(queue uuid.UUID, urgency policy.Urgency) (time.Duration, bool) {
	if d, ok := w.typical[waitKey{queue, urgency}]; ok {
		return d, true
	}
	d, ok := w.typical[waitKey{queue, ""}]
	return d, ok
}

// Learn reads the answering times from the requests themselves.
func Learn(ctx context.Context, source Source, workers int) (*Waits, error) {
	parts := make([]*Waits, max(1, workers))
	err := parallel(ctx, len(parts), func(ctx context.Context, part int) error {
		parts[part] = NewWaits()
		return source(ctx, part, len(parts), func(batch []Request) error {
			for i := range batch {
				if wait, ok := batch[i].Waited(); ok {
					parts[part].Add(batch[i].Place.Queue, batch[i].Urgency, wait, 1)
					parts[part].Answered(batch[i].Place.Queue, batch[i].AnsweredAt.Unix()/3600, 1)
				}
			}
			return ctx.Err()
		})
	})
	if err != nil {
		return nil, err
	}
	for _, w := range parts[1:] {
		parts[0].merge(w)
	}
	return parts[0].Settle(), nil
}

// spread is how durations are spread: exact to the second at first, then to one in 32. Two of them add up.
type spread struct {
	n     int
	total int64 // seconds
	in    [spreadBuckets]int32
}

const (
	spreadFine    = 32 // buckets in each doubling
	spreadBuckets = 26 * spreadFine
)

func (s *spread) add(d time.Duration, n int) {
	seconds := max(0, int64(d/time.Second))
	s.n += n
	s.total += seconds * int64(n)
	s.in[bucketOf(seconds)] += int32(n) //nolint:gosec // two thousand million requests are not simulated
}

func (s *spread) merge(other *spread) {
	s.n += other.n
	s.total += other.total
	for i := range s.in {
		s.in[i] += other.in[i]
	}
}

func bucketOf(seconds int64) int {
	if seconds < 2*spreadFine {
		return int(seconds)
	}
	shift := bits.Len64(uint64(seconds)) - 6 // leaves six bits, of which the first is set
	return min(spreadBuckets-1, (shift+1)*spreadFine+int(seconds>>shift)-spreadFine)
}

// bucketSeconds is the least that a bucket holds.
func bucketSeconds(bucket int) int64 {
	if bucket < 2*spreadFine {
		return int64(bucket)
	}
	shift := bucket/spreadFine - 1
	return int64(bucket%spreadFine+spreadFine) << shift
}

func (s *spread) mean() int64 {
	if s.n == 0 {
		return 0
	}
	return s.total / int64(s.n)
}

func (s *spread) median() time.Duration {
	left := (s.n + 1) / 2
	for i, n := range s.in {
		if left -= int(n); left <= 0 && n > 0 {
			low, high := bucketSeconds(i), bucketSeconds(i+1)
			return time.Duration((low+high-1)/2) * time.Second
		}
	}
	return 0
}

package simulate

import (
	"container/heap"
	"time"

	"github.com/google/uuid"

	"onedoor/policy"
	"onedoor/tenants"
)

// loop is the closed-loop mode: both sides in order of time, each with queues of its own.
type loop struct {
	tally       *tally
	live, draft *world
}

func newLoop(t *tally) *loop {
	return &loop{t, newWorld(t.live, t.options.Waits), newWorld(t.draft, t.options.Waits)}
}

func (l *loop) step(r *Request) {
	live := l.live.decide(r)
	draft := l.draft.decide(r)
	a, okA := l.live.take(r, live)
	b, okB := l.draft.take(r, draft)
	l.tally.loads = [2]policy.Load{l.live.seen, l.draft.seen}
	l.tally.add(r, live, draft, waits{okA && okB, a, b})
	from, to := l.tally.queue(live.place.Queue), l.tally.queue(draft.place.Queue)
	from.livePeak = max(from.livePeak, l.live.servers[live.place.Queue].open.Len())
	to.draftPeak = max(to.draftPeak, l.draft.servers[draft.place.Queue].open.Len())
}

// world is one side's queues as they fill and empty.
type world struct {
	side    Side
	waits   *Waits
	clock   hourClock
	servers map[uuid.UUID]*server // by queue
	limited []*limited            // services whose load routing is told
	byID    map[uuid.UUID]*limited
	seen    policy.Load // what the request just decided has seen
	day     int
}

// limited is a service with a capacity.
type limited struct {
	id    uuid.UUID
	open  moments
	today int
}

func newWorld(s Side, w *Waits) *world {
	world := &world{side: s, waits: w, servers: map[uuid.UUID]*server{}, byID: map[uuid.UUID]*limited{}, seen: policy.Load{}}
	for _, service := range s.Directory.Services() {
		if service.Capacity != (tenants.Capacity{}) {
			l := &limited{id: service.ID}
			world.limited = append(world.limited, l)
			world.byID[service.ID] = l
		}
	}
	return world
}

func (w *world) decide(r *Request) routing {
	if day := w.clock.of(r.At) / 24; day != w.day { // weekdays do: no neighbourhood is silent for a week
		w.day = day
		for _, l := range w.limited {
			l.today = 0
		}
	}
	for _, l := range w.limited {
		l.open.until(r.At.UnixNano())
		w.seen[l.id] = policy.ServiceLoad{Open: l.open.Len(), Today: l.today}
	}
	return w.side.route(r, w.seen)
}

// take puts a request into its queue, and says how long it waits there; false when nothing is known of the queue.
func (w *world) take(r *Request, to routing) (time.Duration, bool) {
	s := w.servers[to.place.Queue]
	if s == nil {
		s = &server{clock: &w.clock, rate: w.waits.rates[to.place.Queue]}
		w.servers[to.place.Queue] = s
	}
	s.open.until(r.At.UnixNano())
	answered, known := s.answer(r.At)
	if !known {
		answered = to.due
	}
	heap.Push(&s.open, answered.UnixNano())
	if l := w.byID[to.place.Service]; l != nil {
		heap.Push(&l.open, answered.UnixNano())
		l.today++
	}
	return answered.Sub(r.At), known
}

// server answers one queue's requests, first come, first served.
type server struct {
	clock *hourClock
	rate  *rate
	free  time.Time // when it has answered all that came so far
	open  moments   // when each open request is answered
}

// rate is what a queue has shown that it can do.
type rate struct {
	anHour  int               // requests
	working [hoursOfWeek]bool // hours of the week in which it answers
}

func (s *server) answer(at time.Time) (time.Time, bool) {
	if s.rate == nil {
		return time.Time{}, false
	}
	start := at
	if s.free.After(start) {
		start = s.free
	}
	left := time.Hour / time.Duration(s.rate.anHour)
	for {
		next := start.Truncate(time.Hour).Add(time.Hour)
		if !s.rate.working[s.clock.of(start)] {
			start = next
			continue
		}
		if room := next.Sub(start); room < left {
			left -= room
			start = next
			continue
		}
		s.free = start.Add(left)
		return s.free, true
	}
}

// moments is a heap of moments in nanoseconds, the earliest first.
type moments []int64

func (m moments) Len() int           { return len(m) }
func (m moments) Less(i, j int) bool { return m[i] < m[j] }
func (m moments) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }
func (m *moments) Push(x any)        { *m = append(*m, x.(int64)) }
func (m *moments) Pop() any {
	last := (*m)[len(*m)-1]
	*m = (*m)[:len(*m)-1]
	return last
}

// until removes what is over.
func (m *moments) until(now int64) {
	for len(*m) > 0 && (*m)[0] <= now {
		heap.Pop(m)
	}
}

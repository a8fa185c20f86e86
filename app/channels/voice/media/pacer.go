package media

import (
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Pacer moves the packets of every call from a few goroutines. A frame's time is divided into slots, and each call has
// its place in one, so that 500 calls are not 500 packets at one moment. In a call's slot its waiting packets are read
// and its next frame is sent: a call needs no goroutine, no timer and no wake-up of its own.
//
// It goes by the clock: a slot that comes late sends what was missed, up to a bound, and then leaves frames out, so that
// neither speech nor a prompt's length drifts.
type Pacer struct {
	now     func() time.Time
	workers []*worker
	stop    chan struct{}
	running sync.WaitGroup
	once    sync.Once
}

const (
	slots      = 4
	slotLength = FrameLength / slots
	// urgency is the niceness of what carries calls, where it may be set.
	urgency = -15
)

// worker is one goroutine and the calls that it carries.
type worker struct {
	mu    sync.Mutex
	slots [slots][]*Session
	ended Stats // of calls that are over

	packet [maxPacket]byte // scratch, of the goroutine alone
	sealed [maxPacket]byte
}

// NewPacer starts so many goroutines; one for each processor that calls may use is enough. Close ends them.
func NewPacer(goroutines int, now func() time.Time) *Pacer {
	p := &Pacer{now: now, stop: make(chan struct{})}
	began := now()
	for range max(1, goroutines) {
		w := &worker{}
		p.workers = append(p.workers, w)
		p.running.Go(func() { w.run(p.now, began, p.stop) })
	}
	return p
}

// Close stops moving packets. Sessions that are still open hear and say nothing more; close them first.
func (p *Pacer) Close() {
	p.once.Do(func() { close(p.stop) })
	p.running.Wait()
}

// Active is how many calls are carried.
func (p *Pacer) Active() int {
	n := 0
	for _, w := range p.workers {
		n += w.active()
	}
	return n
}

// Stats sums what every call counted, those that are over as well.
func (p *Pacer) Stats() Stats {
	var sum Stats
	for _, w := range p.workers {
		sum.add(w.stats())
	}
	return sum
}

// add gives a call its place: the emptiest slot of the emptiest worker.
func (p *Pacer) add(s *Session) {
	chosen := p.workers[0]
	for _, w := range p.workers[1:] {
		if w.active() < chosen.active() {
			chosen = w
		}
	}
	chosen.add(s)
}

func (w *worker) active() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, slot := range w.slots {
		n += len(slot)
	}
	return n
}

func (w *worker) stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	sum := w.ended
	for _, slot := range w.slots {
		for _, s := range slot {
			sum.add(s.Stats())
		}
	}
	return sum
}

func (w *worker) add(s *Session) {
	w.mu.Lock()
	defer w.mu.Unlock()
	least := 0
	for i := range w.slots {
		if len(w.slots[i]) < len(w.slots[least]) {
			least = i
		}
	}
	w.slots[least] = append(w.slots[least], s)
	s.carrier, s.slot = w, least
}

// remove takes a call out, and keeps what it counted.
func (w *worker) remove(s *Session) {
	w.mu.Lock()
	defer w.mu.Unlock()
	slot := w.slots[s.slot]
	for i, other := range slot {
		if other == s {
			last := len(slot) - 1
			slot[i], slot[last] = slot[last], nil
			w.slots[s.slot] = slot[:last]
			w.ended.add(s.Stats())
			return
		}
	}
}

// run serves slot after slot until it is told to stop.
func (w *worker) run(now func() time.Time, began time.Time, stop <-chan struct{}) {
	// The thread is this goroutine's alone and ends with it, so that it may come first on a machine that is busy: it
	// needs little, and late. Where the system does not allow it, calls go on without.
	runtime.LockOSThread()
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, urgency)
	var carried []*Session
	served := int64(-1) // the last slot that was served, counted from the beginning
	for {
		select {
		case <-stop:
			return
		default:
		}
		due := int64(now().Sub(began) / slotLength)
		// Of slots that were missed, each place is served once; it then sends all that is due.
		for slot := max(served+1, due-slots+1); slot <= due; slot++ {
			w.mu.Lock()
			carried = append(carried[:0], w.slots[slot%slots]...)
			w.mu.Unlock()
			for _, s := range carried {
				s.serve(w, slot/slots)
			}
		}
		clear(carried)
		served = max(served, due)
		// The thread sleeps itself: Go's timers would wait until another thread, without its urgency, wakes it.
		rest := unix.NsecToTimespec(max(0, min(slotLength, began.Add(time.Duration(served+1)*slotLength).Sub(now()))).Nanoseconds())
		_ = unix.Nanosleep(&rest, nil)
	}
}

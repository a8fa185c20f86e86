package webhook

import "sync"

// busy lets one message of a call be handled at a time in this process. Between processes the session's version decides.
type busy struct {
	mu    sync.Mutex
	calls map[string]*turnstile
}

type turnstile struct {
	sync.Mutex
	waiting int
}

// hold waits for its turn, and returns what gives it on.
func (b *busy) hold(call string) (release func()) {
	b.mu.Lock()
	if b.calls == nil {
		b.calls = map[string]*turnstile{}
	}
	t := b.calls[call]
	if t == nil {
		t = &turnstile{}
		b.calls[call] = t
	}
	t.waiting++
	b.mu.Unlock()
	t.Lock()
	return func() {
		t.Unlock()
		b.mu.Lock()
		defer b.mu.Unlock()
		if t.waiting--; t.waiting == 0 {
			delete(b.calls, call)
		}
	}
}

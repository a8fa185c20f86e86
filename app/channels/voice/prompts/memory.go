package prompts

import (
	"container/list"
	"sync"

	"onedoor/app/channels/voice/media"
)

// memory keeps the sound that was asked for last, up to a number of bytes.
type memory struct {
	mu    sync.Mutex
	most  int64
	holds int64
	byKey map[string]*list.Element
	order *list.List // the latest first
}

type remembered struct {
	key   string
	sound media.Audio
}

// overhead is what an entry takes beside its sound.
const overhead = 256

func newMemory(most int64) *memory {
	return &memory{most: most, byKey: make(map[string]*list.Element), order: list.New()}
}

func (m *memory) get(key string) (media.Audio, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.byKey[key]
	if !ok {
		return nil, false
	}
	m.order.MoveToFront(e)
	return e.Value.(remembered).sound, true //nolint:forcetypeassert // the list holds nothing else
}

// put keeps sound, unless it is more than a quarter of all: one long recording must not drive out every phrase.
func (m *memory) put(key string, sound media.Audio) {
	size := int64(len(sound)) + overhead
	if size > m.most/4 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.byKey[key]; ok {
		m.order.MoveToFront(e)
		return
	}
	m.byKey[key] = m.order.PushFront(remembered{key, sound})
	m.holds += size
	for m.holds > m.most {
		last := m.order.Back()
		old := m.order.Remove(last).(remembered) //nolint:forcetypeassert // the list holds nothing else
		delete(m.byKey, old.key)
		m.holds -= int64(len(old.sound)) + overhead
	}
}

package reception

import (
	"sync"
	"time"

	"github.com/google/uuid"

	"onedoor/app/requests"
)

const (
	shownFor  = 30 * time.Minute // after it was last renewed, an open list is as if opened anew
	shownMost = 20_000           // lists kept; the oldest go first
)

// shownLists remembers what each open list has shown, so that renewing it records new requests only. It is a convenience
// of this process: a list that it does not know is recorded whole once more.
type shownLists struct {
	mu    sync.Mutex
	lists map[uuid.UUID]*shownList
}

type shownList struct {
	person     uuid.UUID
	references map[requests.Reference]bool
	used       time.Time
}

func newShownLists() *shownLists { return &shownLists{lists: map[uuid.UUID]*shownList{}} }

// open begins a list.
func (s *shownLists) open(person uuid.UUID, now time.Time) (uuid.UUID, error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return uuid.Nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tidy(now)
	s.lists[id] = &shownList{person, map[requests.Reference]bool{}, now}
	return id, nil
}

// of is a copy of what a list of this person has shown; nothing when it is not known, or another's.
func (s *shownLists) of(id, person uuid.UUID, now time.Time) (map[requests.Reference]bool, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list, ok := s.lists[id]
	if !ok || list.person != person || now.Sub(list.used) > shownFor {
		return nil, false
	}
	list.used = now
	references := make(map[requests.Reference]bool, len(list.references))
	for r := range list.references {
		references[r] = true
	}
	return references, true
}

// add notes what a list has shown now.
func (s *shownLists) add(id uuid.UUID, rows []requests.Row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if list, ok := s.lists[id]; ok {
		for _, row := range rows {
			list.references[row.Reference] = true
		}
	}
}

// tidy makes room. It looks at all of them, and so rarely.
func (s *shownLists) tidy(now time.Time) {
	if len(s.lists) < shownMost {
		return
	}
	oldest := uuid.Nil
	for id, list := range s.lists {
		if now.Sub(list.used) > shownFor {
			delete(s.lists, id)
			continue
		}
		if oldest == uuid.Nil || list.used.Before(s.lists[oldest].used) {
			oldest = id
		}
	}
	if len(s.lists) >= shownMost {
		delete(s.lists, oldest)
	}
}

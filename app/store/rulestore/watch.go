package rulestore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onedoor/app/alarms"
	"onedoor/app/database"
	"onedoor/app/fault"
)

// Alarms is told when a version cannot be loaded, and when that is over. It is alarms.Service.
type Alarms interface {
	Raise(ctx context.Context, a alarms.Alarm) error
	Clear(ctx context.Context, neighbourhood uuid.UUID, kind alarms.Kind, subject string) error
	Open(ctx context.Context, neighbourhood uuid.UUID) ([]alarms.Alarm, error)
}

// WatchOptions tune a Watch; Alarms, Now and Log may not be left out.
type WatchOptions struct {
	Alarms   Alarms
	Now      func() time.Time
	Log      *slog.Logger
	Interval time.Duration // between looks; 300 ms
}

const (
	usualInterval = 300 * time.Millisecond
	// lookWait bounds one look: a database that hangs does not hide the next.
	lookWait = 10 * time.Second
	// raiseAgain is how often an alarm that stands is raised again: another node, which can load the version, may have
	// cleared it.
	raiseAgain = 20 * time.Second
)

// Watch loads what is live in every neighbourhood as soon as it is live, whether anybody asks or not, so that a node has a
// new version within a second; and it tells what cannot be loaded. It asks by time, not by event: a version that was
// scheduled comes into force without one.
type Watch struct {
	store *Store
	db    *database.DB
	o     WatchOptions

	mu     sync.Mutex
	looked bool // at everything that was live, once
	heir   bool // the alarms of processes that have gone are cleared
	slugs  map[uuid.UUID]string
	raised map[key]alarm
	seen   map[uuid.UUID]Versions // what each neighbourhood last had, all of it loaded
}

// key tells what may fail to load apart.
type key struct {
	neighbourhood uuid.UUID
	part          Part
}

// alarm is one that this process raised.
type alarm struct {
	subject string
	at      time.Time
}

// NewWatch makes one; Run runs it.
func NewWatch(db *database.DB, s *Store, o WatchOptions) *Watch {
	if o.Interval == 0 {
		o.Interval = usualInterval
	}
	return &Watch{store: s, db: db, o: o, slugs: map[uuid.UUID]string{}, raised: map[key]alarm{}, seen: map[uuid.UUID]Versions{}}
}

// Run looks until ctx ends. While the database is away it goes on trying.
func (w *Watch) Run(ctx context.Context) error {
	tick := time.NewTicker(w.o.Interval)
	defer tick.Stop()
	failing := false
	for {
		err := w.Look(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if (err != nil) != failing {
			failing = err != nil
			w.o.Log.WarnContext(ctx, "look for new policies", "failing", failing, "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

const liveEverywhere = `
select n.id, n.slug,
       coalesce((select hash from policy_versions v where v.neighbourhood_id = n.id and live_from <= $1 and withdrawn_at is null order by live_from desc limit 1), ''),
       coalesce((select hash from directory_versions v where v.neighbourhood_id = n.id and live_from <= $1 order by live_from desc limit 1), '')
from neighbourhoods n`

// Look loads what is live now and is not loaded yet, and raises and clears alarms.
func (w *Watch) Look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookWait)
	defer cancel()
	at := w.o.Now()
	live := map[uuid.UUID]Versions{}
	err := w.db.Global(ctx, func(tx *database.Tx) error {
		rows, err := tx.Pgx().Query(ctx, liveEverywhere, at)
		if err != nil {
			return err
		}
		var id uuid.UUID
		var slug string
		var v Versions
		_, err = pgx.ForEachRow(rows, []any{&id, &slug, &v.policy, &v.directory}, func() error {
			live[id] = v
			w.name(id, slug)
			return nil
		})
		if err != nil {
			return err
		}
		for id, v := range live {
			if v.policy == "" || v.directory == "" || w.has(id, v) {
				continue // nothing was published yet, or it is loaded
			}
			rules, err := w.store.Load(ctx, tx, id, v, at)
			if err != nil && !fault.Is(err, "no_rules") {
				return err
			}
			if err == nil && rules.Unloaded.Policy == "" && rules.Unloaded.Directory == "" {
				w.loaded(id, v)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return w.tell(ctx, live)
}

func (w *Watch) name(id uuid.UUID, slug string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.slugs[id] = slug
}

// has reports whether both versions are loaded, and nothing stands as failed.
func (w *Watch) has(id uuid.UUID, v Versions) bool {
	if w.store.failing(id) {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen[id] == v
}

func (w *Watch) loaded(id uuid.UUID, v Versions) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[id] = v
}

// tell raises an alarm for each version that fails, and clears those that are over. The first look also clears what
// processes that have gone had raised, if it loads here.
func (w *Watch) tell(ctx context.Context, live map[uuid.UUID]Versions) error {
	failing := map[key]Failure{}
	for _, f := range w.store.Failures() {
		failing[key{f.Neighbourhood, f.Part}] = f
	}
	w.mu.Lock()
	w.looked = true
	first, raised := !w.heir, w.raised
	w.mu.Unlock()
	var errs []error
	if first {
		errs = append(errs, w.inherit(ctx, live, failing))
	}
	now := time.Now() // of this process: it only spaces out what is said again
	for k, f := range failing {
		a, standing := raised[k]
		if subject := f.subject(); !standing || a.subject != subject || now.Sub(a.at) > raiseAgain {
			if standing && a.subject != subject {
				errs = append(errs, w.o.Alarms.Clear(ctx, k.neighbourhood, alarms.PolicyLoad, a.subject))
			}
			errs = append(errs, w.o.Alarms.Raise(ctx, alarms.Alarm{NeighbourhoodID: k.neighbourhood, Kind: alarms.PolicyLoad, Subject: subject, Says: f.sentence()}))
			w.note(k, &alarm{subject, now})
		}
	}
	for k, a := range raised {
		if _, still := failing[k]; !still {
			if err := w.o.Alarms.Clear(ctx, k.neighbourhood, alarms.PolicyLoad, a.subject); err != nil {
				errs = append(errs, err) // and try again at the next look
				continue
			}
			w.note(k, nil)
		}
	}
	err := errors.Join(errs...)
	if err == nil {
		w.mu.Lock()
		w.heir = true
		w.mu.Unlock()
	}
	return err
}

// inherit clears the alarms of processes that have gone, where what they could not load loads here.
func (w *Watch) inherit(ctx context.Context, live map[uuid.UUID]Versions, failing map[key]Failure) error {
	stands := map[string]bool{}
	for k, f := range failing {
		stands[k.neighbourhood.String()+f.subject()] = true
	}
	for id := range live {
		open, err := w.o.Alarms.Open(ctx, id)
		if err != nil {
			return err
		}
		for _, a := range open {
			if a.Kind != alarms.PolicyLoad || stands[id.String()+a.Subject] {
				continue
			}
			if err := w.o.Alarms.Clear(ctx, id, a.Kind, a.Subject); err != nil {
				return err
			}
		}
	}
	return nil
}

// note keeps what was raised in a map of its own each time: tell reads one that does not change under it.
func (w *Watch) note(k key, a *alarm) {
	w.mu.Lock()
	defer w.mu.Unlock()
	next := make(map[key]alarm, len(w.raised)+1)
	for k, v := range w.raised {
		next[k] = v
	}
	if delete(next, k); a != nil {
		next[k] = *a
	}
	w.raised = next
}

// subject names the version: policy 0123456789ab.
func (f Failure) subject() string { return fmt.Sprintf("%s %.12s", f.Part, f.Hash) }

func (f Failure) sentence() string {
	instead := "There is no earlier version to decide by: requests are refused."
	if f.Using != "" {
		instead = fmt.Sprintf("The last good one, %.12s, decides in its place.", f.Using)
	}
	return fmt.Sprintf("A node cannot load the version of the %s that is live, %.12s: %s %s", f.Part, f.Hash, ended(f.Says), instead)
}

func ended(s string) string {
	if s == "" || s[len(s)-1] == '.' {
		return s
	}
	return s + "."
}

// Ready fails until everything that is live was looked at once.
func (w *Watch) Ready(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.looked {
		return errors.New("the policies that are live have not been loaded yet")
	}
	return nil
}

// Degraded says in which neighbourhoods this process decides by another version than the live one, and by which: one
// sentence each. It is no reason to take the process out of service: every other would do the same.
func (w *Watch) Degraded(context.Context) []string {
	list := w.store.Failures()
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.SortFunc(list, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(w.slugs[a.Neighbourhood], w.slugs[b.Neighbourhood]), cmp.Compare(a.Part, b.Part))
	})
	says := make([]string, len(list))
	for i, f := range list {
		using := "no version, and refuses requests"
		if f.Using != "" {
			using = "the last good version " + f.Using
		}
		says[i] = fmt.Sprintf("%s: cannot load the live version %s of the %s; decides by %s", w.slugs[f.Neighbourhood], f.Hash, f.Part, using)
	}
	return says
}

// Count is how many live versions each neighbourhood has that cannot be loaded here, by slug; for the metrics.
func (w *Watch) Count() map[string]int {
	list := w.store.Failures()
	w.mu.Lock()
	defer w.mu.Unlock()
	counts := make(map[string]int, len(w.slugs))
	for _, slug := range w.slugs {
		counts[slug] = 0
	}
	for _, f := range list {
		counts[w.slugs[f.Neighbourhood]]++
	}
	return counts
}

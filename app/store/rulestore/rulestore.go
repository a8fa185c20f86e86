// Package rulestore reads what requests are routed by: the policy and the directory that are live in a neighbourhood. A
// transaction asks which versions are live, so that nobody decides by rules that another node has replaced; their parsed
// forms are kept by hash, since a version never changes. A version that cannot be loaded here, because it cannot be read by
// this program or is not what its hash says, is never decided by: the last good one is, the decision says so, and a
// Watch tells /readyz, the alarms and the metrics.
package rulestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/requests"
	"onedoor/app/store/directorystore"
	"onedoor/policy"
	"onedoor/tenants"
)

// Store keeps the parsed versions of every neighbourhood that this process serves, and which of them were good.
type Store struct {
	directories *directorystore.Store
	policies    sync.Map // hash to *policy.Policy

	mu    sync.Mutex
	good  map[uuid.UUID]pair             // what each neighbourhood was last decided by
	fails map[uuid.UUID]map[Part]Failure // what could not be loaded when it was last tried
}

// Part is one of the two things that a request is routed by.
type Part string

const (
	PolicyPart    Part = "policy"
	DirectoryPart Part = "directory"
)

// pair is one of each.
type pair struct {
	policy    *policy.Policy
	directory *tenants.Directory
}

// Failure is a live version that this process cannot load.
type Failure struct {
	Neighbourhood uuid.UUID
	Part          Part
	Hash          string // of the live version
	Using         string // of the one that decides in its place; empty when there is none
	Says          string // why

	tried   time.Time
	instead any // what Using names
}

// New makes one that takes directories from their own store.
func New(directories *directorystore.Store) *Store {
	return &Store{directories: directories, good: map[uuid.UUID]pair{}, fails: map[uuid.UUID]map[Part]Failure{}}
}

// Live is the query for the versions in force in a neighbourhood ($1) at a moment ($2).
const Live = `
select (select hash from policy_versions where neighbourhood_id = $1 and live_from <= $2 and withdrawn_at is null order by live_from desc limit 1),
       (select hash from directory_versions where neighbourhood_id = $1 and live_from <= $2 order by live_from desc limit 1)`

// Versions are the hashes of what is in force; empty for what was never published.
type Versions struct{ policy, directory string }

// Scan reads the one row of Live.
func (v *Versions) Scan(row pgx.Row) error {
	var p, d *string
	if err := row.Scan(&p, &d); err != nil || p == nil || d == nil {
		return err
	}
	v.policy, v.directory = *p, *d
	return nil
}

// At are the rules of a neighbourhood at a moment, as the transaction sees them (no_rules).
func (s *Store) At(ctx context.Context, tx *database.Tx, neighbourhood uuid.UUID, at time.Time) (requests.Rules, error) {
	var v Versions
	if err := v.Scan(tx.Pgx().QueryRow(ctx, Live, neighbourhood, at)); err != nil {
		return requests.Rules{}, err
	}
	return s.Load(ctx, tx, neighbourhood, v, at)
}

// Load gives the rules of these versions, which are live at a moment; for one that cannot be loaded, the last good one. It
// refuses a neighbourhood that has published none, or of which nothing can be loaded (no_rules).
func (s *Store) Load(ctx context.Context, tx *database.Tx, neighbourhood uuid.UUID, v Versions, at time.Time) (requests.Rules, error) {
	if v.policy == "" {
		return requests.Rules{}, fault.New(fault.Unavailable, "no_rules", "This neighbourhood has not published how it routes requests.")
	}
	l := loading{s, ctx, tx, neighbourhood, at}
	r := requests.Rules{}
	p, failed, err := load(l, PolicyPart, v.policy, s.policy, func(was pair) *policy.Policy { return was.policy })
	if err != nil {
		return r, err
	}
	if failed {
		r.Unloaded.Policy = v.policy
	}
	d, failed, err := load(l, DirectoryPart, v.directory, s.directory, func(was pair) *tenants.Directory { return was.directory })
	if err != nil {
		return r, err
	}
	if failed {
		r.Unloaded.Directory = v.directory
	}
	r.Policy, r.Directory = p, d
	s.keep(neighbourhood, pair{p, d})
	return r, nil
}

// Exactly gives versions by their hashes, whether or not they are in force, and never others in their place
// (version_unloadable).
func (s *Store) Exactly(ctx context.Context, tx *database.Tx, neighbourhood uuid.UUID, policyHash, directoryHash string) (requests.Rules, error) {
	l := loading{store: s, ctx: ctx, tx: tx, neighbourhood: neighbourhood}
	p, err := s.policy(l, policyHash)
	if err == nil {
		var d *tenants.Directory
		if d, err = s.directory(l, directoryHash); err == nil {
			return requests.Rules{Policy: p, Directory: d}, nil
		}
	}
	var bad unloadable
	if errors.As(err, &bad) {
		err = fault.New(fault.NotFound, "version_unloadable", "A version of the rules is not kept here any more, or cannot be read.").Because(err)
	}
	return requests.Rules{}, err
}

func (s *Store) keep(neighbourhood uuid.UUID, now pair) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.good[neighbourhood] = now
}

// loading is one attempt to load what is live.
type loading struct {
	store         *Store
	ctx           context.Context
	tx            *database.Tx
	neighbourhood uuid.UUID
	at            time.Time
}

// version is what both kinds of version have.
type version interface {
	*policy.Policy | *tenants.Directory
	Hash() string
}

// unloadable is an error that says that a version is there and is no good here; every other error is the database's.
type unloadable struct{ cause error }

func (u unloadable) Error() string { return u.cause.Error() }
func (u unloadable) Unwrap() error { return u.cause }

// load gives a version or, when it cannot be loaded, the last good one: the newest before it that loads, so that every node
// decides alike; and only when none does, the one that decided here until now.
func load[V version](l loading, part Part, hash string, read func(loading, string) (V, error), last func(pair) V) (v V, failed bool, err error) {
	s := l.store
	if was, known := s.failure(l.neighbourhood, part); known && was.Hash == hash && time.Since(was.tried) < retry {
		if instead, ok := was.instead.(V); ok && instead != nil {
			return instead, true, nil
		}
	}
	v, err = read(l, hash)
	var bad unloadable
	switch {
	case err == nil:
		s.succeed(l.neighbourhood, part)
		return v, false, nil
	case !errors.As(err, &bad):
		return v, false, err
	}
	f := Failure{Neighbourhood: l.neighbourhood, Part: part, Hash: hash, Says: clip(bad.Error())}
	if v, err = before(l, part, hash, read); err != nil {
		return v, false, err
	}
	if v == nil {
		s.mu.Lock()
		v = last(s.good[l.neighbourhood])
		s.mu.Unlock()
	}
	f.instead, f.tried = v, time.Now()
	if v != nil {
		f.Using = v.Hash()
	}
	s.fail(f)
	if v == nil {
		return v, true, fault.New(fault.Unavailable, "no_rules", "How this neighbourhood routes requests could not be loaded.").Because(errors.New(f.Says))
	}
	return v, true, nil
}

// retry is how long a version that could not be loaded is left alone: reading a long one at every request would add load
// to a node in trouble.
const retry = 200 * time.Millisecond

// deepest is how many versions back a good one is looked for.
const deepest = 10

// before is the newest version before the live one that can be loaded; none is no error.
func before[V version](l loading, part Part, live string, read func(loading, string) (V, error)) (V, error) {
	query := "select hash from directory_versions where neighbourhood_id = $1 and live_from <= $2 and hash <> $3 group by hash order by max(live_from) desc limit $4"
	if part == PolicyPart {
		query = "select hash from policy_versions where neighbourhood_id = $1 and live_from <= $2 and hash <> $3 and withdrawn_at is null group by hash order by max(live_from) desc limit $4"
	}
	rows, err := l.tx.Pgx().Query(l.ctx, query, l.neighbourhood, l.at, live, deepest)
	if err != nil {
		return nil, err
	}
	hashes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	for _, hash := range hashes {
		v, err := read(l, hash)
		var bad unloadable
		if err == nil || !errors.As(err, &bad) {
			return v, err
		}
	}
	return nil, nil
}

func (s *Store) policy(l loading, hash string) (*policy.Policy, error) {
	if known, ok := s.policies.Load(hash); ok {
		return known.(*policy.Policy), nil
	}
	var document string
	err := l.tx.Gorm().Raw(`select document from policy_versions where neighbourhood_id = ? and hash = ? order by live_from desc limit 1`, l.neighbourhood, hash).Row().Scan(&document)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, unloadable{errors.New("it is not there")}
	}
	if err != nil {
		return nil, err
	}
	p, err := policy.Parse([]byte(document))
	if err != nil {
		return nil, unloadable{errors.New(fault.As(err).Says)}
	}
	if p.Hash() != hash {
		return nil, unloadable{fmt.Errorf("its document is another's: it has the hash %.12s", p.Hash())}
	}
	s.policies.Store(hash, p)
	return p, nil
}

// Has reports whether a policy is loaded.
func (s *Store) Has(hash string) bool {
	_, ok := s.policies.Load(hash)
	return ok
}

func (s *Store) directory(l loading, hash string) (*tenants.Directory, error) {
	d, err := s.directories.Version(l.tx, l.neighbourhood, hash)
	if errors.Is(err, directorystore.ErrUnloadable) {
		return nil, unloadable{err}
	}
	return d, err
}

func (s *Store) failure(neighbourhood uuid.UUID, part Part) (Failure, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.fails[neighbourhood][part]
	return f, ok
}

// failing reports whether anything of a neighbourhood could not be loaded.
func (s *Store) failing(neighbourhood uuid.UUID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.fails[neighbourhood]) > 0
}

func (s *Store) fail(f Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails[f.Neighbourhood] == nil {
		s.fails[f.Neighbourhood] = map[Part]Failure{}
	}
	s.fails[f.Neighbourhood][f.Part] = f
}

func (s *Store) succeed(neighbourhood uuid.UUID, part Part) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.fails[neighbourhood], part)
}

// Failures are the live versions that this process could not load when it last tried.
func (s *Store) Failures() []Failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Failure
	for _, of := range s.fails {
		for _, f := range of {
			list = append(list, f)
		}
	}
	return list
}

// clip keeps a sentence short enough for an alarm.
func clip(s string) string {
	const most = 400
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// Package rulestore reads what requests are routed by: the policy and the directory that are live in a neighbourhood. A
// transaction asks which versions are live, so that nobody decides by rules that another node has replaced; their parsed
// forms are kept by hash, since a version never changes.
package rulestore

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/requests"
	"onedoor/app/store/directorystore"
	"onedoor/policy"
)

// Store keeps the parsed policies of every neighbourhood that this process serves.
type Store struct {
	directories *directorystore.Store
	policies    sync.Map // hash to *policy.Policy
}

// New makes one that takes directories from their own store.
func New(directories *directorystore.Store) *Store { return &Store{directories: directories} }

// Live is the query for the versions in force in a neighbourhood ($1) at a moment ($2).
const Live = `
select (select hash from policy_versions where neighbourhood_id = $1 and live_from <= $2 and withdrawn_at is null order by live_from desc limit 1),
       (select hash from directory_versions where neighbourhood_id = $1 and live_from <= $2 order by live_from desc limit 1)`

// Versions are the hashes of what is in force; empty for what was never published.
type Versions struct{ policy, directory string }

// Named are versions known by their hashes, whether or not they are in force.
func Named(policy, directory string) Versions { return Versions{policy, directory} }

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
	return s.Load(tx, neighbourhood, v)
}

// Load reads the rules of these versions. It refuses a neighbourhood that has published none (no_rules).
func (s *Store) Load(tx *database.Tx, neighbourhood uuid.UUID, v Versions) (requests.Rules, error) {
	if v.policy == "" {
		return requests.Rules{}, fault.New(fault.Unavailable, "no_rules", "This neighbourhood has not published how it routes requests.")
	}
	directory, err := s.directories.Version(tx, neighbourhood, v.directory)
	if err != nil {
		return requests.Rules{}, err
	}
	published, err := s.policy(tx, neighbourhood, v.policy)
	return requests.Rules{Policy: published, Directory: directory}, err
}

func (s *Store) policy(tx *database.Tx, neighbourhood uuid.UUID, hash string) (*policy.Policy, error) {
	if known, ok := s.policies.Load(hash); ok {
		return known.(*policy.Policy), nil
	}
	var document string
	err := tx.Gorm().Raw(`select document from policy_versions where neighbourhood_id = ? and hash = ? limit 1`, neighbourhood, hash).Row().Scan(&document)
	if err != nil {
		return nil, err
	}
	p, err := policy.Parse([]byte(document))
	if err == nil {
		s.policies.Store(hash, p)
	}
	return p, err
}

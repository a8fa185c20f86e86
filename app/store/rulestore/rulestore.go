// Package rulestore reads what requests are routed by: the policy and the directory that are live in a neighbourhood. A
// transaction asks which versions are live, so that nobody decides by rules that another node has replaced; their parsed
// forms are kept by hash, since a version never changes.
package rulestore

import (
	"sync"
	"time"

	"github.com/google/uuid"

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

const live = `
select (select hash from policy_versions where neighbourhood_id = @nb and live_from <= @at order by live_from desc limit 1) as policy,
       (select hash from directory_versions where neighbourhood_id = @nb and live_from <= @at order by live_from desc limit 1) as directory`

// Live are the rules of a neighbourhood at a moment, as the transaction sees them. It refuses a neighbourhood that has
// published none (no_rules).
func (s *Store) Live(tx *database.Tx, neighbourhood uuid.UUID, at time.Time) (requests.Rules, error) {
	var hashes struct{ Policy, Directory *string }
	args := map[string]any{"nb": neighbourhood, "at": at}
	if err := tx.Gorm().Raw(live, args).Scan(&hashes).Error; err != nil {
		return requests.Rules{}, err
	}
	if hashes.Policy == nil || hashes.Directory == nil {
		return requests.Rules{}, fault.New(fault.Unavailable, "no_rules", "This neighbourhood has not published how it routes requests.")
	}
	directory, err := s.directories.Version(tx, neighbourhood, *hashes.Directory)
	if err != nil {
		return requests.Rules{}, err
	}
	published, err := s.policy(tx, neighbourhood, *hashes.Policy)
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

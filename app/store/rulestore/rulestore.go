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
	"onedoor/policy"
	"onedoor/tenants"
)

// Store keeps the parsed versions of every neighbourhood that this process serves.
type Store struct {
	mu          sync.RWMutex
	policies    map[string]*policy.Policy
	directories map[string]*tenants.Directory
}

// New makes an empty one.
func New() *Store {
	return &Store{policies: map[string]*policy.Policy{}, directories: map[string]*tenants.Directory{}}
}

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
	s.mu.RLock()
	rules := requests.Rules{Policy: s.policies[*hashes.Policy], Directory: s.directories[*hashes.Directory]}
	s.mu.RUnlock()
	if rules.Policy != nil && rules.Directory != nil {
		return rules, nil
	}
	return s.load(tx, neighbourhood, *hashes.Policy, *hashes.Directory)
}

func (s *Store) load(tx *database.Tx, neighbourhood uuid.UUID, policyHash, directoryHash string) (requests.Rules, error) {
	var rules requests.Rules
	var document []byte
	err := tx.Gorm().Raw(`select document from policy_versions where neighbourhood_id = ? and hash = ? limit 1`, neighbourhood, policyHash).Row().Scan(&document)
	if err != nil {
		return rules, err
	}
	if rules.Policy, err = policy.Parse(document); err != nil {
		return rules, err
	}
	err = tx.Gorm().Raw(`select document from directory_versions where neighbourhood_id = ? and hash = ? limit 1`, neighbourhood, directoryHash).Row().Scan(&document)
	if err != nil {
		return rules, err
	}
	if rules.Directory, err = tenants.ParseDirectory(document); err != nil {
		return rules, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policies[policyHash], s.directories[directoryHash] = rules.Policy, rules.Directory
	return rules, nil
}

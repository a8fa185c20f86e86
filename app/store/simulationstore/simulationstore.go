// Package simulationstore keeps runs of simulations and what shadows found, and streams past requests to them.
// request_history holds facts and never people: requeststore adds a Row of it in the transaction of each submission, and
// says when it was answered. Everything here runs in the scope of a neighbourhood's jobs; row-level security lets nobody
// else read it. It implements simulations.Store.
package simulationstore

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"onedoor/app/database"
	"onedoor/app/requests"
	"onedoor/app/simulations"
	"onedoor/app/store/rulestore"
	"onedoor/policy/simulate"
	"onedoor/tenants"
)

// Inserter is River's client, as far as it is needed here.
type Inserter interface {
	InsertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error)
}

// Store keeps simulations.
type Store struct {
	db    *database.DB
	rules *rulestore.Store
	river Inserter
}

var _ simulations.Store = (*Store)(nil)

// New makes a store that puts runs in line with River's client.
func New(db *database.DB, rules *rulestore.Store, river Inserter) *Store {
	return &Store{db, rules, river}
}

// Live implements simulations.Store.
func (s *Store) Live(ctx context.Context, neighbourhood uuid.UUID, at time.Time) (side simulate.Side, err error) {
	err = s.inTx(ctx, neighbourhood, func(tx *database.Tx) error {
		rules, err := s.rules.At(ctx, tx, neighbourhood, at)
		side = sideOf(rules)
		return err
	})
	return side, err
}

// Versions implements simulations.Store.
func (s *Store) Versions(ctx context.Context, neighbourhood uuid.UUID, policyHash, directoryHash string) (side simulate.Side, err error) {
	err = s.inTx(ctx, neighbourhood, func(tx *database.Tx) error {
		rules, err := s.rules.Exactly(ctx, tx, neighbourhood, policyHash, directoryHash)
		side = sideOf(rules)
		return err
	})
	return side, err
}

func sideOf(r requests.Rules) simulate.Side {
	return simulate.Side{Policy: r.Policy, Directory: r.Directory}
}

func (s *Store) inTx(ctx context.Context, neighbourhood uuid.UUID, fn func(*database.Tx) error) error {
	return s.db.InTx(ctx, tenants.JobOf(neighbourhood), fn)
}

package simulationstore

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"onedoor/app/audit"
	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/simulations"
	"onedoor/app/store/auditstore"
	"onedoor/jobs"
	"onedoor/policy/simulate"
)

type runRow struct {
	NeighbourhoodID uuid.UUID
	ID              uuid.UUID
	StartedBy       json.RawMessage
	Draft           string
	Document        string
	LiveHash        string
	DraftHash       string
	DirectoryHash   string
	FromAt          time.Time
	UntilAt         time.Time
	Mode            string
	State           int16
	Done            int
	Total           int
	Cancel          bool
	Tries           int16
	Token           *uuid.UUID
	LeaseUntil      *time.Time
	Problem         string
	Result          *json.RawMessage
	CreatedAt       time.Time `gorm:"autoCreateTime:false"`
	FinishedAt      *time.Time
}

func (runRow) TableName() string { return "simulations" }

// states by their number in the table.
func states() []simulations.State {
	return []simulations.State{"", simulations.Queued, simulations.Running, simulations.Done, simulations.Cancelled, simulations.Failed}
}

// waitInLine is after how long a queued run is put in line again, which costs nothing when it is still there.
const waitInLine = 4 * simulations.Lease

const (
	queued  = 1
	running = 2
	done    = 3
)

func (w *runRow) run() (r simulations.Run, err error) {
	r = simulations.Run{
		NeighbourhoodID: w.NeighbourhoodID, ID: w.ID, Draft: w.Draft, LiveHash: w.LiveHash, DraftHash: w.DraftHash, DirectoryHash: w.DirectoryHash,
		From: w.FromAt.UTC(), Until: w.UntilAt.UTC(), Mode: simulate.Mode(w.Mode), State: states()[w.State], Done: w.Done, Total: w.Total,
		CreatedAt: w.CreatedAt.UTC(), Problem: w.Problem,
	}
	if w.FinishedAt != nil {
		r.FinishedAt = w.FinishedAt.UTC()
	}
	if w.Result != nil {
		if err := json.Unmarshal(*w.Result, &r.Result); err != nil {
			return r, err
		}
	}
	return r, json.Unmarshal(w.StartedBy, &r.By)
}

// Add implements simulations.Store.
func (s *Store) Add(ctx context.Context, r simulations.Run, document []byte, e audit.Entry, enqueue bool) error {
	by, err := json.Marshal(r.By)
	if err != nil {
		return err
	}
	inLine := r.CreatedAt.Add(waitInLine)
	return s.inTx(ctx, r.NeighbourhoodID, func(tx *database.Tx) error {
		auditstore.Append(tx, e)
		if enqueue {
			if err := s.enqueue(ctx, tx, r.NeighbourhoodID, r.ID); err != nil {
				return err
			}
		}
		return tx.Gorm().Create(&runRow{
			NeighbourhoodID: r.NeighbourhoodID, ID: r.ID, StartedBy: by, Draft: r.Draft, Document: string(document), LiveHash: r.LiveHash, DraftHash: r.DraftHash,
			DirectoryHash: r.DirectoryHash, FromAt: r.From, UntilAt: r.Until, Mode: string(r.Mode), State: queued, CreatedAt: r.CreatedAt,
			LeaseUntil: &inLine,
		}).Error
	})
}

func (s *Store) enqueue(ctx context.Context, tx *database.Tx, neighbourhood, id uuid.UUID) error {
	_, err := s.river.InsertTx(ctx, tx.Pgx(), jobs.Simulate{NeighbourhoodID: neighbourhood, RunID: id}, nil)
	return err
}

// Find implements simulations.Store.
func (s *Store) Find(ctx context.Context, neighbourhood, id uuid.UUID) (r simulations.Run, document []byte, err error) {
	err = s.inTx(ctx, neighbourhood, func(tx *database.Tx) error {
		w, err := find(tx, neighbourhood, id, "")
		if err != nil {
			return err
		}
		document = []byte(w.Document)
		r, err = w.run()
		return err
	})
	return r, document, err
}

func find(tx *database.Tx, neighbourhood, id uuid.UUID, lock string) (*runRow, error) {
	var w runRow
	done := tx.Gorm().Raw("select * from simulations where neighbourhood_id = ? and id = ? "+lock, neighbourhood, id).Scan(&w)
	if done.Error == nil && done.RowsAffected == 0 {
		return nil, fault.Absent()
	}
	return &w, done.Error
}

// List implements simulations.Store.
func (s *Store) List(ctx context.Context, neighbourhood uuid.UUID, draft string, limit int) (list []simulations.Run, err error) {
	err = s.inTx(ctx, neighbourhood, func(tx *database.Tx) error {
		var rows []runRow
		err := tx.Gorm().Omit("document", "result").Where("neighbourhood_id = ? and (draft = ? or ? = '')", neighbourhood, draft, draft).
			Order("created_at desc, id desc").Limit(limit).Find(&rows).Error
		if err != nil {
			return err
		}
		for i := range rows {
			r, err := rows[i].run()
			if err != nil {
				return err
			}
			list = append(list, r)
		}
		return nil
	})
	return list, err
}

// Fresh implements simulations.Store.
func (s *Store) Fresh(ctx context.Context, neighbourhood uuid.UUID, liveHash, draftHash, directoryHash string, since time.Time, atLeast time.Duration) (r simulations.Run, found bool, err error) {
	err = s.inTx(ctx, neighbourhood, func(tx *database.Tx) error {
		var w runRow
		err := tx.Gorm().Where(`neighbourhood_id = ? and state = ? and live_hash = ? and draft_hash = ? and directory_hash = ? and mode = ?
			and finished_at >= ? and until_at >= ? and until_at - from_at >= make_interval(secs => ?)`,
			neighbourhood, done, liveHash, draftHash, directoryHash, string(simulate.RecordedLoad), since, since, atLeast.Seconds()).
			Order("created_at desc").Limit(1).Take(&w).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		found = true
		r, err = w.run()
		return err
	})
	return r, found, err
}

// Claim implements simulations.Store.
func (s *Store) Claim(ctx context.Context, neighbourhood, id, token uuid.UUID, now time.Time) (r simulations.Run, document []byte, claimed bool, err error) {
	err = s.inTx(ctx, neighbourhood, func(tx *database.Tx) error {
		w, err := find(tx, neighbourhood, id, "for update")
		if err != nil || w.State != queued {
			return err
		}
		claimed = true
		w.State, document = running, []byte(w.Document)
		if r, err = w.run(); err != nil {
			return err
		}
		return tx.Gorm().Exec("update simulations set state = ?, token = ?, lease_until = ?, done = 0 where neighbourhood_id = ? and id = ?",
			running, token, now.Add(simulations.Lease), neighbourhood, id).Error
	})
	return r, document, claimed, err
}

// Progress implements simulations.Store.
func (s *Store) Progress(ctx context.Context, neighbourhood, id, token uuid.UUID, n, total int, now time.Time) (p simulations.Progress, err error) {
	p = simulations.ProgressTaken
	err = s.inTx(ctx, neighbourhood, func(tx *database.Tx) error {
		var cancelled []bool
		err := tx.Gorm().Raw(`
			update simulations set done = ?, total = ?, lease_until = ?
			where neighbourhood_id = ? and id = ? and state = ? and token = ? returning cancel`,
			n, total, now.Add(simulations.Lease), neighbourhood, id, running, token).Scan(&cancelled).Error
		if len(cancelled) == 1 {
			p = simulations.ProgressGoOn
			if cancelled[0] {
				p = simulations.ProgressCancelled
			}
		}
		return err
	})
	return p, err
}

// Finish implements simulations.Store.
func (s *Store) Finish(ctx context.Context, neighbourhood, id, token uuid.UUID, e simulations.Ending) error {
	var result *string
	var all *int // requests, when it got through all of them
	if e.Result != nil {
		b, err := json.Marshal(e.Result)
		if err != nil {
			return err
		}
		text := string(b)
		result, all = &text, &e.Result.Requests
	}
	var finished *time.Time
	if e.State.Ended() {
		finished = &e.At
	}
	return s.inTx(ctx, neighbourhood, func(tx *database.Tx) error {
		return tx.Gorm().Exec(`
			update simulations set state = ?, problem = ?, result = cast(? as jsonb), finished_at = ?, token = null, lease_until = ?,
			       done = coalesce(?, done), total = coalesce(?, total)
			where neighbourhood_id = ? and id = ? and state = ? and token = ?`,
			slices.Index(states(), e.State), e.Problem, result, finished, leaseOf(e), all, all, neighbourhood, id, running, token).Error
	})
}

// leaseOf gives a run that goes back into the queue a time by which somebody should have taken it.
func leaseOf(e simulations.Ending) *time.Time {
	if e.State != simulations.Queued {
		return nil
	}
	until := e.At.Add(waitInLine)
	return &until
}

// Cancel implements simulations.Store.
func (s *Store) Cancel(ctx context.Context, neighbourhood, id uuid.UUID, now time.Time, e audit.Entry) error {
	return s.inTx(ctx, neighbourhood, func(tx *database.Tx) error {
		w, err := find(tx, neighbourhood, id, "for update")
		if err != nil || states()[w.State].Ended() {
			return err
		}
		auditstore.Append(tx, e)
		if w.State == queued {
			return tx.Gorm().Exec("update simulations set cancel = true, state = 4, finished_at = ? where neighbourhood_id = ? and id = ?", now, neighbourhood, id).Error
		}
		return tx.Gorm().Exec("update simulations set cancel = true where neighbourhood_id = ? and id = ?", neighbourhood, id).Error
	})
}

// Resume implements simulations.Store.
func (s *Store) Resume(ctx context.Context, neighbourhood uuid.UUID, now time.Time) (int, error) {
	lost := 0
	err := s.inTx(ctx, neighbourhood, func(tx *database.Tx) error {
		var rows []runRow
		err := tx.Gorm().Raw(`select id, state, tries, cancel from simulations
			where neighbourhood_id = ? and state in (1, 2) and lease_until < ? for update skip locked`, neighbourhood, now).Scan(&rows).Error
		if err != nil {
			return err
		}
		lost = len(rows)
		for _, w := range rows {
			switch {
			case w.Cancel:
				err = tx.Gorm().Exec("update simulations set state = 4, finished_at = ?, token = null, lease_until = null where neighbourhood_id = ? and id = ?", now, neighbourhood, w.ID).Error
			case w.State == queued: // its job was lost, or who would have run it at once has gone
				err = tx.Gorm().Exec("update simulations set lease_until = ? where neighbourhood_id = ? and id = ?",
					now.Add(waitInLine), neighbourhood, w.ID).Error
				if err == nil {
					err = s.enqueue(ctx, tx, neighbourhood, w.ID)
				}
			case w.Tries > 0:
				err = tx.Gorm().Exec(`update simulations set state = 5, finished_at = ?, token = null, lease_until = null,
					problem = 'The computer that ran this simulation stopped twice. Start it again, or choose a shorter period.'
					where neighbourhood_id = ? and id = ?`, now, neighbourhood, w.ID).Error
			default:
				err = tx.Gorm().Exec("update simulations set state = 1, tries = tries + 1, token = null, lease_until = ? where neighbourhood_id = ? and id = ?",
					now.Add(waitInLine), neighbourhood, w.ID).Error
				if err == nil {
					err = s.enqueue(ctx, tx, neighbourhood, w.ID)
				}
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return lost, err
}

package directorystore

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"

	"onedoor/app/database"
	"onedoor/app/directory"
)

// Versions implements directory.Store.
func (s *Store) Versions(ctx context.Context, neighbourhood uuid.UUID, at time.Time, limit int) ([]directory.Version, error) {
	var list []directory.Version
	err := s.db.Global(ctx, func(tx *database.Tx) error {
		var rows []directoryVersionRow
		err := tx.Gorm().Select("hash, live_from, made_by").Where("neighbourhood_id = ? and live_from <= ?", neighbourhood, at).
			Order("live_from desc").Limit(limit).Find(&rows).Error
		if err != nil {
			return err
		}
		list, err = s.parsed(tx, neighbourhood, rows)
		return err
	})
	return list, err
}

func (s *Store) parsed(tx *database.Tx, neighbourhood uuid.UUID, rows []directoryVersionRow) ([]directory.Version, error) {
	list := make([]directory.Version, 0, len(rows))
	for _, w := range rows {
		d, err := s.Version(tx, neighbourhood, w.Hash)
		if err != nil {
			return nil, err
		}
		list = append(list, directory.Version{Hash: w.Hash, From: w.LiveFrom, By: w.MadeBy, Directory: d})
	}
	return list, nil
}

// Since implements directory.Tx.
func (t *transaction) Since(hash string) ([]directory.Version, error) {
	var rows []directoryVersionRow
	err := t.tx.Gorm().Raw(`
		select hash, live_from, made_by from directory_versions
		where neighbourhood_id = @nb
		  and live_from >= (select max(live_from) from directory_versions where neighbourhood_id = @nb and hash = @hash)
		order by live_from`, sql.Named("nb", t.nb), sql.Named("hash", hash)).Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	return t.store.parsed(t.tx, t.nb, rows)
}

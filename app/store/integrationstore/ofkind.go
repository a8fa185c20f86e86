package integrationstore

import (
	"context"
	"fmt"
	"slices"

	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/tenants"
)

// OfKind lists the integrations of a kind that the scope may see, the oldest first.
func (s *Store) OfKind(ctx context.Context, scope tenants.Scope, kind clinical.IntegrationKind) ([]clinical.Integration, error) {
	var rows []row
	err := s.db.InTx(ctx, scope, func(tx *database.Tx) error {
		return visible(tx.Gorm().WithContext(ctx), scope).Where("kind = ?", slices.Index(kinds, kind)).Order("created_at, id").Find(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("list the integrations of a kind: %w", err)
	}
	list := make([]clinical.Integration, len(rows))
	for n, r := range rows {
		if list[n], err = r.domain(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

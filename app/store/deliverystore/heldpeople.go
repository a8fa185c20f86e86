package deliverystore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/app/patients"
)

// withoutHeld sets aside the deliveries about people of whom nothing may be sent, and gives the others. It is asked just
// before anything is sent, whoever wanted it sent: a restricted record or a death may have come to light since.
func withoutHeld(ctx context.Context, tx *database.Tx, line clinical.Line, list []clinical.Delivery, now time.Time) ([]clinical.Delivery, error) {
	if len(list) == 0 {
		return list, nil
	}
	ids := make([]uuid.UUID, len(list))
	for i, d := range list {
		ids[i] = d.RequestID
	}
	rows, err := tx.Pgx().Query(ctx, "select id, held & 1 > 0, held & 2 > 0 from requests where neighbourhood_id = $1 and id = any($2) and held > 0", line.NeighbourhoodID, ids)
	if err != nil {
		return nil, fmt.Errorf("look who is held: %w", err)
	}
	defer rows.Close()
	held := map[uuid.UUID]patients.Hold{}
	for rows.Next() {
		var id uuid.UUID
		var h patients.Hold
		if err := rows.Scan(&id, &h.Restricted, &h.Died); err != nil {
			return nil, fmt.Errorf("look who is held: %w", err)
		}
		held[id] = h
	}
	if err := rows.Err(); err != nil || len(held) == 0 {
		return list, err
	}
	var aside []clinical.Delivery
	list = slices.DeleteFunc(list, func(d clinical.Delivery) bool {
		h, is := held[d.RequestID]
		if is {
			says := h.Says()
			if d.State == clinical.Sent {
				says += " An earlier try may have arrived: look in the clinical system."
			}
			aside = append(aside, d.SetAside(says, now))
		}
		return is
	})
	return list, save(ctx, tx, line, aside, 0, 1)
}

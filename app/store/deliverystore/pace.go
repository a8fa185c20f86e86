package deliverystore

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onedoor/app/clinical"
	"onedoor/app/database"
)

// paceAhead is how far ahead calls are reserved: a drain that has a slice waits for no longer than that and its own calls.
const paceAhead = time.Second

// pace keeps to the limits that systems put on calls, for all processes and organisations that call the same server: calls
// are reserved in the transaction that takes the deliveries, and those without a place are left where they are. It gives the
// ways of which none has a place.
func pace(ctx context.Context, tx *database.Tx, ways []clinical.Integration, found *[]clinical.Delivery, of map[uuid.UUID]clinical.Way) (full closed, err error) {
	full = closed{}
	for _, i := range ways {
		limit := i.CallsPerSecond()
		way, used := of[i.ID]
		if limit <= 0 || !used {
			continue
		}
		every := time.Duration(float64(time.Second) / limit)
		wanted := 0
		for _, d := range *found {
			if d.IntegrationID == i.ID {
				wanted++
			}
		}
		wanted = min(wanted, max(1, int(paceAhead/every)))
		after, granted, err := reserve(ctx, tx, server(i.BaseURL), every, wanted)
		if err != nil {
			return nil, err
		}
		if !granted {
			wanted = 0
			full[i.ID] = true
			delete(of, i.ID)
		} else {
			way.After, way.Every = after, every
			of[i.ID] = way
		}
		*found = first(*found, i.ID, wanted)
	}
	return full, nil
}

// first leaves out an integration's deliveries but the first few.
func first(list []clinical.Delivery, integration uuid.UUID, most int) []clinical.Delivery {
	kept := list[:0]
	for _, d := range list {
		if d.IntegrationID == integration {
			if most == 0 {
				continue
			}
			most--
		}
		kept = append(kept, d)
	}
	return kept
}

// reserve takes places for calls to a server, and says when the first is; false when the next is too far ahead.
func reserve(ctx context.Context, tx *database.Tx, server string, every time.Duration, n int) (after time.Duration, granted bool, err error) {
	err = tx.Pgx().QueryRow(ctx, `
		insert into system_paces as p (server, next_at) values ($1, clock_timestamp() + $2)
		on conflict (server) do update set next_at = greatest(p.next_at, clock_timestamp()) + $2 where p.next_at < clock_timestamp() + $3
		returning next_at - $2 - clock_timestamp()`, server, every*time.Duration(n), paceAhead).Scan(&after)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("reserve calls to a system: %w", err)
	}
	return max(0, after), true, nil
}

// server is who is called: organisations behind one supplier share its limit.
func server(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

package publishing

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
)

// Settings are how a neighbourhood publishes.
type Settings struct {
	// SecondPerson asks that somebody else than who saved it last approves a draft before it is published.
	SecondPerson bool
	ChangedAt    time.Time // zero when nobody changed them yet
	ChangedBy    string
}

// Review is what a second person said of one text of a draft.
type Review struct {
	Hash    string    `json:"hash"` // of the document that was looked at: it counts for no other
	Approve bool      `json:"approve"`
	Note    string    `json:"note"`
	By      string    `json:"by"`
	ByID    uuid.UUID `json:"by_id"`
	At      time.Time `json:"at"`
}

// counts reports whether a draft as it is now was approved by somebody else than who saved it last.
func (r *Review) counts(d Draft) bool {
	return r != nil && r.Approve && r.Hash == d.Hash && r.ByID != d.UpdatedByID
}

// Settings are a neighbourhood's; at first no second person is asked for.
func (s *Service) Settings(ctx context.Context, neighbourhood uuid.UUID) (set Settings, err error) {
	err = s.o.Store.InTx(ctx, neighbourhood, func(tx Tx) error {
		set, err = tx.Settings()
		return err
	})
	return set, err
}

// SetSecondPerson says whether the neighbourhood asks for a review before anything is published.
func (s *Service) SetSecondPerson(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, wanted bool) (set Settings, err error) {
	err = s.o.Store.InTx(ctx, neighbourhood, func(tx Tx) error {
		if err := tx.Lock(); err != nil {
			return err
		}
		if set, err = tx.Settings(); err != nil || set.SecondPerson == wanted {
			return err
		}
		set = Settings{SecondPerson: wanted, ChangedAt: s.o.Now(), ChangedBy: by.Name}
		if err := tx.PutSettings(set); err != nil {
			return err
		}
		tx.Audit(s.entry(by, neighbourhood, "settings", map[string]any{"second_person": wanted}))
		return nil
	})
	return set, err
}

// Review records what a second person says of a draft as it is now. Who saved it last cannot (own_draft); whoever does not
// approve says why (note_required).
func (s *Service) Review(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, name string, approve bool, note string) (d Draft, err error) {
	note = strings.TrimSpace(note)
	if !approve && note == "" {
		return Draft{}, fault.InvalidFields([]fault.Field{{Pointer: "/note", Code: "note_required", Says: "Say what should be different."}})
	}
	err = s.o.Store.InTx(ctx, neighbourhood, func(tx Tx) error {
		if err := tx.Lock(); err != nil {
			return err
		}
		if d, err = find(tx, name); err != nil {
			return err
		}
		if by.ID == d.UpdatedByID {
			return fault.New(fault.Forbidden, "own_draft", "You saved this draft last. Somebody else has to review it.")
		}
		d.Review = &Review{Hash: d.Hash, Approve: approve, Note: note, By: by.Name, ByID: by.ID, At: s.o.Now()}
		if err := tx.PutDraft(d); err != nil {
			return err
		}
		tx.Audit(s.entry(by, neighbourhood, "draft-review", map[string]any{"draft": name, "hash": d.Hash, "approve": approve}))
		return tx.Announce()
	})
	return d, err
}

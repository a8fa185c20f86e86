package conversationstore

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/tenants"
)

// How many wrong tries there can be: of one asker within an hour, of all who cannot be told apart within an hour, and at the
// date of birth of one conversation. A reference is one in nine hundred million.
const (
	askerMost  = 10
	sharedMost = 1000
	birthsMost = 5
)

// ByReference takes a conversation up on another channel, by its reference: it comes under the hash of a new token, and the
// one that it had opens nothing any more. The caller then asks Walker.GoOn.
//
// What is not there, is over, was sent or is another neighbourhood's is fault.NotFound. When the person's date of birth was
// given before, it must be given again: a zero one is then conversation_birth_date, and a wrong one is as absent. asker tells
// one who asks from another where that can be told, such as the id of a call; only a hash is kept. After too many wrong tries
// the rest of the hour is too_many_tries.
func (s *Store) ByReference(ctx context.Context, neighbourhood uuid.UUID, asker, reference string, birth nhs.Date, tokenHash []byte) (*intake.Conversation, error) {
	var found *intake.Conversation
	var refused error
	err := s.db.InTx(ctx, tenants.IntakeOf(neighbourhood), func(tx *database.Tx) error {
		now := s.now()
		limit := &limit{tx: tx, neighbourhood: neighbourhood, asker: hashed(neighbourhood, asker), hour: now.Truncate(time.Hour), most: askerMost}
		if asker == "" {
			limit.most = sharedMost
		}
		if over, err := limit.reached(); err != nil || over {
			refused = fault.New(fault.TooMany, "too_many_tries", "There were too many wrong tries. Start again, or try in an hour.")
			return err
		}
		parsed, err := requests.ParseReference(reference)
		if err != nil {
			refused = fault.Absent()
			return limit.wrong()
		}
		var rows []row
		err = tx.Gorm().Raw(`
			select * from conversations
			where neighbourhood_id = ? and reference = ? and expires_at > ? and wrong_births < ? for update`, neighbourhood, string(parsed), now, birthsMost).Scan(&rows).Error
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			refused = fault.Absent()
			return limit.wrong()
		}
		var c intake.Conversation
		if err := json.Unmarshal(rows[0].State, &c); err != nil {
			return err
		}
		if born := c.Details.BirthDate; !born.IsZero() && born != birth {
			if birth.IsZero() {
				refused = fault.New(fault.Invalid, "conversation_birth_date", "Give the date of birth of the person whom the answers are about.")
				return nil
			}
			refused = fault.Absent()
			if err := tx.Gorm().Exec("update conversations set wrong_births = wrong_births + 1 where neighbourhood_id = ? and id = ?", neighbourhood, c.ID).Error; err != nil {
				return err
			}
			return limit.wrong()
		}
		found = &c
		return tx.Gorm().Exec("update conversations set token_hash = ?, wrong_births = 0 where neighbourhood_id = ? and id = ?", tokenHash, neighbourhood, c.ID).Error
	})
	if err != nil {
		return nil, err
	}
	return found, refused
}

func hashed(neighbourhood uuid.UUID, asker string) []byte {
	sum := sha256.Sum256(append(neighbourhood[:], asker...))
	return sum[:]
}

// limit counts wrong tries within an hour.
type limit struct {
	tx            *database.Tx
	neighbourhood uuid.UUID
	asker         []byte
	hour          time.Time
	most          int
}

func (l *limit) reached() (bool, error) {
	var wrong int
	err := l.tx.Gorm().Raw(`
		select coalesce(sum(wrong), 0) from conversation_tries
		where neighbourhood_id = ? and asker = ? and hour = ?`, l.neighbourhood, l.asker, l.hour).Scan(&wrong).Error
	return wrong >= l.most, err
}

func (l *limit) wrong() error {
	return l.tx.Gorm().Exec(`
		insert into conversation_tries (neighbourhood_id, asker, hour, wrong) values (?, ?, ?, 1)
		on conflict (neighbourhood_id, asker, hour) do update set wrong = conversation_tries.wrong + 1`, l.neighbourhood, l.asker, l.hour).Error
}

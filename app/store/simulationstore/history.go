package simulationstore

import (
	"encoding/hex"
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/database"
	"onedoor/policy"
	"onedoor/policy/simulate"
)

// Row is one past request as its table has it.
type Row struct {
	NeighbourhoodID  uuid.UUID
	SubmittedAt      time.Time
	RequestID        uuid.UUID
	Facts            string
	Load             []byte
	Channel          int16
	AgeBand          int16
	Deprivation      int16
	Language         string
	Urgency          int16
	DecisionTable    string
	Rule             string
	PolicyHash       []byte
	ToOrganisationID uuid.UUID
	ToServiceID      *uuid.UUID
	ToQueueID        uuid.UUID
	AnsweredAt       *time.Time
}

// TableName is for gorm.
func (Row) TableName() string { return "request_history" }

// Words that are kept as numbers: a number, once used, keeps its word. Zero is what is none of them.
func channelWords() []string {
	return []string{"", "web", "app", "phone", "in-person", "referral", "link"}
}

func urgencyWords() []string {
	return []string{"", string(policy.Routine), string(policy.Soon), string(policy.Urgent), string(policy.Emergency)}
}
func ageWords() []string         { return append([]string{""}, simulate.AgeBands()...) }
func deprivationWords() []string { return append([]string{""}, simulate.DeprivationBands()...) }

func codeOf(words []string, word string) int16 {
	return int16(max(0, slices.Index(words, word))) //nolint:gosec // a dozen words
}

func wordOf(words []string, code int16) string {
	if code < 0 || int(code) >= len(words) {
		return ""
	}
	return words[code]
}

// RowOf is a request and what decided it, ready for the table.
func RowOf(neighbourhood uuid.UUID, r simulate.Request, policyHash, table, rule string) *Row {
	hash, err := hex.DecodeString(policyHash)
	if err != nil {
		hash = []byte(policyHash) // hashes are hexadecimal
	}
	w := &Row{
		NeighbourhoodID: neighbourhood, SubmittedAt: r.At, RequestID: r.ID, Facts: simulate.EncodeFacts(r.Facts), Load: simulate.EncodeLoad(r.Load),
		Channel: codeOf(channelWords(), r.Channel), AgeBand: codeOf(ageWords(), r.AgeBand), Deprivation: codeOf(deprivationWords(), r.Deprivation),
		Language: r.Language, Urgency: codeOf(urgencyWords(), string(r.Urgency)), DecisionTable: table, Rule: rule, PolicyHash: hash,
		ToOrganisationID: r.Place.Organisation, ToQueueID: r.Place.Queue,
	}
	if r.Place.Service != uuid.Nil {
		w.ToServiceID = &r.Place.Service
	}
	if !r.AnsweredAt.IsZero() {
		w.AnsweredAt = &r.AnsweredAt
	}
	return w
}

// Answered notes when a request was answered or closed, in the caller's transaction, whose scope must be a job's.
func Answered(tx *database.Tx, submitted time.Time, request uuid.UUID, at time.Time) error {
	return tx.Gorm().Exec(`
		update request_history set answered_at = ?
		where neighbourhood_id = ? and submitted_at = ? and request_id = ? and answered_at is null`,
		at, tx.Scope().NeighbourhoodID, submitted, request).Error
}

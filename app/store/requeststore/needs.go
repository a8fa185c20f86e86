package requeststore

import (
	"time"

	"github.com/google/uuid"

	"onedoor/app/patients"
)

// needsRow is a line of the table request_needs.
type needsRow struct {
	NeighbourhoodID uuid.UUID
	RequestID       uuid.UUID
	Told            bool
	About           uuid.UUID
	Sealed          []byte
	KeptAt          time.Time
}

func (needsRow) TableName() string { return "request_needs" }

// AddNeeds implements requests.Tx.
func (t *transaction) AddNeeds(request uuid.UUID, k patients.KeptNeeds, at time.Time) {
	t.tx.Later(&needsRow{t.nb, request, k.Told, k.About, k.Sealed, at})
}

// KeepNeeds implements requests.Tx.
func (t *transaction) KeepNeeds(request uuid.UUID, k patients.KeptNeeds, at time.Time) error {
	return t.tx.Gorm().Exec(`
		insert into request_needs (neighbourhood_id, request_id, told, about, sealed, kept_at) values (?, ?, ?, ?, ?, ?)
		on conflict (neighbourhood_id, request_id, told) do update set about = excluded.about, sealed = excluded.sealed, kept_at = excluded.kept_at`,
		t.nb, request, k.Told, k.About, k.Sealed, at).Error
}

// Needs implements requests.Tx.
func (t *transaction) Needs(request uuid.UUID) ([]patients.KeptNeeds, error) {
	var rows []needsRow
	if err := t.tx.Gorm().Raw("select * from request_needs where neighbourhood_id = ? and request_id = ? order by told desc", t.nb, request).Scan(&rows).Error; err != nil {
		return nil, err
	}
	list := make([]patients.KeptNeeds, len(rows))
	for i, w := range rows {
		list[i] = patients.KeptNeeds{About: w.About, Told: w.Told, Sealed: w.Sealed}
	}
	return list, nil
}

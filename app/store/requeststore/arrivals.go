package requeststore

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/requests"
)

// arrivalRow is a line of the table arrivals.
type arrivalRow struct {
	NeighbourhoodID uuid.UUID
	ID              uuid.UUID
	RequestID       uuid.UUID
	OrganisationID  uuid.UUID
	Sequence        int
	Ordered         bool
	Stage           int16
	Says            string
	Misses          int
	MadeAt          time.Time
	ReadAt          *time.Time
	NextAt          *time.Time
}

func (arrivalRow) TableName() string { return "arrivals" }

// arrivalRead is one with what its delivery keeps of it.
type arrivalRead struct {
	Kept           arrivalRow `gorm:"embedded"`
	TheirReference string
}

// Stages are stored by their place in this list: it is never reordered.
var stages = []clinical.Stage{clinical.StageWaiting, clinical.StageInHand, clinical.StageDone, clinical.StageRefused, clinical.StageCancelled}

func arrivalRowOf(a requests.Arrival) *arrivalRow {
	return &arrivalRow{
		NeighbourhoodID: a.NeighbourhoodID, ID: a.ID, RequestID: a.RequestID, OrganisationID: a.OrganisationID, Sequence: a.Sequence, Ordered: a.Ordered,
		Stage: int16(slices.Index(stages, a.Stage)), Says: a.Says, Misses: a.Misses, MadeAt: a.MadeAt, //nolint:gosec // a handful; -1 is refused by the table
		ReadAt: optional(a.ReadAt), NextAt: optional(a.NextAt),
	}
}

func (t *transaction) arrivals(query string, args ...any) ([]requests.Arrival, error) {
	var rows []arrivalRead
	if err := t.tx.Gorm().Raw(query, args...).Scan(&rows).Error; err != nil {
		return nil, err
	}
	list := make([]requests.Arrival, len(rows))
	for i, read := range rows {
		w := read.Kept
		list[i] = requests.Arrival{
			ID: w.ID, NeighbourhoodID: w.NeighbourhoodID, RequestID: w.RequestID, OrganisationID: w.OrganisationID, Sequence: w.Sequence, Ordered: w.Ordered,
			TheirReference: read.TheirReference, Stage: stages[w.Stage], Says: w.Says, Misses: w.Misses, MadeAt: w.MadeAt, ReadAt: value(w.ReadAt), NextAt: value(w.NextAt),
		}
	}
	return list, nil
}

// Arrivals implements requests.Tx.
func (t *transaction) Arrivals(request uuid.UUID) ([]requests.Arrival, error) {
	return t.arrivals(`
		select a.*, coalesce(d.their_reference, '') as their_reference from arrivals a
		left join deliveries d on d.neighbourhood_id = a.neighbourhood_id and d.id = a.id
		where a.neighbourhood_id = ? and a.request_id = ? order by a.sequence, a.id`, t.nb, request)
}

// DueArrivals implements requests.Tx. Deliveries in the states 2, 3 and 5 are accepted, filed and acknowledged.
func (t *transaction) DueArrivals(now time.Time, limit int) ([]requests.Arrival, error) {
	return t.arrivals(`
		select a.* from arrivals a
		left join deliveries d on d.neighbourhood_id = a.neighbourhood_id and d.id = a.id
		where a.neighbourhood_id = ? and a.next_at <= ? and (d.state in (2, 3, 5) or a.ordered)
		order by a.next_at, a.id limit ?`, t.nb, now, limit)
}

// AddArrival implements requests.Tx.
func (t *transaction) AddArrival(a requests.Arrival) { t.tx.Later(arrivalRowOf(a)) }

// SaveArrival implements requests.Tx.
func (t *transaction) SaveArrival(a requests.Arrival) error {
	w := arrivalRowOf(a)
	return t.tx.Gorm().Exec("update arrivals set stage = ?, says = ?, misses = ?, read_at = ?, next_at = ? where neighbourhood_id = ? and id = ?",
		w.Stage, w.Says, w.Misses, w.ReadAt, w.NextAt, t.nb, w.ID).Error
}

// PutOffArrival implements requests.Tx.
func (t *transaction) PutOffArrival(id uuid.UUID, until time.Time) error {
	return t.tx.Gorm().Exec("update arrivals set next_at = ? where neighbourhood_id = ? and id = ? and next_at is not null", until, t.nb, id).Error
}

// takers are the integrations that are switched on for arrivals; which kinds they name is read here.
const takers = "select organisation_id, uses from integrations where neighbourhood_id = $1 and takes_arrivals order by organisation_id"

// take adds an organisation to those that want a kind.
func take(list []uuid.UUID, organisation uuid.UUID, uses []clinical.Switched, kind string) []uuid.UUID {
	on, _ := clinical.Integration{Uses: uses}.For(clinical.UseArrivals, kind)
	if !on || slices.Contains(list, organisation) {
		return list
	}
	return append(list, organisation)
}

// ArrivalTakers implements requests.Tx.
func (t *transaction) ArrivalTakers(kind string) (list []uuid.UUID, err error) {
	rows, err := t.tx.Pgx().Query(t.ctx, takers, t.nb)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var organisation uuid.UUID
		var uses []clinical.Switched
		if err := rows.Scan(&organisation, &uses); err != nil {
			return nil, err
		}
		list = take(list, organisation, uses, kind)
	}
	return list, rows.Err()
}

package requeststore

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"onedoor/app/requests"
	"onedoor/policy"
)

// safetyTables tells the platform's tables from the neighbourhood's, as the column decisions.rules_table does.
const safetyTables = "safety:"

type misrouteRow struct {
	NeighbourhoodID uuid.UUID
	ID              uuid.UUID
	RequestID       uuid.UUID
	Declined        bool
	By              json.RawMessage
	ByID            uuid.UUID
	OrganisationID  uuid.UUID
	Reason          string
	Note            string
	At              time.Time
	OfRule          bool
	RulesHash       string
	RulesTable      string
	Rule            string
	DecidedAt       time.Time
}

func (misrouteRow) TableName() string { return "misroutes" }

// Misroutes implements requests.Tx. What it returns names the rule and no more of the decision.
func (t *transaction) Misroutes(request uuid.UUID) ([]requests.Misroute, error) {
	var rows []misrouteRow
	err := t.tx.Gorm().Raw("select * from misroutes where neighbourhood_id = ? and request_id = ? order by id", t.nb, request).Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	list := make([]requests.Misroute, len(rows))
	for i, w := range rows {
		list[i] = requests.Misroute{
			ID: w.ID, NeighbourhoodID: w.NeighbourhoodID, RequestID: w.RequestID, Declined: w.Declined, OrganisationID: w.OrganisationID,
			Reason: requests.MisrouteReason(w.Reason), Note: w.Note, At: w.At, OfRule: w.OfRule,
			Decision: policy.Decision{At: w.DecidedAt, Table: w.RulesTable, Rule: w.Rule},
		}
		if err := json.Unmarshal(w.By, &list[i].By); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Misrouted implements requests.Tx.
func (t *transaction) Misrouted(m requests.Misroute) error {
	by, err := json.Marshal(m.By)
	if err != nil {
		return err
	}
	d := m.Decision
	w := &misrouteRow{
		NeighbourhoodID: t.nb, ID: m.ID, RequestID: m.RequestID, Declined: m.Declined, By: by, ByID: m.By.ID, OrganisationID: m.OrganisationID,
		Reason: string(m.Reason), Note: m.Note, At: m.At, OfRule: m.OfRule, RulesHash: d.PolicyHash, RulesTable: d.Table, Rule: d.Rule, DecidedAt: d.At,
	}
	if d.Stage == policy.StageSafety {
		w.RulesHash, w.RulesTable = d.SafetyHash, safetyTables+d.Table
	}
	if m.Declined {
		t.tx.Later(w) // who declines does not see it afterwards
		return nil
	}
	done := t.tx.Gorm().Exec("update misroutes set reason = ?, note = ?, at = ? where neighbourhood_id = ? and request_id = ? and by_id = ? and not declined",
		w.Reason, w.Note, w.At, t.nb, w.RequestID, w.ByID)
	if done.Error != nil || done.RowsAffected == 1 {
		return done.Error
	}
	return t.tx.Gorm().Create(w).Error
}

package requests

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/policy"
)

// QueueSummary is one queue of the actor's organisations.
type QueueSummary struct {
	ID           uuid.UUID `json:"id"`
	Slug         string    `json:"slug"`
	Name         string    `json:"name"`
	Organisation Named     `json:"organisation"`
	Open         int       `json:"open"`
	Unclaimed    int       `json:"unclaimed"`
	Offers       int       `json:"offers"`
}

// Row is one line of a queue.
type Row struct {
	Reference Reference      `json:"reference"`
	Version   int            `json:"version"`
	Kind      string         `json:"kind"`
	KindTitle string         `json:"kind_title"`
	Status    Status         `json:"status"`
	Urgency   policy.Urgency `json:"urgency"`
	AnswerDue time.Time      `json:"answer_due_at"`
	Submitted time.Time      `json:"submitted_at"`
	Channel   Channel        `json:"channel"`
	Patient   RowPatient     `json:"patient"`
	Offered   bool           `json:"offered"` // it is an offer made to this queue
	Claimed   *ClaimView     `json:"claimed,omitempty"`
	From      Named          `json:"accountable"`
	// Incomplete marks a callback that stands for a call which was cut off.
	Incomplete bool `json:"incomplete,omitempty"`
	// Tool is how it stands in the organisation's own online tool; empty where nobody was sent there.
	Tool ToolState `json:"own_tool,omitempty"`
}

// RowPatient is enough to know who it is about.
type RowPatient struct {
	GivenName  string `json:"given_name,omitempty"`
	FamilyName string `json:"family_name,omitempty"`
	BirthDate  string `json:"birth_date,omitempty"`
}

// Page is part of a queue; Next is empty at its end.
type Page struct {
	Items []Row  `json:"items"`
	Next  string `json:"next,omitempty"`
}

// Queues lists the queues of the actor's organisations with what stands in them.
func (s *Service) Queues(ctx context.Context, by Actor) ([]QueueSummary, error) {
	list := []QueueSummary{}
	err := s.store.InTx(ctx, by.Scope, func(tx Tx) error {
		rules, err := tx.Rules(s.now())
		if err != nil {
			return err
		}
		counts, err := tx.Counts()
		if err != nil {
			return err
		}
		for _, q := range rules.Directory.Queues() {
			if !by.Scope.Includes(q.OrganisationID) || !by.may("list", q.OrganisationID) {
				continue
			}
			c := counts[q.ID]
			list = append(list, QueueSummary{q.ID, q.Slug, q.Name, named(rules.Directory, q.OrganisationID), c.Open, c.Unclaimed, c.Offers})
		}
		slices.SortFunc(list, func(a, b QueueSummary) int {
			if c := strings.Compare(a.Organisation.Name, b.Organisation.Name); c != 0 {
				return c
			}
			return strings.Compare(a.Name, b.Name)
		})
		return nil
	})
	return list, err
}

// List reads part of one queue, first due first, and records which requests were shown. `shown` holds the references
// that the caller has recorded for this view already: only others are recorded again.
func (s *Service) List(ctx context.Context, by Actor, q PageQuery, shown map[Reference]bool) (Page, error) {
	if q.Limit <= 0 || q.Limit > 200 {
		q.Limit = 50
	}
	q.Mine = by.ID
	page := Page{Items: []Row{}}
	err := s.store.InTx(ctx, by.Scope, func(tx Tx) error {
		rules, err := tx.Rules(s.now())
		if err != nil {
			return err
		}
		queue, ok := rules.Directory.Queue(q.Queue)
		if !ok || !by.Scope.Includes(queue.OrganisationID) {
			return fault.Absent()
		}
		if err := by.mustMay("list", queue.OrganisationID); err != nil {
			return err
		}
		asked := q
		asked.Limit++ // one more says whether there is a next page
		list, err := tx.Page(asked)
		if err != nil {
			return err
		}
		if len(list) > q.Limit {
			list = list[:q.Limit]
			last := list[q.Limit-1]
			page.Next = Cursor{last.AnswerDue, last.ID}.String()
		}
		seen := []string{}
		for _, r := range list {
			page.Items = append(page.Items, s.row(r, q.Queue, rules))
			if !shown[r.Reference] {
				seen = append(seen, r.ID.String())
			}
		}
		if len(seen) > 0 {
			tx.Audit(audit.Entry{
				ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: by.Scope.NeighbourhoodID, OrganisationID: queue.OrganisationID, At: s.now(),
				Actor: by.Actor, Action: "queue.list", SubjectKind: "queue", Subject: queue.ID, Details: map[string]any{"view": q.View, "requests": seen},
			})
		}
		return nil
	})
	return page, err
}

func (s *Service) row(r *Request, queue uuid.UUID, rules Rules) Row {
	row := Row{
		Incomplete: r.Incomplete != nil,
		Reference:  r.Reference, Version: r.Version, Kind: r.Kind, Status: r.Status, Urgency: r.Urgency, AnswerDue: r.AnswerDue,
		Submitted: r.SubmittedAt, Channel: r.Channel, Patient: RowPatient{r.Patient.GivenName, r.Patient.FamilyName, r.Patient.BirthDate.String()},
		Offered: r.Offer != nil && r.Offer.Place.Queue == queue, From: named(rules.Directory, r.Place.Organisation),
	}
	if kind, ok := s.catalogue.Kind(r.Kind); ok {
		row.KindTitle = kind.Title
	}
	if r.atTool() {
		row.Tool = r.Handover.State
	}
	if r.Claim != nil {
		row.Claimed = &ClaimView{r.Claim.By.Name, r.Claim.By.ID, r.Claim.At}
	}
	return row
}

package patientfacing

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/r4"
)

var medicineID = regexp.MustCompile(`^MedicationRequest/[A-Za-z0-9.\-]{1,64}$`)

// lineID is the id of one medicine of an order: of its Task, and of the request that makes it, the same at every try.
func lineID(o clinical.MedicineOrder, m clinical.Medicine) uuid.UUID {
	return uuid.NewSHA1(o.ID, []byte(m.ID))
}

// Ask makes one Task for each medicine. The interface knows a request again by its X-Request-ID, and answers 409
// DUPLICATE_REJECTED to a Task that it has. When it takes some and refuses others, or does not answer for them, nobody is told that it refused, nor that it took them:
// what is read back then (Asked) says how many it has, and a person sees to the others.
func (s *System) Ask(ctx context.Context, o clinical.MedicineOrder) (clinical.Receipt, error) {
	if len(o.Medicines) == 0 || o.Patient.NHSNumber == "" {
		return clinical.Receipt{}, &clinical.Refused{Says: "An order names a patient and at least one medicine."}
	}
	var first clinical.Receipt
	for i, m := range o.Medicines {
		receipt, err := s.ask(ctx, o, m)
		var refused *clinical.Refused
		switch {
		case errors.As(err, &refused) && i > 0:
			return clinical.Receipt{}, &clinical.Unknown{
				Says:  "The practice’s system took the first " + strconv.Itoa(i) + " of " + strconv.Itoa(len(o.Medicines)) + " medicines and refused the next. " + refused.Says,
				Cause: errors.New("an order was taken in part"), // the refusal is not of the order
			}
		case err != nil && i > 0 && !errors.As(err, new(*clinical.Unknown)):
			return clinical.Receipt{}, &clinical.Unknown{Says: "The practice’s system took some of the medicines. We look which before we ask again.", Cause: err}
		case err != nil:
			return clinical.Receipt{}, err
		case i == 0:
			first = receipt
		}
	}
	return first, nil
}

func (s *System) ask(ctx context.Context, o clinical.MedicineOrder, m clinical.Medicine) (clinical.Receipt, error) {
	if !medicineID.MatchString(m.ID) {
		return clinical.Receipt{}, &clinical.Refused{Says: "This medicine has to be looked for again before it can be asked for."}
	}
	id := lineID(o, m)
	a, err := s.do(ctx, call{method: http.MethodPost, path: "/Task", id: id, exchange: o.ID, body: task(o, m)})
	switch {
	case err != nil:
		return clinical.Receipt{}, err
	case a.status == http.StatusConflict:
		return s.afterConflict(ctx, o, m, a)
	case a.status != http.StatusCreated && a.status != http.StatusOK:
		return clinical.Receipt{}, a.problem()
	}
	var made r4.Task
	if err := json.Unmarshal(a.body, &made); err != nil || made.ID == "" || r4.Identified(made.Identifier, rfc4122) != id.String() {
		return clinical.Receipt{}, a.unreadable(errors.New("no Task of ours"))
	}
	return receipt(&made), nil
}

// afterConflict looks whether the Task is there already.
func (s *System) afterConflict(ctx context.Context, o clinical.MedicineOrder, m clinical.Medicine, a answer) (clinical.Receipt, error) {
	list, err := s.tasks(ctx, o)
	if err != nil {
		return clinical.Receipt{}, &clinical.Unknown{Says: "The practice’s system reported a conflict, and could not be read to see why.", Cause: err}
	}
	if made := list[lineID(o, m)]; made != nil {
		return receipt(made), nil
	}
	return clinical.Receipt{}, a.problem()
}

func receipt(t *r4.Task) clinical.Receipt {
	one := clinical.Receipt{State: clinical.Accepted, ExternalID: "Task/" + t.ID}
	if t.Meta != nil && t.Meta.VersionID != "" {
		one.ETag = `W/"` + t.Meta.VersionID + `"`
	}
	return one
}

// task is an order of one medicine. Renewal of prescription is the specification's code.
func task(o clinical.MedicineOrder, m clinical.Medicine) *r4.Task {
	patient := r4.Reference{
		Reference: "Patient/" + string(o.Patient.NHSNumber), Identifier: &r4.Identifier{System: nhsNumberSystem, Value: string(o.Patient.NHSNumber)}, Display: o.Patient.Name(),
	}
	requester := patient
	t := &r4.Task{
		Common:          r4.Common{Meta: &r4.Meta{Profile: []string{profileTask}}},
		Identifier:      []r4.Identifier{{System: rfc4122, Value: lineID(o, m).String()}},
		GroupIdentifier: &r4.Identifier{System: r4.ReferenceSystem, Value: o.Reference},
		Status:          "requested", Intent: "order",
		Code:  &r4.CodeableConcept{Coding: []r4.Coding{{System: r4.SNOMEDCT, Code: "103742009", Display: "Renewal of prescription"}}},
		Focus: &r4.Reference{Reference: m.ID}, For: &patient, Requester: &requester, AuthoredOn: r4.Instant(o.At), LastModified: r4.Instant(o.At),
	}
	if o.Note != "" {
		t.Note = []r4.Annotation{{Author: r4.String("Patient"), Text: o.Note}}
	}
	return t
}

// Asked reads back an order's Tasks: false when none is there. The order stands where the least advanced of them does, and is
// refused when one is, or is not there: nothing is asked for a second time, so a person has to see to it.
func (s *System) Asked(ctx context.Context, o clinical.MedicineOrder) (clinical.Standing, bool, error) {
	list, err := s.tasks(ctx, o)
	if err != nil {
		return clinical.Standing{}, false, err
	}
	worst := clinical.Standing{Stage: clinical.StageDone}
	missing := 0
	for _, m := range o.Medicines {
		t := list[lineID(o, m)]
		if t == nil {
			missing++
			continue
		}
		one := standing(t)
		if rank(one.Stage) < rank(worst.Stage) {
			worst.Stage = one.Stage
		}
		if one.Says != "" && !strings.Contains(worst.Says, one.Says) {
			worst.Says = strings.TrimSpace(worst.Says + " " + one.Says)
		}
		if one.At.After(worst.At) {
			worst.At = one.At
		}
	}
	switch missing {
	case 0:
		return worst, len(o.Medicines) > 0, nil
	case len(o.Medicines):
		return clinical.Standing{}, false, nil
	}
	return clinical.Standing{
		Stage: clinical.StageRefused, At: worst.At,
		Says: strconv.Itoa(missing) + " of " + strconv.Itoa(len(o.Medicines)) + " medicines did not arrive in the practice’s system. The others did.",
	}, true, nil
}

func rank(s clinical.Stage) int {
	switch s {
	case clinical.StageRefused:
		return 0
	case clinical.StageCancelled:
		return 1
	case clinical.StageWaiting:
		return 2
	case clinical.StageInHand:
		return 3
	case clinical.StageDone:
	}
	return 4
}

func standing(t *r4.Task) clinical.Standing {
	one := clinical.Standing{Stage: clinical.StageWaiting}
	switch t.Status {
	case "completed":
		one.Stage = clinical.StageDone
	case "in-progress", "on-hold":
		one.Stage = clinical.StageInHand
	case "rejected", "failed":
		one.Stage = clinical.StageRefused
	case "cancelled", "entered-in-error":
		one.Stage = clinical.StageCancelled
	}
	if t.StatusReason != nil {
		one.Says = t.StatusReason.Words()
	}
	if at, err := time.Parse(time.RFC3339, t.LastModified); err == nil {
		one.At = at
	}
	return one
}

// tasks are the patient's that an order made, by the id of its medicine.
func (s *System) tasks(ctx context.Context, o clinical.MedicineOrder) (map[uuid.UUID]*r4.Task, error) {
	id, err := uuid.NewRandomFromReader(s.o.Random)
	if err != nil {
		return nil, err
	}
	a, err := s.do(ctx, call{
		method: http.MethodGet, path: "/Task", id: id, exchange: o.ID,
		query: url.Values{"patient": {string(o.Patient.NHSNumber)}, "authored-on": {"ge" + o.At.UTC().AddDate(0, 0, -1).Format(time.DateOnly)}},
	})
	if err != nil {
		return nil, err
	}
	entries, err := a.entries()
	if err != nil {
		return nil, err
	}
	list := map[uuid.UUID]*r4.Task{}
	for _, e := range entries {
		t, ok := e.Resource.(*r4.Task)
		if !ok || t.ID == "" || !about(t.For, o.Patient.NHSNumber) {
			continue
		}
		if id, err := uuid.Parse(r4.Identified(t.Identifier, rfc4122)); err == nil {
			list[id] = t
		}
	}
	return list, nil
}

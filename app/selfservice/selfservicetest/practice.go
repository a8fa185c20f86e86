// Package selfservicetest gives a test of any channel a practice whose system lets people settle things by themselves: the
// product's own domain and stores, and at the far end a small system in memory that counts its effects and has faults. The
// protocols by which real systems are reached are tried in their adapters' own tests.
package selfservicetest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/nhs"
)

// Practice is the system at the far end.
type Practice struct {
	mu      sync.Mutex
	slots   []clinical.Slot
	kept    map[uuid.UUID]clinical.Appointment // by our id
	own     []clinical.Appointment             // of whoever asks
	repeats []clinical.Medicine
	orders  map[uuid.UUID]clinical.MedicineOrder
	stages  map[uuid.UUID]clinical.Stage
	effects int
	fault   Fault
}

// Fault is how the next change goes wrong.
type Fault string

const (
	Well   Fault = ""
	Lost   Fault = "lost"   // it is done, and the answer does not arrive
	Down   Fault = "down"   // nothing is done
	Refuse Fault = "refuse" // the system's definite no
	Taken  Fault = "taken"  // somebody else takes the slot first
)

// NewPractice has three slots from the morning after, one appointment of its only patient's, and two medicines, of which one
// can be ordered.
func NewPractice(now time.Time) *Practice {
	p := &Practice{kept: map[uuid.UUID]clinical.Appointment{}, orders: map[uuid.UUID]clinical.MedicineOrder{}, stages: map[uuid.UUID]clinical.Stage{}}
	morning := now.Truncate(24 * time.Hour).Add(24*time.Hour + 9*time.Hour)
	for i := range 3 {
		start := morning.Add(time.Duration(i) * 15 * time.Minute)
		p.slots = append(p.slots, clinical.Slot{
			ID: "Slot/" + string(rune('1'+i)), ETag: `W/"1"`, Start: start, End: start.Add(10 * time.Minute), With: "Dr Aisha Rahman", Where: "Weir Lane Surgery", Held: clinical.InPerson,
		})
	}
	p.own = []clinical.Appointment{{ID: "Appointment/1", ETag: `W/"1"`, Start: morning.Add(48 * time.Hour), With: "Nurse Joy Adu", Where: "Weir Lane Surgery"}}
	p.repeats = []clinical.Medicine{
		{ID: "MedicationRequest/1", Name: "Amlodipine 5mg tablets", Dosage: "One a day", May: true},
		{ID: "MedicationRequest/2", Name: "Zopiclone 7.5mg tablets", Dosage: "One at night", Why: "Needs a review"},
	}
	return p
}

// Fail makes changes go wrong until it is told otherwise.
func (p *Practice) Fail(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
}

// Effects are how many changes it made.
func (p *Practice) Effects() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.effects
}

// Orders are those that it has.
func (p *Practice) Orders() []clinical.MedicineOrder {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []clinical.MedicineOrder
	for _, o := range p.orders {
		list = append(list, o)
	}
	return list
}

// Finish says that what is in hand was done.
func (p *Practice) Finish(order uuid.UUID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stages[order] = clinical.StageDone
}

// failing is the error of a change that is not made; after is that of one that is.
func (p *Practice) failing() (before, after error) {
	switch p.fault {
	case Lost:
		return nil, &clinical.Unknown{Says: "The answer was lost."}
	case Down:
		return &clinical.Unavailable{Says: "The system is down."}, nil
	case Refuse:
		return &clinical.Refused{Says: "The system refused it."}, nil
	case Taken:
		return &clinical.Taken{}, nil
	case Well:
	}
	return nil, nil
}

// File implements clinical.System; nothing is filed here.
func (p *Practice) File(context.Context, clinical.Delivery) (clinical.Receipt, error) {
	return clinical.Receipt{}, nil
}

// Find implements clinical.System.
func (p *Practice) Find(context.Context, clinical.Delivery) (clinical.Receipt, bool, error) {
	return clinical.Receipt{}, false, nil
}

// Capabilities implements clinical.System.
func (p *Practice) Capabilities(context.Context) (clinical.Capabilities, error) {
	return clinical.Capabilities{}, nil
}

// Appointments implements clinical.AppointmentBook.
func (p *Practice) Appointments(context.Context, nhs.Number, time.Time, int) ([]clinical.Appointment, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.own), nil
}

// Slots implements clinical.Scheduler.
func (p *Practice) Slots(context.Context, clinical.SlotQuery) ([]clinical.Slot, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.slots), nil
}

// Book implements clinical.Scheduler.
func (p *Practice) Book(_ context.Context, b clinical.Booking) (clinical.Appointment, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a, ok := p.kept[b.ID]; ok {
		return a, nil
	}
	i := slices.IndexFunc(p.slots, func(s clinical.Slot) bool { return s.ID == b.Slot.ID })
	before, after := p.failing()
	if i >= 0 && (before == nil || p.fault == Taken) {
		p.slots = slices.Delete(p.slots, i, i+1)
	}
	if before != nil {
		return clinical.Appointment{}, before
	}
	if i < 0 {
		return clinical.Appointment{}, &clinical.Taken{}
	}
	a := clinical.Appointment{ID: "Appointment/" + b.ID.String(), ETag: `W/"1"`, Start: b.Slot.Start, End: b.Slot.End, With: b.Slot.With, Where: b.Slot.Where}
	p.kept[b.ID] = a
	p.own = append(p.own, a)
	p.effects++
	return a, after
}

// Move implements clinical.Scheduler.
func (p *Practice) Move(ctx context.Context, b clinical.Booking, from clinical.Appointment) (clinical.Appointment, error) {
	a, err := p.Book(ctx, b)
	if a.ID != "" {
		p.remove(from.ID)
	}
	return a, err
}

func (p *Practice) remove(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := len(p.own)
	p.own = slices.DeleteFunc(p.own, func(a clinical.Appointment) bool { return a.ID == id })
	return len(p.own) < before
}

// Cancel implements clinical.Scheduler.
func (p *Practice) Cancel(_ context.Context, c clinical.Cancellation) (clinical.Appointment, error) {
	p.mu.Lock()
	before, after := p.failing()
	p.mu.Unlock()
	if before != nil {
		return clinical.Appointment{}, before
	}
	if p.remove(c.Appointment.ID) {
		p.mu.Lock()
		p.effects++
		p.mu.Unlock()
	}
	a := c.Appointment
	a.Cancelled = true
	return a, after
}

// Booked implements clinical.Scheduler.
func (p *Practice) Booked(_ context.Context, b clinical.Booking) (clinical.Appointment, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, ok := p.kept[b.ID]
	return a, ok, nil
}

// Repeats implements clinical.RepeatMedicines.
func (p *Practice) Repeats(context.Context, nhs.Number) ([]clinical.Medicine, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.repeats), nil
}

// Ask implements clinical.RepeatMedicines.
func (p *Practice) Ask(_ context.Context, o clinical.MedicineOrder) (clinical.Receipt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before, after := p.failing()
	if before != nil {
		return clinical.Receipt{}, before
	}
	if _, ok := p.orders[o.ID]; !ok {
		p.orders[o.ID], p.stages[o.ID] = o, clinical.StageWaiting
		p.effects++
	}
	return clinical.Receipt{State: clinical.Accepted, ExternalID: "Task/" + o.ID.String()}, after
}

// Asked implements clinical.RepeatMedicines.
func (p *Practice) Asked(_ context.Context, o clinical.MedicineOrder) (clinical.Standing, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	stage, ok := p.stages[o.ID]
	return clinical.Standing{Stage: stage}, ok, nil
}

var (
	_ clinical.System          = (*Practice)(nil)
	_ clinical.AppointmentBook = (*Practice)(nil)
	_ clinical.Scheduler       = (*Practice)(nil)
	_ clinical.RepeatMedicines = (*Practice)(nil)
)

package bookingstore

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/bookings"
	"onedoor/app/clinical"
)

// row is a line of the table bookings.
type row struct {
	NeighbourhoodID uuid.UUID `gorm:"primaryKey"`
	ID              uuid.UUID `gorm:"primaryKey"`
	OrganisationID  uuid.UUID
	IntegrationID   uuid.UUID
	RequestID       uuid.UUID
	Reference       string
	Act             int16
	State           int16
	Slot            clinical.Slot        `gorm:"serializer:json"`
	FromAppointment clinical.Appointment `gorm:"serializer:json"`
	FromID          string               `gorm:"column:from_id"`
	Appointment     clinical.Appointment `gorm:"serializer:json"`
	Patient         clinical.Patient     `gorm:"serializer:json"`
	Reason          string
	ByParty         clinical.Party `gorm:"serializer:json"`
	BookedBy        audit.Actor    `gorm:"serializer:json"`
	Channel         string
	Tries           int
	AskedAt         time.Time
	SettledAt       *time.Time
	NextAt          time.Time
	LastError       string
}

func (row) TableName() string { return "bookings" }

// Acts and states are stored by their place in these lists: they are never reordered.
var (
	actCodes   = [...]bookings.Act{bookings.ActBook, bookings.ActMove, bookings.ActCancel, bookings.ActAmend}
	stateCodes = [...]bookings.State{bookings.Asked, bookings.Unknown, bookings.Booked, bookings.Moved, bookings.Cancelled, bookings.Amended, bookings.Refused}
)

func rowOf(b bookings.Booking) row {
	r := row{
		NeighbourhoodID: b.NeighbourhoodID, ID: b.ID, OrganisationID: b.OrganisationID, IntegrationID: b.IntegrationID, RequestID: b.RequestID,
		Reference: b.Reference, Act: int16(slices.Index(actCodes[:], b.Act)), State: int16(slices.Index(stateCodes[:], b.State)), //nolint:gosec // a handful; -1 is refused by the table
		Slot: b.Slot, FromAppointment: b.From, FromID: b.From.ID, Appointment: b.Appointment, Patient: b.Patient, Reason: b.Reason, ByParty: b.By,
		BookedBy: b.BookedBy, Channel: b.Channel, Tries: b.Tries, AskedAt: b.AskedAt, NextAt: b.NextAt, LastError: b.LastError,
	}
	if !b.SettledAt.IsZero() {
		r.SettledAt = &b.SettledAt
	}
	return r
}

func (r row) domain() (bookings.Booking, error) {
	if int(r.State) >= len(stateCodes) || int(r.Act) >= len(actCodes) {
		return bookings.Booking{}, fmt.Errorf("booking %s has state %d and act %d, which this program does not know", r.ID, r.State, r.Act)
	}
	b := bookings.Booking{
		ID: r.ID, NeighbourhoodID: r.NeighbourhoodID, OrganisationID: r.OrganisationID, IntegrationID: r.IntegrationID, RequestID: r.RequestID,
		Reference: r.Reference, Act: actCodes[r.Act], State: stateCodes[r.State], Slot: r.Slot, From: r.FromAppointment, Appointment: r.Appointment,
		Patient: r.Patient, Reason: r.Reason, By: r.ByParty, BookedBy: r.BookedBy, Channel: r.Channel, Tries: r.Tries, AskedAt: r.AskedAt,
		NextAt: r.NextAt, LastError: r.LastError,
	}
	if r.SettledAt != nil {
		b.SettledAt = *r.SettledAt
	}
	return b, nil
}

func actsOf(rows []row) ([]bookings.Booking, error) {
	acts := make([]bookings.Booking, len(rows))
	for i, r := range rows {
		b, err := r.domain()
		if err != nil {
			return nil, err
		}
		acts[i] = b
	}
	return acts, nil
}

// Package clinical is the port to organisations' clinical systems, and the deliveries that cross it: what was done for a
// patient, on its way to one organisation's own record.
//
// A delivery is made in the transaction that records the outcome, by package requests through a store. A job takes
// deliveries in slices, one organisation at a time, and makes one try at each (Deliver); After says what a try changed.
// The effect is meant to happen once however often the job runs: a delivery's id is fixed before the first send and is
// the identifier by which the receiving system recognises it, and what may already have arrived is read back before it is
// sent again.
//
// It never sends anything by itself, never calls a delivery filed before the system said so, never puts a patient's
// details into an error, and never keeps a count of effects: that is the receiver's to say.
package clinical

import (
	"context"
	"time"
)

// System is one organisation's clinical system, reached through a supported interface.
type System interface {
	// File asks the system to keep a delivery's document. Filing the same delivery again has no second effect. Its errors
	// are *Refused, *Unknown and *Unavailable; any other is treated as *Unknown.
	File(context.Context, Delivery) (Receipt, error)
	// Find reads back whether a delivery has arrived. Not found is not an error.
	Find(context.Context, Delivery) (Receipt, bool, error)
	// Capabilities asks the system what it offers.
	Capabilities(context.Context) (Capabilities, error)
}

// Receipt is a system's word that it has a document.
type Receipt struct {
	// State is Filed, or Accepted or Acknowledged where the system only promises to file it. The zero value means Filed.
	State      State
	ExternalID string // the system's own name for it, such as Task/123
	ETag       string // the version it was given, for a later change
	At         time.Time
	// TheirReference is what the system wants people to call it, where it tells: at most 64 characters.
	TheirReference string
}

// Capability is one thing that a system can do for us. What it lacks becomes a person's task, never a patient's error.
type Capability string

const (
	FileOutcome Capability = "file-outcome"
	ReadBack    Capability = "read-back"
)

// Capabilities are what a system said it offers.
type Capabilities struct {
	Software string // the system's own name for itself
	Version  string // of the interface, such as 4.0.1
	Offers   []Capability
}

// Deliver makes one try. A delivery found in the state sent may have arrived: it is looked for first.
func Deliver(ctx context.Context, system System, d Delivery) (Receipt, error) {
	if d.State == Sent {
		receipt, found, err := system.Find(ctx, d)
		if err != nil {
			return Receipt{}, stillUnknown(err)
		}
		if found {
			return receipt, nil
		}
	}
	return system.File(ctx, d)
}

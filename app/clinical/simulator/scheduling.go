package simulator

import (
	"net/http"
	"slices"
	"strings"
)

// Statuses of an Appointment that hold its slots.
var holding = []string{"proposed", "pending", "booked", "arrived", "checked-in", "fulfilled"}

// scheduled keeps the diary whole in what a commit would write: a slot that another appointment holds cannot be taken, one that is
// taken becomes busy, and one that is given back becomes free. The caller holds the lock. It may add versions of slots.
func (r *records) scheduled(written []version) ([]version, error) {
	for _, v := range slices.Clone(written) {
		if v.Type != "Appointment" {
			continue
		}
		after := slotsHeld(v.Resource)
		before := []string(nil)
		if old, exists := r.byName[v.name()]; exists {
			before = slotsHeld(old.Resource)
		}
		for _, name := range after {
			slot, exists := r.byName[name]
			switch {
			case !exists:
				return nil, &refused{http.StatusUnprocessableEntity, "not-found", "There is no such slot.", "Appointment.slot"}
			case slices.Contains(before, name):
				continue
			case text(slot.Resource, "status") != "free" || r.heldByAnother(name, v.name(), written):
				return nil, &refused{http.StatusConflict, "duplicate", "The slot is taken.", "Appointment.slot"}
			}
			written = r.marked(written, slot, "busy")
		}
		for _, name := range before {
			if slot, exists := r.byName[name]; exists && !slices.Contains(after, name) {
				written = r.marked(written, slot, "free")
			}
		}
	}
	return written, nil
}

// heldByAnother reports whether an appointment that is not in the commit holds a slot, or another of the same commit does.
func (r *records) heldByAnother(slot, appointment string, written []version) bool {
	replaced := map[string]bool{appointment: true}
	for _, v := range written {
		if v.Type == "Appointment" && v.name() != appointment {
			replaced[v.name()] = true
			if slices.Contains(slotsHeld(v.Resource), slot) {
				return true
			}
		}
	}
	for _, name := range r.order["Appointment"] {
		if !replaced[name] && slices.Contains(slotsHeld(r.byName[name].Resource), slot) {
			return true
		}
	}
	return false
}

// marked writes a slot's status, unless the commit writes that slot itself.
func (r *records) marked(written []version, slot version, status string) []version {
	for _, v := range written {
		if v.name() == slot.name() {
			return written
		}
	}
	body := make(resource, len(slot.Resource))
	for name, value := range slot.Resource {
		body[name] = value
	}
	body["status"] = status
	return append(written, version{Type: "Slot", ID: slot.ID, Version: slot.Version + 1, At: r.now().UTC(), Resource: body})
}

// slotsHeld are the slots that an appointment keeps from others.
func slotsHeld(appointment resource) (names []string) {
	if !slices.Contains(holding, text(appointment, "status")) {
		return nil
	}
	list, _ := appointment["slot"].([]any)
	for _, x := range list {
		s, _ := x.(map[string]any)
		if name := text(s, "reference"); strings.HasPrefix(name, "Slot/") {
			names = append(names, name)
		}
	}
	return names
}

package simulator

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"onedoor/app/nhs"
	"onedoor/tenants"
)

const (
	gpProfile  = "https://fhir.nhs.uk/STU3/StructureDefinition/"
	gpDelivery = gpProfile + "Extension-GPConnect-DeliveryChannel-2"
	gpLocation = "17"
)

// people are those whom a practice's system knows.
type people struct {
	mu   sync.Mutex
	byID map[string]Person
}

func (p *people) hold(one Person) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byID == nil {
		p.byID = map[string]Person{}
	}
	p.byID[personID(one.NHSNumber)] = one
}

// knows reports whether a reference names one of them.
func (p *people) knows(reference string) bool {
	id, ok := strings.CutPrefix(reference, "Patient/")
	p.mu.Lock()
	defer p.mu.Unlock()
	_, known := p.byID[id]
	return ok && known
}

func (p *people) by(n nhs.Number) (Person, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	one, known := p.byID[personID(n)]
	return one, known
}

func (s *system) gpPatients(w http.ResponseWriter, identifier string) {
	system, value, _ := strings.Cut(identifier, "|")
	number, err := nhs.ParseNumber(value)
	switch {
	case system != "https://fhir.nhs.uk/Id/nhs-number":
		gpRefuse(w, http.StatusBadRequest, "INVALID_IDENTIFIER_SYSTEM")
		return
	case err != nil:
		gpRefuse(w, http.StatusBadRequest, "INVALID_NHS_NUMBER")
		return
	}
	var found []any
	if one, known := s.people.by(number); known {
		found = append(found, resource{
			"resourceType": "Patient", "id": personID(number), "meta": resource{"versionId": "1", "profile": []any{gpProfile + "CareConnect-GPC-Patient-1"}},
			"identifier": []any{resource{"system": system, "value": string(number)}}, "active": true,
			"name":      []any{resource{"use": "official", "family": one.Family, "given": []any{one.Given}}},
			"birthDate": one.BirthDate.String(),
		})
	}
	writeFHIR(w, http.StatusOK, searchset(found))
}

// gpSession is a kind of slot that the practice offers on each working day.
type gpSession struct {
	letter, schedule, practitioner, given, family, prefix, role string
	service, channel                                            string
	begins, slots                                               int // hour, and how many
	lasts                                                       time.Duration
}

func gpSessions() []gpSession {
	return []gpSession{
		{"d", "14", "2", "Aisha", "Rahman", "Dr", "General Medical Practitioner", "General GP appointment", "In-person", 9, 18, 10 * time.Minute},
		{"t", "15", "2", "Aisha", "Rahman", "Dr", "General Medical Practitioner", "Telephone consultation", "Telephone", 14, 6, 10 * time.Minute},
		{"n", "16", "3", "Marek", "Nowak", "Mr", "Practice Nurse", "Nurse appointment", "In-person", 9, 8, 20 * time.Minute},
	}
}

// gpSlot is one of a session's.
type gpSlot struct {
	id    string
	start time.Time
	kind  gpSession
}

// gpSlotsOf are a day's slots. None are kept: they follow from the day, and whether one is taken from what was booked.
func gpSlotsOf(day nhs.Date) (list []gpSlot) {
	midnight := day.Midnight(tenants.London())
	if w := midnight.Weekday(); w == time.Saturday || w == time.Sunday {
		return nil
	}
	for _, kind := range gpSessions() {
		for i := range kind.slots {
			start := time.Date(midnight.Year(), midnight.Month(), midnight.Day(), kind.begins, 0, 0, 0, tenants.London()).Add(time.Duration(i) * kind.lasts)
			list = append(list, gpSlot{start.Format("200601021504") + kind.letter, start, kind})
		}
	}
	return list
}

func gpSlotByID(id string) (gpSlot, bool) {
	if len(id) < 8 {
		return gpSlot{}, false
	}
	day, err := time.ParseInLocation("20060102", id[:8], tenants.London())
	if err != nil {
		return gpSlot{}, false
	}
	list := gpSlotsOf(nhs.DateOf(day))
	i := slices.IndexFunc(list, func(s gpSlot) bool { return s.id == id })
	if i < 0 {
		return gpSlot{}, false
	}
	return list[i], true
}

// gpTaken are the slots that a booked appointment has. The caller holds the lock.
func (s *system) gpTaken() map[string]bool {
	taken := map[string]bool{}
	for _, name := range s.records.order[gpAppointment] {
		if r := s.records.byName[name].Resource; text(r, "status") == "booked" {
			for _, slot := range references(r["slot"]) {
				taken[strings.TrimPrefix(slot, "Slot/")] = true
			}
		}
	}
	return taken
}

func (s *system) gpSlots(w http.ResponseWriter, ods nhs.ODSCode, status, start, end, include []string) {
	from, to, ok := gpRange(start, end)
	if len(status) != 1 || status[0] != "free" || !slices.Contains(include, "Slot:schedule") || !ok || to.Sub(from) > 14*24*time.Hour+time.Hour {
		gpRefuse(w, http.StatusUnprocessableEntity, "INVALID_PARAMETER")
		return
	}
	s.records.mu.Lock()
	taken := s.gpTaken()
	s.records.mu.Unlock()
	var found []any
	used := map[string]gpSession{}
	for day := nhs.DateOf(from.In(tenants.London())); !day.Midnight(tenants.London()).After(to); day = day.Add(1) {
		for _, slot := range gpSlotsOf(day) {
			if ends := slot.start.Add(slot.kind.lasts); taken[slot.id] || slot.start.Before(from) || ends.After(to) {
				continue
			}
			used[slot.kind.schedule] = slot.kind
			found = append(found, slot.resource())
		}
	}
	if len(found) > 0 {
		found = append(found, gpAround(used, ods)...)
	}
	writeFHIR(w, http.StatusOK, searchset(found))
}

func (s gpSlot) resource() resource {
	return resource{
		"resourceType": "Slot", "id": s.id, "meta": resource{"versionId": "1", "profile": []any{gpProfile + "GPConnect-Slot-1"}},
		"extension":   []any{resource{"url": gpDelivery, "valueCode": s.kind.channel}},
		"serviceType": []any{resource{"text": s.kind.service}}, "schedule": resource{"reference": "Schedule/" + s.kind.schedule}, "status": "free",
		"start": gpTime(s.start), "end": gpTime(s.start.Add(s.kind.lasts)),
	}
}

// gpAround are the schedules of slots, and who and where they are.
func gpAround(used map[string]gpSession, ods nhs.ODSCode) (list []any) {
	people := map[string]bool{}
	for _, id := range slices.SortedFunc(func(yield func(string) bool) {
		for id := range used {
			if !yield(id) {
				return
			}
		}
	}, cmp.Compare[string]) {
		k := used[id]
		list = append(list, resource{
			"resourceType": "Schedule", "id": id, "meta": resource{"versionId": "1", "profile": []any{gpProfile + "GPConnect-Schedule-1"}},
			"extension": []any{resource{"url": gpProfile + "Extension-GPConnect-PractitionerRole-1", "valueCodeableConcept": resource{
				"coding": []any{resource{"system": "https://fhir.nhs.uk/STU3/CodeSystem/CareConnect-SDSJobRoleName-1", "display": k.role}},
			}}},
			"serviceCategory": resource{"text": k.service},
			"actor":           []any{resource{"reference": "Location/" + gpLocation}, resource{"reference": "Practitioner/" + k.practitioner}},
		})
		if !people[k.practitioner] {
			people[k.practitioner] = true
			list = append(list, resource{
				"resourceType": "Practitioner", "id": k.practitioner, "meta": resource{"versionId": "1"},
				"name": []any{resource{"family": k.family, "given": []any{k.given}, "prefix": []any{k.prefix}}},
			})
		}
	}
	return append(list,
		resource{
			"resourceType": "Location", "id": gpLocation, "meta": resource{"versionId": "1"}, "name": "The surgery", "managingOrganization": resource{"reference": "Organization/23"},
		},
		resource{
			"resourceType": "Organization", "id": "23", "meta": resource{"versionId": "1"}, "name": string(ods),
			"identifier": []any{resource{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": string(ods)}},
		})
}

// gpAppointments are those of one person on the days asked for, of which none may be past.
func (s *system) gpAppointments(w http.ResponseWriter, id string, start []string) {
	var from, to string
	for _, v := range start {
		if day, ok := strings.CutPrefix(v, "ge"); ok {
			from = day
		}
		if day, ok := strings.CutPrefix(v, "le"); ok {
			to = day
		}
	}
	today := s.now().In(tenants.London()).Format(time.DateOnly)
	_, errFrom := time.Parse(time.DateOnly, from)
	_, errTo := time.Parse(time.DateOnly, to)
	switch {
	case !s.people.knows("Patient/" + id):
		gpRefuse(w, http.StatusNotFound, "PATIENT_NOT_FOUND")
		return
	case len(start) != 2 || errFrom != nil || errTo != nil || from < today || to < from:
		gpRefuse(w, http.StatusUnprocessableEntity, "INVALID_PARAMETER")
		return
	}
	var found []any
	s.records.mu.Lock()
	for _, name := range s.records.order[gpAppointment] {
		v := s.records.byName[name]
		if day := text(v.Resource, "start"); slices.Contains(actors(v.Resource), "Patient/"+id) && len(day) >= 10 && day[:10] >= from && day[:10] <= to {
			found = append(found, gpStamped(v))
		}
	}
	s.records.mu.Unlock()
	writeFHIR(w, http.StatusOK, searchset(found))
}

func gpRange(start, end []string) (from, to time.Time, ok bool) {
	if len(start) != 1 || len(end) != 1 {
		return from, to, false
	}
	first, okFirst := strings.CutPrefix(start[0], "ge")
	last, okLast := strings.CutPrefix(end[0], "le")
	from, errFrom := time.Parse(time.RFC3339, first)
	to, errTo := time.Parse(time.RFC3339, last)
	return from, to, okFirst && okLast && errFrom == nil && errTo == nil && !to.Before(from)
}

func searchset(found []any) resource {
	var entries []any
	for _, r := range found {
		entries = append(entries, resource{"resource": r})
	}
	page := resource{"resourceType": "Bundle", "type": "searchset"}
	if len(entries) > 0 {
		page["entry"] = entries
	}
	return page
}

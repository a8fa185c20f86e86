package gpconnect

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"onedoor/app/clinical"
	"onedoor/tenants"
)

// Slots searches for free ones, two weeks at a time, which is the most that one request may ask for. A slot whose schedule
// names no place is left out: an appointment without one cannot be booked.
func (s *System) Slots(ctx context.Context, q clinical.SlotQuery) ([]clinical.Slot, error) {
	most := q.Most
	if most <= 0 {
		most = slotsDefault
	}
	to := q.To
	if to.IsZero() {
		to = q.From.Add(window)
	}
	var all []clinical.Slot
	from := q.From
	for range windows {
		if !from.Before(to) || len(all) >= most {
			break
		}
		until := from.Add(window)
		if until.After(to) {
			until = to
		}
		found, err := s.slotsBetween(ctx, q, from, until)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
		from = until
	}
	slices.SortStableFunc(all, func(a, b clinical.Slot) int { return a.Start.Compare(b.Start) })
	return all[:min(len(all), most)], nil
}

func (s *System) slotsBetween(ctx context.Context, q clinical.SlotQuery, from, to time.Time) ([]clinical.Slot, error) {
	a, err := s.do(ctx, call{
		method: http.MethodGet, path: "/Slot", interaction: searchSlot, scope: organisationRead, by: asker{q.By, q.Actor},
		query: url.Values{
			"status": {"free"}, "start": {"ge" + local(from)}, "end": {"le" + local(to)}, "_include": {"Slot:schedule"},
			"_include:recurse": {"Schedule:actor:Practitioner", "Schedule:actor:Location"},
			"searchFilter":     {organisationTypes + "|" + s.organisationType(), odsSystem + "|" + string(q.By.ODS)},
		},
	})
	if err != nil {
		return nil, err
	}
	entries, err := a.entries()
	if err != nil {
		return nil, err
	}
	schedules, people, places := map[string]schedule{}, map[string]clinician{}, map[string]location{}
	var free []slot
	for _, raw := range entries {
		var err error
		switch typeOf(raw) {
		case "Slot":
			var r slot
			err = json.Unmarshal(raw, &r)
			free = append(free, r)
		case "Schedule":
			var r schedule
			err = json.Unmarshal(raw, &r)
			schedules["Schedule/"+r.ID] = r
		case "Practitioner":
			var r clinician
			err = json.Unmarshal(raw, &r)
			people["Practitioner/"+r.ID] = r
		case "Location":
			var r location
			err = json.Unmarshal(raw, &r)
			places["Location/"+r.ID] = r
		}
		if err != nil {
			return nil, a.unreadable(err)
		}
	}
	var found []clinical.Slot
	for _, r := range free {
		one, ok := r.domain(schedules[r.Schedule.Reference], people, places)
		if ok && one.Start.After(s.o.Now()) && !one.Start.Before(from) && !one.End.After(to) && (q.Held == "" || one.Held == q.Held) && (q.Service == "" || one.Service == q.Service) {
			found = append(found, one)
		}
	}
	return found, nil
}

// domain is a slot with what its schedule says of it.
func (r slot) domain(of schedule, people map[string]clinician, places map[string]location) (one clinical.Slot, ok bool) {
	one = clinical.Slot{ID: "Slot/" + r.ID, Start: when(r.Start), End: when(r.End), Held: held(r.Extension), Service: textOf(r.ServiceType)}
	if r.Meta != nil && r.Meta.VersionID != "" {
		one.ETag = `W/"` + r.Meta.VersionID + `"`
	}
	for _, actor := range of.Actor {
		switch kind, _, _ := strings.Cut(actor.Reference, "/"); kind {
		case "Location":
			one.Where, ok = places[actor.Reference].Name, true
			one.Links = append(one.Links, actor.Reference)
		case "Practitioner":
			one.With = people[actor.Reference].called()
			one.Links = append(one.Links, actor.Reference)
		}
	}
	for _, e := range of.Extension {
		if e.URL != extensionRole || e.ValueCodeableConcept == nil || len(e.ValueCodeableConcept.Coding) == 0 {
			continue
		}
		role := e.ValueCodeableConcept.Coding[0].Display
		if one.With == "" {
			one.With = role
		} else if role != "" {
			one.With += " (" + role + ")"
		}
	}
	return one, ok && r.Status == "free" && r.ID != "" && !one.Start.IsZero() && one.End.After(one.Start)
}

func (c clinician) called() string {
	if len(c.Name) == 0 {
		return ""
	}
	n := c.Name[0]
	return strings.TrimSpace(strings.Join(slices.Concat(n.Prefix, n.Given, []string{n.Family}), " "))
}

func textOf(list []concept) string {
	if len(list) == 0 {
		return ""
	}
	return list[0].Text
}

// held reads the delivery channel: In-person, Telephone or Video.
func held(list []extension) clinical.Held {
	for _, e := range list {
		if e.URL != extensionDelivery {
			continue
		}
		switch e.ValueCode {
		case "In-person":
			return clinical.InPerson
		case "Telephone":
			return clinical.ByTelephone
		case "Video":
			return clinical.ByVideo
		}
	}
	return ""
}

func (s *System) organisationType() string {
	if t := s.o.Settings[SettingOrganisationType]; t != "" {
		return t
	}
	return "gp-practice"
}

// local is UK local time with its offset, +00:00 for UTC, as the specification asks.
func local(t time.Time) string { return t.In(tenants.London()).Format("2006-01-02T15:04:05-07:00") }

func when(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

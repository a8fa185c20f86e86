package studio

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/directory"
	"onedoor/app/nhs"
	"onedoor/app/wording"
	"onedoor/policy"
	"onedoor/tenants"
	"onedoor/ui/pages"
)

// stateOf says whether a service takes requests now and, where it does not, why and until when.
func (k *call) stateOf(s tenants.Service, load policy.ServiceLoad, versions []directory.Version) pages.ServiceState {
	switch {
	case s.Paused:
		says := "Takes nothing."
		if by, at, ok := pausedBy(versions, s.ID); ok {
			says = "By " + by + ", " + wording.Moment(at, k.now) + "."
		}
		return pages.ServiceState{Label: pages.Label{Text: "Paused", Colour: "red"}, Says: says}
	case isFull(s, load):
		says := "It has as many open as it takes."
		if s.Capacity.Daily > 0 && load.Today >= s.Capacity.Daily {
			says = "It has had as many today as it takes."
		}
		return pages.ServiceState{Label: pages.Label{Text: "Full", Colour: "yellow"}, Says: says}
	case s.Hours.Open(k.now):
		return pages.ServiceState{Label: pages.Label{Text: "Open now", Colour: "green"}, Says: untilWords(s.Hours, k.now)}
	}
	says := "It has no opening hours in the next two weeks."
	if at, ok := s.Hours.NextOpen(k.now); ok {
		says = "Opens " + wording.Moment(at, k.now) + "."
	}
	return pages.ServiceState{Label: pages.Label{Text: "Closed now", Colour: "grey"}, Says: says}
}

func untilWords(h tenants.Hours, now time.Time) string {
	local := now.In(tenants.London())
	minute := local.Hour()*60 + local.Minute()
	for _, p := range h.On(nhs.DateOf(local)) {
		if p.From <= minute && minute < p.Until {
			if p.Until == dayEnds {
				return "Until midnight, or later."
			}
			return fmt.Sprintf("Until %02d:%02d.", p.Until/60, p.Until%60)
		}
	}
	return ""
}

// pausedBy finds who paused a service that is paused, and when. Versions are newest first.
func pausedBy(versions []directory.Version, service uuid.UUID) (by string, at time.Time, ok bool) {
	for i := 0; i+1 < len(versions); i++ {
		now, _ := versions[i].Directory.Service(service)
		then, _ := versions[i+1].Directory.Service(service)
		if !now.Paused {
			return "", time.Time{}, false
		}
		if !then.Paused {
			return versions[i].By, versions[i].From, true
		}
	}
	return "", time.Time{}, false
}

// serviceFacts are what the rules know about a service, in words.
func (w *Workspace) serviceFacts(k *call, s tenants.Service, load policy.ServiceLoad) []pages.Fact {
	queue, _ := k.directory.Queue(s.QueueID)
	capacity := []string{capacityWords(s.Capacity)}
	if s.Capacity.Open > 0 {
		capacity = append(capacity, strconv.Itoa(load.Open)+" open now")
	}
	if s.Capacity.Daily > 0 {
		capacity = append(capacity, strconv.Itoa(load.Today)+" today")
	}
	return []pages.Fact{
		{Key: "Accepts", Values: w.kindTitles(s.Kinds)},
		{Key: "Capabilities", Values: []string{listWords(s.Capabilities, "none")}},
		{Key: "From whom", Values: k.eligibilityWords(s.Eligibility)},
		{Key: "When", Values: hoursWords(s.Hours)},
		{Key: "How many", Values: capacity},
		{Key: "Queue", Values: []string{queue.Name}},
		{Key: "Name in rules", Values: []string{s.Slug}},
	}
}

// kindTitles are request kinds by their titles in the catalogue, in its order.
func (w *Workspace) kindTitles(kinds []string) []string {
	if len(kinds) == 0 {
		return []string{"Every kind of request"}
	}
	var titles []string
	for _, kind := range w.Catalogue.Kinds() {
		if slices.Contains(kinds, kind.Code) {
			titles = append(titles, kind.Title)
		}
	}
	return titles
}

func (w *Workspace) kindWords(kinds []string) string {
	titles := w.kindTitles(kinds)
	if len(titles) > 2 {
		return titles[0] + ", and " + strconv.Itoa(len(titles)-1) + " other kinds"
	}
	return strings.Join(titles, ", ")
}

func (k *call) eligibilityWords(e tenants.Eligibility) []string {
	var lines []string
	switch {
	case e.MinAge != nil && e.MaxAge != nil && *e.MinAge == *e.MaxAge:
		lines = append(lines, "Aged "+strconv.Itoa(*e.MinAge))
	case e.MinAge != nil && e.MaxAge != nil:
		lines = append(lines, fmt.Sprintf("Aged %d to %d", *e.MinAge, *e.MaxAge))
	case e.MinAge != nil:
		lines = append(lines, fmt.Sprintf("Aged %d or over", *e.MinAge))
	case e.MaxAge != nil:
		lines = append(lines, fmt.Sprintf("Aged %d or under", *e.MaxAge))
	}
	switch e.Sex {
	case nhs.Female:
		lines = append(lines, "Female only")
	case nhs.Male:
		lines = append(lines, "Male only")
	}
	if len(e.Registered) > 0 {
		var names []string
		for _, code := range e.Registered {
			name := string(code)
			if o, ok := k.directory.ByODS(code); ok {
				name = o.Name
			}
			names = append(names, name)
		}
		lines = append(lines, "Registered with "+strings.Join(names, " or "))
	}
	if len(lines) == 0 {
		return []string{"Anyone"}
	}
	return lines
}

func capacityWords(c tenants.Capacity) string {
	var parts []string
	if c.Open > 0 {
		parts = append(parts, strconv.Itoa(c.Open)+" open at once")
	}
	if c.Daily > 0 {
		parts = append(parts, strconv.Itoa(c.Daily)+" a day")
	}
	return listWords(parts, "No limit")
}

func listWords(list []string, none string) string {
	if len(list) == 0 {
		return none
	}
	return strings.Join(list, ", ")
}

func changeOf(ch directory.ServiceChange) uuid.UUID {
	if ch.After != nil {
		return ch.After.ID
	}
	return ch.Before.ID
}

// versionLines are versions that changed services which matter here, newest first. Versions come newest first too.
func (w *Workspace) versionLines(k *call, versions []directory.Version, matters func(directory.ServiceChange) bool) []pages.DirectoryVersion {
	var lines []pages.DirectoryVersion
	for i := 0; i+1 < len(versions); i++ {
		v := versions[i]
		line := pages.DirectoryVersion{At: wording.Moment(v.From, k.now), Stamp: v.From.UTC().Format(time.RFC3339), By: v.By, Version: v.Hash}
		for _, ch := range directory.Changes(versions[i+1].Directory, v.Directory) {
			if matters(ch) {
				line.Says = append(line.Says, w.changeWords(k, ch)...)
			}
		}
		if len(line.Says) > 0 {
			lines = append(lines, line)
		}
	}
	return lines
}

func (w *Workspace) changeWords(k *call, ch directory.ServiceChange) []string {
	organisation, _ := k.directory.Organisation(ch.OrganisationID)
	switch {
	case ch.Before == nil:
		return []string{organisation.Name + ", " + ch.After.Name + ": added"}
	case ch.After == nil:
		return []string{organisation.Name + ", " + ch.Before.Name + ": removed"}
	}
	prefix := organisation.Name + ", " + ch.Before.Name + ": "
	var says []string
	for _, l := range w.fieldLines(k, *ch.Before, *ch.After, ch.Fields) {
		if l.From == "" {
			says = append(says, prefix+l.To)
			continue
		}
		says = append(says, prefix+strings.ToLower(l.What)+" changed from "+l.From+" to "+l.To)
	}
	return says
}

// fieldLines put the parts that differ into words: from what to what.
func (w *Workspace) fieldLines(k *call, before, after tenants.Service, fields []directory.ServiceField) []pages.ChangedLine {
	var lines []pages.ChangedLine
	add := func(what, from, to string) { lines = append(lines, pages.ChangedLine{What: what, From: from, To: to}) }
	joined := func(list []string) string { return strings.Join(list, "; ") }
	for _, f := range fields {
		switch f {
		case directory.FieldName:
			add("Name", before.Name, after.Name)
		case directory.FieldKinds:
			add("What it accepts", joined(w.kindTitles(before.Kinds)), joined(w.kindTitles(after.Kinds)))
		case directory.FieldCapabilities:
			add("Capabilities", listWords(before.Capabilities, "none"), listWords(after.Capabilities, "none"))
		case directory.FieldEligibility:
			add("From whom", joined(k.eligibilityWords(before.Eligibility)), joined(k.eligibilityWords(after.Eligibility)))
		case directory.FieldHours:
			add("Opening hours", joined(hoursWords(before.Hours)), joined(hoursWords(after.Hours)))
		case directory.FieldCapacity:
			add("How many", capacityWords(before.Capacity), capacityWords(after.Capacity))
		case directory.FieldQueue:
			was, _ := k.directory.Queue(before.QueueID)
			is, _ := k.directory.Queue(after.QueueID)
			add("Queue", was.Name, is.Name)
		case directory.FieldSite:
			was, _ := k.directory.Site(before.SiteID)
			is, _ := k.directory.Site(after.SiteID)
			add("Site", was.Name, is.Name)
		case directory.FieldPaused:
			if after.Paused {
				add("State", "", "paused")
			} else {
				add("State", "", "resumed")
			}
		}
	}
	return lines
}

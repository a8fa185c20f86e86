package policy

import (
	"fmt"
	"regexp"
	"strings"

	"onedoor/app/fault"
	"onedoor/app/nhs"
)

// DestinationKind is what a rule names: what, not which. The resolver finds which.
type DestinationKind string

const (
	ToRegisteredPractice DestinationKind = "registered-practice"
	ToDesk               DestinationKind = "desk"
	ToChosenPharmacy     DestinationKind = "chosen-pharmacy"
	ToNominatedPharmacy  DestinationKind = "nominated-pharmacy"
	ToService            DestinationKind = "service"
	ToCapability         DestinationKind = "capability"
	ToOrganisation       DestinationKind = "organisation"
	// ToRouting is the safety stage's own: nothing was found, and the neighbourhood's tables decide.
	ToRouting DestinationKind = "routing"
)

// Destination is where a rule sends.
type Destination struct {
	Kind  DestinationKind
	Queue string      // a queue's slug, for registered-practice, desk and organisation
	Slug  string      // of a service or a capability
	ODS   nhs.ODSCode // of an organisation
	// Nearest puts first the places whose postcode shares most with the registered practice's.
	Nearest bool
	Open    bool // only places that are open now
}

var slugPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

const maxSlug = 60

func isSlug(s string) bool { return len(s) <= maxSlug && slugPattern.MatchString(s) }

const destinationForms = "registered-practice, desk, chosen-pharmacy, nominated-pharmacy, service:…, capability:… or organisation:…"

// parseDestination reads registered-practice, desk, organisation:A81001 (each with /queue:slug if wanted), chosen-pharmacy,
// nominated-pharmacy, service:slug, and capability:slug with the words nearest and open. The problem is the end of a
// sentence, or nothing.
func parseDestination(text string) (Destination, string) {
	head, queue, hasQueue := strings.Cut(strings.TrimSpace(text), "/")
	d, problem := parseHead(head)
	if problem != "" || !hasQueue {
		return d, problem
	}
	if d.Kind != ToRegisteredPractice && d.Kind != ToDesk && d.Kind != ToOrganisation {
		return d, fmt.Sprintf("%s cannot name a queue: expected %s alone", clip(text), clip(head))
	}
	slug, ok := strings.CutPrefix(queue, "queue:")
	if !ok || !isSlug(slug) {
		return d, fmt.Sprintf("expected queue: and a queue's short name after the slash, such as %s/queue:general, found %s", d.Kind, clip(queue))
	}
	d.Queue = slug
	return d, ""
}

// ParseDestination reads a destination as a rule names it (policy_destination).
func ParseDestination(text string) (Destination, error) {
	d, problem := parseDestination(text)
	if problem == "" && d.Kind == ToRouting {
		problem = "only the platform's safety stage goes on to routing: expected " + destinationForms
	}
	if problem != "" {
		return Destination{}, fault.New(fault.Invalid, "policy_destination", "%s%s.", strings.ToUpper(problem[:1]), problem[1:])
	}
	return d, nil
}

func parseHead(head string) (Destination, string) {
	kind, name, named := strings.Cut(head, ":")
	d := Destination{Kind: DestinationKind(kind)}
	switch d.Kind {
	case ToRegisteredPractice, ToDesk, ToChosenPharmacy, ToNominatedPharmacy, ToRouting:
		if named {
			return d, fmt.Sprintf("expected nothing after %s, found %s", kind, clip(name))
		}
		return d, ""
	case ToService, ToCapability:
		words := strings.Fields(name)
		if len(words) == 0 || !isSlug(words[0]) {
			return d, fmt.Sprintf("expected a short name after %s: (lower-case letters, digits and hyphens), found %s", kind, clip(name))
		}
		d.Slug = words[0]
		return d, d.order(words[1:])
	case ToOrganisation:
		code, err := nhs.ParseODSCode(name)
		if err != nil {
			return d, fmt.Sprintf("expected an ODS code after organisation:, such as organisation:A81001, found %s", clip(name))
		}
		d.ODS = code
		return d, ""
	}
	return d, fmt.Sprintf("%s is no destination: expected %s", clip(head), destinationForms)
}

func (d *Destination) order(words []string) string {
	for _, word := range words {
		switch {
		case word == "nearest" && !d.Nearest && !d.Open:
			d.Nearest = true
		case word == "open" && !d.Open:
			d.Open = true
		default:
			return fmt.Sprintf("expected nearest, open or nearest open after %s:%s, found %s", d.Kind, d.Slug, clip(word))
		}
	}
	return ""
}

// String is the destination as it is written.
func (d Destination) String() string {
	s := string(d.Kind)
	switch d.Kind {
	case ToService, ToCapability:
		s += ":" + d.Slug
	case ToOrganisation:
		s += ":" + string(d.ODS)
	}
	if d.Nearest {
		s += " nearest"
	}
	if d.Open {
		s += " open"
	}
	if d.Queue != "" {
		s += "/queue:" + d.Queue
	}
	return s
}

// Words says where, after "to".
func (d Destination) Words() string {
	var s string
	switch d.Kind {
	case ToRegisteredPractice:
		s = "the registered practice"
	case ToDesk:
		s = "the neighbourhood's desk"
	case ToChosenPharmacy:
		s = "the pharmacy that the patient chose"
	case ToNominatedPharmacy:
		s = "the patient's nominated pharmacy"
	case ToService:
		s = "the service " + spoken(d.Slug)
	case ToCapability:
		s = "a service for " + spoken(d.Slug)
	case ToOrganisation:
		s = "organisation " + string(d.ODS)
	case ToRouting:
		return "the neighbourhood's own rules"
	}
	if d.Nearest {
		s += ", nearest first"
	}
	if d.Open {
		s += ", only if open now"
	}
	if d.Queue != "" {
		s += ", queue " + spoken(d.Queue)
	}
	return s
}

// home reports whether the destination needs no other organisation's agreement.
func (d Destination) home() bool { return d.Kind == ToRegisteredPractice || d.Kind == ToDesk }

package studio

import (
	"cmp"
	"slices"
	"strings"

	"onedoor/policy"
	"onedoor/tenants"
	"onedoor/ui/pages"
)

// What a rule may name, from closed lists: the queues, services and organisations of the neighbourhood as they are today.

// sentence is a rule in plain words, with the names of today's directory.
func (k *call) sentence(r policy.Rule) string {
	said := r.Sentence()
	for _, o := range k.directory.Organisations() {
		said = strings.ReplaceAll(said, "organisation "+string(o.ODS), o.Name)
	}
	return strings.NewReplacer(
		"When kind is", "When the request is for", ", kind is", ", the request is for", " and kind is", " and the request is for", "condition is uti", "condition is UTI",
		", as soon", ", soon", ", as urgent", ", urgently", ", as routine", ", as routine work", ", queue ", ", in the queue ",
	).Replace(said)
}

// goes says where an outcome leads, after "to".
func (k *call) goes(o policy.Outcome) string {
	said := k.destination(o.To)
	if o.Service != "" {
		said += ", for " + spoken(o.Service)
	}
	return said
}

func (k *call) destination(d policy.Destination) string {
	said := d.Words()
	if o, ok := k.directory.ByODS(d.ODS); ok && d.Kind == policy.ToOrganisation {
		said = strings.Replace(said, "organisation "+string(d.ODS), o.Name, 1)
	}
	return said
}

// placeValue is a destination, with the service wanted there, as a form sends it.
func placeValue(d policy.Destination, service string) string {
	d.Nearest, d.Open = false, false // asked apart
	if service == "" {
		return d.String()
	}
	return d.String() + "|" + service
}

// place is one line of a list of places.
type place struct {
	to      policy.Destination
	service string
}

type placeGroup struct {
	title  string
	places []place
}

// places are all that a rule may name here.
func (k *call) places() []placeGroup {
	practice := placeGroup{title: "The registered practice", places: []place{{to: policy.Destination{Kind: policy.ToRegisteredPractice}}}}
	for _, q := range k.queueSlugs(func(o tenants.Organisation) bool { return o.Kind == tenants.Practice }) {
		practice.places = append(practice.places, place{to: policy.Destination{Kind: policy.ToRegisteredPractice, Queue: q}})
	}
	pharmacies := placeGroup{title: "A pharmacy"}
	for _, kind := range []policy.DestinationKind{policy.ToChosenPharmacy, policy.ToNominatedPharmacy} {
		pharmacies.places = append(pharmacies.places, place{to: policy.Destination{Kind: kind}})
		for _, slug := range k.serviceSlugs(func(o tenants.Organisation) bool { return o.Kind == tenants.Pharmacy }) {
			pharmacies.places = append(pharmacies.places, place{policy.Destination{Kind: kind}, slug})
		}
	}
	services := placeGroup{title: "A service, wherever it is"}
	for _, slug := range k.serviceSlugs(func(tenants.Organisation) bool { return true }) {
		services.places = append(services.places, place{to: policy.Destination{Kind: policy.ToService, Slug: slug}})
	}
	var capabilities []string
	for _, s := range k.directory.Services() {
		capabilities = append(capabilities, s.Capabilities...)
	}
	slices.Sort(capabilities)
	able := placeGroup{title: "Any service that can do it"}
	for _, slug := range slices.Compact(capabilities) {
		able.places = append(able.places, place{to: policy.Destination{Kind: policy.ToCapability, Slug: slug}})
	}
	organisations := placeGroup{title: "One organisation"}
	for _, o := range k.sortedOrganisations() {
		organisations.places = append(organisations.places, place{to: policy.Destination{Kind: policy.ToOrganisation, ODS: o.ODS}})
		for s := range k.directory.ServicesOf(o.ID) {
			organisations.places = append(organisations.places, place{policy.Destination{Kind: policy.ToOrganisation, ODS: o.ODS}, s.Slug})
		}
	}
	desk := placeGroup{title: "The neighbourhood’s desk", places: []place{{to: policy.Destination{Kind: policy.ToDesk}}}}
	for _, q := range k.queueSlugs(func(o tenants.Organisation) bool { return o.ID == k.directory.Desk().ID }) {
		desk.places = append(desk.places, place{to: policy.Destination{Kind: policy.ToDesk, Queue: q}})
	}
	return []placeGroup{practice, pharmacies, services, able, organisations, desk}
}

func (k *call) sortedOrganisations() []tenants.Organisation {
	return slices.SortedFunc(slices.Values(k.directory.Organisations()), func(a, b tenants.Organisation) int { return cmp.Compare(a.Name, b.Name) })
}

func (k *call) queueSlugs(of func(tenants.Organisation) bool) []string {
	var slugs []string
	for _, q := range k.directory.Queues() {
		if o, ok := k.directory.Organisation(q.OrganisationID); ok && of(o) && q.Slug != tenants.QueueToVerify {
			slugs = append(slugs, q.Slug)
		}
	}
	slices.Sort(slugs)
	return slices.Compact(slugs)
}

func (k *call) serviceSlugs(of func(tenants.Organisation) bool) []string {
	var slugs []string
	for _, s := range k.directory.Services() {
		if o, ok := k.directory.Organisation(s.OrganisationID); ok && of(o) {
			slugs = append(slugs, s.Slug)
		}
	}
	slices.Sort(slugs)
	return slices.Compact(slugs)
}

// placeOptions are the lines of a select. What the rule names today stays possible, also when it is not there any more.
func (k *call) placeOptions(chosen string, withServices bool) []pages.OptionGroup {
	var groups []pages.OptionGroup
	seen := chosen == ""
	for _, g := range k.places() {
		group := pages.OptionGroup{Text: g.title}
		for _, p := range g.places {
			if p.service != "" && !withServices {
				continue
			}
			value := placeValue(p.to, p.service)
			seen = seen || value == chosen
			group.Options = append(group.Options, pages.StudioOption{Value: value, Text: upper(k.goes(policy.Outcome{To: p.to, Service: p.service})), Selected: value == chosen})
		}
		if len(group.Options) > 0 {
			groups = append(groups, group)
		}
	}
	if !seen {
		if d, service, ok := readPlace(chosen); ok {
			text := upper(k.goes(policy.Outcome{To: d, Service: service})) + " (not in the directory)"
			groups = append(groups, pages.OptionGroup{Text: "As it is now", Options: []pages.StudioOption{{Value: chosen, Text: text, Selected: true}}})
		}
	}
	return groups
}

// readPlace reads what a list of places sends.
func readPlace(value string) (policy.Destination, string, bool) {
	to, service, _ := strings.Cut(value, "|")
	d, err := policy.ParseDestination(to)
	return d, service, err == nil
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

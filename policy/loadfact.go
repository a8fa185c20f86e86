package policy

import (
	"slices"
	"strings"

	"onedoor/tenants"
)

// loadOfPrefix begins the names of facts that read how busy a service is: load-of-physiotherapy is the load of the services
// whose slug is physiotherapy, in per cent of what they take.
const loadOfPrefix = "load-of-"

// loadService is the slug of the services whose load a fact reads.
func loadService(fact string) (slug string, ok bool) {
	slug, ok = strings.CutPrefix(fact, loadOfPrefix)
	return slug, ok && slug != ""
}

// loadOf is the load of the least busy of the services that would take such a request: the requests open now, or those taken
// today if that is more, against the limit, in whole per cent. It is not known where no service takes it, or where one of them
// has no limit. What it read is noted, so that replay reads the same.
func (q *question) loadOf(f *Fact) Value {
	if q.directory == nil {
		return Value{}
	}
	kind, least := q.facts[factKind].text, -1
	services := q.directory.ListNamed(f.service)
	for i := range services.Len() {
		s := services.At(i)
		if !accepts(s, kind) || s.Paused || !q.directory.TakesPart(s.OrganisationID, q.wall.Day) {
			continue
		}
		if s.Capacity == (tenants.Capacity{}) {
			return Value{}
		}
		load := q.loadFor(s)
		percent := max(share(load.Open, s.Capacity.Open), share(load.Today, s.Capacity.Daily))
		if least < 0 || percent < least {
			least = percent
		}
	}
	if least < 0 {
		return Value{}
	}
	return Int(min(least, f.Max))
}

// share is a part of a limit in per cent; no limit is never used up.
func share(part, limit int) int {
	if limit <= 0 {
		return 0
	}
	return part * 100 / limit
}

// loadFor reads the load of a service and notes that it was read.
func (q *question) loadFor(s *tenants.Service) ServiceLoad {
	load := q.load[s.ID]
	if q.seen != nil && load != (ServiceLoad{}) {
		q.seen[s.ID] = load
	}
	return load
}

func accepts(s *tenants.Service, kind string) bool {
	return len(s.Kinds) == 0 || slices.Contains(s.Kinds, kind)
}

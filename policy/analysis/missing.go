package analysis

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"onedoor/tenants"
)

// absence is what it does to one rule when an organisation is out.
type absence struct {
	organisation tenants.Organisation
	severity     Severity
	says         string // when, and what follows
	weight       int
}

// absences finds the organisations without which nobody takes what a rule sends, at some minute at which somebody does with them.
func (e *ending) absences() {
	pl := e.places
	needed := map[uuid.UUID]tenants.Organisation{}
	for _, d := range chain(&e.it.rule.Then) {
		list, stays := pl.takers(&e.it.rule.Then, d)
		if stays {
			break
		}
		for _, t := range list {
			needed[t.organisation.ID] = t.organisation
		}
	}
	for _, o := range pl.directory.Organisations() {
		if _, ok := needed[o.ID]; !ok && !e.urgent {
			continue
		}
		var unserved, nobody bitset
		for _, home := range e.homes {
			if home.ID == o.ID {
				continue // when its home is out a request is another's, below
			}
			u, n := e.gaps(home, uuid.Nil)
			without, nobodyWithout := e.gaps(home, o.ID)
			unserved, nobody = union(unserved, minus(without, u)), union(nobody, minus(nobodyWithout, n))
		}
		if at := slices.IndexFunc(e.homes, func(h homeRegion) bool { return h.ID == o.ID }); at >= 0 && o.ID != pl.directory.Desk().ID {
			_, n := e.gaps(e.homes[at], uuid.Nil)
			_, without := e.gaps(homeRegion{pl.directory.Desk(), e.homes[at].region}, o.ID)
			nobody = union(nobody, minus(without, n))
		}
		a := absence{organisation: o, severity: Note, weight: e.model.taken(e.it.box, e.before)}
		switch {
		case nobody.any():
			a.severity, a.says = Warning, pl.say(nobody)+" nobody is there for what is urgent"
		case unserved.any():
			a.says = pl.say(unserved) + " nobody else takes it and it stays with the practice"
		default:
			continue
		}
		e.out.missing = append(e.out.missing, a)
	}
}

func minus(a, b bitset) bitset {
	for w := range a {
		a[w] &^= b[w]
	}
	return a
}

// outages are the absences of a season, by organisation, and what no policy can mend: the desk is the last resort of those who have
// no practice, and a practice that is out and still takes part keeps what its patients send.
func (r *run) outages() []Finding {
	pl := r.places
	if pl == nil {
		return nil
	}
	byODS := map[string]*Finding{}
	var keys []string
	for i := range r.rules {
		for _, a := range r.rules[i][ofEnds].missing {
			k := string(a.organisation.ODS)
			f, known := byODS[k]
			if !known {
				f = &Finding{Kind: OneMissing, Severity: a.severity, Organisation: k, Key: key(OneMissing, k)}
				f.Says = fmt.Sprintf("While %s is out, %s: this is so of %%s.", a.organisation.Name, a.says)
				byODS[k] = f
				keys = append(keys, k)
			}
			if a.severity == Warning && f.Severity == Note {
				f.Severity, f.Says = Warning, fmt.Sprintf("While %s is out, %s: this is so of %%s.", a.organisation.Name, a.says)
			}
			f.By = append(f.By, r.model.rules[i].RuleRef)
			f.Weight += a.weight
		}
	}
	var list []Finding
	for _, k := range slices.Sorted(slices.Values(keys)) {
		f := byODS[k]
		what := "what rule " + names(f.By, f.By[0].Table) + " sends"
		if len(f.By) > 1 {
			what = "what rules " + names(f.By, f.By[0].Table) + " send"
		}
		f.Says = fmt.Sprintf(f.Says, what)
		list = append(list, *f)
	}
	desk := pl.directory.Desk()
	list = append(list, Finding{
		Kind: OneMissing, Severity: Note, Organisation: string(desk.ODS), Key: key(OneMissing, "desk", string(desk.ODS)),
		Says: fmt.Sprintf("While %s is out, nobody sees what people with no registered practice here send: it is the last resort, and its requests stand in its own queues until it is back.", desk.Name),
	})
	if len(pl.homes) > 1 {
		list = append(list, Finding{
			Kind: OneMissing, Severity: Note, Key: key(OneMissing, "practices"),
			Says: fmt.Sprintf("While a practice is out and still takes part, what its patients send stands in its own queues; only when its sharing agreement ends does %s see it.", desk.Name),
		})
	}
	return list
}

package analysis

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/tenants"
)

// at is a run over a policy in a town, ready to be asked about one rule.
func at(t testing.TB, p *policy.Policy, d *tenants.Directory) *run {
	t.Helper()
	r := &run{ctx: t.Context(), budget: DefaultBudget, places: newPlaces(d, today, p)}
	r.model = newModel(newWritten(policy.Safety()), newWritten(p), today, nil, r.places)
	r.guard = newGuard(r.model.layout, newWritten(policy.Safety()), r.model)
	return r
}

// minutely are the same places with every minute of their days as a moment.
func (pl *places) minutely() *places {
	every := &places{directory: pl.directory, on: pl.on, within: pl.within, days: pl.days}
	for i, day := range pl.days {
		for minute := range 24 * 60 {
			every.moments = append(every.moments, clock(day, minute))
			every.day = append(every.day, i)
		}
	}
	every.start()
	return every
}

func TestTheEdgesStandForEveryMinute(t *testing.T) {
	t.Parallel()
	changes := 0
	for seed := range 10 {
		r := random(uint64(seed))
		d := madeTown(r).directory(t)
		run := at(t, read(t, madeRouting(r)), d)
		edges, every := run.places, run.places.minutely()
		for i := range run.model.rules {
			e := run.ending(i, &reply{})
			e.findHomes()
			for _, home := range e.homes {
				run.places = edges
				unserved, nobody := e.gaps(home, uuid.Nil)
				run.places = every
				wholeUnserved, wholeNobody := e.gaps(home, uuid.Nil)
				at := 0
				for m, moment := range every.moments {
					for at+1 < len(edges.moments) && edges.day[at+1] <= every.day[m] && (edges.day[at+1] != every.day[m] || !edges.moments[at+1].After(moment)) {
						at++
					}
					if unserved.has(at) != wholeUnserved.has(m) || nobody.has(at) != wholeNobody.has(m) {
						t.Fatalf("seed %d, rule %d, home %s: %s differs from the edge %s", seed, i, home.Name, moment, edges.moments[at])
					}
				}
				if unserved.any() && !slices.Equal(unserved, edges.every()) {
					changes++
				}
			}
		}
	}
	if changes < 5 {
		t.Fatalf("%d rules are served at some times and not at others: too few to prove anything", changes)
	}
}

// requestsOf are requests of many kinds, from every home and with every choice of pharmacy.
func requestsOf(d *tenants.Directory) []policy.Facts {
	var list []policy.Facts
	for _, kind := range []policy.Value{{}, policy.Text("symptoms"), policy.Text("admin")} {
		for _, age := range []policy.Value{{}, policy.Int(0), policy.Int(1), policy.Int(2), policy.Int(3), policy.Int(4)} {
			for _, own := range []policy.Value{{}, policy.Text("yes")} {
				for _, home := range []string{"A81001", "A81002", "", "left"} {
					for _, chosen := range []string{"FAA01", "FAA02"} {
						f := policy.Facts{
							"red-flag": policy.Text("none"), "kind": kind, "age": age, "own-practice-only": own,
							policy.ChosenPharmacy: policy.Text(chosen), policy.NominatedPharmacy: policy.Text(chosen),
						}
						switch home {
						case "":
						case "left":
							f[policy.RegisteredPractice] = policy.Text("A81001")
						default:
							f["registration"], f[policy.RegisteredPractice] = policy.Text("here"), policy.Text(home)
						}
						list = append(list, f)
					}
				}
			}
		}
	}
	return list
}

func TestWhatNobodyTakesIsWhatRoutingKeepsAtHome(t *testing.T) {
	t.Parallel()
	served, kept := 0, 0
	for seed := range 15 {
		r := random(uint64(seed))
		d := madeTown(r).directory(t)
		p := read(t, madeRouting(r))
		run := at(t, p, d)
		every := run.places.minutely()
		requests := requestsOf(d)
		for range 12 {
			m := r.IntN(len(every.moments))
			moment := every.moments[m]
			type end struct{ served, staffed, asked bool }
			ends := map[string]map[uuid.UUID]end{}
			for _, f := range requests {
				got := policy.Route(p, f, d, nil, moment)
				if got.Stage != policy.StageRouting {
					continue
				}
				home := got.Home.Organisation
				if ends[got.Rule] == nil {
					ends[got.Rule] = map[uuid.UUID]end{}
				}
				e := ends[got.Rule][home]
				e.asked = true
				e.served = e.served || got.Offer || got.Destination.Service != uuid.Nil
				e.staffed = got.Message != policy.MessageOutOfHours && got.Message != policy.MessageCallPractice
				ends[got.Rule][home] = e
			}
			run.places = every
			for i := range run.model.rules[:3] {
				e := run.ending(i, &reply{})
				e.findHomes()
				for _, home := range e.homes {
					unserved, nobody := e.gaps(home, uuid.Nil)
					want := ends[e.it.Rule][home.ID]
					if !want.asked {
						if unserved.has(m) && home.ID != d.Desk().ID && d.TakesPart(home.ID, nhs.DateOf(moment)) {
							t.Fatalf("seed %d: rule %s at %s from %s is never asked", seed, e.it.Rule, moment, home.Name)
						}
						continue
					}
					if unserved.has(m) == want.served {
						t.Fatalf("seed %d: rule %s (%s) at %s from %s: served %v, and said not to be: %v", seed, e.it.Rule, e.it.rule.Sentence(), moment, home.Name, want.served, unserved.has(m))
					}
					if e.urgent && !want.served && nobody.has(m) == want.staffed {
						t.Fatalf("seed %d: rule %s at %s from %s: staffed %v", seed, e.it.Rule, moment, home.Name, want.staffed)
					}
					if want.served {
						served++
					} else {
						kept++
					}
				}
			}
		}
	}
	if min(served, kept) < 200 {
		t.Fatalf("%d served and %d kept: too few to prove anything", served, kept)
	}
}

// routes is a policy with one rule before the catch-all.
func routes(t testing.TB, when, then string) *policy.Policy {
	t.Helper()
	return read(t, `
policy: one
facts: { kind: [symptoms, admin], age: 0..130, registration: [here, none] }
tables:
  - name: main
    rules:
      - { id: it, when: { `+when+` }, then: { `+then+` } }
      - { id: rest, then: { to: registered-practice, urgency: soon } }
`)
}

func TestDeadEndsAreSaidAsTheyAre(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		when, then string
		change     func(*town)
		kind       Kind
		severity   Severity
		says       string
	}{
		"nobody takes it at the weekend": {
			"kind: '\"symptoms\"'", "to: 'service:physiotherapy open', urgency: soon", nil, DeadEnd, Note,
			"From Friday 17:00 to Monday 09:00, at 4 other times of the week, and for longer on 8 days such as Friday 25 December 2026, nobody takes what rule it sends to the service physiotherapy, only if open now: it stays with the practice.",
		},
		"an urgent request at night ends where nobody is": {
			"kind: '\"symptoms\"'", "to: registered-practice, urgency: urgent", nil, DeadEnd, Warning,
			"From Friday 18:30 to Monday 08:00, at 4 other times of the week, and for longer on 8 days such as Friday 25 December 2026, nobody is there for what rule it makes urgent: the patient is told what to do now.",
		},
		"no service sees such people": {
			"age: '< 16'", "to: 'service:physiotherapy', urgency: soon", func(w *town) { age := 16; w.service("physiotherapy").Eligibility.MinAge = &age },
			DeadEnd, Error, "Rule it sends to the service physiotherapy, where nobody takes what it sends at any minute: it stays with the practice.",
		},
		"the only service is paused": {
			"kind: '\"symptoms\"'", "to: 'service:physiotherapy', urgency: soon, overflow: desk", func(w *town) { w.service("physiotherapy").Paused = true },
			DeadEnd, Warning, "Rule it sends to the service physiotherapy, where every service that would take it is paused: until one resumes, what comes after it in the rule is asked.",
		},
		"an organisation that is not there": {
			"", "to: 'organisation:ZZZ01', urgency: soon", nil, Destination, Error, "Rule it sends to organisation ZZZ01, but the directory has no organisation with the code ZZZ01.",
		},
		"a service that nobody offers": {
			"", "to: 'service:podiatry', urgency: soon", nil, Destination, Error, "Rule it sends to the service podiatry, but nobody in the directory offers the service podiatry.",
		},
		"a capability that no service has": {
			"", "to: desk, urgency: soon, overflow: 'capability:x-ray'", nil, Destination, Error, "Rule it sends to a service for x ray, but no service in the directory has the capability x-ray.",
		},
		"a queue that no practice has": {
			"", "to: registered-practice/queue:none, urgency: soon", nil, Destination, Error, "Rule it sends to the registered practice, queue none, but no practice of the directory has a queue none.",
		},
		"a queue that one practice lacks": {
			"", "to: registered-practice/queue:clinical, urgency: soon", nil, Destination, Note,
			"Rule it sends to the registered practice, queue clinical: Mill Practice has no such queue, and its requests stand in its general one.",
		},
		"a service that no pharmacy offers": {
			"", "to: chosen-pharmacy, service: flu, urgency: soon", nil, Destination, Error,
			"Rule it sends to the pharmacy that the patient chose for flu, but no pharmacy of the directory offers the service flu.",
		},
		"one queue by three names": {
			"", "to: 'service:physiotherapy', urgency: soon, overflow: ['capability:physio', 'organisation:RCC01/queue:physiotherapy']", nil, Loop, Warning,
			"The overflow of rule it leads back: a service for physio is where the service physiotherapy already led.",
		},
		"a general queue by no name": {
			"", "to: registered-practice, urgency: soon, overflow: registered-practice/queue:general", nil, Loop, Warning,
			"The overflow of rule it leads back: the registered practice, queue general is where the registered practice already led.",
		},
		"the chosen pharmacy after all pharmacies": {
			"", "to: 'service:pharmacy-first', urgency: soon, overflow: chosen-pharmacy", nil, Loop, Warning,
			"The overflow of rule it leads back: the pharmacy that the patient chose is where the service pharmacy first already led.",
		},
		"an overflow that is never asked": {
			"", "to: registered-practice, urgency: soon, overflow: desk", nil, Loop, Note,
			"The overflow of rule it to the neighbourhood's desk is never asked: the registered practice before it takes everything.",
		},
		"one team that all depends on": {
			"", "to: 'service:physiotherapy', urgency: soon", nil, OneMissing, Note,
			"While Community is out, at any time of the week nobody else takes it and it stays with the practice: this is so of what rule it sends.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := plainTown()
			if c.change != nil {
				c.change(w)
			}
			list := found(analyse(t, routes(t, c.when, c.then), Options{Directory: w.directory(t), On: today}), c.kind)
			if !slices.ContainsFunc(list, func(f Finding) bool { return f.Says == c.says && f.Severity == c.severity }) {
				t.Errorf("expected %s: %s\nfound:\n%s", c.severity, c.says, says(&Report{Findings: list}))
			}
		})
	}
}

func (w *town) service(slug string) *tenants.Service {
	for i := range w.contents.Services {
		if w.contents.Services[i].Slug == slug {
			return &w.contents.Services[i]
		}
	}
	panic("the town has no service " + slug)
}

func TestWhatIsNoDeadEndIsNotFound(t *testing.T) {
	t.Parallel()
	for name, then := range map[string]string{
		"the practice as overflow":                         "to: 'service:physiotherapy open', urgency: soon, overflow: registered-practice",
		"a service that opens in time":                     "to: 'service:physiotherapy', urgency: routine",
		"another pharmacy after the chosen one":            "to: chosen-pharmacy, urgency: soon, overflow: 'service:pharmacy-first'",
		"the same place without asking whether it is open": "to: 'service:physiotherapy open', urgency: soon, overflow: 'service:physiotherapy'",
		"the desk after the practice's queue of its own":   "to: desk, urgency: soon",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := analyse(t, routes(t, "kind: '\"symptoms\"'", then), Options{Directory: plainTown().directory(t), On: today})
			for _, kind := range []Kind{DeadEnd, Destination, Loop} {
				for _, f := range found(report, kind) {
					t.Error(f.Says)
				}
			}
		})
	}
}

func TestTheFirstMinuteOfADeadEndIsOne(t *testing.T) {
	t.Parallel()
	d := plainTown().directory(t)
	p := routes(t, "kind: '\"symptoms\"'", "to: 'service:physiotherapy open', urgency: soon")
	list := found(analyse(t, p, Options{Directory: d, On: today}), DeadEnd)
	if len(list) != 1 || list[0].At == nil {
		t.Fatal(list)
	}
	facts := policy.Facts{"registration": policy.Text("here"), policy.RegisteredPractice: policy.Text("A81001")}
	for name, v := range list[0].Witness {
		facts[name] = v
	}
	for at, offered := range map[time.Time]bool{*list[0].At: false, list[0].At.Add(9 * time.Hour): true} {
		if got := policy.Route(p, facts, d, nil, at); got.Offer != offered || got.Rule != "it" {
			t.Errorf("at %s rule %s, offered: %v", at, got.Rule, got.Offer)
		}
	}
	if !strings.Contains(list[0].Says, "17:00") {
		t.Error(list[0].Says)
	}
}

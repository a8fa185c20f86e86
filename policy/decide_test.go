package policy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"onedoor/policy"
	"onedoor/tenants"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	p := riverside(t)
	const tuesday, night = "2026-11-24 10:00", "2026-11-24 23:00"
	for _, c := range []struct {
		name              string
		facts             policy.Facts
		at                string
		home, destination string
		urgency           policy.Urgency
		message           string
	}{
		{"a sore throat waits to be verified on its way to the chosen pharmacy", sore("chosen-pharmacy", "FAA01"), tuesday, "A81001/to-verify", "FAA01/pharmacy-first", "soon", "pharmacy-offer"},
		{"the nomination counts when nothing is chosen", sore("nominated-pharmacy", "FAA02"), tuesday, "A81001/to-verify", "FAA02/pharmacy-first", "soon", "pharmacy-offer"},
		{"the choice counts more than the nomination", sore("chosen-pharmacy", "FAA02", "nominated-pharmacy", "FAA01"), tuesday, "A81001/to-verify", "FAA02/pharmacy-first", "soon", "pharmacy-offer"},
		{"a closed pharmacy that opens in time will do", sore("chosen-pharmacy", "FAA02"), night, "A81001/to-verify", "FAA02/pharmacy-first", "soon", "pharmacy-offer"},
		{"no pharmacy chosen: the practice keeps it", sore(), tuesday, "A81001/clinical", "A81001/clinical", "soon", "practice-queue"},
		{"a pharmacy outside the neighbourhood: a person will refer", sore("chosen-pharmacy", "FZZ99"), tuesday, "A81001/clinical", "A81001/clinical", "soon", "practice-will-refer"},
		{"a choice outside the neighbourhood is not replaced by the nomination", sore("chosen-pharmacy", "FZZ99", "nominated-pharmacy", "FAA01"), tuesday, "A81001/clinical", "A81001/clinical", "soon", "practice-will-refer"},
		{"a code that is none: a person will refer", sore("chosen-pharmacy", "?"), tuesday, "A81001/clinical", "A81001/clinical", "soon", "practice-will-refer"},
		{"a pharmacy whose agreement ended", sore("chosen-pharmacy", "FAA03"), tuesday, "A81001/clinical", "A81001/clinical", "soon", "practice-queue"},
		{"a choice that is no pharmacy", sore("chosen-pharmacy", "A81002"), tuesday, "A81001/clinical", "A81001/clinical", "soon", "practice-queue"},
		{"somebody who objects to sharing never leaves", sore("chosen-pharmacy", "FAA01", "own-practice-only", "yes"), tuesday, "A81001/clinical", "A81001/clinical", "soon", "practice-queue"},
		{"an objection counts more than a choice outside the neighbourhood", sore("chosen-pharmacy", "FZZ99", "own-practice-only", "yes"), tuesday, "A81001/clinical", "A81001/clinical", "soon", "practice-queue"},
		{"an objection that is not understood is one", sore("chosen-pharmacy", "FAA01", "own-practice-only", "perhaps"), tuesday, "A81001/clinical", "A81001/clinical", "soon", "practice-queue"},
		{"no objection", sore("chosen-pharmacy", "FAA01", "own-practice-only", "no"), tuesday, "A81001/to-verify", "FAA01/pharmacy-first", "soon", "pharmacy-offer"},
		{"registered elsewhere: the desk verifies", sore("chosen-pharmacy", "FAA01", "registration", "elsewhere"), tuesday, "U1001/to-verify", "FAA01/pharmacy-first", "soon", "pharmacy-offer"},
		{"registered nowhere: the desk verifies", sore("chosen-pharmacy", "FAA01", "registration", "none", "registered-practice", "unknown"), tuesday, "U1001/to-verify", "FAA01/pharmacy-first", "soon", "pharmacy-offer"},
		{"registered nowhere, no pharmacy: the desk keeps it", sore("registration", "none"), tuesday, "U1001/clinical", "U1001/clinical", "soon", "desk-queue"},
		{"registration not known: the desk keeps it", sore("registration", "unknown"), tuesday, "U1001/clinical", "U1001/clinical", "soon", "desk-queue"},
		{"nobody knows where, and they rang a practice: the practice keeps it", sore("registration", "unknown", "registered-practice", "unknown", "practice-asked", "A81002"), tuesday, "A81002/general", "A81002/general", "soon", "practice-queue"},
		{"registered here, and they rang another practice: theirs keeps it", sore("practice-asked", "A81002"), tuesday, "A81001/clinical", "A81001/clinical", "soon", "practice-queue"},
		{"registered elsewhere, and they rang a practice: the desk", sore("registration", "elsewhere", "practice-asked", "A81002"), tuesday, "U1001/clinical", "U1001/clinical", "soon", "desk-queue"},
		{"nobody knows where, and they rang a pharmacy: the desk", sore("registration", "unknown", "practice-asked", "FAA01"), tuesday, "U1001/clinical", "U1001/clinical", "soon", "desk-queue"},
		{"here for a while: the practice keeps it", sore("registration", "temporary"), tuesday, "A81001/clinical", "A81001/clinical", "soon", "practice-queue"},
		{"registered with a pharmacy by mistake: the desk", sore("registered-practice", "FAA01"), tuesday, "U1001/clinical", "U1001/clinical", "soon", "desk-queue"},
		{"a practice outside the neighbourhood: the desk", sore("registered-practice", "A89999"), tuesday, "U1001/clinical", "U1001/clinical", "soon", "desk-queue"},
		{"a queue that the practice lacks becomes its general one", sore("registered-practice", "A81002"), tuesday, "A81002/general", "A81002/general", "soon", "practice-queue"},
		{"a repeat prescription", screened(texts("kind", "repeat-prescription")), tuesday, "A81001/prescriptions", "A81001/prescriptions", "routine", "practice-queue"},
		{"a callback", screened(texts("kind", "callback")), tuesday, "A81001/callbacks", "A81001/callbacks", "soon", "practice-queue"},
		{"an admin question", screened(texts("kind", "admin")), tuesday, "A81001/admin", "A81001/admin", "routine", "practice-queue"},
		{"a kind that the policy does not know is taken", screened(texts("kind", "tattoo")), tuesday, "A81001/general", "A81001/general", "soon", "practice-queue"},
		{"an emergency stops and stands in the safety queue", sore("red-flag", "emergency", "chosen-pharmacy", "FAA01"), tuesday, "A81001/safety", "A81001/safety", "emergency", "emergency-999"},
		{"words that name an emergency do too, whatever the kind", screened(texts("kind", "admin", "free-text", "emergency")), night, "A81001/safety", "A81001/safety", "emergency", "emergency-999"},
		{"an emergency of somebody registered nowhere", sore("red-flag", "emergency", "registration", "none"), night, "U1001/safety", "U1001/safety", "emergency", "emergency-999"},
		{"an urgent red flag never goes to a pharmacy", sore("red-flag", "urgent", "chosen-pharmacy", "FAA01"), tuesday, "A81001/clinical", "A81001/clinical", "urgent", "practice-urgent"},
		{"nor does one that nobody answered", sore("red-flag", "unanswered", "chosen-pharmacy", "FAA01"), tuesday, "A81001/clinical", "A81001/clinical", "urgent", "practice-urgent"},
		{"nor one that nobody asked", sore("red-flag", "unknown", "chosen-pharmacy", "FAA01"), tuesday, "A81001/clinical", "A81001/clinical", "urgent", "practice-urgent"},
		{"a red flag that is not understood is urgent", sore("red-flag", "maybe", "chosen-pharmacy", "FAA01"), tuesday, "A81001/clinical", "A81001/clinical", "urgent", "practice-urgent"},
		{"a recording that nobody has heard is urgent", screened(texts("kind", "admin", "recording", "unheard")), tuesday, "A81001/clinical", "A81001/clinical", "urgent", "practice-urgent"},
		{"urgent at night tells the patient what to do now", sore("red-flag", "urgent"), night, "A81001/clinical", "A81001/clinical", "urgent", "out-of-hours-111"},
		{"urgent of somebody registered nowhere", sore("red-flag", "urgent", "registration", "none"), tuesday, "U1001/clinical", "U1001/clinical", "urgent", "desk-urgent"},
		{"nothing known at all is urgent, at the desk", nil, tuesday, "U1001/clinical", "U1001/clinical", "urgent", "desk-urgent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newWorld().directory(t)
			got := policy.Decide(p, c.facts, d, nil, london(t, c.at))
			if where(d, got.Home) != c.home || where(d, got.Destination) != c.destination || got.Urgency != c.urgency || got.Message != c.message {
				t.Errorf("stands at %s for %s, %s, says %s", where(d, got.Home), where(d, got.Destination), got.Urgency, got.Message)
				t.Log(strings.Join(got.Because, "\n"))
			}
			if got.Offer != (got.Home.Organisation != got.Destination.Organisation) || got.Stop != (c.urgency == policy.Emergency) {
				t.Errorf("offer %t, stop %t", got.Offer, got.Stop)
			}
			if !got.AnswerDue.Equal(policy.AnswerDue(c.urgency, london(t, c.at))) {
				t.Errorf("the answer is due at %s", got.AnswerDue)
			}
		})
	}
}

func TestServicesArePassedOverWithAReason(t *testing.T) {
	t.Parallel()
	p, forty := riverside(t), 40
	for _, c := range []struct {
		name, reason string
		change       func(*tenants.Service)
		load         policy.ServiceLoad
	}{
		{"paused", policy.ReasonPaused, func(s *tenants.Service) { s.Paused = true }, policy.ServiceLoad{}},
		{"another kind", policy.ReasonKind, func(s *tenants.Service) { s.Kinds = []string{"admin"} }, policy.ServiceLoad{}},
		{"too young", policy.ReasonNotEligible, func(s *tenants.Service) { s.Eligibility.MinAge = &forty }, policy.ServiceLoad{}},
		{"the other sex", policy.ReasonNotEligible, func(s *tenants.Service) { s.Eligibility.Sex = "female" }, policy.ServiceLoad{}},
		{"another practice", policy.ReasonNotEligible, func(s *tenants.Service) { s.Eligibility.Registered = append(s.Eligibility.Registered, "A81002") }, policy.ServiceLoad{}},
		{"full", policy.ReasonFull, func(s *tenants.Service) { s.Capacity.Open = 5 }, policy.ServiceLoad{Open: 5}},
		{"full for today", policy.ReasonFull, func(s *tenants.Service) { s.Capacity.Daily = 5 }, policy.ServiceLoad{Today: 5}},
		{"never open", policy.ReasonClosed, func(s *tenants.Service) { s.Hours = tenants.Hours{} }, policy.ServiceLoad{}},
		{"not open before the answer is due", policy.ReasonClosed, func(s *tenants.Service) {
			s.Hours = tenants.Hours{Week: [7][]tenants.Period{time.Thursday: {tenants.Clock("09:00", "17:00")}}}
		}, policy.ServiceLoad{}},
		{"another service", policy.ReasonNoService, func(s *tenants.Service) { s.Slug = "vaccination" }, policy.ServiceLoad{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			service := w.service("FAA01", "pharmacy-first")
			c.change(service)
			d := w.directory(t)
			got := policy.Decide(p, sore("chosen-pharmacy", "FAA01"), d, policy.Load{service.ID: c.load}, london(t, "2026-11-24 10:00"))
			if got.Offer || where(d, got.Home) != "A81001/clinical" {
				t.Errorf("went to %s", where(d, got.Destination))
			}
			if len(got.Candidates) != 2 || got.Candidates[0].Reason != c.reason || got.Candidates[0].Chosen || !got.Candidates[1].Chosen {
				t.Errorf("candidates: %+v", got.Candidates)
			}
			if !slices.Contains(got.Because, got.Candidates[0].Says) {
				t.Errorf("staff are not told why: %v", got.Because)
			}
		})
	}
}

func TestEligibilityThatIsNotKnownIsNoEligibility(t *testing.T) {
	t.Parallel()
	w, one := newWorld(), 1
	w.service("RCC01", "podiatry").Eligibility.MinAge = &one
	p := parse(t, strings.Replace(small, "to: chosen-pharmacy, service: pharmacy-first", "to: 'service:podiatry'", 1))
	p = parse(t, strings.Replace(string(p.Document()), "age: '>= 18'", "age: '-'", 1))
	d := w.directory(t)
	got := policy.Decide(p, screened(texts("kind", "symptoms")), d, nil, london(t, "2026-11-24 10:00"))
	if got.Offer || got.Candidates[0].Reason != policy.ReasonNotEligible {
		t.Errorf("%+v", got.Candidates)
	}
}

func TestTheResolverChoosesAmongServices(t *testing.T) {
	t.Parallel()
	document := `policy: physio
facts: { kind: [self-referral] }
tables:
  - name: all
    rules:
      - { id: physio, when: { kind: '"self-referral"' }, then: { to: 'DESTINATION', urgency: routine, overflow: 'OVERFLOW' } }
      - { id: catch-all, then: { to: registered-practice/queue:admin, urgency: routine } }
`
	for _, c := range []struct {
		name, to, overflow string
		change             func(*world)
		load               func(*world) policy.Load
		at, want           string
	}{
		{name: "by code when nothing else tells them apart", to: "service:physiotherapy", want: "RCC01/physiotherapy"},
		{name: "the nearest first", to: "capability:physio nearest", want: "RCC02/physiotherapy"},
		{name: "the nearest that serves", to: "capability:physio nearest", change: func(w *world) { w.service("RCC02", "physiotherapy").Paused = true }, want: "RCC01/physiotherapy"},
		{name: "the least busy", to: "capability:physio", load: func(w *world) policy.Load {
			return policy.Load{w.service("RCC01", "physiotherapy").ID: {Open: 3}}
		}, want: "RCC02/physiotherapy"},
		{name: "only those open now, and none is", to: "capability:physio nearest open", at: "2026-11-24 20:00", want: "A81001/admin"},
		{name: "open now before those that open later", to: "capability:physio", change: func(w *world) {
			w.service("RCC02", "physiotherapy").Hours = tenants.Hours{Always: true}
		}, at: "2026-11-24 20:00", want: "RCC02/physiotherapy"},
		{name: "nobody offers it", to: "service:acupuncture", want: "A81001/admin"},
		{name: "overflow", to: "service:acupuncture", overflow: "service:podiatry", want: "RCC01/podiatry"},
		{name: "overflow to the desk", to: "service:acupuncture", overflow: "desk", want: "U1001/general"},
		{name: "overflow to a queue of the practice", to: "service:acupuncture", overflow: "registered-practice/queue:results", want: "A81001/results"},
		{name: "overflow that does not serve either falls to the practice's queue for the kind", to: "service:acupuncture", overflow: "service:hypnosis", want: "A81001/admin"},
		{name: "an organisation by code", to: "organisation:RCC02", want: "RCC02/physiotherapy"},
		{name: "a queue of an organisation", to: "organisation:RCC01/queue:podiatry", want: "RCC01/podiatry"},
		{name: "a queue that is not there", to: "organisation:RCC01/queue:absent", want: "A81001/admin"},
		{name: "an organisation that is not there", to: "organisation:RCC99", want: "A81001/admin"},
		{name: "one's own practice by code", to: "organisation:A81001/queue:results", want: "A81001/results"},
		{name: "the practice's own service before others", to: "service:physiotherapy", change: func(w *world) {
			w.service("A81001", "general-practice").Slug = "physiotherapy"
		}, want: "A81001/general"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.overflow == "" {
				c.overflow = "nominated-pharmacy"
			}
			if c.at == "" {
				c.at = "2026-11-24 10:00"
			}
			w := newWorld()
			if c.change != nil {
				c.change(w)
			}
			var load policy.Load
			if c.load != nil {
				load = c.load(w)
			}
			d := w.directory(t)
			p := parse(t, strings.NewReplacer("DESTINATION", c.to, "OVERFLOW", c.overflow).Replace(document))
			got := policy.Decide(p, screened(texts("kind", "self-referral")), d, load, london(t, c.at))
			if where(d, got.Destination) != c.want {
				t.Errorf("went to %s", where(d, got.Destination))
				t.Logf("%+v", got.Candidates)
			}
			chosen := 0
			for _, candidate := range got.Candidates {
				if candidate.Chosen {
					chosen++
				}
				if candidate.Reason == "" || candidate.Says == "" || candidate.Name == "" {
					t.Errorf("a candidate without a reason: %+v", candidate)
				}
			}
			if chosen != 1 {
				t.Errorf("%d candidates were chosen", chosen)
			}
		})
	}
}

func TestUrgentWorkOnlyLeavesWhenSomebodyIsThereAtBothEnds(t *testing.T) {
	t.Parallel()
	p := parse(t, `policy: urgent
facts: { kind: [symptoms] }
tables:
  - name: all
    rules:
      - { id: hub, when: { kind: '"symptoms"' }, then: { to: desk, urgency: urgent } }
      - { id: catch-all, then: { to: registered-practice/queue:clinical, urgency: routine } }
`)
	for _, c := range []struct {
		name, at, want, message string
		change                  func(*world)
	}{
		{"both are there", "2026-11-24 10:00", "U1001/general", "service-offer", nil},
		{"nobody at the desk", "2026-11-24 10:00", "A81001/clinical", "practice-urgent", func(w *world) { w.service("U1001", "desk").Hours = tenants.Hours{} }},
		{"nobody at the practice to confirm", "2026-11-24 20:00", "A81001/clinical", "out-of-hours-111", func(w *world) { w.service("U1001", "desk").Hours = tenants.Hours{Always: true} }},
		{"the practice is closed in core hours", "2026-11-24 10:00", "A81001/clinical", "call-practice-now", func(w *world) {
			w.service("A81001", "general-practice").Hours = tenants.Weekdays(tenants.Clock("14:00", "18:30"))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			if c.change != nil {
				c.change(w)
			}
			d := w.directory(t)
			got := policy.Decide(p, screened(texts("kind", "symptoms")), d, nil, london(t, c.at))
			if where(d, got.Destination) != c.want || got.Message != c.message || got.Urgency != policy.Urgent {
				t.Errorf("went to %s, says %s, %s", where(d, got.Destination), got.Message, got.Urgency)
			}
		})
	}
}

func TestNobodyAtTheDeskInCoreHours(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.service("U1001", "desk").Hours = tenants.Hours{}
	got := policy.Decide(riverside(t), sore("red-flag", "urgent", "registration", "none"), w.directory(t), nil, london(t, "2026-11-24 10:00"))
	if got.Message != policy.MessageOutOfHours {
		t.Errorf("somebody with no practice to call is told %s", got.Message)
	}
}

func TestARuleShortensTimesAndNeverLengthensThem(t *testing.T) {
	t.Parallel()
	document := strings.Replace(small, "urgency: routine", "urgency: routine, answer_within: SPAN, care_within: 2d, message: thank-you, tags: [a-tag]", 1)
	at := london(t, "2026-11-24 10:00")
	for within, due := range map[string]time.Time{"4h": at.Add(4 * time.Hour), "9d": london(t, "2026-11-25 18:30")} {
		p := parse(t, strings.Replace(document, "SPAN", within, 1))
		got := policy.Decide(p, screened(texts("kind", "admin")), newWorld().directory(t), nil, at)
		if !got.AnswerDue.Equal(due) || got.CareDue == nil || !got.CareDue.Equal(at.Add(48*time.Hour)) {
			t.Errorf("within %s: answer due %s, care due %v", within, got.AnswerDue, got.CareDue)
		}
		if got.Message != "thank-you" || !slices.Equal(got.Tags, []string{"a-tag"}) {
			t.Errorf("says %s, tags %v", got.Message, got.Tags)
		}
	}
}

func TestAnEmergencyIsCheckedWithinAQuarterOfAnHourWhereSomebodyIsThere(t *testing.T) {
	t.Parallel()
	d, p := newWorld().directory(t), riverside(t)
	day, night := london(t, "2026-11-24 10:00"), london(t, "2026-11-24 23:00")
	got := policy.Decide(p, sore("red-flag", "emergency"), d, nil, day)
	if got.CareDue == nil || !got.CareDue.Equal(day.Add(15*time.Minute)) || !got.AnswerDue.Equal(day) || got.Stage != policy.StageSafety {
		t.Errorf("%v %v %s", got.AnswerDue, got.CareDue, got.Stage)
	}
	if got := policy.Decide(p, sore("red-flag", "emergency"), d, nil, night); got.CareDue != nil || !got.AnswerDue.Equal(night) {
		t.Errorf("at night: %v %v", got.AnswerDue, got.CareDue)
	}
}

func TestNearMissesNameTheOneFact(t *testing.T) {
	t.Parallel()
	facts := sore("condition", "earache", "recurrent", "no", "chosen-pharmacy", "FAA01")
	facts["age"] = policy.Int(18)
	got := policy.Decide(riverside(t), facts, newWorld().directory(t), nil, london(t, "2026-11-24 10:00"))
	want := policy.NearMiss{Table: "pharmacy-first", Rule: "earache", Fact: "age", Needs: "from 1 to 17", Was: "18"}
	if got.Rule != "symptoms" || !slices.Contains(got.NearMisses, want) {
		t.Errorf("%s %+v", got.Rule, got.NearMisses)
	}
	for _, miss := range got.NearMisses {
		if miss.Fact == "kind" {
			t.Errorf("another kind of request is no near miss: %+v", miss)
		}
	}
	delete(facts, "age")
	got = policy.Decide(riverside(t), facts, newWorld().directory(t), nil, london(t, "2026-11-24 10:00"))
	want.Was = "not known"
	if !slices.Contains(got.NearMisses, want) {
		t.Errorf("%+v", got.NearMisses)
	}
}

func TestBecauseTellsStaffWhy(t *testing.T) {
	t.Parallel()
	got := policy.Decide(riverside(t), sore("chosen-pharmacy", "FAA01"), newWorld().directory(t), nil, london(t, "2026-11-24 10:00"))
	want := []string{
		"Rule sore-throat of pharmacy-first: When kind is symptoms, condition is sore throat, age is 5 or over and pregnant is yes, no or not applicable, " +
			"send to the pharmacy that the patient chose for pharmacy first, as soon; if that cannot take it, to the registered practice, queue clinical.",
		"From this request: kind is symptoms, condition is sore throat, age is 30 and pregnant is not applicable.",
		"Pharmacy First at Lock Pharmacy takes it: it accepts this and is open now.",
		"Weir Practice is accountable until Lock Pharmacy accepts; a person there confirms the referral first.",
	}
	if !slices.Equal(got.Because, want) {
		t.Errorf("because:\n%s", strings.Join(got.Because, "\n"))
	}
}

func TestDatedTablesAndFactsOfTheMoment(t *testing.T) {
	t.Parallel()
	p := parse(t, `policy: dated
facts: { core-hours: ["yes", "no"], day: [monday, tuesday, wednesday, thursday, friday, saturday, sunday], bank-holiday: ["yes", "no"] }
tables:
  - name: autumn
    from: 2026-09-01
    until: 2026-11-24
    rules:
      - { id: tuesdays, when: { day: '"tuesday"', core-hours: '"yes"' }, then: { to: desk, urgency: soon } }
  - name: always
    rules:
      - { id: holidays, when: { bank-holiday: '"yes"' }, then: { to: desk, urgency: routine } }
      - { id: catch-all, then: { to: registered-practice, urgency: routine } }
`)
	d := newWorld().directory(t)
	for at, want := range map[string]string{
		"2026-11-24 10:00": "tuesdays", "2026-11-24 19:00": "catch-all", "2026-12-01 10:00": "catch-all", "2026-08-25 10:00": "catch-all", "2026-12-28 10:00": "holidays",
	} {
		// What the request says of the moment does not count.
		if got := policy.Decide(p, screened(texts("day", "friday", "core-hours", "no")), d, nil, london(t, at)); got.Rule != want {
			t.Errorf("%s: rule %s, want %s", at, got.Rule, want)
		}
	}
}

func TestTheRuleIsKnownBeforeAPlaceIsSought(t *testing.T) {
	t.Parallel()
	p, at := riverside(t), london(t, "2026-11-24 10:00")
	if stage, table, rule := policy.RuleFor(p, sore(), at); stage != policy.StageRouting || table != "pharmacy-first" || rule.Then.To.Kind != policy.ToChosenPharmacy {
		t.Errorf("%s %s %s", stage, table, rule.ID)
	}
	if stage, _, rule := policy.RuleFor(p, sore("red-flag", "urgent"), at); stage != policy.StageSafety || rule.ID != "red-flag-urgent" {
		t.Errorf("%s %s", stage, rule.ID)
	}
}

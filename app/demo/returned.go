package demo

import (
	"hash/fnv"
	"math/rand/v2"

	"onedoor/app/misroutes"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/policy"
)

// sent is how many requests a rule of riverside sends on a working day, and how many of a hundred come back.
type sent struct {
	table, rule   string
	daily         int
	usually, late int // of a hundred, and of a hundred in the last fortnight
	reason        requests.MisrouteReason
}

var riversideSent = []sent{
	{"pharmacy-first", "sore-throat", 9, 5, 5, requests.NotEligible},
	{"pharmacy-first", "uti", 8, 6, 6, requests.NeedsClinician},
	{"pharmacy-first", "insect-bite", 4, 4, 4, requests.WrongService},
	{"pharmacy-first", "sinusitis", 7, 5, 38, requests.NeedsClinician}, // it has drifted: what a lead is to find
	{"self-referral", "physiotherapy", 6, 8, 8, requests.WrongService},
	{"everything-else", "admin", 14, 2, 2, requests.WrongService},
	{"everything-else", "repeat-prescription", 22, 1, 1, requests.DuplicateOf},
}

// ReturnedDays are made-up counts of what riverside's rules sent in the twelve weeks before a day, and of what came back:
// the same for the same day.
func ReturnedDays(p *policy.Policy, today nhs.Date) []misroutes.Day {
	const days, lately = 84, 14
	var list []misroutes.Day
	for _, s := range riversideSent {
		name := fnv.New64a()
		_, _ = name.Write([]byte(s.table + "/" + s.rule))
		r := rand.New(rand.NewPCG(name.Sum64(), 12)) //nolint:gosec // it must be the same each time
		for ago := days; ago >= 1; ago-- {
			d := misroutes.Day{On: today.Add(-ago), RulesHash: p.Hash(), Table: s.table, Rule: s.rule, Reasons: map[requests.MisrouteReason]int{}}
			of := s.usually
			if ago <= lately {
				of = s.late
			}
			for range s.daily - 2 + r.IntN(5) {
				d.Decisions++
				if r.IntN(100) < of {
					d.Returned++
					d.Reasons[s.reason]++
				}
			}
			if d.Decisions > 0 {
				list = append(list, d)
			}
		}
	}
	return list
}

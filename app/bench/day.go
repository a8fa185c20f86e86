// Package bench measures the product from outside: a seeded day of requests through the real HTTP API, against a bare
// pgbench that inserts the same rows into the same cluster in the same run. It prints figures and judges nothing.
package bench

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"onedoor/app/catalogue"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/tenants"
)

// The published mix of channels: GP Patient Survey 2025, 62 of 100 by phone, 22 online, 14 in person, the rest by app.
var channelMix = []weighted{{"phone", 62}, {"web", 22}, {"in-person", 14}, {"app", 2}}

// The mix of kinds is our own estimate: no published one fits the catalogue.
var kindMix = []weighted{
	{"symptoms", 34},
	{"repeat-prescription", 18},
	{"appointment-book", 14},
	{"admin", 10},
	{"test-results", 8},
	{"callback", 6},
	{"fit-note", 4},
	{"appointment-change", 3},
	{"appointment-cancel", 2},
	{"self-referral", 1},
}

// Requests by hour of the day, from 07:00 to 19:59: 27 of 100 arrive between 08:00 and 09:59.
var hourMix = []weighted{
	{"07", 2}, {"08", 16}, {"09", 11}, {"10", 11}, {"11", 10}, {"12", 8}, {"13", 8}, {"14", 9}, {"15", 8}, {"16", 7}, {"17", 5}, {"18", 3}, {"19", 2},
}

type weighted struct {
	value  string
	weight int
}

func pick(mix []weighted, random *rand.Rand) string {
	total := 0
	for _, w := range mix {
		total += w.weight
	}
	n := random.IntN(total)
	for _, w := range mix {
		if n -= w.weight; n < 0 {
			return w.value
		}
	}
	return mix[len(mix)-1].value
}

// asked is one request of the day.
type asked struct {
	at   time.Time
	body []byte
	key  string
}

// answers makes a valid set of answers to a kind's questions, for a person of whom this much is known.
type answers func(q *catalogue.Questionnaire, random *rand.Rand, known catalogue.Known) map[string]json.RawMessage

// day is a seeded day of requests by the people of a register, in order of arrival.
func day(kinds *catalogue.Catalogue, register []patients.Patient, on nhs.Date, n int, seed uint64, make answers) ([]asked, error) {
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a seeded day is the same day each time
	list := []asked{}
	for i := range n {
		kind, _ := kinds.Kind(pick(kindMix, random))
		p := register[random.IntN(len(register))]
		age := p.BirthDate.Age(on)
		body, err := json.Marshal(map[string]any{
			"neighbourhood": "riverside", "channel": pick(channelMix, random), "kind": kind.Code,
			"patient": map[string]any{"nhs_number": p.NHSNumber, "birth_date": p.BirthDate, "given_name": p.GivenName, "family_name": p.FamilyName},
			"answers": make(kind.Questionnaire, random, catalogue.Known{AgeYears: &age, Sex: p.Sex}),
		})
		if err != nil {
			return nil, err
		}
		var hour int
		if _, err := fmt.Sscan(pick(hourMix, random), &hour); err != nil {
			return nil, err
		}
		at := on.Midnight(tenants.London()).Add(time.Duration(hour)*time.Hour + time.Duration(random.IntN(3600))*time.Second)
		list = append(list, asked{at, body, fmt.Sprintf("bench-%d-%d", seed, i)})
	}
	slices.SortFunc(list, func(a, b asked) int { return a.at.Compare(b.at) })
	return list, nil
}

package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"onedoor/app/catalogue"
	"onedoor/app/catalogue/cataloguetest"
	"onedoor/app/database"
	"onedoor/app/demo/demotest"
	"onedoor/app/nhs"
	"onedoor/policy"
)

// stored is what is kept of one request, as far as every channel has to agree on it.
type stored struct {
	Kind, Questionnaire string
	Urgency             int
	Due                 time.Time
	Answers             map[string]any
	Ignored             []string
	Decision            policy.Decision
}

func (p *product) stored(reference string) (s stored) {
	p.t.Helper()
	var answers, ignored, decision []byte
	p.in(func(tx *database.Tx) error {
		return tx.Pgx().QueryRow(p.t.Context(), `
			select r.kind, r.questionnaire, r.urgency, r.answer_due_at, r.answers, r.ignored, d.decision
			from requests r join decisions d on d.neighbourhood_id = r.neighbourhood_id and d.request_id = r.id
			where r.reference = $1`, reference).Scan(&s.Kind, &s.Questionnaire, &s.Urgency, &s.Due, &answers, &ignored, &decision)
	})
	for part, into := range map[*[]byte]any{&answers: &s.Answers, &ignored: &s.Ignored, &decision: &s.Decision} {
		if err := json.Unmarshal(*part, into); err != nil {
			p.t.Fatal(err)
		}
	}
	return s
}

// comparable leaves out what two requests in a row cannot share: the moment, and how busy services were. When care is due
// is counted from the moment.
func (s stored) comparable() stored {
	if due := s.Decision.CareDue; due != nil {
		in := time.Time{}.Add(due.Sub(s.Decision.At))
		s.Decision.CareDue = &in
	}
	if s.Decision.Stop {
		s = s.anonymous()
	}
	s.Decision.At, s.Decision.Load = time.Time{}, nil
	s.Due = s.Due.UTC()
	return s
}

// anonymous leaves out what an emergency's pages never learn: who it is. Nor is the moment of an emergency's answer the same,
// which is at once.
func (s stored) anonymous() stored {
	s.Due, s.Decision.AnswerDue = time.Time{}, time.Time{}
	s.Decision.Home, s.Decision.Destination, s.Decision.Candidates, s.Decision.NearMisses = policy.Place{}, policy.Place{}, nil, nil
	s.Decision.Because = nil // it names the place
	s.Decision.Facts, s.Answers = maps.Clone(s.Decision.Facts), maps.Clone(s.Answers)
	for _, of := range []string{"age", "age-months", "sex", "pregnant", "registration", "registered-practice", "nominated-pharmacy"} {
		delete(s.Decision.Facts, of)
		delete(s.Answers, of)
	}
	return s
}

// The same answers give the same kind, answers, facts, decision, urgency and due time, by the pages and over the API.
func TestPagesAndAPIDecideAlike(t *testing.T) {
	t.Parallel()
	p := start(t)
	kinds, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	const sets = 4
	stops, pharmacies := 0, 0
	for n, kind := range kinds.Kinds() {
		for set := range sets {
			name := fmt.Sprintf("%s %d", kind.Code, set)
			rng := rand.New(rand.NewPCG(uint64(n), uint64(set)))
			who := p.Patients[rng.IntN(len(p.Patients))]
			if who.Postcode == string(nhs.NoFixedAbode) {
				who = p.Patients[0]
			}
			said := map[string]json.RawMessage{}
			j := journey{kind: kind.Code, who: who, pharmacy: "FRV01", answer: answering(t, rng, who, said, set == sets-1)}
			visitor := p.visit()
			reference, stopped := visitor.asks(kinds, j)
			body := asks(who, kind.Code, nil)
			body["answers"] = said
			if visitor.chose {
				pharmacies++
				body["choices"] = object{"pharmacy": j.pharmacy}
			}
			if stopped {
				stops++
			}
			web, api := p.stored(reference).comparable(), p.stored(p.as("app").submit(body).Reference).comparable()
			if stopped != web.Decision.Stop {
				t.Errorf("%s: the pages stopped: %v; decided to stop: %v", name, stopped, web.Decision.Stop)
			}
			compare(t, name, web, api)
		}
	}
	if stops < len(kinds.Kinds())/2 || pharmacies == 0 {
		t.Errorf("only %d emergencies and %d pharmacies were compared", stops, pharmacies)
	}
}

// answering answers as this person might, and writes down what they said. In an emergency they have the first red flag.
func answering(t *testing.T, rng *rand.Rand, who person, said map[string]json.RawMessage, emergency bool) func(*catalogue.Item) []string {
	return func(it *catalogue.Item) []string {
		var values []catalogue.Value
		switch {
		case it.LinkID == "age-band":
			values = []catalogue.Value{catalogue.Text(catalogue.AgeBand(ageOf(t, who)))}
		case emergency && it.RedFlag:
			values = redFlag(it)
		case it.Required || rng.IntN(100) < 80:
			values = cataloguetest.Answer(it, rng)
			for it.Required && len(values) == 0 {
				values = cataloguetest.Answer(it, rng)
			}
		}
		if len(values) == 0 {
			return nil
		}
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = v.String()
		}
		said[it.LinkID] = wire(t, it, texts)
		return texts
	}
}

func redFlag(it *catalogue.Item) []catalogue.Value {
	for _, o := range it.Options {
		if o.RedFlag == catalogue.Emergency {
			return []catalogue.Value{catalogue.Text(o.Code)}
		}
	}
	return nil
}

// wire is an answer as the API takes it.
func wire(t *testing.T, it *catalogue.Item, texts []string) json.RawMessage {
	t.Helper()
	var value any = texts[0]
	switch {
	case it.Repeats:
		value = texts
	case it.Type == catalogue.TypeBoolean:
		value = texts[0] == "true"
	case it.Type == catalogue.TypeInteger:
		n, err := strconv.Atoi(texts[0])
		if err != nil {
			t.Fatal(err)
		}
		value = n
	}
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func ageOf(t *testing.T, who person) int {
	t.Helper()
	born, err := nhs.ParseDate(who.BirthDate)
	if err != nil {
		t.Fatal(err)
	}
	return born.Age(nhs.DateOf(demotest.Monday))
}

// compare names each part in which two channels differ.
func compare(t *testing.T, name string, web, api stored) {
	t.Helper()
	a, b := parts(t, web), parts(t, api)
	keys := slices.Sorted(maps.Keys(a))
	for key := range b {
		if _, there := a[key]; !there {
			keys = append(keys, key)
		}
	}
	for _, key := range keys {
		if a[key] != b[key] {
			t.Errorf("%s: %s is %s by the pages and %s over the API", name, key, a[key], b[key])
		}
	}
}

// parts are every part of what is stored, down to each fact and each answer.
func parts(t *testing.T, s stored) map[string]string {
	t.Helper()
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	flat := map[string]string{}
	var walk func(path []string, at any)
	walk = func(path []string, at any) {
		if branch, ok := at.(map[string]any); ok {
			for name, below := range branch {
				walk(append(slices.Clone(path), name), below)
			}
			return
		}
		flat[strings.Join(path, ".")] = fmt.Sprintf("%#v", at)
	}
	walk(nil, tree)
	return flat
}

package parity

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"onedoor/app/catalogue"
	"onedoor/app/catalogue/cataloguetest"
	"onedoor/app/demo/demotest"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/policy"
)

// said is what one person says, on whatever channel: the first that asks draws each answer, and the others get the same.
type said struct {
	t        *testing.T
	kind     *catalogue.Kind
	who      patients.Patient
	pharmacy string // an ODS code
	rng      *rand.Rand
	screen   *catalogue.Screen
	answers  map[string][]catalogue.Value // by linkId; nothing for what is left out
	drawn    bool                         // no more are drawn: every channel asks the same questions
}

func newSaid(t *testing.T, c *catalogue.Catalogue, kind *catalogue.Kind, people []patients.Patient, seed uint64) *said {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 2027))
	s := &said{t: t, kind: kind, rng: rng, screen: c.Screen(), answers: map[string][]catalogue.Value{}, pharmacy: []string{"FRV01", "FRV02", "FRV04"}[rng.IntN(3)]}
	for s.who.NHSNumber == "" || s.who.Sex == "" || s.who.Postcode == nhs.NoFixedAbode {
		s.who = people[rng.IntN(len(people))]
	}
	return s
}

// to is the answer to a question.
func (s *said) to(it *catalogue.Item) []catalogue.Value {
	s.t.Helper()
	if values, ok := s.answers[it.LinkID]; ok {
		return values
	}
	if s.drawn {
		s.t.Fatalf("%s is asked on one channel and not on another", it.LinkID)
	}
	values := s.draw(it)
	s.answers[it.LinkID] = values
	return values
}

func (s *said) draw(it *catalogue.Item) []catalogue.Value {
	if it.LinkID == "age-band" {
		return []catalogue.Value{catalogue.Text(catalogue.AgeBand(s.who.BirthDate.Age(nhs.DateOf(demotest.Monday))))}
	}
	if !it.Required && s.rng.IntN(100) < 20 {
		return nil
	}
	for {
		values := cataloguetest.Answer(it, s.rng)
		switch {
		case it.Required && len(values) == 0:
		case it.FreeText() && len(values) == 1 && s.screen.Read(values[0].String(), true).Level == catalogue.Emergency:
		case it.RedFlag:
			if s.rng.IntN(12) == 0 { // more often than in life, so that emergencies are compared
				values = []catalogue.Value{catalogue.Text(it.Options[s.rng.IntN(len(it.Options))].Code)}
			}
			return untilEmergency(it, values)
		default:
			return values
		}
	}
}

// untilEmergency ends a list at the first emergency: a telephone asks for no other after it.
func untilEmergency(it *catalogue.Item, values []catalogue.Value) []catalogue.Value {
	for i, v := range values {
		if o, _ := it.Option(v.String()); o.RedFlag == catalogue.Emergency {
			return values[:i+1]
		}
	}
	return values
}

// wire are all answers as the API takes them.
func (s *said) wire() map[string]json.RawMessage {
	s.t.Helper()
	answers := catalogue.Answers{}
	for linkID, values := range s.answers {
		if len(values) > 0 {
			answers[linkID] = values
		}
	}
	raw, err := s.kind.Questionnaire.Wire(answers)
	if err != nil {
		s.t.Fatal(err)
	}
	return raw
}

// outcome is all that channels have to agree on of one request.
type outcome struct {
	Kind     string
	Patient  patients.Given
	Pharmacy nhs.ODSCode
	OwnOnly  bool
	Answers  catalogue.Answers
	Ignored  []string
	Decision policy.Decision // with facts, urgency and when an answer is due
}

// comparable leaves out the moment and how busy services were; of an emergency also what comes after the question that
// stopped it: who it is, and so who is told.
func (o outcome) comparable() outcome {
	o.Decision.Load = nil
	if !o.Decision.Stop {
		return o
	}
	d := o.Decision
	o.Patient, o.Pharmacy, o.OwnOnly = patients.Given{}, "", false
	o.Decision = policy.Decision{Urgency: d.Urgency, Rule: d.Rule, Stop: true, Message: d.Message, Facts: policy.Facts{}}
	about := map[string]bool{
		"age": true, "age-months": true, "sex": true, "pregnant": true, "registration": true, "registered-practice": true, "nominated-pharmacy": true,
	}
	for name, fact := range d.Facts {
		if !about[name] {
			o.Decision.Facts[name] = fact
		}
	}
	answers := catalogue.Answers{}
	for linkID, values := range o.Answers {
		if !about[linkID] {
			answers[linkID] = values
		}
	}
	o.Answers = answers
	return o
}

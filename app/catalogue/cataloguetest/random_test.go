package cataloguetest

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"

	"onedoor/app/catalogue"
	"onedoor/app/nhs"
)

func TestRandomAnswersAreValidAndTheSameForASeed(t *testing.T) {
	t.Parallel()
	c, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	day := nhs.Date{Year: 2026, Month: 11, Day: 23}
	for _, k := range c.Kinds() {
		seen := make(map[string]bool)
		for seed := range uint64(200) {
			known := catalogue.Known{}
			if seed%2 == 0 {
				known = catalogue.KnownOf(nhs.Date{Year: 1930 + int(seed*7)%96, Month: 5, Day: 1}, nhs.Female, day)
			}
			raw := Random(k.Questionnaire, rand.New(rand.NewPCG(seed, 1)), known)
			if again := Random(k.Questionnaire, rand.New(rand.NewPCG(seed, 1)), known); !reflect.DeepEqual(raw, again) {
				t.Fatalf("%s: seed %d gives %v and %v", k.Code, seed, raw, again)
			}
			_, ignored, err := k.Questionnaire.ParseAnswers(raw, known)
			if err != nil || len(ignored) != 0 {
				t.Fatalf("%s: seed %d: ignored %v (%v)", k.Code, seed, ignored, err)
			}
			for id := range raw {
				seen[id] = true
			}
		}
		for _, it := range k.Questionnaire.Questions() {
			if it.Asked() && !seen[it.LinkID] {
				t.Errorf("%s: %s is never answered in 200 sets", k.Code, it.LinkID)
			}
		}
	}
}

func TestAnswersAreOnTheWireAsTheAPIReadsThem(t *testing.T) {
	t.Parallel()
	c, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	k, _ := c.Kind("callback")
	raw := Random(k.Questionnaire, rand.New(rand.NewPCG(2, 1)), catalogue.Known{})
	for id, message := range raw {
		it, _ := k.Questionnaire.Item(id)
		var list []json.RawMessage
		if isArray := json.Unmarshal(message, &list) == nil; isArray != it.Repeats {
			t.Errorf("%s is %s", id, message)
		}
	}
}

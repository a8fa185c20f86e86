package intake

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/catalogue"
	"onedoor/app/catalogue/cataloguetest"
	"onedoor/app/nhs"
)

// person is somebody whom a test walks a conversation for.
type person struct {
	birth    nhs.Date
	sex      nhs.Sex
	early    bool // signed in: known before the first question
	sayAge   bool // answers the question of age, if asked, as it is
	channel  string
	pharmacy bool // the preview asks for one
}

func somebody(rng *rand.Rand) person {
	return person{
		birth:    nhs.Date{Year: 1940 + rng.IntN(86), Month: time.Month(1 + rng.IntN(12)), Day: 1 + rng.IntN(28)},
		sex:      []nhs.Sex{nhs.Female, nhs.Male, nhs.Other, ""}[rng.IntN(4)],
		early:    rng.IntN(2) == 0,
		sayAge:   rng.IntN(2) == 0,
		channel:  []string{ChannelWeb, ChannelApp, ChannelPhone, ChannelInPerson}[rng.IntN(4)],
		pharmacy: rng.IntN(2) == 0,
	}
}

func TestEachEnabledQuestionIsAskedOnceAndTheAnswersAreThoseOfTheAPI(t *testing.T) {
	t.Parallel()
	c := mustCatalogue(t)
	for _, kind := range c.Kinds() {
		t.Run(kind.Code, func(t *testing.T) {
			t.Parallel()
			stopped := 0
			for seed := range uint64(120) {
				if walkOne(t, c, kind, seed) {
					stopped++
				}
			}
			if stopped == 0 || stopped > 60 {
				t.Errorf("%d of 120 conversations were stopped by an emergency", stopped)
			}
		})
	}
}

// walkOne answers one random set of answers to the end, and reports whether an emergency stopped it.
func walkOne(t *testing.T, c *catalogue.Catalogue, kind *catalogue.Kind, seed uint64) (stopped bool) {
	t.Helper()
	ctx := context.Background()
	q := kind.Questionnaire
	rng := rand.New(rand.NewPCG(seed, 2027))
	who := somebody(rng)
	at := fixedNow()
	w := NewWalker(c, func(context.Context, *Conversation) (bool, error) { return who.pharmacy, nil }, func() time.Time { return at })
	conversation, err := w.Start(uuid.UUID{1}, uuid.UUID{2}, kind.Code, who.channel, "en")
	if err != nil {
		t.Fatal(err)
	}
	known := catalogue.KnownOf(who.birth, who.sex, nhs.DateOf(at))
	if who.early {
		conversation.Details.BirthDate, conversation.Details.Sex = who.birth, who.sex
	}
	raw := cataloguetest.Random(q, rng, known)
	given := make(map[string]json.RawMessage)
	asked := make(map[string]int)
	for range 100 {
		step := mustNext(ctx, t, w, conversation)
		conversation = stored(t, conversation)
		switch step.Kind {
		case StepAsk:
			asked[step.Item.LinkID]++
			settled, _, err := w.Settled(conversation)
			if err != nil || !q.Enabled(step.Item.LinkID, settled) {
				t.Fatalf("seed %d: %s was asked and is not enabled (%v)", seed, step.Item.LinkID, err)
			}
			reply(t, w, conversation, step.Item, raw, given, who)
		case StepDetails:
			tell(t, w, conversation, step.Details[0], who)
		case StepPharmacy:
			if !who.pharmacy || asked["pharmacy"] > 0 {
				t.Fatalf("seed %d: a pharmacy was asked for", seed)
			}
			asked["pharmacy"]++
			must(t, w.Give(conversation, Pharmacy, "FRV01"))
		case StepCheck, StepStop:
			if step.Kind == StepCheck {
				checkComplete(t, seed, w, q, conversation, asked, who)
			} else {
				known = conversation.Known(nhs.DateOf(at))
			}
			checkSame(t, seed, w, q, conversation, given, known)
			return step.Kind == StepStop
		}
	}
	t.Fatalf("seed %d: it does not end", seed)
	return false
}

func reply(t *testing.T, w *Walker, c *Conversation, it *catalogue.Item, raw, given map[string]json.RawMessage, who person) {
	t.Helper()
	message, answered := raw[it.LinkID]
	if it.LinkID == "age-band" && !answered && who.sayAge {
		band := catalogue.AgeBand(who.birth.Age(nhs.DateOf(fixedNow())))
		message, answered = json.RawMessage(fmt.Sprintf("%q", band)), true
	}
	if !answered {
		must(t, w.Skip(c, it.LinkID))
		return
	}
	values, err := it.Parse(message)
	must(t, err)
	must(t, w.Answer(c, it.LinkID, values))
	given[it.LinkID] = message
}

func tell(t *testing.T, w *Walker, c *Conversation, detail Detail, who person) {
	t.Helper()
	switch detail {
	case Name:
		must(t, w.Give(c, Name, "Siân", "O’Neill"))
	case BirthDate:
		must(t, w.Give(c, BirthDate, who.birth.String()))
	case NHSNumber:
		must(t, w.Give(c, NHSNumber))
	case Postcode:
		must(t, w.Give(c, Postcode, "ls1 4ap"))
	case HouseNumber:
		must(t, w.Give(c, HouseNumber, "12"))
	case Sex:
		must(t, w.Give(c, Sex, string(who.sex)))
	case Mobile:
		must(t, w.Give(c, Mobile, "07700 900123"))
	case SafeToText:
		must(t, w.Give(c, SafeToText, "no"))
	default:
		t.Fatalf("nobody can tell %s", detail)
	}
}

func checkComplete(t *testing.T, seed uint64, w *Walker, q *catalogue.Questionnaire, c *Conversation, asked map[string]int, who person) {
	t.Helper()
	settled, _, err := w.Settled(c)
	must(t, err)
	known := c.Known(nhs.DateOf(fixedNow()))
	for _, it := range q.Questions() {
		want := 0
		if q.Asks(it, settled, known) {
			want = 1
		}
		got := asked[it.LinkID]
		if got != want && (got != 1 || who.early || !askedBeforeTheBirthDate(it)) {
			t.Fatalf("seed %d: %s was asked %d times, want %d", seed, it.LinkID, got, want)
		}
	}
	if (asked["pharmacy"] == 1) != who.pharmacy {
		t.Fatalf("seed %d: a pharmacy was asked for %d times", seed, asked["pharmacy"])
	}
	lines, err := w.Review(c)
	must(t, err)
	seen := make(map[Place]bool)
	for _, line := range lines {
		if seen[line.Place] || line.Question == "" {
			t.Fatalf("seed %d: the review has %+v twice, or without a question", seed, line.Place)
		}
		seen[line.Place] = true
	}
}

// askedBeforeTheBirthDate are questions that can rightly be asked, and turn out to follow from the birth date and the sex.
func askedBeforeTheBirthDate(it *catalogue.Item) bool { return it.Derived || it.RedFlag }

func checkSame(t *testing.T, seed uint64, w *Walker, q *catalogue.Questionnaire, c *Conversation, given map[string]json.RawMessage, known catalogue.Known) {
	t.Helper()
	want, wantIgnored, err := q.ParseAnswers(given, known)
	must(t, err)
	got, ignored, err := w.Settled(c)
	must(t, err)
	if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(ignored, wantIgnored) {
		t.Fatalf("seed %d: walked answers %v ignoring %v, API %v ignoring %v", seed, got, ignored, want, wantIgnored)
	}
	facts, err := w.Facts(c)
	must(t, err)
	if wantFacts := q.Facts(want, known); !reflect.DeepEqual(facts, wantFacts) {
		t.Fatalf("seed %d: walked facts %v, API %v", seed, facts, wantFacts)
	}
}

// stored is the conversation as it comes back from where it is kept.
func stored(t *testing.T, c *Conversation) *Conversation {
	t.Helper()
	b, err := json.Marshal(c)
	must(t, err)
	var back Conversation
	must(t, json.Unmarshal(b, &back))
	if !reflect.DeepEqual(*c, back) {
		t.Fatalf("a conversation comes back as %+v, and was %+v", back, *c)
	}
	return &back
}

func mustNext(ctx context.Context, t *testing.T, w *Walker, c *Conversation) Step {
	t.Helper()
	step, err := w.Next(ctx, c)
	must(t, err)
	return step
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// loaded is shared: a catalogue does not change.
var loaded = sync.OnceValues(catalogue.Load)

func mustCatalogue(t testing.TB) *catalogue.Catalogue {
	t.Helper()
	c, err := loaded()
	must(t, err)
	return c
}

// fixedNow is a Monday morning in core hours.
func fixedNow() time.Time { return time.Date(2026, time.November, 23, 9, 30, 0, 0, time.UTC) }

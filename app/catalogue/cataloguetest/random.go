// Package cataloguetest makes sets of answers for tests and benchmarks of other packages: the same seed gives the same
// answers for ever, on every channel.
package cataloguetest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"onedoor/app/catalogue"
)

// Random answers a Questionnaire as a person of whom this is known might: most enabled items get a valid answer, a few are
// left out, and none is answered that is disabled, hidden or follows from what is known. Most people have no red flag.
func Random(q *catalogue.Questionnaire, rng *rand.Rand, known catalogue.Known) map[string]json.RawMessage {
	answers := catalogue.Answers{}
	for _, it := range q.Questions() {
		settled, _ := q.Settle(answers, known)
		if !q.Asks(it, settled, known) || rng.IntN(100) < 10 {
			continue
		}
		if values := Answer(it, rng); len(values) > 0 {
			answers[it.LinkID] = values
		}
	}
	wire, err := q.Wire(answers)
	if err != nil {
		panic(fmt.Sprintf("answers of %s cannot be written: %v", q.Version(), err))
	}
	return wire
}

// Answer is one valid answer to an item, as Item.Check leaves it.
func Answer(it *catalogue.Item, rng *rand.Rand) []catalogue.Value {
	values, err := it.Check(draw(it, rng))
	if err != nil {
		panic(fmt.Sprintf("an answer to %s is not valid: %v", it.LinkID, err))
	}
	return values
}

func draw(it *catalogue.Item, rng *rand.Rand) []catalogue.Value {
	switch it.Type {
	case catalogue.TypeBoolean:
		return []catalogue.Value{catalogue.Bool(rng.IntN(3) == 0)}
	case catalogue.TypeInteger:
		return []catalogue.Value{catalogue.Int(int64(*it.Min + rng.IntN(*it.Max-*it.Min+1)))}
	case catalogue.TypeDate:
		return []catalogue.Value{catalogue.Text(fmt.Sprintf("%04d-%02d-%02d", 2026+rng.IntN(2), 1+rng.IntN(12), 1+rng.IntN(28)))}
	case catalogue.TypeChoice:
		return drawCodes(it, rng)
	case catalogue.TypeString:
		return []catalogue.Value{catalogue.Text(pick(rng, names()))}
	}
	return []catalogue.Value{catalogue.Text(pick(rng, sentences()))}
}

func drawCodes(it *catalogue.Item, rng *rand.Rand) []catalogue.Value {
	if !it.Repeats {
		return []catalogue.Value{catalogue.Text(pick(rng, it.Options).Code)}
	}
	var chosen []catalogue.Value
	often := 35 // in a hundred, for each option
	if it.RedFlag {
		often = 1
	}
	for _, o := range it.Options {
		if o.Exclusive && len(chosen) == 0 {
			return []catalogue.Value{catalogue.Text(o.Code)}
		}
		if !o.Exclusive && rng.IntN(100) < often {
			chosen = append(chosen, catalogue.Text(o.Code))
		}
	}
	return chosen
}

func pick[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }

func names() []string {
	return []string{"Dr Okafor", "the nurse at the asthma clinic", "Harbour Pharmacy, Mill Street", "my employer", "Siân O’Neill"}
}

// sentences are free words; the last few are found by the phrase screen.
func sentences() []string {
	return []string{
		"It started at the weekend and it is not getting better.",
		"My throat is sore and it hurts to swallow.",
		"I have tried paracetamol and rest.\nIt helps for an hour or two.",
		"I need this for work, please.",
		"The same as last time.",
		"No chest pain, no fever. It is just annoying.",
		"Mae gen i ddolur gwddf ers tridiau.",
		"Żona mówi, że powinienem zadzwonić.",
		"I prefer the afternoon because of the school run & the bus (no. 4).",
		"<b>please</b> \"call\" me; I can't always hear the phone",
		"I fainted yesterday but I am fine now.",
		"There is blood in my urine.",
	}
}

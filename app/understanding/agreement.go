package understanding

import (
	"fmt"
	"slices"

	"onedoor/app/fault"
)

// What has to be seen in the shadow before proposals are put to people. The figures are the product's own choice: enough
// that luck alone is unlikely, few enough for a small practice to reach in a few weeks.
const (
	// EnoughCompared is how many proposals must have been compared with what people chose themselves.
	EnoughCompared = 50
	// EnoughOfKind and EnoughAgreed are what one kind needs: so many proposals, and that share of them chosen.
	EnoughOfKind = 10
	EnoughAgreed = 0.8
)

// Count is how often one model proposed one kind where people chose for themselves, and what they chose.
type Count struct {
	Proposed string // a kind; "" where the model was unsure
	Chosen   string // a kind; "" where the person went no further
	Shadow   bool   // seen beside the rules; else the person was asked to confirm
	Times    int
}

// Agreement is what one version of a model would have proposed, beside what people chose.
type Agreement struct {
	Model, Version string
	Kinds          []KindAgreement // in the order that it was asked for
	// Heard are all texts that the model read in the shadow; of these Compared had a proposal, and Agreed the right one.
	Heard, Compared, Agreed int
	// Late and Failed are texts that it did not answer in time or in form; Emergencies are those it was never asked about.
	Late, Failed, Emergencies int
	// Asked are proposals put to people once it was on; Confirmed are those that they said yes to.
	Asked, Confirmed int
}

// KindAgreement is one kind's part.
type KindAgreement struct {
	Kind string
	// Chosen is how often people chose it, and Found how often it was then proposed.
	Chosen, Found int
	// Compared is how often it was proposed, and Agreed how often people had chosen it.
	Compared, Agreed int
	// Asked and Confirmed are the same with people, once on.
	Asked, Confirmed int
}

// Enough reports whether proposals of this kind may be put to people.
func (k KindAgreement) Enough() bool {
	return k.Compared >= EnoughOfKind && float64(k.Agreed) >= EnoughAgreed*float64(k.Compared)
}

// Earned are the kinds that may be proposed.
func (a Agreement) Earned() []string {
	var earned []string
	for _, k := range a.Kinds {
		if k.Enough() {
			earned = append(earned, k.Kind)
		}
	}
	return earned
}

// Enough is nil when it may be turned on, or says what is missing.
func (a Agreement) Enough() error {
	if a.Compared < EnoughCompared {
		return fault.New(fault.Conflict, "not_enough_heard",
			"%d of %d proposals have been compared in shadow mode. It can be turned on when there are enough.", a.Compared, EnoughCompared)
	}
	if len(a.Earned()) == 0 {
		return fault.New(fault.Conflict, "not_enough_agreement",
			"No kind of request has %d proposals of which %s were what people chose. It can be turned on when one has.", EnoughOfKind, percent(EnoughAgreed))
	}
	return nil
}

func percent(share float64) string { return fmt.Sprintf("%.0f%%", 100*share) }

// agreementOf adds counts up.
func agreementOf(m About, kinds []string, counts []Count, outcomes map[Outcome]int) Agreement {
	a := Agreement{
		Model: m.Model, Version: m.Version, Late: outcomes[Late], Failed: outcomes[Failed], Emergencies: outcomes[Emergency],
		Kinds: make([]KindAgreement, len(kinds)),
	}
	for i, k := range kinds {
		a.Kinds[i].Kind = k
	}
	of := func(kind string) *KindAgreement {
		if i := slices.Index(kinds, kind); i >= 0 {
			return &a.Kinds[i]
		}
		return &KindAgreement{} // a kind that the catalogue no longer has
	}
	for _, c := range counts {
		if !c.Shadow {
			a.asked(c, of)
			continue
		}
		a.Heard += c.Times
		of(c.Chosen).Chosen += c.Times
		if c.Proposed == "" {
			continue
		}
		a.Compared += c.Times
		of(c.Proposed).Compared += c.Times
		if c.Proposed == c.Chosen {
			a.Agreed += c.Times
			of(c.Proposed).Agreed += c.Times
			of(c.Proposed).Found += c.Times
		}
	}
	return a
}

func (a *Agreement) asked(c Count, of func(string) *KindAgreement) {
	if c.Proposed == "" {
		return
	}
	a.Asked += c.Times
	of(c.Proposed).Asked += c.Times
	if c.Proposed == c.Chosen {
		a.Confirmed += c.Times
		of(c.Proposed).Confirmed += c.Times
	}
}

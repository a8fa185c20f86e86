package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// canonicalHash is taken of what the document means, in its own order: two documents with one hash decide alike and explain
// themselves in the same words. Its shape is never changed, only given another format number; what a document may say besides
// is written only where it is said, so that the hash of a document that does not say it stays.
func (p *Policy) canonicalHash() string {
	type fact struct {
		Name     string   `json:"name"`
		Values   []string `json:"values,omitempty"`
		Min, Max int      `json:",omitempty"`
		Worse    []string `json:"worse,omitempty"`
		Safety   bool     `json:"safety,omitempty"`
	}
	type rule struct {
		ID   string         `json:"id"`
		When [][2]string    `json:"when"`
		Then map[string]any `json:"then"`
		Note string         `json:"note"`

		Disabled bool            `json:"disabled,omitempty"`
		IfDrifts DestinationKind `json:"if_drifts,omitempty"`
	}
	type table struct {
		Name  string    `json:"name"`
		Hit   HitPolicy `json:"hit"`
		From  string    `json:"from"`
		Until string    `json:"until"`
		Rules []rule    `json:"rules"`
	}
	type test struct {
		Name   string            `json:"name"`
		On     string            `json:"on"`
		Given  Facts             `json:"given"`
		Expect map[string]string `json:"expect"`
	}
	doc := struct {
		Format int     `json:"format"`
		Policy string  `json:"policy"`
		Facts  []fact  `json:"facts"`
		Tables []table `json:"tables"`
		Cases  []test  `json:"cases"`
	}{Format: 1, Policy: p.name}
	for _, f := range p.facts[:p.declared] { // the platform's own facts belong to the safety stage's hash
		doc.Facts = append(doc.Facts, fact{f.Name, f.Values, f.Min, f.Max, f.Worse, f.Safety})
	}
	for _, t := range p.tables {
		out := table{Name: t.Name, Hit: t.Hit, From: t.From.String(), Until: t.Until.String()}
		for _, r := range t.Rules {
			row := rule{ID: r.ID, Note: r.Note, Disabled: r.Disabled, IfDrifts: r.IfDrifts, Then: map[string]any{
				"to": r.Then.To.String(), "service": r.Then.Service, "urgency": r.Then.Urgency, "tags": append([]string{}, r.Then.Tags...),
				"message": r.Then.Message, "care_within": r.Then.CareWithin, "answer_within": r.Then.AnswerWithin,
			}}
			overflow := []string{}
			for _, d := range r.Then.Overflow {
				overflow = append(overflow, d.String())
			}
			row.Then["overflow"] = overflow
			for _, c := range r.When {
				row.When = append(row.When, [2]string{c.Fact, c.Cell.String()})
			}
			out.Rules = append(out.Rules, row)
		}
		doc.Tables = append(doc.Tables, out)
	}
	for _, c := range p.cases {
		expect := map[string]string{
			"service": c.Expect.Service, "urgency": string(c.Expect.Urgency), "table": c.Expect.Table, "rule": c.Expect.Rule, "message": c.Expect.Message,
		}
		if c.Expect.To != nil {
			expect["to"] = c.Expect.To.String()
		}
		doc.Cases = append(doc.Cases, test{c.Name, c.On.String(), c.Given, expect})
	}
	canonical, err := json.Marshal(doc)
	if err != nil {
		panic("plain values are always written: " + err.Error())
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:])
}

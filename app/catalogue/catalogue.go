// Package catalogue holds the request kinds: what a patient can ask for, the questions of each, and what can have been done
// at the end. A kind is one FHIR R4 Questionnaire, embedded here, with a few extensions of our own: what to say on the
// telephone, how to key the answer, which fact of a decision it gives, and which options are red flags. Every channel asks
// from these and from nothing else; the safety questions are written once and stand first in every kind.
//
// The package reads answers, says which items are enabled, screens free text by rules, and turns answers into the facts that
// policy decides from. It never decides, stores or sends anything, and has no clock: what is known of the person is an
// argument. Load checks every Questionnaire, and that all of it is there in Welsh too, and names the file and item of whatever
// is wrong.
package catalogue

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

//go:embed questionnaires/*.json questionnaires/*.txt
var questionnaires embed.FS

//go:embed phrases.txt
var phrases string

//go:embed phrases-cy.txt
var phrasesWelsh string

// The files of a catalogue beside its Questionnaires.
const (
	safetyFile = "safety.json" // the first item of every Questionnaire
	factsFile  = "facts.json"  // every fact that an item may give, with its values

	safetyGroup = "safety" // the linkId of that item
)

// Catalogue is every request kind. It does not change once loaded, and can be read from many places at once.
type Catalogue struct {
	kinds  []*Kind
	byCode map[string]*Kind
	facts  []FactType
	screen *Screen

	languages map[string]dictionary
}

// Kind is one thing that a patient can ask for.
type Kind struct {
	Code, Title   string
	Outcomes      []Outcome // done is in all
	Questionnaire *Questionnaire
	Description   string
	Say           string // for a menu on the telephone: book an appointment
	Group         string // the menu that it stands in
	Key           string // the digits that choose it in the menu of kinds
}

// Outcome is what was done for the patient.
type Outcome struct{ Code, Title string }

// HasOutcome reports whether a code is one of the kind's outcomes.
func (k *Kind) HasOutcome(code string) bool {
	return slices.ContainsFunc(k.Outcomes, func(o Outcome) bool { return o.Code == code })
}

// FactType declares a fact and its values: codes, or a range of whole numbers. Unknown is a value of every fact.
type FactType struct {
	Name   string   `json:"name"`
	Values []string `json:"values,omitempty"`
	Min    *int     `json:"min,omitempty"`
	Max    *int     `json:"max,omitempty"`
}

// Questionnaire is the questions of one kind.
type Questionnaire struct {
	url, version string
	kind         string
	document     []byte
	items        []*Item
	questions    []*Item // in document order, without groups
	byLinkID     map[string]*Item
	screen       *Screen
}

// Load reads and checks the embedded catalogue.
func Load() (*Catalogue, error) {
	folder, err := fs.Sub(questionnaires, "questionnaires")
	if err != nil {
		return nil, err
	}
	return LoadFrom(folder)
}

// LoadFrom reads a catalogue from a folder: safety.json, facts.json, and one FHIR R4 Questionnaire in every other .json
// file, in the order of their names; and their words in each other language, such as cy.txt. The error names every file and
// item that is wrong.
func LoadFrom(folder fs.FS) (*Catalogue, error) {
	screen, err := parseScreen(phrases + "\n" + phrasesWelsh)
	if err != nil {
		return nil, err
	}
	safety, err := fs.ReadFile(folder, safetyFile)
	if err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	c := &Catalogue{byCode: make(map[string]*Kind), screen: screen}
	if c.facts, err = readFacts(folder); err != nil {
		return nil, err
	}
	names, err := fs.Glob(folder, "*.json")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var wrong []error
	for _, name := range names {
		if name == safetyFile || name == factsFile {
			continue
		}
		document, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, fmt.Errorf("catalogue: %w", err)
		}
		kind, err := c.readKind(name, document, safety)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		if _, twice := c.byCode[kind.Code]; twice {
			wrong = append(wrong, fmt.Errorf("catalogue: %s: the kind %q is in another file too", name, kind.Code))
			continue
		}
		c.byCode[kind.Code] = kind
		c.kinds = append(c.kinds, kind)
	}
	if len(c.kinds) == 0 && len(wrong) == 0 {
		wrong = append(wrong, errors.New("catalogue: there is no Questionnaire"))
	}
	if err := keyKinds(c.kinds); err != nil {
		wrong = append(wrong, err)
	}
	// A kind that was refused is not there to be in Welsh: what is wrong with it comes first.
	if len(wrong) == 0 {
		wrong = append(wrong, c.readLanguages(folder))
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	c.declareKinds()
	return c, nil
}

func readFacts(folder fs.FS) ([]FactType, error) {
	document, err := fs.ReadFile(folder, factsFile)
	if err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	var facts []FactType
	if err := decodeStrict(document, &facts); err != nil {
		return nil, fmt.Errorf("catalogue: %s: %w", factsFile, err)
	}
	seen := make(map[string]bool, len(facts))
	for _, f := range facts {
		isRange := f.Min != nil && f.Max != nil && *f.Min <= *f.Max
		if f.Name == "" || seen[f.Name] || isRange == (len(f.Values) > 0) || slices.Contains(f.Values, unknownCode) {
			return nil, fmt.Errorf("catalogue: %s: fact %q needs a name of its own, and either values or a range; unknown is always one",
				factsFile, f.Name)
		}
		seen[f.Name] = true
	}
	return facts, nil
}

// declareKinds adds the fact kind, whose values are the kinds that were loaded.
func (c *Catalogue) declareKinds() {
	codes := make([]string, 0, len(c.kinds))
	for _, k := range c.kinds {
		codes = append(codes, k.Code)
	}
	c.facts = append(c.facts, FactType{Name: "kind", Values: codes})
	slices.SortFunc(c.facts, func(a, b FactType) int { return strings.Compare(a.Name, b.Name) })
}

// Kinds are in the order of their files.
func (c *Catalogue) Kinds() []*Kind { return slices.Clone(c.kinds) }

// Kind finds a kind by its code.
func (c *Catalogue) Kind(code string) (*Kind, bool) {
	k, ok := c.byCode[code]
	return k, ok
}

// FactTypes are the facts that answers can give, by name.
func (c *Catalogue) FactTypes() []FactType { return slices.Clone(c.facts) }

// Screen is the phrase screen for free text.
func (c *Catalogue) Screen() *Screen { return c.screen }

// Menu is the menu of kinds, in groups.
func (c *Catalogue) Menu() []MenuEntry { return kindMenu(c.kinds) }

// JSON is the whole FHIR R4 Questionnaire, with the safety questions in it.
func (q *Questionnaire) JSON() []byte { return bytes.Clone(q.document) }

// Version is url|version, which a request keeps.
func (q *Questionnaire) Version() string { return q.url + "|" + q.version }

// Kind is the code of the kind that it belongs to.
func (q *Questionnaire) Kind() string { return q.kind }

// Items are the items at the top, in order; groups hold others.
func (q *Questionnaire) Items() []*Item { return slices.Clone(q.items) }

// Questions are all items that bear answers, groups opened, in the order in which they are asked.
func (q *Questionnaire) Questions() []*Item { return slices.Clone(q.questions) }

// Item finds an item by its linkId.
func (q *Questionnaire) Item(linkID string) (*Item, bool) {
	it, ok := q.byLinkID[linkID]
	return it, ok
}

// readKind composes and checks one Questionnaire.
func (c *Catalogue) readKind(name string, document, safety []byte) (*Kind, error) {
	var resource fhirQuestionnaire
	if err := decodeStrict(document, &resource); err != nil {
		return nil, fmt.Errorf("catalogue: %s: %w", name, err)
	}
	var first fhirItem
	if err := decodeStrict(safety, &first); err != nil {
		return nil, fmt.Errorf("catalogue: %s: %w", safetyFile, err)
	}
	resource.Item = append([]*fhirItem{&first}, resource.Item...)

	b := &builder{file: name, facts: c.facts, byLinkID: make(map[string]*Item)}
	kind := b.kind(&resource)
	if err := errors.Join(b.wrong...); err != nil {
		return nil, err
	}
	composed, err := json.MarshalIndent(&resource, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("catalogue: %s: %w", name, err)
	}
	kind.Questionnaire.document = append(composed, '\n')
	kind.Questionnaire.screen = c.screen
	return kind, nil
}

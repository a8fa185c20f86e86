// Package local understands words on this machine, with nothing sent anywhere: a logistic regression over words and parts of
// words, trained from sayings that stand beside it as data, in English and Welsh, and a list of phrases that answer questions.
// It is small, quick and knows only what the sayings say; below a floor of confidence it proposes nothing. It is trained when
// it is first asked, which takes a third of a second, and the same way each time: no trained file can be older than the
// sayings, and a process that nobody asks spends nothing.
//
// The sayings were written for this product, and none is a patient's. What it reads is not kept, and it never learns from it.
package local

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"onedoor/app/catalogue"
	"onedoor/app/understanding"
)

//go:embed phrases-en.txt
var phrasesEnglish string

//go:embed phrases-cy.txt
var phrasesWelsh string

//go:embed answers.txt
var answers string

// Name is what a setting chooses it by.
const Name = "local"

// Floor is the confidence below which nothing is proposed. It is where nearly nine in ten proposals are right for sayings that
// were left out of training in turn: a wrong one costs the person a page, and none costs them a menu.
const Floor = 0.6

// revision is changed with the way in which it is trained; the version changes by itself with the sayings.
const revision = 1

// Model implements understanding.Model. It serves many at once.
type Model struct {
	trained func() *classifier // once, by whoever asks first
	answers map[string][]rule  // by kind
	version string
}

// New makes a model for a catalogue. It refuses sayings of a kind, and phrases for an answer, that the catalogue lacks. A kind
// without sayings is never proposed.
func New(c *catalogue.Catalogue) (*Model, error) {
	var examples []Saying
	for _, list := range []string{phrasesEnglish, phrasesWelsh} {
		sayings, err := ReadSayings(list)
		if err != nil {
			return nil, err
		}
		examples = append(examples, sayings...)
	}
	rules, err := readAnswers(c, answers)
	if err != nil {
		return nil, err
	}
	for _, s := range examples {
		if _, ok := c.Kind(s.Kind); !ok && s.Kind != "" {
			return nil, fmt.Errorf("local: there are sayings of %q, which is no kind of request", s.Kind)
		}
	}
	sum := sha256.Sum256([]byte(phrasesEnglish + "\x00" + phrasesWelsh + "\x00" + answers))
	return &Model{
		trained: sync.OnceValue(func() *classifier { return train(examples) }), answers: rules,
		version: fmt.Sprintf("%d-%s", revision, hex.EncodeToString(sum[:4])),
	}, nil
}

// About implements understanding.Model.
func (m *Model) About() understanding.About {
	return understanding.About{Name: Name, Model: "onedoor-words", Version: m.version}
}

// Understand implements understanding.Model.
func (m *Model) Understand(ctx context.Context, t understanding.Text) (understanding.Proposal, error) {
	if err := ctx.Err(); err != nil {
		return understanding.Proposal{}, err
	}
	kind, confidence := m.trained().classify(t.Words)
	if kind == "" || confidence < Floor {
		return understanding.Proposal{Confidence: confidence}, nil
	}
	return understanding.Proposal{Kind: kind, Confidence: confidence, Answers: m.answersIn(kind, t.Words)}, nil
}

var errNoSayings = errors.New("local: there are no sayings")

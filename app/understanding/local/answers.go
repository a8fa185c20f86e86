package local

import (
	"fmt"
	"slices"
	"strings"

	"onedoor/app/catalogue"
	"onedoor/app/understanding"
)

// rule is one answer, and the phrases that give it.
type rule struct {
	item    *catalogue.Item
	value   catalogue.Value
	phrases [][]string // words; one that ends in * stands for all that begin so
}

// readAnswers reads the list of phrases that answer questions. It refuses what the catalogue would.
func readAnswers(c *catalogue.Catalogue, list string) (map[string][]rule, error) {
	rules := make(map[string][]rule)
	var kind *catalogue.Kind
	for n, line := range strings.Split(list, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '[' {
			found, ok := c.Kind(strings.Trim(line, "[]"))
			if !ok {
				return nil, fmt.Errorf("local: answers.txt: line %d: %s is no kind of request", n+1, line)
			}
			kind = found
			continue
		}
		r, err := readRule(kind, line)
		if err != nil {
			return nil, fmt.Errorf("local: answers.txt: line %d: %w", n+1, err)
		}
		rules[kind.Code] = append(rules[kind.Code], r)
	}
	return rules, nil
}

func readRule(kind *catalogue.Kind, line string) (rule, error) {
	answer, phrases, ok := strings.Cut(line, ":")
	linkID, code, given := strings.Cut(answer, "=")
	if !ok || !given || kind == nil {
		return rule{}, fmt.Errorf("%q is not linkId=code: phrase | phrase, below a heading", line)
	}
	it, ok := kind.Questionnaire.Item(linkID)
	if !ok || !understanding.Proposable(it) || it.FreeText() {
		return rule{}, fmt.Errorf("%s has no question %q that can be answered so", kind.Code, linkID)
	}
	values, err := it.ParseForm([]string{code})
	if err != nil || len(values) != 1 {
		return rule{}, fmt.Errorf("%q is no answer to %q: %w", code, linkID, err)
	}
	r := rule{item: it, value: values[0]}
	for _, p := range strings.Split(phrases, "|") {
		words := foldPhrase(p)
		if len(words) == 0 {
			return rule{}, fmt.Errorf("%q has an empty phrase", answer)
		}
		r.phrases = append(r.phrases, words)
	}
	return r, nil
}

// foldPhrase folds a phrase as texts are, and keeps the stars.
func foldPhrase(p string) []string {
	var words []string
	for _, w := range strings.Fields(p) {
		stem, open := strings.CutSuffix(w, "*")
		words = append(words, fold(stem)...)
		if open && len(words) > 0 {
			words[len(words)-1] += "*"
		}
	}
	return words
}

// answersIn are the answers that a text gives to the questions of a kind. Two to a question that takes one are none.
func (m *Model) answersIn(kind, text string) catalogue.Answers {
	words := fold(text)
	found := make(catalogue.Answers)
	for _, r := range m.answers[kind] {
		if r.in(words) {
			found[r.item.LinkID] = append(found[r.item.LinkID], r.value)
		}
	}
	for _, r := range m.answers[kind] {
		if len(found[r.item.LinkID]) > 1 && !r.item.Repeats {
			delete(found, r.item.LinkID)
		}
	}
	return found
}

func (r rule) in(words []string) bool {
	return slices.ContainsFunc(r.phrases, func(phrase []string) bool {
		for i := 0; i+len(phrase) <= len(words); i++ {
			if begins(words[i:], phrase) && !denied(words[:i]) {
				return true
			}
		}
		return false
	})
}

func begins(words, phrase []string) bool {
	for i, p := range phrase {
		stem, open := strings.CutSuffix(p, "*")
		if words[i] != p && (!open || !strings.HasPrefix(words[i], stem)) {
			return false
		}
	}
	return true
}

// denied reports whether one of the three words before a phrase takes it back.
func denied(before []string) bool {
	near := before[max(0, len(before)-3):]
	return slices.ContainsFunc(near, func(w string) bool {
		return slices.Contains([]string{"no", "not", "without", "dont", "dim", "heb", "ddim", "nid"}, w)
	})
}

package dialogue

import (
	"cmp"
	"slices"
	"strings"

	"onedoor/app/catalogue"
	"onedoor/app/intake"
)

// Phrases are all that the line says that are always the same, in each language: what a person can record, and what can be
// made into sound before anybody rings. They are in the order of their ids, English before Welsh.
func (d *Driver) Phrases() []Phrase {
	var all []Phrase
	seen := make(map[string]bool)
	add := func(p Phrase) {
		if p.ID != "" && !seen[p.ID+" "+p.Language] {
			seen[p.ID+" "+p.Language] = true
			all = append(all, p)
		}
	}
	for _, id := range d.words.ids() {
		if !d.words.fixed(id) {
			continue
		}
		for _, language := range []string{english, welsh} {
			add(d.phrase(language, id))
		}
	}
	for _, language := range []string{english, welsh} {
		for _, p := range d.ofCatalogue(language) {
			add(p)
		}
	}
	slices.SortFunc(all, func(a, b Phrase) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(b.Language, a.Language))
	})
	return all
}

// ofCatalogue are what the line says of every kind and question, in one language.
func (d *Driver) ofCatalogue(language string) []Phrase {
	s := &State{Start: Start{Language: language}}
	said := d.menu(s, "kind", d.catalogue.Menu())
	for _, k := range d.catalogue.Kinds() {
		s.Talk = &intake.Conversation{Kind: k.Code}
		said = append(said, d.title(s, k), d.meant(s, k))
		for _, it := range k.Questionnaire.Questions() {
			if !it.Asked() {
				continue
			}
			id := itemID(s, it)
			said = append(said, d.catalogued(s, id, it.Say), d.catalogued(s, "text."+id, it.Text))
			said = append(said, d.menu(s, id, it.Menu())...)
			if it.Type == catalogue.TypeChoice {
				for _, o := range it.Options {
					said = append(said, d.answerWords(s, it, catalogue.Text(o.Code)))
				}
			}
		}
	}
	return said
}

// menu are the entries of a menu and of the menus in it.
func (d *Driver) menu(s *State, id string, entries []catalogue.MenuEntry) []Phrase {
	said := d.entries(s, id, entries)
	for _, e := range entries {
		said = append(said, d.entries(s, id, e.Entries)...)
	}
	return said
}

package dialogue

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"onedoor/app/catalogue"
	"onedoor/tenants"
)

// say is a phrase in the caller's language. One without blanks keeps its id, and can be a person's own recording.
func (d *Driver) say(s *State, id string, fill ...string) Phrase {
	return d.phrase(known(s.Language), id, fill...)
}

func (d *Driver) phrase(language, id string, fill ...string) Phrase {
	p := Phrase{ID: id, Text: d.words.text(language, id, fill...), Language: language}
	if len(fill) > 0 {
		p.ID = ""
	}
	return p
}

// private are words of this caller alone.
func (s *State) private(text string) Phrase {
	return Phrase{Text: text, Language: known(s.Language), Private: true}
}

// spelt are characters of this caller, said one by one.
func (s *State) spelt(text string) Phrase {
	return Phrase{Text: text, Language: known(s.Language), Private: true, Slow: true}
}

// catalogued are words of the catalogue, in the caller's language.
func (d *Driver) catalogued(s *State, id, text string) Phrase {
	language := known(s.Language)
	if words, ok := d.catalogue.Words(language, text); ok {
		return Phrase{ID: id, Text: words, Language: language}
	}
	return Phrase{ID: id, Text: text, Language: english}
}

// choice is an entry of a menu: what it is, and its key.
func (d *Driver) choice(s *State, id, text, key string) Phrase {
	p := d.catalogued(s, id, text)
	p.Text = d.words.text(p.Language, "press", "choice", sentence(p.Text), "key", key)
	return p
}

// entries are the keys of a menu that stands open.
func (d *Driver) entries(s *State, id string, entries []catalogue.MenuEntry) []Phrase {
	said := make([]Phrase, 0, len(entries))
	for _, e := range entries {
		name := id + "." + e.Code
		if e.Code == "" {
			name = id + ".group." + e.Key
		}
		said = append(said, d.choice(s, name, e.Say, lastKey(e.Key)))
	}
	return said
}

func lastKey(path string) string { return path[len(path)-1:] }

// at is the menu that stands open after the keys of its path; nil when no menu does.
func at(menu []catalogue.MenuEntry, path string) []catalogue.MenuEntry {
	if path == "" {
		return menu
	}
	for _, e := range menu {
		if e.Key == path {
			return e.Entries
		}
	}
	return nil
}

// pick is the entry of an open menu that a key chooses.
func pick(menu []catalogue.MenuEntry, key string) (catalogue.MenuEntry, bool) {
	for _, e := range menu {
		if lastKey(e.Key) == key {
			return e, true
		}
	}
	return catalogue.MenuEntry{}, false
}

// sentence begins with a capital.
func sentence(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return text
	}
	return string(unicode.ToUpper(r)) + text[size:]
}

// digits are said one by one, in groups as people read them.
func digits(spaced string) string { return strings.Join(strings.Fields(spaced), ", ") }

// directory is the neighbourhood's.
func (d *Driver) directory(ctx context.Context, s *State) (*tenants.Directory, error) {
	return d.directories.Current(ctx, s.NeighbourhoodID)
}

// place is the name of whoever answers: the organisation whose line it is, or the neighbourhood.
func place(s *State, directory *tenants.Directory) string {
	if o, ok := directory.Organisation(s.OrganisationID); ok {
		return o.Name
	}
	return directory.Neighbourhood().Name
}

package catalogue

import (
	"fmt"
	"slices"
	"strings"
)

// Level is how alarming free text is.
type Level string

func (l Level) rank() int {
	return slices.Index([]string{Clear, Urgent, Emergency}, string(l))
}

// Finding is what the phrase screen says of one text.
type Finding struct {
	Level Level
	// Phrases are the rules that were met at that level, as they stand in the list: never the patient's own words.
	Phrases []string
	// Crisis is true when every emergency found is a mental-health crisis.
	Crisis bool
}

// Screen finds emergencies in free text, English or Welsh, by rules alone. It errs to caution, and knows a few ways in which a phrase does not
// mean what it says: it is denied ("no chest pain"), or is past or about a death ("my father died of a stroke"), which makes
// an emergency no more than urgent.
type Screen struct {
	byFirst map[string][]*phrase // phrases by a first word that is spelt out
	open    []*phrase            // phrases whose first word is only begun: suicid*
}

type phrase struct {
	source  string
	level   Level
	crisis  bool
	child   bool
	welsh   bool // it is denied in Welsh too
	denies  bool // has a negative word of its own, so that another before it means nothing: no, I cannot breathe
	pattern []element
}

// element is one place of a phrase: words of which one must stand there, or a gap for linking words.
type element struct {
	words []string
	gap   bool
}

// gapMost is how many linking words a gap can hold.
const gapMost = 3

// Read screens a text. Phrases about children count when child is true: that is, unless the person is known to be 16 or over.
func (s *Screen) Read(text string, child bool) Finding {
	t := tokenise(text)
	finding := Finding{Level: Clear}
	for i, token := range t {
		for _, p := range s.candidates(token.word) {
			end, ok := p.match(t, i)
			if !ok || (p.child && !child) {
				continue
			}
			level := p.level
			switch {
			case !p.denies && t.denied(i, end, p.welsh):
				continue
			case level == Emergency && t.past(i, end):
				level = Urgent
			}
			finding.add(p, level)
		}
	}
	finding.Crisis = finding.Crisis && finding.Level == Emergency
	return finding
}

func (f *Finding) add(p *phrase, level Level) {
	if level.rank() > f.Level.rank() {
		*f = Finding{Level: level, Crisis: true}
	}
	if level != f.Level {
		return
	}
	f.Crisis = f.Crisis && p.crisis
	if !slices.Contains(f.Phrases, p.source) {
		f.Phrases = append(f.Phrases, p.source)
	}
}

func (s *Screen) candidates(word string) []*phrase {
	listed := s.byFirst[word]
	var found []*phrase
	for _, p := range s.open {
		if p.pattern[0].takes(word) {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		return listed
	}
	return append(slices.Clone(listed), found...)
}

// match reports whether the phrase begins at token i, and the token after its last.
func (p *phrase) match(t tokens, i int) (end int, ok bool) {
	return matchFrom(p.pattern, t, i, t[i].clause, p.denies)
}

func matchFrom(pattern []element, t tokens, i, clause int, denies bool) (end int, ok bool) {
	if len(pattern) == 0 {
		return i, true
	}
	if pattern[0].gap {
		for skipped := 0; skipped <= gapMost; skipped++ {
			if end, ok := matchFrom(pattern[1:], t, i+skipped, clause, denies); ok {
				return end, true
			}
			if i+skipped >= len(t) || t[i+skipped].clause != clause || !linking(t[i+skipped].word) {
				return 0, false
			}
		}
		return 0, false
	}
	if i >= len(t) || t[i].clause != clause || !pattern[0].takes(t[i].word) {
		return 0, false
	}
	return matchFrom(pattern[1:], t, i+1, clause, denies)
}

func (e element) takes(word string) bool {
	return slices.ContainsFunc(e.words, func(w string) bool {
		if stem, open := strings.CutSuffix(w, "*"); open {
			return strings.HasPrefix(word, stem)
		}
		return w == word
	})
}

// parseScreen reads the list of phrases.
func parseScreen(list string) (*Screen, error) {
	s := &Screen{byFirst: make(map[string][]*phrase)}
	var section phrase
	for n, line := range strings.Split(list, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '[' {
			fields := strings.Fields(strings.Trim(line, "[]"))
			section = phrase{level: Level(strings.Join(fields[:min(1, len(fields))], "")), crisis: slices.Contains(fields, "crisis"), child: slices.Contains(fields, "child"), welsh: slices.Contains(fields, "welsh")}
			if section.level != Emergency && section.level != Urgent {
				return nil, fmt.Errorf("catalogue: phrases.txt: line %d: the heading %s is not known", n+1, line)
			}
			continue
		}
		p := section
		p.source = line
		if says := p.compile(); says != "" {
			return nil, fmt.Errorf("catalogue: phrases.txt: line %d: %s", n+1, says)
		}
		s.add(&p)
	}
	return s, nil
}

func (p *phrase) compile() string {
	if p.level == "" {
		return "it stands before the first heading"
	}
	for _, field := range strings.Fields(p.source) {
		if field == "_" {
			p.pattern = append(p.pattern, element{gap: true})
			continue
		}
		words := strings.Split(field, "|")
		for _, w := range words {
			if strings.Trim(w, "abcdefghijklmnopqrstuvwxyz0123456789*") != "" || strings.Contains(strings.TrimSuffix(w, "*"), "*") || len(w) < 1 {
				return fmt.Sprintf("%q is not a word in lower case without apostrophes", w)
			}
			p.denies = p.denies || negative(w) || (p.welsh && denyingInWelsh(w))
		}
		p.pattern = append(p.pattern, element{words: words})
	}
	if p.pattern[0].gap || p.pattern[len(p.pattern)-1].gap {
		return "a phrase begins and ends with a word"
	}
	return ""
}

func (s *Screen) add(p *phrase) {
	open := false
	for _, w := range p.pattern[0].words {
		if strings.HasSuffix(w, "*") {
			open = true
			continue
		}
		s.byFirst[w] = append(s.byFirst[w], p)
	}
	if open {
		s.open = append(s.open, p)
	}
}

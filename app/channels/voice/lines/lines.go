// Package lines reads the file that says which telephone lines there are: their names, whose they are, how calls reach them,
// and where their people answer. Without a file every neighbourhood's slug and every organisation's ODS code is a line that
// takes calls from this machine.
//
// Secrets are never in the file: it names another file or an environment variable that holds each. Neighbourhoods and
// organisations come from the directory at each call, so one that joined today has its line today. The package answers no
// telephone: package line and the webhooks do.
package lines

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.yaml.in/yaml/v3"

	"onedoor/app/channels/voice/line"
	"onedoor/app/nhs"
	"onedoor/tenants"
)

// Line is one line, whichever way calls come to it.
type Line struct {
	line.Line
	// TwiMLTokens check what a platform that speaks TwiML signs, JambonzSecrets what jambonz signs; two while rotating.
	TwiMLTokens, JambonzSecrets []string
}

// Directories are the neighbourhoods and their organisations. It is directory.Service.
type Directories interface {
	Neighbourhoods(ctx context.Context) ([]tenants.Neighbourhood, error)
	Current(ctx context.Context, neighbourhood uuid.UUID) (*tenants.Directory, error)
}

// Book is all lines.
type Book struct {
	directories Directories
	entries     map[string]entry // by key; nil without a file
	order       []string
	reception   map[string][]string
	tokens      []string
}

type entry struct {
	line                        Line
	neighbourhood, organisation string
}

// Standing are the lines without a file.
type Standing struct {
	// Reception is where people answer, by the line's name in lower case.
	Reception map[string][]string
	// TwiMLTokens are for every line: the demonstration's.
	TwiMLTokens []string
}

// WithoutFile is every neighbourhood's slug and every organisation's ODS code.
func WithoutFile(d Directories, s Standing) *Book {
	return &Book{directories: d, reception: s.Reception, tokens: s.TwiMLTokens}
}

// Open reads a file of lines.
func Open(path string, d Directories, environment func(string) (string, bool)) (*Book, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the telephone lines: %w", err)
	}
	defer f.Close()
	b, err := Read(f, d, environment)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}

// longest is the most that a file of lines holds, in bytes.
const longest = 1 << 20

// The file as it is written.
type (
	file struct {
		Lines []written `yaml:"lines"`
	}
	written struct {
		Name          string    `yaml:"name"`
		Neighbourhood string    `yaml:"neighbourhood"` // its slug
		Organisation  string    `yaml:"organisation"`  // its ODS code; none for the neighbourhood's own line
		Language      string    `yaml:"language"`
		Register      *register `yaml:"register"`
		Trunk         []string  `yaml:"trunk"`
		Reception     []string  `yaml:"reception"`
		TwiML         struct {
			Tokens []secret `yaml:"auth_tokens"`
		} `yaml:"twiml"`
		Jambonz struct {
			Secrets []secret `yaml:"secrets"`
		} `yaml:"jambonz"`
	}
	register struct {
		Registrar string        `yaml:"registrar"`
		User      string        `yaml:"user"`
		Password  secret        `yaml:"password"`
		Expires   time.Duration `yaml:"expires"`
	}
	// secret names what holds a secret.
	secret struct {
		File string `yaml:"file"`
		Env  string `yaml:"env"`
	}
)

// Read reads lines. It refuses, naming the line, what is written twice, unknown or without its secret.
func Read(r io.Reader, d Directories, environment func(string) (string, bool)) (*Book, error) {
	document, err := io.ReadAll(io.LimitReader(r, longest+1))
	if err != nil {
		return nil, err
	}
	if len(document) > longest {
		return nil, errors.New("a file of telephone lines has a megabyte at most")
	}
	decoder := yaml.NewDecoder(bytes.NewReader(document))
	decoder.KnownFields(true)
	var f file
	if err := decoder.Decode(&f); err != nil { // what the parser quotes could be a secret in the wrong place
		return nil, errors.New("the telephone lines cannot be read: " + regexp.MustCompile("`[^`]*`").ReplaceAllString(err.Error(), "a value"))
	}
	if len(f.Lines) == 0 {
		return nil, errors.New("the file has no telephone lines: leave it out for one line for each neighbourhood and organisation")
	}
	b := &Book{directories: d, entries: map[string]entry{}}
	for i, w := range f.Lines {
		e, err := w.entry(environment)
		if err != nil {
			return nil, fmt.Errorf("line %d (%q): %w", i+1, w.Name, err)
		}
		key := line.Key(w.Name)
		if _, twice := b.entries[key]; twice {
			return nil, fmt.Errorf("line %d (%q): another line has this name", i+1, w.Name)
		}
		b.entries[key] = e
		b.order = append(b.order, key)
	}
	return b, nil
}

// UnmarshalYAML refuses a secret that is written down, and does not repeat it.
func (s *secret) UnmarshalYAML(node *yaml.Node) error {
	type named secret
	if node.Kind != yaml.MappingNode || node.Decode((*named)(s)) != nil {
		return fmt.Errorf("line %d: a secret is {file: path} or {env: NAME}, never the secret itself", node.Line)
	}
	return nil
}

func (w written) entry(environment func(string) (string, bool)) (entry, error) {
	e := entry{neighbourhood: w.Neighbourhood, line: Line{Line: line.Line{Name: w.Name, Language: w.Language, Reception: w.Reception}}}
	if w.Name == "" || w.Neighbourhood == "" {
		return e, errors.New("a line has a name and a neighbourhood")
	}
	switch e.line.Language {
	case "":
		e.line.Language = "en"
	case "en", "cy":
	default:
		return e, errors.New("a line greets in en or cy")
	}
	if w.Organisation != "" {
		code, err := nhs.ParseODSCode(w.Organisation)
		if err != nil {
			return e, err
		}
		e.organisation = string(code)
	}
	for _, s := range w.Trunk {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			a, addressErr := netip.ParseAddr(s)
			if addressErr != nil {
				return e, errors.New("trunk is addresses, such as 192.0.2.10 or 192.0.2.0/24")
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		e.line.Trunk = append(e.line.Trunk, p.Masked())
	}
	var err error
	if r := w.Register; r != nil {
		e.line.Register = &line.Registration{Registrar: r.Registrar, User: r.User, Expires: r.Expires}
		if e.line.Register.Password, err = r.Password.read(environment); err != nil {
			return e, err
		}
	}
	if e.line.TwiMLTokens, err = readAll(w.TwiML.Tokens, environment); err != nil {
		return e, err
	}
	e.line.JambonzSecrets, err = readAll(w.Jambonz.Secrets, environment)
	return e, err
}

func readAll(secrets []secret, environment func(string) (string, bool)) ([]string, error) {
	var list []string
	for _, s := range secrets {
		value, err := s.read(environment)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	return list, nil
}

func (s secret) read(environment func(string) (string, bool)) (string, error) {
	switch {
	case s.File != "" && s.Env == "":
		b, err := os.ReadFile(s.File)
		if err != nil {
			return "", fmt.Errorf("a secret cannot be read: %w", err)
		}
		if value := strings.TrimSpace(string(b)); value != "" {
			return value, nil
		}
		return "", fmt.Errorf("the secret in %s is empty", s.File)
	case s.Env != "" && s.File == "":
		if value, ok := environment(s.Env); ok && value != "" {
			return value, nil
		}
		return "", fmt.Errorf("the environment has no %s, which holds a secret", s.Env)
	}
	return "", errors.New("a secret is {file: path} or {env: NAME}")
}

// Line is a line by its name; letters' case does not matter.
func (b *Book) Line(ctx context.Context, name string) (Line, bool, error) {
	key := line.Key(name)
	if b.entries == nil {
		return b.standing(ctx, key)
	}
	e, ok := b.entries[key]
	if !ok {
		return Line{}, false, nil
	}
	return b.resolve(ctx, e)
}

// All are the lines of the file; none without one.
func (b *Book) All(ctx context.Context) ([]Line, error) {
	var list []Line
	for _, key := range b.order {
		l, ok, err := b.resolve(ctx, b.entries[key])
		if err != nil {
			return nil, err
		}
		if !ok {
			e := b.entries[key]
			return nil, fmt.Errorf("the telephone line %q is of the neighbourhood %q and the organisation %q, which are not in the directory", e.line.Name, e.neighbourhood, e.organisation)
		}
		list = append(list, l)
	}
	return list, nil
}

// resolve finds whose a line of the file is.
func (b *Book) resolve(ctx context.Context, e entry) (Line, bool, error) {
	all, err := b.directories.Neighbourhoods(ctx)
	if err != nil {
		return Line{}, false, err
	}
	for _, n := range all {
		if n.Slug != e.neighbourhood {
			continue
		}
		l := e.line
		l.NeighbourhoodID = n.ID
		if e.organisation == "" {
			return l, true, nil
		}
		directory, err := b.directories.Current(ctx, n.ID)
		if err != nil {
			return Line{}, false, err
		}
		o, ok := directory.ByODS(nhs.ODSCode(e.organisation))
		l.OrganisationID = o.ID
		return l, ok, nil
	}
	return Line{}, false, nil
}

// standing finds a line that no file names. An organisation of several neighbourhoods has the line of the first.
func (b *Book) standing(ctx context.Context, key string) (Line, bool, error) {
	all, err := b.directories.Neighbourhoods(ctx)
	if err != nil {
		return Line{}, false, err
	}
	l := Line{Line: line.Line{Language: "en", Reception: b.reception[key]}, TwiMLTokens: b.tokens}
	for _, n := range all {
		if n.Slug == key {
			l.Name, l.NeighbourhoodID = n.Slug, n.ID
			return l, true, nil
		}
	}
	code, err := nhs.ParseODSCode(key)
	if err != nil {
		return Line{}, false, nil //nolint:nilerr // a name that is no code is a line that there is not
	}
	for _, n := range all {
		directory, err := b.directories.Current(ctx, n.ID)
		if err != nil {
			return Line{}, false, err
		}
		if o, ok := directory.ByODS(code); ok {
			l.Name, l.NeighbourhoodID, l.OrganisationID = string(o.ODS), n.ID, o.ID
			return l, true, nil
		}
	}
	return Line{}, false, nil
}

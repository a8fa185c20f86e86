package understanding

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/catalogue"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/tenants"
)

const (
	// Deadline is how long a person waits for a model. After that there are the menus.
	Deadline = 2 * time.Second
	// WordsMost is how much of a text is read, in characters: the longest that a page takes.
	WordsMost = 2000
)

// Options are what a service is made of. All but Models and Log are needed.
type Options struct {
	Store     Store
	Catalogue *catalogue.Catalogue
	Models    []Model // those that settings can choose; none: understanding stays off
	Now       func() time.Time
	Log       *slog.Logger // for staff: model, outcome and cause, never words
}

// Service asks models, checks what they say, and keeps what came of it.
type Service struct {
	Options
	heard    chan Heard
	redactor *Redactor
}

// New puts a service together. Shadow listening begins with Run.
func New(o Options) (*Service, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	var names []string
	for _, m := range o.Models {
		about := m.About()
		if about.Name == "" || about.Model == "" || about.Version == "" || slices.Contains(names, about.Name) {
			return nil, errors.New("a model for understanding needs a name of its own, a model and a version")
		}
		names = append(names, about.Name)
	}
	return &Service{Options: o, heard: make(chan Heard, waiting), redactor: NewRedactor()}, nil
}

// Models are those that settings can choose.
func (s *Service) Models() []About {
	list := make([]About, len(s.Options.Models))
	for i, m := range s.Options.Models {
		list[i] = m.About()
	}
	return list
}

// Offers reports whether people are to be asked what they need in their own words: by an organisation's line, or by the
// neighbourhood's own front door and line when organisation is zero.
func (s *Service) Offers(ctx context.Context, neighbourhood, organisation uuid.UUID) (bool, error) {
	setting, err := s.Store.Setting(ctx, neighbourhood, organisation)
	if err != nil {
		return false, err
	}
	m, ok := s.model(setting.Model)
	return ok && setting.Proposes(m.About()), nil
}

// Propose reads what a person said when they were asked. The rules that find emergencies come first, whether or not
// understanding is on, and for them no model is asked. Only Proposed has a proposal, which the person then confirms or refuses:
// tell Chose which. Every other outcome means: go on by the menus, or for Emergency stop. It answers within two seconds and a
// little; an error is ours, and means the menus too.
func (s *Service) Propose(ctx context.Context, neighbourhood, organisation uuid.UUID, words, language, channel string) (Proposal, Outcome, error) {
	words = clip(words)
	if finding := s.Catalogue.Screen().Read(words, true); finding.Level == catalogue.Emergency {
		return Proposal{Crisis: finding.Crisis}, Emergency, nil
	}
	setting, err := s.Store.Setting(ctx, neighbourhood, organisation)
	if err != nil {
		return Proposal{}, Off, err
	}
	m, ok := s.model(setting.Model)
	if !ok || !setting.Proposes(m.About()) || words == "" {
		return Proposal{}, Off, nil
	}
	h := Heard{NeighbourhoodID: neighbourhood, OrganisationID: organisation, Words: words, Language: language, Channel: channel}
	p, outcome, took := s.ask(ctx, m, setting, h)
	if outcome == Proposed && !setting.proposesKind(p.Kind) {
		outcome = Unsure
	}
	use, err := s.use(m, h, p, outcome, took)
	if err != nil {
		return Proposal{}, Failed, err
	}
	if err := s.note(ctx, use); err != nil { // what is not in the trail is not done
		return Proposal{}, Failed, err
	}
	if outcome != Proposed {
		return Proposal{Use: use.ID}, outcome, nil
	}
	p.Use = use.ID
	return p, Proposed, nil
}

// Chose tells what the person chose in the end, after a proposal or without one: a kind of the catalogue.
func (s *Service) Chose(ctx context.Context, neighbourhood, use uuid.UUID, kind string) error {
	if _, ok := s.Catalogue.Kind(kind); !ok {
		return fault.New(fault.Invalid, "unknown_kind", "There is no such kind of request.")
	}
	return s.Store.Chose(ctx, neighbourhood, use, kind)
}

// Setting is how an organisation uses understanding; of the neighbourhood's own front door and line when organisation is zero.
func (s *Service) Setting(ctx context.Context, neighbourhood, organisation uuid.UUID) (Setting, error) {
	return s.Store.Setting(ctx, neighbourhood, organisation)
}

// Change changes a setting. The caller has checked that the actor may. Turning on needs enough agreement, seen in the shadow
// with the model and version that are installed; it then holds for them and for the kinds that earned it. Turning on again
// counts anew. Turning off always works.
func (s *Service) Change(ctx context.Context, by audit.Actor, c Change) (Setting, error) {
	if err := c.check(s.Models()); err != nil {
		return Setting{}, err
	}
	old, err := s.Store.Setting(ctx, c.NeighbourhoodID, c.OrganisationID)
	if err != nil {
		return Setting{}, err
	}
	set := Setting{
		NeighbourhoodID: c.NeighbourhoodID, OrganisationID: c.OrganisationID, Mode: c.Mode, Model: c.Model, AsSaid: c.AsSaid,
		ChangedAt: s.Now().UTC(), ChangedBy: by.Name,
	}
	was := c.Version
	switch c.Mode {
	case ModeOff:
		set.Model, set.AsSaid, was = old.Model, old.AsSaid, -1
	case ModeOn:
		if old.Mode == ModeOff || old.Model != c.Model {
			return Setting{}, fault.New(fault.Conflict, "shadow_first", "Let it listen in shadow mode first. It can be turned on from there.")
		}
		m, _ := s.model(c.Model)
		agreement, err := s.agreement(ctx, c.NeighbourhoodID, c.OrganisationID, m.About())
		if err != nil {
			return Setting{}, err
		}
		if err := agreement.Enough(); err != nil {
			return Setting{}, err
		}
		set.OnModel, set.OnVersion, set.OnKinds = agreement.Model, agreement.Version, agreement.Earned()
	}
	entry, err := s.entry(by, set, old)
	if err != nil {
		return Setting{}, err
	}
	return s.Store.Save(ctx, set, was, entry)
}

// Agreement is what the model of an organisation's setting, as it is installed now, has shown; of no model while none was
// chosen.
func (s *Service) Agreement(ctx context.Context, neighbourhood, organisation uuid.UUID) (Agreement, error) {
	setting, err := s.Store.Setting(ctx, neighbourhood, organisation)
	if err != nil {
		return Agreement{}, err
	}
	m, ok := s.model(setting.Model)
	if !ok {
		return agreementOf(About{}, s.kinds(), nil, nil), nil
	}
	return s.agreement(ctx, neighbourhood, organisation, m.About())
}

func (s *Service) agreement(ctx context.Context, neighbourhood, organisation uuid.UUID, m About) (Agreement, error) {
	counts, outcomes, err := s.Store.Counts(ctx, neighbourhood, organisation, m)
	if err != nil {
		return Agreement{}, err
	}
	return agreementOf(m, s.kinds(), counts, outcomes), nil
}

// Kinds are those that agreement is counted for, in its order.
func (s *Service) Kinds() []*catalogue.Kind { return s.Catalogue.Kinds() }

func (s *Service) kinds() []string {
	var codes []string
	for _, k := range s.Catalogue.Kinds() {
		codes = append(codes, k.Code)
	}
	return codes
}

func (s *Service) model(name string) (Model, bool) {
	i := slices.IndexFunc(s.Options.Models, func(m Model) bool { return m.About().Name == name })
	if i < 0 {
		return nil, false
	}
	return s.Options.Models[i], true
}

func (s *Service) today() nhs.Date { return nhs.DateOf(s.Now().In(tenants.London())) }

func clip(words string) string {
	words = strings.TrimSpace(strings.ToValidUTF8(words, ""))
	if utf8.RuneCountInString(words) > WordsMost {
		words = string([]rune(words)[:WordsMost])
	}
	return words
}

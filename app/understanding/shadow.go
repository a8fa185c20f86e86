package understanding

import (
	"context"
	"log/slog"

	"github.com/google/uuid"

	"onedoor/app/catalogue"
)

// waiting is how many texts wait for the shadow at most; more are not listened to, rather than keep anybody waiting.
const waiting = 256

// listeners is how many texts are read in the shadow at once.
const listeners = 2

// Heard is what somebody said to the questions of a kind that they chose themselves.
type Heard struct {
	NeighbourhoodID uuid.UUID
	OrganisationID  uuid.UUID // whose line it came by; zero for the neighbourhood's own front door and line
	Words           string
	Language        string
	Channel         string
	Kind            string   // that they chose
	LinkID          string   // the question, where it is known: names, places and the like are not listened to
	Names           []string // of the person, where known: they are taken out before words go elsewhere
}

// Listen lets the model of an organisation that has it in the shadow, or on, read what was said anyway, beside the rules and
// never in their way. It returns at once and always: what cannot be read now is not read.
func (s *Service) Listen(h Heard) {
	h.Words = clip(h.Words)
	if h.Words == "" || h.Kind == "" || len(s.Options.Models) == 0 || !s.tells(h) {
		return
	}
	select {
	case s.heard <- h:
	default:
	}
}

// tells reports whether a question is one to which people say what they need.
func (s *Service) tells(h Heard) bool {
	kind, ok := s.Catalogue.Kind(h.Kind)
	if !ok || h.LinkID == "" {
		return ok
	}
	it, ok := kind.Questionnaire.Item(h.LinkID)
	return ok && it.Type == catalogue.TypeText
}

// Run reads what was heard until ctx is done. What is still waiting then is not read.
func (s *Service) Run(ctx context.Context) error {
	ended := make(chan struct{}, listeners)
	for range listeners {
		go func() {
			defer func() { ended <- struct{}{} }()
			for {
				select {
				case <-ctx.Done():
					return
				case h := <-s.heard:
					if err := s.shadow(ctx, h); err != nil && ctx.Err() == nil {
						s.Log.LogAttrs(ctx, slog.LevelWarn, "shadow listening could not be noted", slog.String("cause", err.Error()))
					}
				}
			}
		}()
	}
	for range listeners {
		<-ended
	}
	return ctx.Err()
}

// shadow reads one text. An emergency is counted, and no model is asked.
func (s *Service) shadow(ctx context.Context, h Heard) error {
	setting, err := s.Store.Setting(ctx, h.NeighbourhoodID, h.OrganisationID)
	if err != nil || setting.Mode == ModeOff {
		return err
	}
	m, ok := s.model(setting.Model)
	if !ok {
		return nil
	}
	var p Proposal
	outcome := Emergency
	began := s.Now()
	took := began.Sub(began)
	if s.Catalogue.Screen().Read(h.Words, true).Level != catalogue.Emergency {
		p, outcome, took = s.ask(ctx, m, setting, h)
	}
	use, err := s.use(m, h, p, outcome, took)
	if err != nil {
		return err
	}
	return s.note(ctx, use)
}

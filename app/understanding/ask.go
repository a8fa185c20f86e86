package understanding

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
)

// ask lets a model read what was heard, within the deadline, and checks what it says.
func (s *Service) ask(ctx context.Context, m Model, setting Setting, h Heard) (Proposal, Outcome, time.Duration) {
	t := Text{Words: h.Words, Language: h.Language, Today: s.today()}
	if m.About().Outside && !setting.AsSaid {
		t.Words = s.redactor.Redact(h.Words, h.Names...)
	}
	ctx, stop := context.WithTimeout(ctx, Deadline)
	defer stop()
	type said struct {
		proposal Proposal
		err      error
	}
	came := make(chan said, 1)
	began := s.Now()
	go func() { // a model that does not heed ctx keeps nobody waiting
		p, err := m.Understand(ctx, t)
		came <- said{p, err}
	}()
	var answer said
	select {
	case answer = <-came:
	case <-ctx.Done():
		answer.err = ctx.Err()
	}
	took := s.Now().Sub(began)
	if answer.err == nil {
		answer.err = checked(s.Catalogue, &answer.proposal, h.Words)
	}
	if answer.err != nil {
		outcome := Failed
		if errors.Is(answer.err, context.DeadlineExceeded) {
			outcome = Late
		}
		s.Log.LogAttrs(ctx, slog.LevelWarn, "words were not understood", slog.String("model", m.About().Model), slog.String("outcome", string(outcome)))
		return Proposal{}, outcome, took
	}
	about := m.About()
	answer.proposal.Model, answer.proposal.Version = about.Model, about.Version
	if answer.proposal.Kind == "" {
		return answer.proposal, Unsure, took
	}
	return answer.proposal, Proposed, took
}

func (s *Service) use(m Model, h Heard, p Proposal, outcome Outcome, took time.Duration) (Use, error) {
	id, err := uuid.NewV7()
	about := m.About()
	return Use{
		ID: id, NeighbourhoodID: h.NeighbourhoodID, OrganisationID: h.OrganisationID, At: s.Now().UTC(), Channel: h.Channel,
		Language: h.Language, Shadow: h.Kind != "", Chosen: h.Kind, Model: about.Model, Version: about.Version,
		Outcome: outcome, Kind: p.Kind, Answers: len(p.Answers), Confidence: p.Confidence, Took: took,
	}, err
}

// note keeps a use, with its line in the trail.
func (s *Service) note(ctx context.Context, u Use) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	mode := ModeOn
	if u.Shadow {
		mode = ModeShadow
	}
	return s.Store.Note(ctx, u, audit.Entry{
		ID: id, NeighbourhoodID: u.NeighbourhoodID, OrganisationID: u.OrganisationID, At: u.At,
		Actor: audit.Actor{Kind: audit.System, Name: "understanding"}, Action: "understanding.use", SubjectKind: "understanding_use", Subject: u.ID,
		Details: map[string]any{
			"model": u.Model, "version": u.Version, "confidence": math.Round(u.Confidence*1000) / 1000, "outcome": string(u.Outcome),
			"kind": u.Kind, "answers": u.Answers, "mode": string(mode), "channel": u.Channel,
		},
	})
}

func (s *Service) entry(by audit.Actor, now, old Setting) (audit.Entry, error) {
	id, err := uuid.NewV7()
	subject := now.OrganisationID
	if subject == uuid.Nil {
		subject = now.NeighbourhoodID
	}
	return audit.Entry{
		ID: id, NeighbourhoodID: now.NeighbourhoodID, OrganisationID: now.OrganisationID, At: now.ChangedAt, Actor: by,
		Action: "understanding.change", SubjectKind: "understanding_setting", Subject: subject,
		Details: map[string]any{
			"mode": string(now.Mode), "was": string(old.Mode), "model": now.Model, "as_said": now.AsSaid,
			"on_model": now.OnModel, "on_version": now.OnVersion, "on_kinds": now.OnKinds,
		},
	}, err
}

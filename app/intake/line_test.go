package intake

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/catalogue"
)

// line is a walker whose clock a test moves.
type line struct {
	*Walker
	t       *testing.T
	at      time.Time
	needs   bool
	broken  error
	preview int
}

func newLine(t *testing.T) *line {
	t.Helper()
	l := &line{t: t, at: fixedNow()}
	l.Walker = NewWalker(mustCatalogue(t), func(context.Context, *Conversation) (bool, error) {
		l.preview++
		return l.needs, l.broken
	}, func() time.Time { return l.at })
	return l
}

func (l *line) start(kind, channel string) *Conversation {
	l.t.Helper()
	c, err := l.Start(uuid.UUID{1}, uuid.UUID{2}, kind, channel, "en")
	must(l.t, err)
	return c
}

func (l *line) answer(c *Conversation, linkID string, values ...any) {
	l.t.Helper()
	list := make([]catalogue.Value, 0, len(values))
	for _, v := range values {
		switch v := v.(type) {
		case bool:
			list = append(list, catalogue.Bool(v))
		case int:
			list = append(list, catalogue.Int(int64(v)))
		case string:
			list = append(list, catalogue.Text(v))
		}
	}
	must(l.t, l.Answer(c, linkID, list))
}

func (l *line) wantAsk(c *Conversation, linkID string) {
	l.t.Helper()
	step := mustNext(context.Background(), l.t, l.Walker, c)
	if step.Kind != StepAsk || step.Item.LinkID != linkID {
		l.t.Fatalf("next is %s, want to ask %s", describe(step), linkID)
	}
}

func (l *line) wantKind(c *Conversation, kind StepKind) Step {
	l.t.Helper()
	step := mustNext(context.Background(), l.t, l.Walker, c)
	if step.Kind != kind {
		l.t.Fatalf("next is %s, want %s", describe(step), kind)
	}
	return step
}

func describe(s Step) string {
	if s.Item != nil {
		return string(s.Kind) + " " + s.Item.LinkID
	}
	return string(s.Kind)
}

// safe answers the safety questions of a grown-up.
func (l *line) safe(c *Conversation) {
	l.t.Helper()
	l.answer(c, "age-band", "16-or-over")
	l.answer(c, "red-flags-adult", "none")
}

func (l *line) details(c *Conversation, birth string) {
	l.t.Helper()
	must(l.t, l.Give(c, Name, "Ada", "Lovelace"))
	must(l.t, l.Give(c, BirthDate, birth))
	must(l.t, l.Give(c, NHSNumber))
	must(l.t, l.Give(c, Postcode, "no fixed abode"))
	must(l.t, l.Give(c, Sex, "female"))
	must(l.t, l.Give(c, Mobile))
}

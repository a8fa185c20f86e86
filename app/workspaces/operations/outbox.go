package operations

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/messages"
	"onedoor/app/routes"
	"onedoor/app/wording"
	"onedoor/ui/pages"
)

const (
	outboxPath = root + "/outbox"
	againPath  = outboxPath + "/:id/again"
	// developmentOutboxPath gives scripts and tests on this machine what would have been sent.
	developmentOutboxPath = "/development/outbox/:neighbourhood"
)

// Messages are texts to patients' telephones. It is messages.Outbox.
type Messages interface {
	Counts(ctx context.Context, neighbourhood uuid.UUID, since time.Time) ([]messages.Count, error)
	Failures(ctx context.Context, neighbourhood uuid.UUID, limit int) ([]messages.Row, error)
	Again(ctx context.Context, neighbourhood, id uuid.UUID) error
	Show(ctx context.Context, neighbourhood uuid.UUID, limit int) ([]messages.Seen, error)
}

// shown is how many texts or failures a page lists.
const shown = 50

// addOutbox registers the page about texts, and what goes with it.
func (w *Workspace) addOutbox(s *routes.Server) {
	s.Add(http.MethodGet, outboxPath, routes.Need("message", "read"), w.outbox)
	s.Add(http.MethodPost, againPath, routes.Need("message", "send"), w.sendAgain)
	if w.ShowTexts {
		s.Add(http.MethodGet, developmentOutboxPath, routes.Development, w.developmentOutbox)
	}
}

// countedFor is how many days of texts the pages count.
const countedFor = 7

// textsStand says how many of the week's texts were given up.
func (w *Workspace) textsStand(k *call) ([]pages.Label, error) {
	counts, err := w.Messages.Counts(k.ctx(), k.who.NeighbourhoodID, k.now.AddDate(0, 0, -countedFor))
	if err != nil {
		return nil, err
	}
	failed := 0
	for _, n := range counts {
		if n.State == messages.Failed {
			failed += n.N
		}
	}
	if failed == 0 {
		return nil, nil
	}
	return []pages.Label{{Text: wording.Figure(failed) + " could not be sent this week", Colour: "orange"}}, nil
}

func (w *Workspace) outbox(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	o := pages.OperationsOutbox{Operations: k.page("Texts to patients", outboxPath), Shows: w.ShowTexts, Provider: "Texts go out through a provider. A text that the provider cannot take is tried again, and given up after half a day."}
	if w.ShowTexts {
		o.Provider = "This is development: no text is really sent, and what would have been is shown here."
	}
	if c.QueryParam("done") == "again" {
		o.Notice = "The text is queued again."
	}
	counts, err := w.Messages.Counts(k.ctx(), k.who.NeighbourhoodID, k.now.AddDate(0, 0, -countedFor))
	if err != nil {
		return err
	}
	for _, n := range counts {
		o.Counts = append(o.Counts, pages.OutboxCount{What: textName(n.Template), State: textState(n.State), Why: problemWords(n.Problem), N: wording.Figure(n.N)})
	}
	failures, err := w.Messages.Failures(k.ctx(), k.who.NeighbourhoodID, shown)
	if err != nil {
		return err
	}
	for _, r := range failures {
		f := pages.OutboxFailure{When: wording.Moment(r.QueuedAt, k.now), What: textName(r.Template), Why: problemWords(r.Problem)}
		if r.Sealed != nil && r.Template != messages.CodeText && k.who.May("message", "send") {
			f.Again = routes.Address(againPath, r.ID.String())
		}
		o.Failures = append(o.Failures, f)
	}
	if w.ShowTexts {
		seen, err := w.Messages.Show(k.ctx(), k.who.NeighbourhoodID, shown)
		if err != nil {
			return err
		}
		for _, t := range seen {
			if t.Words != "" {
				o.Texts = append(o.Texts, pages.OutboxText{When: wording.Moment(t.QueuedAt, k.now), To: t.To.Local(), Words: t.Words, Lang: t.Language, State: textState(t.State)})
			}
		}
	}
	return routes.Render(c, http.StatusOK, pages.OperationsOutboxPage(o))
}

func (w *Workspace) sendAgain(c echo.Context) error {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return fault.Absent()
	}
	if _, err := routes.ReadForm(c); err != nil {
		return err
	}
	if err := w.Messages.Again(c.Request().Context(), routes.Principal(c).NeighbourhoodID, id); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, outboxPath+"?done=again")
}

// developmentText is a text as scripts on this machine read it.
type developmentText struct {
	QueuedAt time.Time         `json:"queued_at"`
	To       string            `json:"to"`
	Template messages.Template `json:"template"`
	Language string            `json:"language"`
	State    messages.State    `json:"state"`
	Text     string            `json:"text"`
}

func (w *Workspace) developmentOutbox(c echo.Context) error {
	ctx := c.Request().Context()
	all, err := w.Neighbourhoods.Neighbourhoods(ctx)
	if err != nil {
		return err
	}
	for _, n := range all {
		if n.Slug != c.Param("neighbourhood") {
			continue
		}
		seen, err := w.Messages.Show(ctx, n.ID, shown)
		if err != nil {
			return err
		}
		list := make([]developmentText, len(seen))
		for i, t := range seen {
			list[i] = developmentText{t.QueuedAt, string(t.To), t.Template, t.Language, t.State, t.Words}
		}
		return routes.WriteJSON(c, http.StatusOK, list)
	}
	return fault.Absent()
}

func textName(t messages.Template) string {
	switch t {
	case messages.ReferenceText:
		return "Reference of a request"
	case messages.GoOnText:
		return "How to go on online"
	case messages.CodeText:
		return "One-time code"
	case messages.AlarmText:
		return "Alarm, to staff"
	}
	return string(t)
}

func textState(s messages.State) pages.Label {
	switch s {
	case messages.Queued:
		return pages.Label{Text: "Waiting", Colour: "blue"}
	case messages.Sent:
		return pages.Label{Text: "Sent", Colour: "grey"}
	case messages.Delivered:
		return pages.Label{Text: "Delivered", Colour: "green"}
	case messages.Failed:
		return pages.Label{Text: "Given up", Colour: "red"}
	case messages.Expired:
		return pages.Label{Text: "Too late", Colour: "orange"}
	}
	return pages.Label{Text: string(s)}
}

// problemWords say what the provider's last refusal means.
func problemWords(code string) string {
	switch code {
	case "":
		return ""
	case "invalid-number":
		return "the number cannot be texted"
	case "not-allowed":
		return "the provider’s account may not text this number"
	case "not-authorised":
		return "the provider does not accept our key, or a clock is wrong"
	case "rate-limit":
		return "too many texts in a minute"
	case "daily-limit":
		return "the day’s allowance is used up"
	case "undelivered":
		return "the network could not deliver it"
	case "no-longer-kept":
		return "what it said is no longer kept"
	case "unreachable", "provider-trouble", "not-understood", "not-known", "not-sent-by-provider":
		return "the provider has trouble, or cannot be reached"
	}
	return "the provider refused it"
}

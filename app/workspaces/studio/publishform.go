package studio

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/publishing"
	"onedoor/app/routes"
	"onedoor/app/wording"
	"onedoor/tenants"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

const (
	later       = "later"
	reasonField = "reason."
)

// publish puts a draft into force as its form says. What is missing is said at its field, with everything as it was typed.
func (w *Workspace) publish(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	form, err := routes.ReadForm(c)
	if err != nil {
		return err
	}
	o, elsewhere, err := w.openDraft(k)
	if err != nil {
		return err
	}
	if elsewhere != "" {
		return c.Redirect(http.StatusSeeOther, elsewhere)
	}
	publication, refused := readPublication(k, form)
	if refused == nil {
		v, err := w.Publishing.Publish(k.ctx(), k.actor(), k.who.NeighbourhoodID, o.draft.Name, publication)
		if err == nil {
			return c.Redirect(http.StatusSeeOther, routes.Address(publishedPath, v.Hash))
		}
		if !errors.As(err, &refused) || refused.Kind != fault.Invalid && refused.Kind != fault.Conflict && refused.Kind != fault.Changed {
			return err
		}
	}
	if o, err = w.open(k); err != nil { // as it is by now
		return err
	}
	page, err := w.publishPage(k, o, form, refused)
	if err != nil {
		return err
	}
	status := http.StatusUnprocessableEntity
	if refused.Kind != fault.Invalid {
		status = http.StatusConflict
		page.Notice, page.Refused = "Not published. "+refused.Says, true
	}
	return routes.Render(c, status, pages.StudioPublish(page))
}

// readPublication reads the form. A moment that cannot be read is refused here, and one that cannot be by the domain.
func readPublication(k *call, form url.Values) (publishing.Publication, *fault.Error) {
	p := publishing.Publication{Note: form.Get("note"), Reasons: map[string]string{}, IfMatch: form.Get("etag"), Against: form.Get("against")}
	for name, values := range form {
		if key, ok := strings.CutPrefix(name, reasonField); ok && len(values) > 0 {
			p.Reasons[key] = values[0]
		}
	}
	if form.Get("when") != later {
		return p, nil
	}
	var wrong []fault.Field
	day, ok := readDate(form, "date")
	if !ok {
		wrong = append(wrong, fault.Field{Pointer: "/from/date", Says: "Enter the day as a day, month and year"})
	}
	minutes, err := parseClock(strings.ToLower(form.Get("time")))
	if err != nil || minutes >= dayEnds {
		wrong = append(wrong, fault.Field{Pointer: "/from/time", Says: "Enter the time of day, such as 08:00"})
	}
	if len(wrong) > 0 {
		return p, fault.InvalidFields(wrong)
	}
	p.From = time.Date(day.Year, day.Month, day.Day, minutes/60, minutes%60, 0, 0, tenants.London())
	if !p.From.After(k.now) {
		return p, fault.InvalidFields([]fault.Field{{Pointer: "/from/date", Says: "The moment must be in the future. To publish at once, choose now"}})
	}
	return p, nil
}

// publishProblems lead from what is missing to where it is put right.
func publishProblems(refused *fault.Error, gate publishing.Gate) []components.Problem {
	targets := map[string]string{"/note": "note", "/from": "date-day", "/from/date": "date-day", "/from/time": "time"}
	for i, n := range gate.Needs {
		targets["/reasons/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(n.Key)] = reasonID(i)
	}
	var problems []components.Problem
	for _, f := range refused.Fields {
		problems = append(problems, components.Problem{Target: targets[f.Pointer], Says: locales.Plain(f.Says)})
	}
	if len(problems) == 0 {
		target := ""
		if refused.Code == "from_past" || refused.Code == "version_scheduled" {
			target = "date-day"
		}
		problems = append(problems, components.Problem{Target: target, Says: locales.Plain(refused.Says)})
	}
	return problems
}

func reasonID(i int) string { return "reason-" + strconv.Itoa(i+1) }

// publishForm is the form as it was sent, with a box for each reason that is asked for.
func publishForm(o *opened, gate publishing.Gate, form url.Values, wrong []components.Problem) *pages.PublishForm {
	at := func(id string) locales.Text { return components.ErrorFor(wrong, id) }
	f := &pages.PublishForm{
		Action: o.path(publishPath), Hidden: []pages.Hidden{{Name: "etag", Value: gate.ETag}, {Name: "against", Value: gate.Against}},
		When: components.Choice{ID: "when", Name: "when", Legend: locales.Plain("From when"), Small: true, Options: []components.Option{
			{Value: "now", Text: locales.Plain("Now"), Checked: form.Get("when") != later},
			{Value: later, Text: locales.Plain("Later, at the day and time below"), Checked: form.Get("when") == later},
		}},
		Date: dateInput(form, "date", "Day", "For example, 1 12 2026", wrong),
		Time: components.Field{ID: "time", Name: "time", Label: locales.Plain("Time of day"), Hint: locales.Plain("For example, 08:00"), Width: 5, Value: form.Get("time"), Error: at("time"), Autocomplete: "off"},
		Note: components.Field{
			ID: "note", Name: "note", Label: locales.Plain("Note"), Rows: 3, Value: form.Get("note"), Error: at("note"),
			Hint: locales.Plain("Say why these rules are published. Everybody who looks at them later reads it."),
		},
	}
	for i, n := range gate.Needs {
		f.Reasons = append(f.Reasons, components.Field{
			ID: reasonID(i), Name: reasonField + n.Key, Label: locales.Plain(n.Says), Rows: 2, Value: form.Get(reasonField + n.Key), Error: at(reasonID(i)),
		})
	}
	return f
}

// reviewBox is what a second person has said, or may say.
func (w *Workspace) reviewBox(k *call, o *opened, gate publishing.Gate) (*pages.ReviewBox, error) {
	settings, err := w.Publishing.Settings(k.ctx(), k.who.NeighbourhoodID)
	if err != nil || !settings.SecondPerson && o.draft.Review == nil {
		return nil, err
	}
	box := &pages.ReviewBox{
		State: pages.Label{Text: "Not asked for", Colour: "grey"}, Says: "This neighbourhood does not ask for one.", ETag: o.draft.ETag(),
		Note: components.Field{ID: "review-note", Name: "review-note", Label: locales.Plain("What you think of it"), Hint: locales.Plain("If you do not approve, say what should be different."), Rows: 2},
	}
	if settings.SecondPerson {
		box.State, box.Says = pages.Label{Text: "Waits for a second person", Colour: "yellow"}, "Somebody else than who changed the draft last has to approve it as it is now."
	}
	switch r := o.draft.Review; {
	case r == nil:
	case r.Hash != o.draft.Hash:
		box.Says += " What " + k.by(r.By) + " said was about the draft as it was before."
	case gate.Reviewed:
		box.State, box.Says = pages.Label{Text: "Approved", Colour: "green"}, "By "+k.by(r.By)+", "+wording.Moment(r.At, k.now)+". "+r.Note
	case !r.Approve:
		box.State, box.Says = pages.Label{Text: "Not approved", Colour: "red"}, upper(k.by(r.By))+", "+wording.Moment(r.At, k.now)+": "+r.Note
	}
	if o.draft.UpdatedByID == k.who.ID || !k.who.May("policy", "review") {
		box.Why = "You changed this draft last, so somebody else has to look at it."
		return box, nil
	}
	box.Action = o.path(reviewPath)
	return box, nil
}

// review keeps what a second person says of a draft as it is now.
func (w *Workspace) review(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	form, err := routes.ReadForm(c)
	if err != nil {
		return err
	}
	o, elsewhere, err := w.openDraft(k)
	if err != nil {
		return err
	}
	if elsewhere != "" {
		return c.Redirect(http.StatusSeeOther, elsewhere)
	}
	refuse := func(status int, target, says string) error {
		page, err := w.publishPage(k, o, url.Values{"when": {"now"}}, nil)
		if err != nil {
			return err
		}
		page.Wrong, page.Problems = []components.Problem{{Target: target, Says: locales.Plain(says)}}, true
		if page.Review != nil {
			page.Review.Note.Value, page.Review.Note.Error = form.Get("review-note"), components.ErrorFor(page.Wrong, page.Review.Note.ID)
		}
		return routes.Render(c, status, pages.StudioPublish(page))
	}
	if form.Get("etag") != o.draft.ETag() {
		return refuse(http.StatusConflict, "", "The draft was changed by "+k.by(o.draft.UpdatedBy)+" while you looked at it. Look at it again")
	}
	approve := form.Get("approve") == "yes"
	_, err = w.Publishing.Review(k.ctx(), k.actor(), k.who.NeighbourhoodID, o.draft.Name, approve, form.Get("review-note"))
	var refused *fault.Error
	switch {
	case errors.As(err, &refused) && refused.Kind == fault.Invalid:
		return refuse(http.StatusUnprocessableEntity, "review-note", refused.Says)
	case fault.Is(err, "own_draft"):
		return refuse(http.StatusConflict, "", fault.As(err).Says)
	case err != nil:
		return err
	}
	done := "not-approved"
	if approve {
		done = "approved"
	}
	return c.Redirect(http.StatusSeeOther, o.path(publishPath)+"?done="+done)
}

func replayFigures(r publishing.Replay) []pages.RunFigure {
	if r.Requests == 0 {
		return nil
	}
	return []pages.RunFigure{
		{Number: wording.Figure(r.Requests), Says: "past requests"},
		{Number: wording.Figure(r.Moved), Says: "go elsewhere"},
		{Number: wording.Figure(r.NewlyLate), Says: "newly late", Bad: r.NewlyLate > 0},
		{Number: wording.Figure(r.NewlyLessUrgent), Says: "less urgent", Bad: r.NewlyLessUrgent > 0},
		{Number: wording.Figure(r.NewlyMoreUrgent), Says: "more urgent"},
	}
}

func caseState(o *opened, gate publishing.Gate) pages.CaseState {
	state := pages.CaseState{Href: o.path(casesPath)}
	total := len(o.policy.Cases())
	switch {
	case total == 0:
		state.Says = "There are no stored cases. Cases say who goes where, and keep it so."
	case len(gate.Cases) == 0:
		state.Says = "All " + wording.Counted(total, "case holds", "cases hold") + "."
		if total == 1 {
			state.Says = "The one case holds."
		}
	default:
		state.Says = wording.Figure(len(gate.Cases)) + " of " + wording.Counted(total, "case does", "cases do") + " not hold:"
	}
	for _, f := range gate.Cases {
		state.Failures = append(state.Failures, pages.StudioLink{Text: "“" + f.Case + "”: " + f.Says})
	}
	return state
}

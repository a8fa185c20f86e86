package reception

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/policy"
	"onedoor/ui/pages"
)

// spec is one command: its name in the path, in the access rules and in the trail, and how the form becomes the call.
type spec struct {
	name string
	do   func(ctx context.Context, s Requests, by requests.Actor, c requests.Command, form url.Values) (requests.View, error)
}

func commands() []spec {
	plain := func(name string, do func(Requests) func(context.Context, requests.Actor, requests.Command) (requests.View, error)) spec {
		return spec{name, func(ctx context.Context, s Requests, by requests.Actor, c requests.Command, _ url.Values) (requests.View, error) {
			return do(s)(ctx, by, c)
		}}
	}
	return []spec{
		plain("verify", func(s Requests) func(context.Context, requests.Actor, requests.Command) (requests.View, error) {
			return s.Verify
		}),
		plain("accept", func(s Requests) func(context.Context, requests.Actor, requests.Command) (requests.View, error) {
			return s.Accept
		}),
		plain("claim", func(s Requests) func(context.Context, requests.Actor, requests.Command) (requests.View, error) {
			return s.Claim
		}),
		plain("release", func(s Requests) func(context.Context, requests.Actor, requests.Command) (requests.View, error) {
			return s.Release
		}),
		{"decline", func(ctx context.Context, s Requests, by requests.Actor, c requests.Command, form url.Values) (requests.View, error) {
			return s.Decline(ctx, by, c, form.Get("reason"))
		}},
		plain(toolAcceptCommand, func(s Requests) func(context.Context, requests.Actor, requests.Command) (requests.View, error) {
			return s.ToolAccept
		}),
		{toolDeclineCommand, func(ctx context.Context, s Requests, by requests.Actor, c requests.Command, form url.Values) (requests.View, error) {
			return s.ToolDecline(ctx, by, c, form.Get("reason"))
		}},
		{misroutedCommand, misrouted},
		{"transfer", transfer},
		{"outcome", record},
		{"close", func(ctx context.Context, s Requests, by requests.Actor, c requests.Command, form url.Values) (requests.View, error) {
			return s.Close(ctx, by, c, form.Get("reason"))
		}},
		{"raise", func(ctx context.Context, s Requests, by requests.Actor, c requests.Command, form url.Values) (requests.View, error) {
			if err := checkUrgency(form); err != nil {
				return requests.View{}, err
			}
			return s.Raise(ctx, by, c, policy.Urgency(form.Get("urgency")), form.Get("reason"))
		}},
		{"lower", func(ctx context.Context, s Requests, by requests.Actor, c requests.Command, form url.Values) (requests.View, error) {
			if err := checkUrgency(form); err != nil {
				return requests.View{}, err
			}
			return s.Lower(ctx, by, c, policy.Urgency(form.Get("urgency")), form.Get("reason"))
		}},
	}
}

// The checks below gather what is missing in a form, so that a person hears of all of it at once, in the form's words.

func required(form url.Values, fields ...fault.Field) error {
	var missing []fault.Field
	for _, f := range fields {
		if strings.TrimSpace(form.Get(strings.TrimPrefix(f.Pointer, "/"))) == "" {
			missing = append(missing, f)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fault.InvalidFields(missing)
}

func checkUrgency(form url.Values) error {
	return required(form,
		fault.Field{Pointer: "/urgency", Code: "required", Says: "Select the new urgency"},
		fault.Field{Pointer: "/reason", Code: "required", Says: "Give a reason"})
}

func transfer(ctx context.Context, s Requests, by requests.Actor, c requests.Command, form url.Values) (requests.View, error) {
	err := required(form,
		fault.Field{Pointer: "/to", Code: "required", Says: "Select an organisation"},
		fault.Field{Pointer: "/reason", Code: "required", Says: "Give a reason"})
	if err != nil {
		return requests.View{}, err
	}
	to, service, _ := strings.Cut(form.Get("to"), "/")
	return s.Transfer(ctx, by, c, to, service, form.Get("reason"))
}

func record(ctx context.Context, s Requests, by requests.Actor, c requests.Command, form url.Values) (requests.View, error) {
	if err := required(form, fault.Field{Pointer: "/outcome", Code: "required", Says: "Select the outcome"}); err != nil {
		return requests.View{}, err
	}
	note := strings.TrimSpace(strings.ReplaceAll(form.Get("note"), "\r\n", "\n"))
	return s.Record(ctx, by, c, requests.NewOutcome{Code: form.Get("outcome"), Note: note, PracticeAction: strings.ReplaceAll(form.Get("practice-action"), "\r\n", "\n")})
}

// doneWords say what a command did. They are named by a code in the address, and never carried in it.
func doneWords(name, destination string) string {
	if destination == "" {
		destination = "the other organisation"
	}
	switch name {
	case "verify":
		return "Verified, and offered to " + destination + "."
	case "accept":
		return "Accepted. Your organisation is accountable for it now."
	case "claim":
		return "You have claimed this request."
	case "next":
		return "You have claimed the request that is due first."
	case "release":
		return "Released. Anyone in the team can claim it now."
	case "decline":
		return "Declined. It is back with the organisation that offered it."
	case "transfer":
		return "Offered to " + destination + ". Your organisation stays accountable until it is accepted."
	case "outcome":
		return "Outcome recorded, and on its way to the clinical system."
	case "close":
		return "Closed without an outcome."
	case traceCommand:
		return "Looked up in the national register."
	case toolAcceptCommand:
		return "Noted: your own online tool has it. Record the outcome here when the patient was answered."
	case toolDeclineCommand:
		return "Noted: your own online tool has not got it. It is dealt with here."
	case misroutedCommand:
		return "Noted: this was sent to the wrong place. Nothing has moved. If it should go elsewhere, offer it there."
	case heardCommand:
		return "Marked as heard."
	case "booked":
		return "The appointment is booked. Record the outcome when you have answered the patient."
	case "moved":
		return "The appointment is moved."
	case "cancelled":
		return "The appointment is cancelled."
	case "amended":
		return "The appointment’s reason is changed."
	case "appointment-unknown":
		return "The practice’s system did not confirm it in time. We are looking whether it was done, and this request will show it. Tell the patient nothing is certain yet."
	case "raise":
		return "The urgency is raised."
	case "lower":
		return "The urgency is lowered."
	}
	return ""
}

// run gives a command and shows what has become of the request.
func (w *Workspace) run(s spec) echo.HandlerFunc {
	return func(c echo.Context) error {
		k, err := w.call(c)
		if err != nil {
			return err
		}
		reference, err := requests.ParseReference(c.Param("reference"))
		if err != nil {
			return fault.Absent()
		}
		form, err := routes.ReadForm(c)
		if err != nil {
			return err
		}
		k.list = parseList(form)
		version, _ := strconv.Atoi(form.Get("version")) // none: whatever it is at
		view, err := s.do(k.ctx(), w.Requests, k.by, requests.Command{Reference: reference, Version: version}, form)
		fromList := form.Get("from") == "list"
		if err != nil {
			return w.refused(k, reference, attempt{form: s.name, sent: form, attended: true}, err, fromList)
		}
		return w.succeeded(k, view, s.name, fromList)
	}
}

// takeNext claims the request of a queue that is due first.
func (w *Workspace) takeNext(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	id, err := parseQueue(c.Param("queue"))
	if err != nil {
		return err
	}
	form, err := routes.ReadForm(c)
	if err != nil {
		return err
	}
	k.list = parseList(form)
	k.list.queue = id
	view, err := w.Requests.TakeNext(k.ctx(), k.by, id)
	if fault.Is(err, "queue_empty") {
		return w.listAnswer(k, http.StatusNotFound, fault.As(err).Says, true, false)
	}
	if err != nil {
		return err
	}
	return w.succeeded(k, view, "next", false)
}

// succeeded shows the request after a command, or the list when the request has left this person's sight or was never
// opened. Without JavaScript the browser is sent there, so that reloading repeats nothing.
func (w *Workspace) succeeded(k *call, v requests.View, name string, fromList bool) error {
	w.settleList(k, v)
	says := doneWords(name, destinationName(v))
	stays := k.by.Scope.Includes(k.organisation(v.Accountable)) || (v.Offered != nil && k.by.Scope.Includes(k.organisation(v.Offered.Named)))
	listOnly := !stays || (fromList && name == "verify")
	switch {
	case !stays && !w.works(k, k.list.queue):
		target := join(root, url.Values{"done": {name}})
		if k.partial() {
			k.c.Response().Header().Set("HX-Redirect", target)
			return k.c.NoContent(http.StatusOK)
		}
		return k.c.Redirect(http.StatusSeeOther, target)
	case !k.partial() && listOnly:
		return k.c.Redirect(http.StatusSeeOther, join(root+"/queues/"+k.list.queue.String(), withDone(k.list, name)))
	case !k.partial():
		return k.c.Redirect(http.StatusSeeOther, k.list.request(v.Reference, "done", name)+"#request")
	case listOnly:
		return w.listAnswer(k, http.StatusOK, says, false, !stays)
	}
	k.c.Response().Header().Set("HX-Push-Url", k.list.request(v.Reference))
	return w.shows(k, http.StatusOK, v.Reference, attempt{done: name, attended: true}, says)
}

func withDone(l listAddress, name string) url.Values {
	q := l.query()
	q.Set("done", name)
	return q
}

// refused shows how a request stands after a command that was not done, and why it was not.
func (w *Workspace) refused(k *call, reference requests.Reference, tried attempt, err error, fromList bool) error {
	tried.fault = fault.As(err)
	status := statusOf(tried.fault)
	switch {
	case status == 0:
		return err
	case tried.fault.Kind == fault.NotFound:
		return w.left(k)
	case fromList && w.works(k, k.list.queue):
		return w.listAnswer(k, status, refusedWords(tried.form, tried.fault), true, false)
	}
	says := tried.fault.Says
	if tried.fault.Kind != fault.Invalid {
		says = refusedWords(tried.form, tried.fault)
	}
	return w.shows(k, status, reference, tried, says)
}

// left answers a command for a request that this person cannot see.
func (w *Workspace) left(k *call) error {
	if !w.works(k, k.list.queue) {
		return fault.Absent()
	}
	return w.gone(k)
}

// works reports whether a queue is one of this person's organisations'.
func (w *Workspace) works(k *call, queue uuid.UUID) bool {
	q, ok := k.directory.Queue(queue)
	return ok && k.by.Scope.Includes(q.OrganisationID)
}

// statusOf is the status of a refusal that is shown beside the request; zero for those that only a page of their own fits.
func statusOf(e *fault.Error) int {
	switch e.Kind {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.Conflict:
		return http.StatusConflict
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	}
	return 0
}

// shows answers a command with the request, its list and the counts as they are now.
func (w *Workspace) shows(k *call, status int, reference requests.Reference, tried attempt, says string) error {
	view, err := w.Requests.Get(k.ctx(), k.by, reference)
	if err != nil {
		return err
	}
	w.settleList(k, view)
	panel, err := w.panel(k, view, tried)
	if err != nil {
		return err
	}
	if !k.partial() {
		return w.wholePage(k, status, panel, reference)
	}
	queues, err := w.queuesOf(k)
	if err != nil {
		return err
	}
	nav := navigation(queues, k.list)
	parts := pages.Fragments{Queues: &nav, Request: panel, Announce: says}
	if slices.ContainsFunc(queues, func(q requests.QueueSummary) bool { return q.ID == k.list.queue }) {
		if parts.List, err = w.listOf(k, queues, reference); err != nil {
			return err
		}
	}
	return fragments(k.c, status, parts)
}

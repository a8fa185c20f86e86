package reception

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/app/wording"
	"onedoor/ui/pages"
)

// Traces look people up in the national registers. It is traces.Service.
type Traces interface {
	Available() bool
	Trace(ctx context.Context, by requests.Actor, c requests.Command) (requests.View, error)
	// Needs are what is recorded nationally that a person needs, as far as it is known here already.
	Needs(ctx context.Context, neighbourhood uuid.UUID, number nhs.Number) (patients.Needs, error)
}

const traceCommand = "trace"

func (w *Workspace) addTrace(s *routes.Server) {
	if w.Traces != nil {
		s.Add(http.MethodPost, root+"/requests/:reference/"+traceCommand, routes.Need("request", traceCommand), w.trace)
	}
}

// trace looks up whoever a request is for, and shows what it came to beside the request.
func (w *Workspace) trace(c echo.Context) error {
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
	view, err := w.Traces.Trace(k.ctx(), k.by, requests.Command{Reference: reference, Version: version})
	if err == nil {
		return w.succeeded(k, view, traceCommand, false)
	}
	tried := attempt{form: traceCommand, sent: form, attended: true}
	switch f := fault.As(err); f.Kind {
	case fault.Unavailable, fault.TooMany: // the register's, not ours: the request can be worked on
		tried.fault = f
		status := http.StatusServiceUnavailable
		if f.Kind == fault.TooMany {
			status = http.StatusTooManyRequests
		}
		return w.shows(k, status, reference, tried, refusedWords(traceCommand, f))
	default:
		return w.refused(k, reference, tried, err, false)
	}
}

// national puts on the panel what the national registers say, and the command that asks them.
func (w *Workspace) national(k *call, v requests.View, p *pages.RequestPanel) {
	s := v.Staff
	if s == nil {
		return
	}
	p.Task = s.Task
	if s.Held != nil {
		p.Held = heldWords(*s.Held)
	}
	if s.Trace != nil {
		fact := pages.Fact{Key: "National register", Values: traceWords(*s.Trace), Raised: !s.Trace.Verdict.Certain()}
		fact.Values = append(fact.Values, "Looked up "+wording.ShortMoment(s.Trace.At, k.now)+".")
		p.National = append(p.National, fact)
	}
	if w.Traces == nil {
		return
	}
	if v.Status == requests.Closed || !w.Traces.Available() || !k.mayIn(k.organisation(v.Accountable), traceCommand) {
		return
	}
	text := "Look up in the national register"
	if s.Trace != nil {
		text = "Look up again"
	}
	p.Trace = &pages.Command{Text: text, Action: command(v.Reference, traceCommand), Key: traceCommand}
}

// heldWords say why nothing is sent about somebody, and what is to be done.
func heldWords(h patients.Hold) string {
	var lines []string
	if h.Died {
		line := "The national register says that this person has died"
		if !h.On.IsZero() {
			line += ", on " + day(h.On)
		}
		if !h.Formal {
			line += " (not yet confirmed by the registrar)"
		}
		lines = append(lines, line+". No message and no outcome is sent. Check it before you contact anybody.")
	}
	if h.Restricted {
		lines = append(lines, "This person’s national record is restricted. Nothing is sent to any clinical system, no message is sent, and the request cannot be offered to another organisation: deal with it here. Tell nobody an address, a telephone number or a practice.")
	}
	return strings.Join(lines, " ")
}

// traceWords say what a trace came to.
func traceWords(f patients.Finding) []string {
	var lines []string
	switch f.Verdict {
	case patients.Verified:
		lines = append(lines, "Verified: the NHS number, the date of birth and the name belong together.")
	case patients.Found:
		lines = append(lines, "Found: one person fits, and this is their NHS number.")
	case patients.Differs:
		lines = append(lines, "The NHS number is somebody’s with another "+strings.Join(f.Differs, " and another ")+". Check who this is.")
	case patients.NotFound:
		line := "Nobody was found."
		if f.Withdrawn {
			line = "The record with this NHS number was withdrawn. Check who this is."
		}
		lines = append(lines, line)
	case patients.Ambiguous:
		lines = append(lines, "More than one person fits. Ask for more, and check who this is.")
	case patients.NotEnough:
		lines = append(lines, "Too little is known: it takes a date of birth and a family name.")
	}
	if f.Replaced {
		lines = append(lines, "The NHS number that was given has been replaced. The new one stands here.")
	}
	return lines
}

// tracedWords say what an entry of the trail about a trace records; empty for other entries.
func tracedWords(actor string, e audit.Entry) string {
	switch e.Action {
	case "request.trace":
		verdict, _ := e.Details["verdict"].(string)
		says := traceWords(patients.Finding{Verdict: patients.Verdict(verdict), Differs: []string{"birth date or name"}})
		if len(says) == 0 {
			return actor + " looked the person up in the national register"
		}
		return actor + " looked the person up in the national register. " + says[0]
	case "request.hold":
		return actor + " holds back what would be sent, since another request of this person was looked up"
	case "request.task":
		return "Onedoor made this task"
	}
	return ""
}

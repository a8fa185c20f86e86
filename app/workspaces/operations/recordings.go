package operations

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/recordings"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/tenants"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

const (
	recordingsPath     = root + "/recordings"
	recordingPlacePath = recordingsPath + "/:place"
)

// Recordings are what callers said in place of writing. It is recordings.Service.
type Recordings interface {
	Transcribing() bool
	Settings(ctx context.Context, by requests.Actor, organisation uuid.UUID) (recordings.Settings, error)
	Set(ctx context.Context, by requests.Actor, organisation uuid.UUID, to recordings.Settings) error
}

// addRecordings registers the page where organisations say how long recordings are kept.
func (w *Workspace) addRecordings(s *routes.Server) {
	s.Add(http.MethodGet, recordingsPath, routes.Need("recording", "read"), w.recordingSettings)
	s.Add(http.MethodPost, recordingPlacePath, routes.Need("recording", "write"), w.changeRecordings)
}

// actor is the person as recordings know them, in the organisations where they may do an action.
func (k *call) actor(action string) requests.Actor {
	return requests.Actor{Actor: k.who.Actor(), Scope: k.who.ScopeFor("recording", action), Roles: k.who.Memberships}
}

func (w *Workspace) recordingSettings(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	return w.showRecordings(k, uuid.Nil, nil, nil)
}

func (w *Workspace) changeRecordings(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	at, err := k.organisationPlace("recording", "write")
	if err != nil {
		return err
	}
	form, err := routes.ReadForm(c)
	if err != nil {
		return err
	}
	days, err := strconv.Atoi(strings.TrimSpace(form.Get("days")))
	if err != nil {
		days = 0 // which no organisation can choose
	}
	err = w.Recordings.Set(k.ctx(), k.actor("write"), at.organisation, recordings.Settings{KeptDays: days, Transcribe: form.Get("machine") == "yes"})
	if e := fault.As(err); err != nil && e.Kind == fault.Invalid {
		return w.showRecordings(k, at.organisation, form, e)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, recordingsPath+"?done=saved")
}

// showRecordings shows every organisation's settings; one that was refused as it was sent, with what is wrong.
func (w *Workspace) showRecordings(k *call, refused uuid.UUID, sent url.Values, why *fault.Error) error {
	page := pages.RecordingSettings{Operations: k.page("Recordings", recordingsPath)}
	if k.c.QueryParam("done") == "saved" {
		page.Notice = "Saved."
	}
	by := k.actor("read")
	for _, o := range k.directory.Organisations() {
		if !k.who.MayIn(o.ID, "recording", "read") {
			continue
		}
		set, err := w.Recordings.Settings(k.ctx(), by, o.ID)
		if err != nil {
			return err
		}
		p := w.recordingPlace(o, set)
		if o.ID == refused {
			p.Days.Value, p.Days.Error = sent.Get("days"), locales.Plain("Enter a number of days from 1 to 3650")
			page.Wrong = append(page.Wrong, components.Problem{Target: p.Days.ID, Says: p.Days.Error})
		}
		page.Places = append(page.Places, p)
	}
	status := http.StatusOK
	if why != nil {
		status = http.StatusUnprocessableEntity
	}
	return routes.Render(k.c, status, pages.RecordingSettingsPage(page))
}

func (w *Workspace) recordingPlace(o tenants.Organisation, set recordings.Settings) pages.RecordingPlace {
	code := string(o.ODS)
	p := pages.RecordingPlace{Name: o.Name, Action: routes.Address(recordingPlacePath, code), Days: components.Field{
		ID: "days-" + code, Name: "days", Label: locales.Plain("Days that a recording is kept"), Size: "s", Width: 4, InputMode: "numeric",
		Hint: locales.Plain("At least, and for as long as a request that it belongs to is open. From 1 to 3650"), Value: strconv.Itoa(set.KeptDays),
	}}
	if w.Recordings.Transcribing() {
		p.Machine = &components.Choice{
			ID: "machine-" + code, Name: "machine", Legend: locales.Plain("Written down by a machine"), Size: "s",
			Options: []components.Option{{Value: "yes", Text: locales.Plain("Yes: a machine writes down what was said, marked as a machine’s"), Checked: set.Transcribe}},
		}
	}
	return p
}

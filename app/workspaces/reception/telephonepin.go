package reception

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/tenants"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// PINs let a person hear about their requests on the telephone. It is callers.Service.
type PINs interface {
	SetPIN(ctx context.Context, by requests.Actor, given patients.Given, pin string) error
	RemovePIN(ctx context.Context, by requests.Actor, given patients.Given) error
}

const pinPath = root + "/telephone-pin"

func (w *Workspace) addPINs(s *routes.Server) {
	if w.PINs == nil {
		return
	}
	s.Add(http.MethodGet, pinPath, routes.Need("caller-pin", "set"), w.pinPage)
	s.Add(http.MethodPost, pinPath, routes.Need("caller-pin", "set"), w.setPIN)
}

func (w *Workspace) pinPage(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	page := w.pinForm(k, nil, nil)
	switch c.QueryParam("done") {
	case "set":
		page.Notice = "The PIN is set. The person can use it on their next call."
	case "removed":
		page.Notice = "There is no PIN for this person now."
	}
	return routes.Render(c, http.StatusOK, pages.TelephonePINPage(page))
}

// setPIN reads the form, and gives it back with what is wrong; the PIN itself is never given back.
func (w *Workspace) setPIN(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	form, err := routes.ReadForm(c)
	if err != nil {
		return err
	}
	remove := form.Get("do") == "remove"
	given, wrong := w.readPerson(form)
	if form.Get("checked") != "yes" {
		wrong = append(wrong, problem("checked", "Confirm that you have checked who this person is"))
	}
	done := "set"
	if len(wrong) == 0 {
		if remove {
			done, err = "removed", w.PINs.RemovePIN(k.ctx(), k.by, given)
		} else {
			err = w.PINs.SetPIN(k.ctx(), k.by, given, strings.ReplaceAll(form.Get("pin"), " ", ""))
		}
		if err == nil {
			return c.Redirect(http.StatusSeeOther, pinPath+"?done="+done)
		}
		f := fault.As(err)
		switch f.Code {
		case "pin_format", "pin_easy":
			wrong = append(wrong, problem("pin", strings.TrimSuffix(f.Says, ".")))
		case "not_on_list":
			wrong = append(wrong, problem("nhs-number", strings.TrimSuffix(f.Says, ".")))
		default:
			return err
		}
	}
	return routes.Render(c, http.StatusUnprocessableEntity, pages.TelephonePINPage(w.pinForm(k, form, wrong)))
}

func (w *Workspace) readPerson(form url.Values) (patients.Given, []components.Problem) {
	var wrong []components.Problem
	number, err := nhs.ParseNumber(form.Get("nhs-number"))
	if err != nil {
		wrong = append(wrong, problem("nhs-number", strings.TrimSuffix(fault.As(err).Says, ".")))
	}
	today := nhs.DateOf(w.Now().In(tenants.London()))
	part := func(name string, size int) string {
		s := strings.TrimSpace(form.Get("birth-" + name))
		return strings.Repeat("0", max(0, size-len(s))) + s
	}
	birth, err := nhs.ParseBirthDate(part("year", 4)+"-"+part("month", 2)+"-"+part("day", 2), today)
	if err != nil {
		wrong = append(wrong, problem("birth-day", "Enter their date of birth, such as 27 4 1996"))
	}
	return patients.Given{NHSNumber: number, BirthDate: birth}, wrong
}

func problem(target, says string) components.Problem {
	return components.Problem{Target: target, Says: locales.Plain(says)}
}

func (w *Workspace) pinForm(k *call, form url.Values, wrong []components.Problem) pages.TelephonePIN {
	says := func(target string) locales.Text {
		for _, p := range wrong {
			if p.Target == target {
				return p.Says
			}
		}
		return locales.Text{}
	}
	page := pages.TelephonePIN{
		Page: w.page(k, "Set a telephone PIN"), Wrong: wrong, Action: pinPath,
		Number: components.Field{
			ID: "nhs-number", Name: "nhs-number", Label: locales.Plain("NHS number"), Code: true, InputMode: "numeric", Width: 20,
			Value: form.Get("nhs-number"), Error: says("nhs-number"),
		},
		Birth: components.DateInput{
			ID: "birth", Prefix: "birth", Legend: locales.Plain("Date of birth"), Hint: locales.Plain("For example, 27 4 1996"), Error: says("birth-day"),
			Day: form.Get("birth-day"), Month: form.Get("birth-month"), Year: form.Get("birth-year"),
		},
		PIN: components.Field{
			ID: "pin", Name: "pin", Type: "password", Autocomplete: "off", Label: locales.Plain("The PIN that they choose"), Code: true, InputMode: "numeric", Width: 10, Error: says("pin"),
			Hint: locales.Plain("6 digits. Let them key it themselves if they can. To remove a PIN, leave this empty."),
		},
		Checked: components.Choice{
			ID: "checked", Name: "checked", Legend: locales.Plain("Who they are"), Error: says("checked"),
			Options: []components.Option{{Value: "yes", Text: locales.Plain("The person is here, and I have checked who they are"), Checked: form.Get("checked") == "yes"}},
		},
	}
	page.Page.Problems = len(wrong) > 0
	for i := range page.Page.Staff.Navigation {
		page.Page.Staff.Navigation[i].Current = page.Page.Staff.Navigation[i].Href == pinPath
	}
	return page
}

package operations

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/audit"
	"onedoor/app/directory"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/app/traces"
	"onedoor/tenants"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

const (
	registersPath       = root + "/registers"
	registersTracePath  = registersPath + "/tracing"
	registersReadPath   = registersPath + "/organisations"
	registersNamePath   = registersPath + "/organisations/name"
	registersFiguresFor = 7 * 24 * time.Hour
	registersReadings   = 5
)

// Traces look people up in the national register of patients. It is traces.Service.
type Traces interface {
	Available() bool
	Setting(ctx context.Context, neighbourhood uuid.UUID) (traces.Setting, error)
	AfterSubmission(ctx context.Context, by requests.Actor, on bool) error
	Figures(ctx context.Context, neighbourhood uuid.UUID, since time.Time) (traces.Figures, error)
}

// Listings read the national register of organisations. It is directory.Listings.
type Listings interface {
	Available() bool
	Refresh(ctx context.Context, by audit.Actor) (directory.Listing, error)
	Newest(ctx context.Context, limit int) ([]directory.Listing, error)
	Count(ctx context.Context) (all, open int, err error)
	Differences(ctx context.Context, neighbourhood uuid.UUID) ([]directory.Difference, error)
	TakeName(ctx context.Context, by audit.Actor, roles []tenants.Membership, neighbourhood uuid.UUID, code nhs.ODSCode) error
}

// addRegisters registers the page about the national registers.
func (w *Workspace) addRegisters(s *routes.Server) {
	s.Add(http.MethodGet, registersPath, routes.Need("tracing", "read"), w.registers)
	s.Add(http.MethodPost, registersTracePath, routes.Need("tracing", "write"), w.switchTracing)
	s.Add(http.MethodPost, registersReadPath, routes.Need("listing", "write"), w.readRegister)
	s.Add(http.MethodPost, registersNamePath, routes.Need("listing", "write"), w.takeName)
}

func (w *Workspace) registers(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	page := pages.Registers{Operations: k.page("National registers", registersPath)}
	switch c.QueryParam("done") {
	case "switched":
		page.Notice = "Saved."
	case "read":
		page.Notice = "The register was read."
	case "named":
		page.Notice = "The name is changed."
	}
	if page.Tracing, err = w.tracing(k); err != nil {
		return err
	}
	if k.who.May("listing", "read") {
		if page.Listing, err = w.listing(k); err != nil {
			return err
		}
	}
	return routes.Render(c, http.StatusOK, pages.RegistersPage(page))
}

func (w *Workspace) tracing(k *call) (*pages.RegisterTracing, error) {
	setting, err := w.Traces.Setting(k.ctx(), k.who.NeighbourhoodID)
	if err != nil {
		return nil, err
	}
	t := &pages.RegisterTracing{Connected: w.Traces.Available(), On: setting.AfterSubmission}
	if setting.ChangedBy != "" {
		t.Changed = "Changed by " + setting.ChangedBy + " on " + onDay(setting.ChangedAt) + "."
	}
	if t.Connected && k.who.May("tracing", "write") {
		t.Switch = registersTracePath
	}
	figures, err := w.Traces.Figures(k.ctx(), k.who.NeighbourhoodID, k.now.Add(-registersFiguresFor))
	if err != nil {
		return nil, err
	}
	count := func(key string, n int) {
		t.Figures = append(t.Figures, pages.Fact{Key: key, Values: []string{strconv.Itoa(n)}})
	}
	count("Verified", figures.Verdicts[patients.Verified])
	count("Number found", figures.Verdicts[patients.Found])
	count("Number of somebody else", figures.Verdicts[patients.Differs])
	count("Nobody found", figures.Verdicts[patients.NotFound])
	count("Several fit, or too little was known", figures.Verdicts[patients.Ambiguous]+figures.Verdicts[patients.NotEnough])
	count("Open requests that were never looked up", figures.Waiting)
	count("Open requests of which nothing may be sent", figures.Held)
	return t, nil
}

func (w *Workspace) listing(k *call) (*pages.RegisterListing, error) {
	all, open, err := w.Listings.Count(k.ctx())
	if err != nil {
		return nil, err
	}
	l := &pages.RegisterListing{Says: strconv.Itoa(all) + " organisations are listed here, " + strconv.Itoa(open) + " of them open. "}
	if w.Listings.Available() {
		l.Says += "Those that take part are read from the national register twice a day."
		if k.who.May("listing", "write") {
			l.Refresh = registersReadPath
		}
	} else {
		l.Says += "No register is connected here: organisations come from files (onedoor directory import)."
	}
	readings, err := w.Listings.Newest(k.ctx(), registersReadings)
	if err != nil {
		return nil, err
	}
	for _, r := range readings {
		says := strconv.Itoa(r.Read) + " read, " + strconv.Itoa(r.Added) + " new, " + strconv.Itoa(r.Changed) + " changed, " + strconv.Itoa(r.PassedOver) + " passed over"
		l.Readings = append(l.Readings, pages.Fact{Key: onDay(r.At), Values: []string{r.Source + ", by " + r.By, says}})
	}
	differences, err := w.Listings.Differences(k.ctx(), k.who.NeighbourhoodID)
	if err != nil {
		return nil, err
	}
	for _, d := range differences {
		line := pages.RegisterDifference{Organisation: d.Organisation.Name, Says: registerDifference(d), Code: string(d.Organisation.ODS)}
		if d.Aspect == directory.AspectName && k.who.May("listing", "write") {
			line.Take, line.Name = registersNamePath, directory.Written(d.There)
		}
		l.Differences = append(l.Differences, line)
	}
	return l, nil
}

func registerDifference(d directory.Difference) string {
	switch d.Aspect {
	case directory.AspectName:
		return "the register calls it " + directory.Written(d.There) + "."
	case directory.AspectPostcode:
		return "the register has the postcode " + d.There + ", and the directory " + d.Here + "."
	case directory.AspectKind:
		return "the register has it as a " + d.There + ", and the directory as a " + d.Here + "."
	case directory.AspectClosed:
		return "the register says that it is closed."
	case directory.AspectUnknown:
	}
	return "the register does not know it, or was not read yet."
}

func onDay(at time.Time) string {
	return locales.Day(locales.English, nhs.DateOf(at.In(tenants.London())))
}

func (w *Workspace) switchTracing(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	form, err := routes.ReadForm(c)
	if err != nil {
		return err
	}
	by := requests.Actor{Actor: k.who.Actor(), Scope: k.who.Scope(), Roles: k.who.Memberships}
	if err := w.Traces.AfterSubmission(k.ctx(), by, form.Get("after-submission") == "yes"); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, registersPath+"?done=switched")
}

func (w *Workspace) readRegister(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	if _, err := w.Listings.Refresh(k.ctx(), k.who.Actor()); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, registersPath+"?done=read")
}

func (w *Workspace) takeName(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	form, err := routes.ReadForm(c)
	if err != nil {
		return err
	}
	code, err := nhs.ParseODSCode(form.Get("ods-code"))
	if err != nil {
		return fault.Absent()
	}
	if err := w.Listings.TakeName(k.ctx(), k.who.Actor(), k.who.Memberships, k.who.NeighbourhoodID, code); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, registersPath+"?done=named")
}

package studio

import (
	"net/http"
	"slices"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/directory"
	"onedoor/app/fault"
	"onedoor/app/routes"
	"onedoor/policy"
	"onedoor/policy/access"
	"onedoor/tenants"
	"onedoor/ui/pages"
)

const (
	servicesPath       = root + "/services"
	serviceHistoryPath = servicesPath + "/history"
	servicePath        = servicesPath + "/:service"
	serviceEditPath    = servicePath + "/edit"
	servicePausePath   = servicePath + "/pause"
	serviceResumePath  = servicePath + "/resume"

	// versionsShown is how far back the history of services goes on a page.
	versionsShown = 100
)

// addServices registers the pages where organisations keep what their services accept. Leads read all of them.
func (w *Workspace) addServices(s *routes.Server) {
	s.Add(http.MethodGet, servicesPath, routes.Need("directory", "read"), w.services)
	s.Add(http.MethodGet, serviceHistoryPath, routes.Need("directory", "read"), w.serviceHistory)
	s.Add(http.MethodGet, servicePath, routes.Need("directory", "read"), w.service)
	s.Add(http.MethodGet, serviceEditPath, routes.Need("directory", "write"), w.serviceForm)
	s.Add(http.MethodPost, serviceEditPath, routes.Need("directory", "write"), w.saveService)
	s.Add(http.MethodPost, servicePausePath, routes.Need("directory", "pause"), w.switchService(true))
	s.Add(http.MethodPost, serviceResumePath, routes.Need("directory", "pause"), w.switchService(false))
}

// mayOf reports whether a person may do something to the directory of one organisation.
func (k *call) mayOf(organisation uuid.UUID, action string) bool {
	return k.who.MayIn(organisation, "directory", action) || slices.Contains(k.who.Reaches("directory", action), access.Neighbourhood)
}

// serviceOf finds the service in the address, as far as this person may do the action to it. Another organisation's is as
// if it were absent.
func (k *call) serviceOf(action string) (tenants.Service, error) {
	id, err := uuid.Parse(k.c.Param("service"))
	if err != nil {
		return tenants.Service{}, fault.Absent()
	}
	service, ok := k.directory.Service(id)
	if !ok || !k.mayOf(service.OrganisationID, action) {
		return tenants.Service{}, fault.Absent()
	}
	return service, nil
}

func (w *Workspace) services(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	load, err := w.Loads.ServiceLoads(k.ctx(), k.who.NeighbourhoodID, k.now)
	if err != nil {
		return err
	}
	versions, err := w.Directories.History(k.ctx(), k.who.NeighbourhoodID, versionsShown)
	if err != nil {
		return err
	}
	list := pages.ServiceList{
		Studio: k.page("Services", servicesPath), History: serviceHistoryPath,
		Empty: "Your organisation has no services here.",
		Says:  "What your organisation takes, from whom and when. A service that is paused takes nothing from the next request on; what it has already stays with it.",
	}
	if k.who.May("policy", "read") {
		list.Says = "What each organisation takes, from whom and when. Organisations keep their own services: you see them, and they change them."
		list.Empty = "No organisation of this neighbourhood offers a service."
	}
	list.Notice = switchedWords(c.QueryParam("done"))
	for _, o := range k.directory.Organisations() {
		if !k.mayOf(o.ID, "read") {
			continue
		}
		group := pages.ServiceGroup{Organisation: o.Name}
		for s := range k.directory.ServicesOf(o.ID) {
			row := pages.ServiceRow{
				Name: s.Name, Href: routes.Address(servicePath, s.ID.String()), State: k.stateOf(s, load[s.ID], versions),
				Accepts: w.kindWords(s.Kinds), Limit: capacityWords(s.Capacity), Switch: k.switchOf(s),
			}
			if row.Switch != nil {
				row.Switch.From = "list"
			}
			group.Services = append(group.Services, row)
		}
		if len(group.Services) > 0 {
			list.Groups = append(list.Groups, group)
		}
	}
	return routes.Render(c, http.StatusOK, pages.StudioServices(list))
}

func (w *Workspace) service(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	s, err := k.serviceOf("read")
	if err != nil {
		return err
	}
	load, err := w.Loads.ServiceLoads(k.ctx(), k.who.NeighbourhoodID, k.now)
	if err != nil {
		return err
	}
	versions, err := w.Directories.History(k.ctx(), k.who.NeighbourhoodID, versionsShown)
	if err != nil {
		return err
	}
	organisation, _ := k.directory.Organisation(s.OrganisationID)
	page := pages.ServicePage{
		Studio: k.page(s.Name+", "+organisation.Name, servicesPath), Organisation: organisation.Name, Name: s.Name,
		State: k.stateOf(s, load[s.ID], versions), Switch: k.switchOf(s), Facts: w.serviceFacts(k, s, load[s.ID]),
		SwitchSays: "Paused, it takes nothing from the next request on. What it has already stays with it.",
		History:    w.versionLines(k, versions, func(ch directory.ServiceChange) bool { return changeOf(ch) == s.ID }), AllHistory: serviceHistoryPath,
	}
	if s.Paused {
		page.SwitchSays = "Resumed, it takes requests again from the next one on."
	}
	page.Page.Back = servicesPath
	page.Notice = switchedWords(c.QueryParam("done"))
	if k.mayOf(s.OrganisationID, "write") {
		page.Change = routes.Address(serviceEditPath, s.ID.String())
	}
	return routes.Render(c, http.StatusOK, pages.StudioService(page))
}

// switchService pauses a service, or lets it go on, and shows the page where it was asked.
func (w *Workspace) switchService(paused bool) echo.HandlerFunc {
	return func(c echo.Context) error {
		k, err := w.call(c)
		if err != nil {
			return err
		}
		s, err := k.serviceOf("pause")
		if err != nil {
			return err
		}
		if _, err := w.Directories.Pause(k.ctx(), k.who.Actor(), k.who.NeighbourhoodID, s.OrganisationID, s.ID, paused); err != nil {
			return err
		}
		done := "resumed"
		if paused {
			done = "paused"
		}
		back := routes.Address(servicePath, s.ID.String())
		if c.FormValue("from") == "list" {
			back = servicesPath
		}
		return c.Redirect(http.StatusSeeOther, back+"?done="+done)
	}
}

// switchedWords say what has just been done. It is named by a code in the address, and never carried in it.
func switchedWords(done string) string {
	switch done {
	case "paused":
		return "Paused. It takes nothing from the next request on."
	case "resumed":
		return "Resumed. It takes requests again."
	case "saved":
		return "Saved. Requests are decided by it from now on."
	}
	return ""
}

func (k *call) switchOf(s tenants.Service) *pages.ServiceSwitch {
	if !k.mayOf(s.OrganisationID, "pause") {
		return nil
	}
	if s.Paused {
		return &pages.ServiceSwitch{Action: routes.Address(serviceResumePath, s.ID.String()), Text: "Resume", Hidden: s.Name}
	}
	return &pages.ServiceSwitch{Action: routes.Address(servicePausePath, s.ID.String()), Text: "Pause", Hidden: s.Name, Warning: true}
}

// serviceHistory shows what became of services: all of them to leads, their own to those who keep them.
func (w *Workspace) serviceHistory(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	versions, err := w.Directories.History(k.ctx(), k.who.NeighbourhoodID, versionsShown)
	if err != nil {
		return err
	}
	page := pages.DirectoryHistory{
		Studio:   k.page("History of services", servicesPath),
		Says:     "Every change of a service, newest first. Each request is decided by what is in force at its moment.",
		Versions: w.versionLines(k, versions, func(ch directory.ServiceChange) bool { return k.mayOf(ch.OrganisationID, "read") }),
	}
	page.Page.Back = servicesPath
	return routes.Render(c, http.StatusOK, pages.StudioServiceHistory(page))
}

// isFull reports whether a service has all that it takes.
func isFull(s tenants.Service, load policy.ServiceLoad) bool {
	c := s.Capacity
	return (c.Open > 0 && load.Open >= c.Open) || (c.Daily > 0 && load.Today >= c.Daily)
}

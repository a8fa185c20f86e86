package reception_test

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"onedoor/app/audit"
	"onedoor/app/bookings"
	"onedoor/app/clinical"
	"onedoor/app/clinical/gpconnect"
	"onedoor/app/clinical/simulator"
	"onedoor/app/clinical/systems"
	"onedoor/app/database"
	"onedoor/app/demo/demotest"
	"onedoor/app/requests"
	"onedoor/app/store/bookingstore"
	"onedoor/app/store/integrationstore"
	"onedoor/tenants"
	"onedoor/ui/browsertest"
)

// bookSystem is Weir Lane's own system, which staff book in by GP Connect.
type bookSystem struct {
	service *bookings.Service
	url     string
	w       *demotest.World
	kept    *integrationstore.Store
	way     clinical.Integration
}

func openBook(t *testing.T, w *demotest.World) *bookSystem {
	t.Helper()
	sim, err := simulator.Open("", w.Now)
	if err != nil {
		t.Fatal(err)
	}
	listening := httptest.NewServer(sim)
	t.Cleanup(func() { _ = sim.Close(); listening.Close() })
	for _, p := range w.Patients {
		if err := sim.HoldPerson("A81001", simulator.Person{NHSNumber: p.NHSNumber, Given: p.GivenName, Family: p.FamilyName, BirthDate: p.BirthDate}); err != nil {
			t.Fatal(err)
		}
	}
	b := &bookSystem{url: listening.URL, w: w, kept: integrationstore.New(w.DB)}
	b.way = clinical.Integration{
		NeighbourhoodID: riverside, OrganisationID: w.Patients[0].PracticeID, Kind: clinical.GPConnect, Name: "Appointments",
		BaseURL: listening.URL + simulator.GPConnectPath("A81001"), Uses: []clinical.Switched{{Use: clinical.UseStaffBooking}},
		Settings: map[string]string{
			gpconnect.SettingConsumerASID: "200000000359", gpconnect.SettingProviderASID: "918999198738",
			gpconnect.SettingEndpoint: "https://onedoor.example/", gpconnect.SettingTelephone: "0300 303 5678",
		},
	}
	b.put(t)
	b.service = bookings.New(bookings.Options{
		Store: bookingstore.New(w.DB), Now: w.Now,
		Systems: systems.New(systems.Options{Integrations: b.kept, Now: w.Now, Random: rand.Reader}),
	})
	return b
}

func (b *bookSystem) put(t *testing.T) {
	t.Helper()
	if err := b.w.DB.InTx(t.Context(), tenants.JobOf(riverside), func(tx *database.Tx) error {
		return b.kept.Put(t.Context(), tx, audit.Actor{Kind: audit.System, Name: "test"}, b.way, b.w.Now())
	}); err != nil {
		t.Fatal(err)
	}
}

// effects are what the practice's system committed.
func (b *bookSystem) effects(t *testing.T) (kinds []string) {
	t.Helper()
	response, err := http.Get(b.url + simulator.LedgerPath("A81001"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var list []simulator.Effect
	if err := json.NewDecoder(response.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func (b *bookSystem) fault(t *testing.T, mode simulator.Mode) {
	t.Helper()
	response, err := http.Post(b.url+simulator.FaultsPath("A81001"), "application/json", strings.NewReader(`{"mode": "`+string(mode)+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
}

var (
	slotField        = regexp.MustCompile(`name="slot"[^>]*value="([^"]+)"`)
	appointmentField = regexp.MustCompile(`name="appointment"[^>]*value="([^"]+)"`)
)

func (c *colleague) field(pattern *regexp.Regexp, r reply, n int) string {
	c.t.Helper()
	found := pattern.FindAllStringSubmatch(r.body, -1)
	if len(found) <= n {
		c.t.Fatalf("%s: %d of %s", r.path, len(found), pattern)
	}
	return found[n][1]
}

func TestStaffBookMoveAmendAndCancelForARequest(t *testing.T) {
	t.Parallel()
	h := open(t)
	sam := h.colleague(t, "sam.carter")
	receipt := h.ask(t, 0, "callback", nil)
	page := "/reception/requests/" + string(receipt.Reference) + "/appointments"
	sam.wants(sam.get(page), http.StatusConflict, "Claim this request before you book for it")
	sam.wants(sam.get("/reception/requests/"+string(receipt.Reference)), http.StatusOK, "not Find, change or cancel an appointment")
	sam.give(receipt.Reference, "claim")
	sam.wants(sam.get("/reception/requests/"+string(receipt.Reference)), http.StatusOK, "Find, change or cancel an appointment")
	free := sam.get(page)
	sam.wants(free, http.StatusOK, "Free appointments", "Dr Aisha Rahman (General Medical Practitioner)", "None. Only appointments from today on are shown", "Book this appointment")

	give := func(fields ...string) reply {
		form := url.Values{}
		for i := 0; i+1 < len(fields); i += 2 {
			form.Set(fields[i], fields[i+1])
		}
		return sam.do(http.MethodPost, page, form)
	}
	sam.wants(give("do", "book"), http.StatusUnprocessableEntity, "There is a problem", "Choose an appointment")
	sam.wants(give("do", "book", "slot", sam.field(slotField, free, 0), "reason", strings.Repeat("x", 101)), http.StatusUnprocessableEntity, "at most 100 characters")
	sam.wants(give("do", "book", "slot", sam.field(slotField, free, 0), "reason", "Blood pressure"), http.StatusOK, "The appointment is booked", "Booked", "10:10 today", "By Sam Carter")
	sam.wants(give("do", "book", "slot", sam.field(slotField, free, 1)), http.StatusConflict, "An appointment was booked for this request already")

	again := sam.get(page)
	own := sam.field(appointmentField, again, 0)
	sam.wants(again, http.StatusOK, "10:10 today", "Cancel this appointment")
	moving := sam.get(page + "?change=" + url.QueryEscape(own))
	sam.wants(moving, http.StatusOK, "Find another time", "In place of 10:10 today", "Move to this time", "not Book this appointment")
	sam.wants(give("do", "amend", "appointment", own), http.StatusUnprocessableEntity, "Enter the new reason")
	sam.wants(give("do", "amend", "appointment", own, "reason", "Blood pressure and weight"), http.StatusOK, "reason is changed")
	sam.wants(give("do", "move", "appointment", own, "slot", sam.field(slotField, moving, 2)), http.StatusOK, "The appointment is moved", "From 10:10 today to")
	sam.wants(give("do", "cancel", "appointment", own), http.StatusConflict, "is not among the patient’s any more")
	sam.wants(give("do", "cancel", "appointment", sam.field(appointmentField, sam.get(page), 0), "reason", "Feeling better"), http.StatusOK, "The appointment is cancelled", "Cancelled")
	want := "appointment-booked appointment-amended appointment-booked appointment-cancelled appointment-cancelled"
	if got := strings.Join(h.book.effects(t), " "); got != want {
		t.Errorf("the practice’s system has %s", got)
	}
}

func TestASlotTakenMeanwhileLeadsToOthers(t *testing.T) {
	t.Parallel()
	h := open(t)
	sam := h.colleague(t, "sam.carter")
	first, second := h.ask(t, 0, "callback", nil), h.ask(t, 1, "callback", nil)
	page := func(r requests.Receipt) string { return "/reception/requests/" + string(r.Reference) + "/appointments" }
	sam.give(first.Reference, "claim")
	sam.give(second.Reference, "claim")
	slot := sam.field(slotField, sam.get(page(first)), 0)
	sam.wants(sam.do(http.MethodPost, page(first), url.Values{"do": {"book"}, "slot": {slot}}), http.StatusOK, "The appointment is booked")
	answer := sam.do(http.MethodPost, page(second), url.Values{"do": {"book"}, "slot": {slot}})
	sam.wants(answer, http.StatusConflict, "Somebody else has just taken this appointment", "Free appointments", "not "+slot)
	if n := len(h.book.effects(t)); n != 1 {
		t.Errorf("%d effects", n)
	}
}

func TestWhatWasNotConfirmedIsSaidToBeCheckedAndIsSettled(t *testing.T) {
	t.Parallel()
	h := open(t)
	sam := h.colleague(t, "sam.carter")
	receipt := h.ask(t, 0, "callback", nil)
	page := "/reception/requests/" + string(receipt.Reference) + "/appointments"
	sam.give(receipt.Reference, "claim")
	slot := sam.field(slotField, sam.get(page), 0)
	h.book.fault(t, simulator.TimeoutAfterCommit)
	sam.wants(sam.do(http.MethodPost, page, url.Values{"do": {"book"}, "slot": {slot}}), http.StatusOK, "Being checked", "did not confirm it in time", "not is booked")
	h.book.fault(t, simulator.OK)
	sam.wants(sam.do(http.MethodPost, page, url.Values{"do": {"book"}, "slot": {sam.field(slotField, sam.get(page), 0)}}), http.StatusConflict, "is being made already")
	h.Pass(time.Minute)
	if n, err := h.book.service.Settle(t.Context(), riverside); n != 1 || err != nil {
		t.Fatalf("%d settled, %v", n, err)
	}
	sam.wants(sam.get("/reception/requests/"+string(receipt.Reference)), http.StatusOK, "Booked", "not Being checked")
	if n := len(h.book.effects(t)); n != 1 {
		t.Errorf("%d effects", n)
	}
}

func TestWhereTheSystemIsDownOrNotThereTheRequestIsWorkedOnAsEver(t *testing.T) {
	t.Parallel()
	h := open(t)
	sam := h.colleague(t, "sam.carter")
	receipt := h.ask(t, 0, "callback", nil)
	page := "/reception/requests/" + string(receipt.Reference) + "/appointments"
	sam.give(receipt.Reference, "claim")
	slot := sam.field(slotField, sam.get(page), 0)
	h.book.fault(t, simulator.Down)
	sam.wants(sam.get(page), http.StatusOK, "cannot be read now", "not Book this appointment")
	sam.wants(sam.do(http.MethodPost, page, url.Values{"do": {"book"}, "slot": {slot}}), http.StatusServiceUnavailable, "cannot be read now")
	h.book.way.Paused = true
	h.book.put(t)
	sam.wants(sam.get("/reception/requests/"+string(receipt.Reference)), http.StatusOK, "not Find, change or cancel an appointment")
	sam.wants(sam.get(page), http.StatusOK, "offers this to nobody here")
	if n := len(h.book.effects(t)); n != 0 {
		t.Errorf("%d effects", n)
	}
}

func TestOnlyThoseWhoWorkOnItBook(t *testing.T) {
	t.Parallel()
	h := open(t)
	sam, jo := h.colleague(t, "sam.carter"), h.colleague(t, "jo.bennett")
	receipt := h.ask(t, 0, "callback", nil)
	sam.give(receipt.Reference, "claim")
	page := "/reception/requests/" + string(receipt.Reference) + "/appointments"
	jo.wants(jo.get(page), http.StatusForbidden)
	jo.wants(jo.do(http.MethodPost, page, url.Values{"do": {"book"}}), http.StatusForbidden)
	elsewhere := h.ask(t, 8, "callback", nil) // of another practice
	sam.wants(sam.get("/reception/requests/"+string(elsewhere.Reference)+"/appointments"), http.StatusNotFound)
	sam.wants(sam.get("/reception/requests/0000000000/appointments"), http.StatusNotFound)
}

func TestTheAppointmentsPageIsAccessible(t *testing.T) {
	t.Parallel()
	h := open(t)
	sam := h.colleague(t, "sam.carter")
	receipt := h.ask(t, 0, "callback", nil)
	path := "/reception/requests/" + string(receipt.Reference) + "/appointments"
	sam.give(receipt.Reference, "claim")
	free := sam.get(path)
	sam.do(http.MethodPost, path, url.Values{"do": {"book"}, "slot": {sam.field(slotField, free, 3)}})
	change := url.QueryEscape(sam.field(appointmentField, sam.get(path), 0))
	tab := h.tab(t, "sam.carter")
	for name, address := range map[string]string{"search": path, "move": path + "?change=" + change, "wrong day": path + "?from-day=31&from-month=2&from-year=2026"} {
		for size, s := range map[string]browsertest.Size{"desktop": browsertest.Desktop, "phone": browsertest.Phone} {
			tab.Size(s)
			tab.Go(h.url + address)
			browsertest.Axe(t, tab)
			browsertest.Reflows(t, tab)
			if *pictures != "" {
				tab.Picture(filepath.Join(*pictures, "appointments "+name+" "+size+".png"))
			}
		}
	}
}

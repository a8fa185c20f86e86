package operations_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/directory"
	"onedoor/app/identity"
	"onedoor/app/nhs"
	"onedoor/app/routes"
	"onedoor/app/store/deliverystore"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/identitystore"
	"onedoor/app/store/integrationstore"
	"onedoor/app/workspaces/operations"
	"onedoor/jobs"
	"onedoor/tenants"
	"onedoor/ui/browsertest"
	"onedoor/ui/static"
)

// line is Weir Lane Surgery's deliveries, and another's.
type line struct {
	*desk
	store *deliverystore.Store
}

func openLine(t *testing.T) *line {
	t.Helper()
	w := demotest.New(t)
	inserter, err := jobs.NewInserter(w.DB)
	if err != nil {
		t.Fatal(err)
	}
	l := &line{desk: &desk{World: w, door: identity.NewDoor(identitystore.New(w.DB), w.Now, nil)}, store: deliverystore.New(w.DB, inserter)}
	server := routes.New(routes.Options{Doors: l.door, Development: true, Now: w.Now})
	all := directory.New(directorystore.New(w.DB), w.Now)
	operations.New(operations.Options{Directories: all, Neighbourhoods: all, Deliveries: l.store, Ways: integrationstore.New(w.DB), Now: w.Now}).Add(server)
	server.AddHTTP(http.MethodGet, static.Root+"*", routes.Public, static.Handler())
	listening := httptest.NewServer(server.Handler())
	t.Cleanup(listening.Close)
	l.url = listening.URL
	return l
}

var riversideID = demo.NeighbourhoodID("riverside")

// connect gives an organisation a connection, and sends nothing by it.
func (l *line) connect(t *testing.T, ods string) clinical.Integration {
	t.Helper()
	organisation := demo.OrganisationID(nhs.ODSCode(ods))
	i := clinical.Integration{
		ID: uuid.NewSHA1(organisation, []byte("way")), NeighbourhoodID: riversideID, OrganisationID: organisation, Kind: clinical.FHIR, Name: "Record system", BaseURL: "https://x.example/fhir",
		Uses: []clinical.Switched{{Use: clinical.UseOutcomes}},
	}
	if err := l.DB.InTx(t.Context(), tenants.JobOf(riversideID), func(tx *database.Tx) error {
		return integrationstore.New(l.DB).Put(t.Context(), tx, audit.Actor{Kind: audit.System, Name: "test"}, i, l.Now())
	}); err != nil {
		t.Fatal(err)
	}
	return i
}

// deliver makes deliveries to an organisation with references from one on, and has a drain find out what came of them.
func (l *line) deliver(t *testing.T, ods string, try func(clinical.Delivery) clinical.Delivery, ways func(uuid.UUID) []clinical.WayProgress, references ...string) {
	t.Helper()
	i := l.connect(t, ods)
	organisation := i.OrganisationID
	var list []clinical.Delivery
	for _, reference := range references {
		party := clinical.Party{ODS: nhs.ODSCode(ods)}
		d, err := clinical.NewDelivery(uuid.Must(uuid.NewV7()), clinical.Target{NeighbourhoodID: riversideID, OrganisationID: organisation, RecordedByID: organisation, RequestID: uuid.New(), Sequence: 1}, clinical.Document{
			Reference: reference, Purpose: clinical.OwnRecord, Kind: clinical.Coded{Code: "admin"}, Outcome: clinical.Coded{Code: "done"}, RecordedAt: l.Now(), From: party, For: party,
		}, l.Now())
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, d)
	}
	job := tenants.JobOf(riversideID)
	if err := l.DB.InTx(t.Context(), job, func(tx *database.Tx) error {
		return l.store.Enqueue(t.Context(), tx, list...)
	}); err != nil {
		t.Fatal(err)
	}
	on := clinical.Line{NeighbourhoodID: riversideID, OrganisationID: organisation}
	lease := clinical.Lease{Token: uuid.New(), For: time.Minute}
	slice, err := l.store.Take(t.Context(), on, lease, clinical.Ask{Limit: 10, Now: l.Now()})
	if err != nil || len(slice.Deliveries) != len(list) {
		t.Fatalf("took %d, %v", len(slice.Deliveries), err)
	}
	p := clinical.Progress{Ways: ways(i.ID)}
	for _, d := range slice.Deliveries {
		p.Deliveries = append(p.Deliveries, try(d))
	}
	if _, _, err := l.store.Finish(t.Context(), on, lease, p, l.Now(), func(*database.Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
}

func (l *line) refused(says string) func(clinical.Delivery) clinical.Delivery {
	return func(d clinical.Delivery) clinical.Delivery {
		return d.After(clinical.Receipt{}, &clinical.Refused{Says: says}, l.Now(), 0)
	}
}

// stock has some refused at two organisations, one filed, one that its system lost, and a circuit that is open.
func (l *line) stock(t *testing.T) {
	t.Helper()
	open := func(id uuid.UUID) []clinical.WayProgress {
		return []clinical.WayProgress{{IntegrationID: id, Breaker: clinical.Breaker{Failures: 4}, Hold: time.Hour, Says: "The clinical system is busy or down.", At: l.Now()}}
	}
	well := func(id uuid.UUID) []clinical.WayProgress {
		return []clinical.WayProgress{{IntegrationID: id, Taken: 1, At: l.Now()}}
	}
	l.deliver(t, "A81001", l.refused("The clinical system refused the document: no such patient."), well, "1234567894", "4820017365")
	filed := clinical.Delivery{}
	l.deliver(t, "A81001", func(d clinical.Delivery) clinical.Delivery {
		filed = d.After(clinical.Receipt{ExternalID: "Task/1"}, nil, l.Now(), 0)
		return filed
	}, open, "2222222220")
	l.deliver(t, "FRV01", l.refused("The address that was set up is not there."), well, "1111111111")
	check := clinical.Line{NeighbourhoodID: riversideID, OrganisationID: filed.OrganisationID}
	if err := l.store.Checked(t.Context(), check, clinical.Sample{Newest: filed.ID}, []clinical.Check{{Delivery: filed, Kind: clinical.Missing}}, l.Now()); err != nil {
		t.Fatal(err)
	}
}

func TestAnAdministratorSeesTheirOwnDeliveriesAndSendsThemAgain(t *testing.T) {
	t.Parallel()
	l := openLine(t)
	jo := l.as(t, "jo.bennett")
	_, _, body := jo(http.MethodGet, "/operations/deliveries")
	holds(t, body, "No clinical system is connected")
	_, _, body = jo(http.MethodGet, "/operations")
	holds(t, body, "Deliveries", "not Well")
	connection := l.connect(t, "A81001")
	_, _, body = jo(http.MethodGet, "/operations/deliveries")
	holds(t, body, "Weir Lane Surgery", "Nothing sent yet", connection.Name, "Not used yet", "Never", "not Quayside Pharmacy")
	l.stock(t)
	_, _, body = jo(http.MethodGet, "/operations")
	holds(t, body, "A system is down", "not Needs a person")
	_, _, body = jo(http.MethodGet, "/operations/deliveries")
	holds(t, body, "Weir Lane Surgery", "Record system", "Left in peace until", "The clinical system is busy or down.", "We say that the system has it, and the system does not", "1 outcome was read back", "not Quayside Pharmacy")
	_, _, body = jo(http.MethodGet, "/operations/deliveries/attention")
	holds(t, body, "Weir Lane Surgery: 2", "no such patient", "Send all of these again", "not that was set up", "not 123 456 7894")
	_, _, body = jo(http.MethodGet, "/operations/deliveries/attention?state=needs-attention&reference=123+456+7894")
	holds(t, body, "1 delivery was found", "Request 123 456 7894", "Send again")
	if status, _, body := jo(http.MethodGet, "/operations/deliveries/attention?reference=12"); status != http.StatusUnprocessableEntity {
		t.Errorf("%d: %s", status, body)
	}
	if status, _, _ := jo(http.MethodGet, "/operations/deliveries/attention?organisation=FRV01"); status != http.StatusOK {
		t.Errorf("another organisation: %d", status)
	}
	status, at, body := jo(http.MethodPost, "/operations/deliveries/replay", "organisation", "FRV01")
	if status != http.StatusOK || at != "/operations/deliveries/attention?done=0" {
		t.Errorf("another's: %d at %s", status, at)
	}
	holds(t, body, "There was nothing to send again.")
	_, at, body = jo(http.MethodPost, "/operations/deliveries/replay", "organisation", "A81001", "reason", "The clinical system refused the document: no such patient.")
	if at != "/operations/deliveries/attention?done=2" {
		t.Error(at)
	}
	holds(t, body, "2 deliveries are being sent again.", "None needs a person now.")
}

func TestWhoRunsThePlatformSeesAllDeliveriesAndWhoseNoneOfThem(t *testing.T) {
	t.Parallel()
	l := openLine(t)
	l.stock(t)
	operator, sam := l.as(t, "omar.khan"), l.as(t, "sam.carter")
	_, _, body := operator(http.MethodGet, "/operations/deliveries")
	holds(t, body, "Weir Lane Surgery", "Quayside Pharmacy", "not 222 222 2220", "not 2222222220")
	_, _, body = operator(http.MethodGet, "/operations/deliveries/attention?state=needs-attention")
	holds(t, body, "3 deliveries were found", "Delivery ", "not Reference of the request", "not 123 456 7894", "not 1234567894")
	_, at, _ := operator(http.MethodPost, "/operations/deliveries/replay")
	if at != "/operations/deliveries/attention?done=3" {
		t.Error(at)
	}
	if status, _, _ := sam(http.MethodGet, "/operations/deliveries"); status != http.StatusForbidden {
		t.Errorf("a receptionist: %d", status)
	}
}

func TestThePagesOfDeliveriesAreForEverybody(t *testing.T) {
	t.Parallel()
	l := openLine(t)
	l.stock(t)
	token, err := l.door.SignIn(t.Context(), identity.Claims{Issuer: demo.Issuer, Subject: "jo.bennett", AuthenticatedAt: l.Now(), Development: true}, "", uuid.Nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, size := range map[string]browsertest.Size{"desktop": browsertest.Desktop, "phone": browsertest.Phone} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tab := browsertest.Open(t)
			tab.Size(size)
			if _, err := chromedp.Call(tab.Context(), network.SetCookie, network.SetCookieParams{Name: "onedoor-session", Value: string(token), URL: l.url}); err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{"/operations/deliveries", "/operations/deliveries/attention?state=needs-attention"} {
				tab.Go(l.url + path)
				browsertest.Axe(t, tab)
				browsertest.Reflows(t, tab)
			}
		})
	}
}

package operations_test

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/directory"
	"onedoor/app/identity"
	"onedoor/app/owntools"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/identitystore"
	"onedoor/app/store/owntoolstore"
	"onedoor/app/workspaces/operations"
)

func TestAnOrganisationSaysThatItsPatientsGoOnInItsOwnTool(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	d := &desk{World: w, door: identity.NewDoor(identitystore.New(w.DB), w.Now, nil)}
	server := routes.New(routes.Options{Doors: d.door, Development: true, Now: w.Now})
	all := directory.New(directorystore.New(w.DB), w.Now)
	tools := owntools.New(owntools.Options{Store: owntoolstore.New(w.DB), Requests: w.Requests, Keys: identitystore.New(w.DB), Now: w.Now, Random: rand.Reader})
	operations.New(operations.Options{Directories: all, Neighbourhoods: all, OwnTools: tools, Now: w.Now}).Add(server)
	listening := httptest.NewServer(server.Handler())
	t.Cleanup(listening.Close)
	d.url = listening.URL

	jo, lead, sam := d.as(t, "jo.bennett"), d.as(t, "neil.hart"), d.as(t, "sam.carter")
	status, _, body := jo(http.MethodGet, "/operations/own-tools")
	if status != http.StatusOK {
		t.Fatal(status, body)
	}
	partner := demo.ClientID("partner").String()
	holds(t, body, "Weir Lane Surgery", "None: people say it here", ">A second online tool<", "not Sam Carter’s key", `href="/riverside/go/A81001"`, "not Quayside Pharmacy", "not checked")
	status, _, body = jo(http.MethodPost, "/operations/own-tools/A81001", "on", "yes", "name", "Weir <b>Lane</b>", "address", "http://forms.example/", "key", "none of these")
	if status != http.StatusUnprocessableEntity {
		t.Error(status)
	}
	holds(t, body, "There is a problem", "Choose a key from the list", "Enter an address that begins with https://", `value="http://forms.example/"`, "Weir &lt;b&gt;Lane&lt;/b&gt;", "checked")
	status, at, body := jo(http.MethodPost, "/operations/own-tools/A81001", "on", "yes", "name", "Weir Lane Online", "address", "https://forms.example/", "key", partner)
	if status != http.StatusOK || at != "/operations/own-tools?done=saved" {
		t.Errorf("%d at %s", status, at)
	}
	holds(t, body, "Saved.", `value="https://forms.example/"`, "checked", "Changed by Jo Bennett on", `<option value="`+partner+`" selected>`)
	_, _, body = jo(http.MethodPost, "/operations/own-tools/A81001", "name", "Weir Lane Online", "address", "https://forms.example/")
	holds(t, body, `<option value="`+partner+`" selected>`) // what a form does not have is left as it is
	for _, place := range []string{"FRV01", "A81002", "B82001", "nowhere"} {
		if status, _, _ := jo(http.MethodPost, "/operations/own-tools/"+place, "name", "x", "address", "https://x.example/"); status != http.StatusNotFound {
			t.Errorf("%s: %d", place, status)
		}
	}
	who := w.Patients[0]
	receipt, err := w.Requests.Submit(t.Context(), requests.Submission{
		NeighbourhoodID: demo.NeighbourhoodID("riverside"), Channel: requests.Linked, Kind: "callback", AskedOf: who.PracticeID,
		Patient: patients.Given{NHSNumber: who.NHSNumber, BirthDate: who.BirthDate}, By: audit.Actor{Kind: audit.Patient},
		Answers: map[string]json.RawMessage{"red-flags-adult": json.RawMessage(`["none"]`), "callback-topic": json.RawMessage(`"medicines"`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	h, err := w.Requests.HandOver(t.Context(), demo.NeighbourhoodID("riverside"), receipt.Reference, requests.OwnTool{OrganisationID: who.PracticeID, Name: "Weir Lane Online"}, uuid.New())
	if err != nil {
		t.Fatal(err)
	}
	_, _, body = jo(http.MethodGet, "/operations/own-tools")
	holds(t, body, "1 patient went on there", "not The tool is silent")
	if n, err := w.Requests.EndSilentHandovers(t.Context(), demo.NeighbourhoodID("riverside"), h.DueAt); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	_, _, body = jo(http.MethodGet, "/operations/own-tools")
	holds(t, body, "The tool is silent", "1 request that a patient went on with", "not "+string(receipt.Reference), "not 1 patient went on there")
	for name, as := range map[string]func(string, string, ...string) (int, string, string){"a lead": lead, "a receptionist": sam} {
		if status, _, _ := as(http.MethodGet, "/operations/own-tools"); status != http.StatusForbidden {
			t.Errorf("%s: %d", name, status)
		}
	}
}

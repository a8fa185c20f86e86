package operations_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"onedoor/app/demo/demotest"
	"onedoor/app/directory"
	"onedoor/app/identity"
	"onedoor/app/recordings"
	"onedoor/app/routes"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/identitystore"
	"onedoor/app/workspaces/operations"
)

func TestAnOrganisationSaysHowLongItsRecordingsAreKept(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	d := &desk{World: w, door: identity.NewDoor(identitystore.New(w.DB), w.Now, nil)}
	server := routes.New(routes.Options{Doors: d.door, Development: true, Now: w.Now})
	all := directory.New(directorystore.New(w.DB), w.Now)
	operations.New(operations.Options{Directories: all, Neighbourhoods: all, Recordings: w.Recordings, Now: w.Now}).Add(server)
	listening := httptest.NewServer(server.Handler())
	t.Cleanup(listening.Close)
	d.url = listening.URL

	jo, lead := d.as(t, "jo.bennett"), d.as(t, "neil.hart")
	status, _, body := jo(http.MethodGet, "/operations/recordings")
	if status != http.StatusOK {
		t.Fatal(status, body)
	}
	holds(t, body, "Weir Lane Surgery", `value="90"`, "no machine that writes down", "not Quayside Pharmacy")
	status, at, body := jo(http.MethodPost, "/operations/recordings/A81001", "days", "30")
	if status != http.StatusOK || at != "/operations/recordings?done=saved" {
		t.Errorf("%d at %s", status, at)
	}
	holds(t, body, "Saved.", `value="30"`)
	for _, days := range []string{"0", "", "many", "4000"} {
		status, _, body = jo(http.MethodPost, "/operations/recordings/A81001", "days", days)
		if status != http.StatusUnprocessableEntity {
			t.Errorf("%q days: %d", days, status)
		}
		holds(t, body, "Enter a number of days from 1 to 3650")
	}
	for _, place := range []string{"FRV01", "A81002", "B82001", "nowhere"} {
		if status, _, _ := jo(http.MethodPost, "/operations/recordings/"+place, "days", "30"); status != http.StatusNotFound {
			t.Errorf("%s: %d", place, status)
		}
	}
	if status, _, _ := lead(http.MethodGet, "/operations/recordings"); status != http.StatusForbidden {
		t.Errorf("a lead: %d", status)
	}
	by := w.Actor(t, "sam.carter")
	if got, err := w.Recordings.Settings(t.Context(), by, by.Scope.Organisations[0]); err != nil || got != (recordings.Settings{KeptDays: 30}) {
		t.Errorf("%+v, %v", got, err)
	}
}

package integrationstore_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/app/database/testdb"
	"onedoor/app/fault"
	"onedoor/app/identity"
	"onedoor/app/integrations"
	"onedoor/app/secrets"
	"onedoor/app/secrets/keyfile"
	"onedoor/app/store/auditstore"
	"onedoor/app/store/secretstore"
	"onedoor/tenants"
)

// desk is the service over the store and a real vault, in one place.
type desk struct {
	place
	*integrations.Service
	tries *tries
}

// tries is what a test of a connection finds.
type tries struct {
	steps  []integrations.Step
	offers *clinical.Capabilities
}

func (t *tries) Test(context.Context, clinical.Integration) ([]integrations.Step, *clinical.Capabilities) {
	return t.steps, t.offers
}

func newDesk(t *testing.T) desk {
	t.Helper()
	db := testdb.New(t)
	key, err := keyfile.OpenOrMake(filepath.Join(t.TempDir(), "key.json"))
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return noon }
	d := desk{place: newPlace(t, db), tries: &tries{}}
	d.Service = integrations.New(integrations.Options{
		Store: d.store, Vault: secrets.New(secretstore.New(db, now), key), Tester: d.tries, Kinds: []string{"symptoms", "callback"}, Now: now,
	})
	return d
}

// who is a person with one role, in an organisation or in none.
func (d desk) who(role tenants.Role, organisation uuid.UUID) identity.Principal {
	return identity.Principal{
		Kind: audit.Person, ID: uuid.New(), Name: "Jo Bennett", NeighbourhoodID: d.neighbourhood,
		Memberships: []tenants.Membership{{NeighbourhoodID: d.neighbourhood, OrganisationID: organisation, Role: role}},
	}
}

func form() integrations.Form {
	return integrations.Form{
		Kind: clinical.FHIR, Name: "Record system", BaseURL: "https://x.example/fhir", Settings: map[string]string{"sign-in": "smart", "client-id": "onedoor", "scope": " "},
		Uses: []clinical.Switched{{Use: clinical.UseOutcomes, Kinds: []string{"symptoms"}}},
	}
}

func (d desk) added() (identity.Principal, integrations.Connection) {
	d.t.Helper()
	jo := d.who(tenants.OrgAdmin, d.practice)
	c, err := d.Add(ctx, jo, d.practice, uuid.Nil, form())
	if err != nil {
		d.t.Fatal(err)
	}
	return jo, c
}

// trail lists what was done to an integration.
func (d desk) trail(id uuid.UUID) string {
	d.t.Helper()
	var actions []string
	err := d.db.InTx(ctx, d.staff(d.practice), func(tx *database.Tx) error {
		entries, err := auditstore.Of(tx, id)
		for _, e := range entries {
			actions = append(actions, e.Action)
		}
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return strings.Join(actions, " ")
}

func TestANewConnectionWaitsUntilSomebodyResumesIt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	jo, c := d.added()
	if !c.Paused || c.RecordOnly || c.Version != 1 || c.ChangedBy != "Jo Bennett" || len(c.Settings) != 2 {
		t.Errorf("%+v", c)
	}
	if c, err := d.Resume(ctx, jo, d.practice, c.ID); err != nil || c.Paused || c.Version != 2 {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := d.RecordOnly(ctx, jo, d.practice, c.ID, true); err != nil || !c.RecordOnly {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := d.Pause(ctx, jo, d.practice, c.ID); err != nil || !c.Paused || !c.RecordOnly {
		t.Errorf("%+v, %v", c, err)
	}
	f := form()
	f.Version, f.Name = 1, "Other"
	if _, err := d.Change(ctx, jo, d.practice, c.ID, f); !fault.Is(err, "integration_changed") {
		t.Errorf("a stale change: %v", err)
	}
	f.Version = 4
	if c, err := d.Change(ctx, jo, d.practice, c.ID, f); err != nil || c.Name != "Other" || !c.Paused {
		t.Errorf("%+v, %v", c, err)
	}
	if err := d.Remove(ctx, jo, d.practice, c.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Get(ctx, jo, d.practice, c.ID); !fault.Is(err, "not_found") {
		t.Errorf("after it was removed: %v", err)
	}
	const want = "integration.add integration.resume integration.record-only integration.pause integration.change integration.remove"
	if got := d.trail(c.ID); got != want {
		t.Errorf("the trail says %s", got)
	}
}

func TestWhatCannotWorkIsRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	jo := d.who(tenants.OrgAdmin, d.practice)
	for name, c := range map[string]struct {
		change func(*integrations.Form)
		at     string // the code, or the pointer of the field
	}{
		"IM1":                           {func(f *integrations.Form) { f.Kind = clinical.IM1 }, "integration_not_built"},
		"in development nationally":     {func(f *integrations.Form) { f.Kind = clinical.PatientFacing }, "integration_in_development"},
		"no kind":                       {func(f *integrations.Form) { f.Kind = "carrier-pigeon" }, "integration_kind"},
		"no name":                       {func(f *integrations.Form) { f.Name = " " }, "/name"},
		"an address with a password":    {func(f *integrations.Form) { f.BaseURL = "https://a:b@x.example/" }, "/base_url"},
		"a setting of no kind":          {func(f *integrations.Form) { f.Settings["colour"] = "red" }, "/settings/colour"},
		"a choice that there is not":    {func(f *integrations.Form) { f.Settings["sign-in"] = "magic" }, "/settings/sign-in"},
		"a token address that is none":  {func(f *integrations.Form) { f.Settings["token-url"] = "x.example" }, "/settings/token-url"},
		"a kind of request there isn't": {func(f *integrations.Form) { f.Uses[0].Kinds = []string{"haircut"} }, "/uses"},
		"a use twice":                   {func(f *integrations.Form) { f.Uses = append(f.Uses, f.Uses[0]) }, "/uses"},
		"patients' booking by GP Connect": {func(f *integrations.Form) {
			f.Kind, f.Uses, f.Settings = clinical.GPConnect, []clinical.Switched{{Use: clinical.UseAppointments}}, map[string]string{
				"consumer-asid": "1", "provider-asid": "2", "consumer-endpoint": "https://us.example/", "telephone": "01632 960000",
			}
		}, "/uses"},
		"a mailbox that is missing": {func(f *integrations.Form) {
			f.Kind, f.Settings = clinical.MESH, map[string]string{}
		}, "/settings/mailbox"},
	} {
		f := form()
		c.change(&f)
		_, err := d.Add(ctx, jo, d.practice, uuid.Nil, f)
		e := fault.As(err)
		if err == nil || e.Kind != fault.Invalid || (e.Code != c.at && (len(e.Fields) != 1 || e.Fields[0].Pointer != c.at)) {
			t.Errorf("%s: %v, %+v", name, err, e.Fields)
		}
	}
	if list, err := d.List(ctx, jo, d.practice); err != nil || len(list) != 0 {
		t.Errorf("something was kept: %d, %v", len(list), err)
	}
}

func TestACredentialIsSealedAndNeverComesBack(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	jo, c := d.added()
	key := testKey(t)
	if _, err := d.SetCredential(ctx, jo, d.practice, c.ID, "private-key", []byte("letmein-4711")); !fault.Is(err, "credential_form") || strings.Contains(err.Error(), "letmein") {
		t.Errorf("what is no key: %v", err)
	}
	if _, err := d.SetCredential(ctx, jo, d.practice, c.ID, "shoe-size", key); !fault.Is(err, "not_found") {
		t.Errorf("a name that the kind does not have: %v", err)
	}
	c, err := d.SetCredential(ctx, jo, d.practice, c.ID, "private-key", key)
	if err != nil || len(c.Credentials) != 1 || c.Credentials[0] != (integrations.Credential{Name: "private-key", SetAt: c.Credentials[0].SetAt, SetBy: "Jo Bennett"}) || !c.Credentials[0].SetAt.Equal(noon) || c.Version != 2 {
		t.Fatalf("%+v, %v", c, err)
	}
	sealed, err := d.store.Sealed(ctx, d.neighbourhood, c.ID)
	if err != nil || len(sealed) != 1 || bytes.Contains(sealed["private-key"], []byte("PRIVATE KEY")) {
		t.Errorf("it is kept as it came: %v", err)
	}
	if plain, err := d.Secrets(ctx, c.Integration); err != nil || !bytes.Equal(plain["private-key"], key) {
		t.Errorf("the adapter does not get it: %v", err)
	}
	// It was given for one place: for another it has to be given again.
	f := form()
	f.Version, f.BaseURL = c.Version, "https://x.example/fhir/r4"
	if c, err = d.Change(ctx, jo, d.practice, c.ID, f); err != nil || len(c.Credentials) != 1 {
		t.Errorf("after a change of path: %+v, %v", c.Credentials, err)
	}
	for name, change := range map[string]func(*integrations.Form){
		"another host":                func(f *integrations.Form) { f.BaseURL = "https://evil.example/fhir" },
		"no encryption":               func(f *integrations.Form) { f.BaseURL = "http://x.example/fhir" },
		"another place gives tokens":  func(f *integrations.Form) { f.Settings["token-url"] = "https://evil.example/token" },
		"another port of the machine": func(f *integrations.Form) { f.BaseURL = "https://x.example:8443/fhir" },
	} {
		_, other := d.added()
		if other, err = d.SetCredential(ctx, jo, d.practice, other.ID, "private-key", key); err != nil {
			t.Fatal(err)
		}
		f := form()
		f.Version = other.Version
		change(&f)
		if other, err = d.Change(ctx, jo, d.practice, other.ID, f); err != nil || len(other.Credentials) != 0 {
			t.Errorf("%s: %+v, %v", name, other.Credentials, err)
		}
	}
	if c, err = d.RemoveCredential(ctx, jo, d.practice, c.ID, "private-key"); err != nil || len(c.Credentials) != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err = d.RemoveCredential(ctx, jo, d.practice, c.ID, "private-key"); !fault.Is(err, "not_found") {
		t.Errorf("removed twice: %v", err)
	}
}

func TestATestIsKeptWithWhatTheSystemOffers(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	jo, c := d.added()
	d.tries.steps = []integrations.Step{{Step: integrations.StepAddress, State: integrations.Passed, Says: "It answers."}}
	d.tries.offers = &clinical.Capabilities{Software: "Simulator", Version: "4.0.1", Offers: []clinical.Capability{clinical.FileOutcome}}
	c, err := d.Test(ctx, jo, d.practice, c.ID)
	if err != nil || !c.Tested.Good() || c.Tested.By != "Jo Bennett" || c.Offers.Software != "Simulator" || !c.AskedAt.Equal(noon) || c.Version != 1 {
		t.Fatalf("%+v, %v", c, err)
	}
	d.tries.steps[0].State, d.tries.offers = integrations.Failed, nil
	if c, err = d.Test(ctx, jo, d.practice, c.ID); err != nil || c.Tested.Good() || c.Offers.Software != "Simulator" {
		t.Errorf("what it said before is forgotten when it is down: %+v, %v", c, err)
	}
}

func TestWhatWouldHaveBeenSentIsSealedAndItsReaderIsKept(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	jo, c := d.added()
	call := integrations.Call{Path: "/fhir?patient=9990001006", Header: map[string][]string{"X-Request-Id": {"1"}}, Body: []byte(`{"resourceType":"Bundle"}`)}
	if err := d.Record(ctx, c.Integration, "POST", call); err != nil {
		t.Fatal(err)
	}
	list, err := d.Recordings(ctx, jo, d.practice, c.ID)
	if err != nil || len(list) != 1 || list[0].Method != "POST" || list[0].Call.Body != nil {
		t.Fatalf("%+v, %v", list, err)
	}
	got, err := d.Recording(ctx, jo, d.practice, c.ID, list[0].ID)
	if err != nil || got.Call.Path != call.Path || !bytes.Equal(got.Call.Body, call.Body) {
		t.Errorf("%+v, %v", got, err)
	}
	if trail := d.trail(c.ID); !strings.HasSuffix(trail, "integration.recorded.read") {
		t.Errorf("the trail says %s", trail)
	}
	for name, by := range map[string]identity.Principal{
		"another's administrator": d.who(tenants.OrgAdmin, d.pharmacy), "an operator": d.who(tenants.Operator, uuid.Nil), "a lead": d.who(tenants.Lead, uuid.Nil),
	} {
		if _, err := d.Recordings(ctx, by, d.practice, c.ID); !fault.Is(err, "not_found") {
			t.Errorf("%s lists it: %v", name, err)
		}
		if _, err := d.Recording(ctx, by, d.practice, c.ID, list[0].ID); !fault.Is(err, "not_found") {
			t.Errorf("%s reads it: %v", name, err)
		}
	}
	if n, err := d.RemoveRecordings(ctx, d.neighbourhood, noon.AddDate(0, 0, integrations.KeptDays-1)); n != 0 || err != nil {
		t.Errorf("removed %d too soon, %v", n, err)
	}
	if n, err := d.RemoveRecordings(ctx, d.neighbourhood, noon.AddDate(0, 0, integrations.KeptDays+1)); n != 1 || err != nil {
		t.Errorf("removed %d, %v", n, err)
	}
}

func TestOthersCannotSetUp(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	jo, c := d.added()
	if _, err := d.SetCredential(ctx, jo, d.practice, c.ID, "private-key", testKey(t)); err != nil {
		t.Fatal(err)
	}
	elsewhere := d.who(tenants.OrgAdmin, d.practice)
	elsewhere.NeighbourhoodID = uuid.New()
	for name, x := range map[string]struct {
		by           identity.Principal
		organisation uuid.UUID
	}{
		"another's administrator":                {d.who(tenants.OrgAdmin, d.pharmacy), d.practice},
		"another's administrator, as their own":  {d.who(tenants.OrgAdmin, d.pharmacy), d.pharmacy},
		"a receptionist":                         {d.who(tenants.Receptionist, d.practice), d.practice},
		"a lead":                                 {d.who(tenants.Lead, uuid.Nil), d.practice},
		"an app":                                 {d.who(tenants.App, uuid.Nil), d.practice},
		"another neighbourhood's administrator":  {elsewhere, d.practice},
		"an operator, by another's organisation": {d.who(tenants.Operator, uuid.Nil), d.pharmacy},
	} {
		for command, do := range map[string]func() error{
			"get":         func() error { _, err := d.Get(ctx, x.by, x.organisation, c.ID); return err },
			"change":      func() error { _, err := d.Change(ctx, x.by, x.organisation, c.ID, form()); return err },
			"pause":       func() error { _, err := d.Pause(ctx, x.by, x.organisation, c.ID); return err },
			"resume":      func() error { _, err := d.Resume(ctx, x.by, x.organisation, c.ID); return err },
			"record only": func() error { _, err := d.RecordOnly(ctx, x.by, x.organisation, c.ID, true); return err },
			"remove":      func() error { return d.Remove(ctx, x.by, x.organisation, c.ID) },
			"test":        func() error { _, err := d.Test(ctx, x.by, x.organisation, c.ID); return err },
			"set credential": func() error {
				_, err := d.SetCredential(ctx, x.by, x.organisation, c.ID, "private-key", testKey(t))
				return err
			},
			"remove credential": func() error { _, err := d.RemoveCredential(ctx, x.by, x.organisation, c.ID, "private-key"); return err },
		} {
			if err := do(); !fault.Is(err, "not_found") {
				t.Errorf("%s: %s: %v", name, command, err)
			}
		}
	}
	if got, err := d.Get(ctx, jo, d.practice, c.ID); err != nil || got.Version != 2 || len(got.Credentials) != 1 {
		t.Errorf("something changed: %+v, %v", got, err)
	}
	operator := d.who(tenants.Operator, uuid.Nil)
	if list, err := d.List(ctx, operator, d.practice); err != nil || len(list) != 1 {
		t.Errorf("an operator sees %d, %v", len(list), err)
	}
	if _, err := d.Pause(ctx, operator, d.practice, c.ID); err != nil {
		t.Errorf("an operator pauses: %v", err)
	}
	// Row-level security alone says the same.
	for name, scope := range map[string]tenants.Scope{
		"another organisation": d.staff(d.pharmacy), "a patient's way in": tenants.IntakeOf(d.neighbourhood), "another neighbourhood": tenants.JobOf(uuid.New()),
	} {
		err := d.db.InTx(ctx, scope, func(tx *database.Tx) error {
			for _, table := range []string{"integrations", "integration_credentials", "integration_recordings"} {
				var n int64
				if err := tx.Gorm().Raw("select count(*) from " + table).Scan(&n).Error; err != nil {
					return err
				}
				if n != 0 {
					t.Errorf("%s sees %d of %s", name, n, table)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func testKey(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

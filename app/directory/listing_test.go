package directory_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"onedoor/app/audit"
	"onedoor/app/clinical/simulator/national"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/directory"
	"onedoor/app/directory/odt"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/listingstore"
	"onedoor/tenants"
)

var at = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// A row has 27 columns; the setting is the 26th.
func row(code, name, status, postcode, setting string) string {
	fields := make([]string, 27)
	fields[0], fields[1], fields[4], fields[7], fields[9], fields[10], fields[12], fields[17], fields[25] = code, name, "1 HIGH STREET", "TOWN", postcode, "19740401", status, "01632 960101", setting
	if status == "C" {
		fields[11] = "20250331"
	}
	return `"` + strings.Join(fields, `","`) + "\"\r\n"
}

func TestAFileOfTheOrganisationDataService(t *testing.T) {
	t.Parallel()
	file := "Organisation Code,Name\r\n" + row("A81001", "WEIR LANE SURGERY", "A", "RS1 1AA", "4") + row("A81009", "SHUT SURGERY", "C", "RS1 1AZ", "4") +
		row("Y00001", "A WALK-IN CENTRE", "A", "nowhere", "1") + row("no code!", "X", "A", "", "4") + row("A81010", "X", "?", "", "4")
	list, passed, err := directory.ReadFile(strings.NewReader(file), directory.Practices, at)
	if err != nil || len(list) != 3 || passed != 3 {
		t.Fatalf("%d read, %d passed over, %v", len(list), passed, err)
	}
	want := directory.Listed{
		ODS: "A81001", Name: "WEIR LANE SURGERY", Kind: tenants.Practice, Role: "RO76", Open: true, OpenedOn: nhs.Date{Year: 1974, Month: 4, Day: 1},
		Address: []string{"1 HIGH STREET", "TOWN"}, Postcode: "RS1 1AA", Telephone: "+441632960101", Source: "epraccur", ReadAt: at,
	}
	if !reflect.DeepEqual(list[0], want) {
		t.Errorf("got %+v", list[0])
	}
	if list[1].Open || list[1].ClosedOn.IsZero() || list[2].Kind != "" || list[2].Postcode != "" {
		t.Errorf("got %+v and %+v", list[1], list[2])
	}
	pharmacies, _, err := directory.ReadFile(strings.NewReader(row("FRV01", "QUAYSIDE PHARMACY", "A", "RS1 1AB", "")), directory.Pharmacies, at)
	if err != nil || pharmacies[0].Kind != tenants.Pharmacy {
		t.Error(pharmacies, err)
	}
}

func TestAFileThatIsNone(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{"nothing": "", "another table": "a,b,c\n1,2,3\n", "a page": "<html>\n<body>"} {
		if _, _, err := directory.ReadFile(strings.NewReader(file), directory.Practices, at); !fault.Is(err, "file_format") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := directory.ReadFile(strings.NewReader(row("A81001", "X", "A", "", "")), "else", at); !fault.Is(err, "file_kind") {
		t.Error(err)
	}
	for path, want := range map[string]directory.FileKind{"/tmp/epraccur.csv": directory.Practices, "eDispensary_2026.csv": directory.Pharmacies, "x.csv": ""} {
		if got, _ := directory.KindOfFile(path); got != want {
			t.Errorf("%s is %q", path, got)
		}
	}
}

func FuzzReadFile(f *testing.F) {
	f.Add(row("A81001", "X", "A", "RS1 1AA", "4"))
	f.Fuzz(func(t *testing.T, file string) {
		list, _, err := directory.ReadFile(strings.NewReader(file), directory.Practices, at)
		for _, l := range list {
			if err != nil || l.ODS == "" || l.Name == "" {
				t.Errorf("got %+v, %v", l, err)
			}
		}
	})
}

func TestNamesAreWrittenAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for register, want := range map[string]string{
		"MILLPOND PHARMACY": "Millpond Pharmacy", "THE SURGERY AT THE BRIDGE": "The Surgery at the Bridge", "GP CARE": "GP Care", "Boots": "Boots",
	} {
		if got := directory.Written(register); got != want {
			t.Errorf("%s became %s", register, got)
		}
	}
}

func TestTheRegisterIsReadAndComparedAndANameTakenOver(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	played := national.New()
	organisations := demo.NationalOrganisations()
	i := slices.IndexFunc(organisations, func(o national.Organisation) bool { return o.ODS == "FRV04" })
	organisations[i].ClosedOn = "2026-10-31"
	played.List(slices.DeleteFunc(organisations, func(o national.Organisation) bool { return o.ODS == "RRV02" })...)
	server := httptest.NewServer(played)
	t.Cleanup(server.Close)
	directories := directory.New(directorystore.New(w.DB), w.Now)
	register := odt.New(odt.Options{BaseURL: server.URL + national.ODTPath, Transport: http.DefaultTransport, Now: w.Now})
	listings := directory.NewListings(directory.ListingOptions{Store: listingstore.New(w.DB), Register: register, Directories: directories, Now: w.Now})
	riverside := demo.NeighbourhoodID("riverside")
	by := audit.Actor{Kind: audit.Person, Name: "Omar Khan"}
	first, err := listings.Refresh(t.Context(), by)
	if err != nil || first.Read != 12 || first.Added != 12 || first.Changed != 0 || first.PassedOver != 1 {
		t.Fatalf("read %+v, %v", first, err)
	}
	if again, err := listings.Refresh(t.Context(), by); err != nil || again.Added != 0 || again.Changed != 0 {
		t.Errorf("read again %+v, %v", again, err)
	}
	found := func() map[nhs.ODSCode]directory.Aspect {
		list, err := listings.Differences(t.Context(), riverside)
		if err != nil {
			t.Fatal(err)
		}
		m := map[nhs.ODSCode]directory.Aspect{}
		for _, d := range list {
			m[d.Organisation.ODS] = d.Aspect
		}
		return m
	}
	want := map[nhs.ODSCode]directory.Aspect{"FRV03": directory.AspectName, "FRV04": directory.AspectClosed, "RRV02": directory.AspectUnknown}
	if got := found(); !reflect.DeepEqual(got, want) {
		t.Errorf("differences %v", got)
	}
	operator, receptionist := w.Actor(t, "omar.khan"), w.Actor(t, "sam.carter")
	if err := listings.TakeName(t.Context(), receptionist.Actor, receptionist.Roles, riverside, "FRV03"); !fault.Is(err, "not_allowed") {
		t.Error(err)
	}
	if err := listings.TakeName(t.Context(), operator.Actor, operator.Roles, riverside, "FRV03"); err != nil {
		t.Fatal(err)
	}
	d, err := directories.Current(context.Background(), riverside)
	if err != nil {
		t.Fatal(err)
	}
	if o, _ := d.ByODS("FRV03"); o.Name != "Millpond Pharmacy" {
		t.Errorf("it is called %s", o.Name)
	}
	if _, still := found()["FRV03"]; still {
		t.Error("it still differs")
	}
	imported, err := listings.Import(t.Context(), by, directory.Pharmacies, strings.NewReader(row("FRV01", "QUAYSIDE CHEMIST", "A", "RS1 1AB", "")+row("FZZ99", "ELSEWHERE PHARMACY", "A", "LS1 4AP", "")))
	if err != nil || imported.Added != 1 || imported.Changed != 1 {
		t.Errorf("imported %+v, %v", imported, err)
	}
	newest, err := listings.Newest(t.Context(), 10)
	if err != nil || len(newest) != 3 {
		t.Errorf("%d readings, %v", len(newest), err)
	}
	if all, open, err := listings.Count(t.Context()); err != nil || all != 13 || open != 12 {
		t.Errorf("%d listed, %d open, %v", all, open, err)
	}
}

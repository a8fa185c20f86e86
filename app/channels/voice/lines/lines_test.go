package lines_test

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/channels/voice/lines"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/directory"
	"onedoor/app/store/directorystore"
)

func environment(values map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		v, ok := values[name]
		return v, ok
	}
}

func TestLinesAreReadWithWhoseTheyAre(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	d := directory.New(directorystore.New(w.DB), w.Now)
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	book, err := lines.Read(strings.NewReader(`
lines:
  - name: "01632 960100"
    neighbourhood: riverside
    organisation: a81001
    language: cy
    register: {registrar: "pbx.example:5060;transport=tcp", user: "201", password: {file: "`+password+`"}, expires: 120s}
    reception: ["sip:100@192.0.2.10"]
  - name: trunk
    neighbourhood: hillside
    trunk: [192.0.2.7, 198.51.100.0/24]
    twiml: {auth_tokens: [{env: NEW}, {env: OLD}]}
    jambonz: {secrets: [{env: NEW}]}
`), d, environment(map[string]string{"NEW": "n", "OLD": "o"}))
	if err != nil {
		t.Fatal(err)
	}
	all, err := book.All(t.Context())
	if err != nil || len(all) != 2 {
		t.Fatalf("%+v, %v", all, err)
	}
	first, second := all[0], all[1]
	if first.NeighbourhoodID != demo.NeighbourhoodID("riverside") || first.OrganisationID != demo.OrganisationID("A81001") || first.Language != "cy" ||
		first.Register.Password != "s3cret" || first.Register.User != "201" || first.Register.Expires.Seconds() != 120 || first.Reception[0] != "sip:100@192.0.2.10" {
		t.Errorf("read %+v, %+v", first, first.Register)
	}
	if second.NeighbourhoodID != demo.NeighbourhoodID("hillside") || second.OrganisationID != uuid.Nil || second.Language != "en" ||
		!slices.Equal(second.Trunk, []netip.Prefix{netip.MustParsePrefix("192.0.2.7/32"), netip.MustParsePrefix("198.51.100.0/24")}) ||
		!slices.Equal(second.TwiMLTokens, []string{"n", "o"}) || !slices.Equal(second.JambonzSecrets, []string{"n"}) {
		t.Errorf("read %+v", second)
	}
	for name, want := range map[string]bool{"+441632960100": true, "01632960100": true, "TRUNK": true, "riverside": false, "": false} {
		if _, found, err := book.Line(t.Context(), name); found != want || err != nil {
			t.Errorf("%q is found: %v, %v", name, found, err)
		}
	}
}

func TestWithoutAFileSlugsAndCodesAreLines(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	book := lines.WithoutFile(directory.New(directorystore.New(w.DB), w.Now), lines.Standing{
		Reception: map[string][]string{"riverside": {"sip:desk@127.0.0.1"}}, TwiMLTokens: []string{"token"},
	})
	ctx := context.Background()
	own, found, err := book.Line(ctx, "Riverside")
	if err != nil || !found || own.NeighbourhoodID != demo.NeighbourhoodID("riverside") || own.OrganisationID != uuid.Nil || len(own.Reception) != 1 || own.TwiMLTokens[0] != "token" {
		t.Errorf("%+v, %v, %v", own, found, err)
	}
	practice, found, err := book.Line(ctx, "a81001")
	if err != nil || !found || practice.Name != "A81001" || practice.OrganisationID != demo.OrganisationID("A81001") || len(practice.Reception) != 0 {
		t.Errorf("%+v, %v, %v", practice, found, err)
	}
	for _, name := range []string{"", "nowhere", "Z99999", "+441632960100"} {
		if _, found, err := book.Line(ctx, name); found || err != nil {
			t.Errorf("%q is found: %v, %v", name, found, err)
		}
	}
	if all, err := book.All(ctx); len(all) != 0 || err != nil {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestFilesThatCannotBeTrustedAreRefused(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"nothing":               "",
		"no lines":              "lines: []",
		"an unknown word":       "lines: [{name: a, neighbourhood: b, pasword: c}]",
		"no name":               "lines: [{neighbourhood: b}]",
		"no neighbourhood":      "lines: [{name: a}]",
		"two of one name":       "lines: [{name: a, neighbourhood: b}, {name: A, neighbourhood: b}]",
		"another language":      "lines: [{name: a, neighbourhood: b, language: fr}]",
		"no address":            "lines: [{name: a, neighbourhood: b, trunk: [everybody]}]",
		"no code":               "lines: [{name: a, neighbourhood: b, organisation: '!'}]",
		"a password in it":      "lines: [{name: a, neighbourhood: b, register: {registrar: r, user: u, password: s3cret}}]",
		"no password":           "lines: [{name: a, neighbourhood: b, register: {registrar: r, user: u}}]",
		"a file that is not":    "lines: [{name: a, neighbourhood: b, twiml: {auth_tokens: [{file: /nowhere/token}]}}]",
		"an unset variable":     "lines: [{name: a, neighbourhood: b, jambonz: {secrets: [{env: NOTHING}]}}]",
		"a file and a variable": "lines: [{name: a, neighbourhood: b, jambonz: {secrets: [{env: A, file: b}]}}]",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := lines.Read(strings.NewReader(file), nil, environment(nil))
			if err == nil {
				t.Fatal("it was taken")
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error holds the password: %v", err)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add("lines: [{name: a, neighbourhood: b, trunk: [192.0.2.0/24], register: {registrar: r, user: u, password: {env: P}}}]")
	f.Fuzz(func(t *testing.T, file string) {
		book, err := lines.Read(strings.NewReader(file), nil, environment(map[string]string{"P": "x"}))
		if err == nil && book == nil {
			t.Error("nothing came of it")
		}
	})
}

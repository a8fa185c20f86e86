package policies_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"onedoor/tenants"
)

// directory is a file of a neighbourhood that has a desk and one practice.
func directory(t *testing.T) string {
	t.Helper()
	id := func(n byte) uuid.UUID { return uuid.UUID{0: n, 6: 0x40, 8: 0x80} }
	c := tenants.Contents{
		Neighbourhood: tenants.Neighbourhood{ID: id(1), Slug: "riverside", Name: "Riverside"},
		Desk:          id(2),
		Organisations: []tenants.Organisation{{ID: id(2), ODS: "ZZZ99", Name: "Desk", Kind: tenants.Community}, {ID: id(3), ODS: "A81001", Name: "Hill Practice", Kind: tenants.Practice}},
	}
	for i, slug := range []string{tenants.QueueSafety, tenants.QueueToVerify, tenants.QueueGeneral} {
		for n := range byte(2) {
			c.Queues = append(c.Queues, tenants.Queue{ID: id(10 + 10*n + byte(i)), OrganisationID: id(2 + n), Slug: slug, Name: slug})
		}
	}
	d, err := tenants.NewDirectory(c)
	if err != nil {
		t.Fatal(err)
	}
	return file(t, "directory.json", string(d.Document()))
}

func TestDecideFindsThePlaceWithADirectory(t *testing.T) {
	t.Parallel()
	ran := onedoor(t, `{"kind":"symptoms","condition":"sore-throat","age":30,"pregnant":"no"}`, "decide", file(t, "p.yaml", riverside), "--facts", "-", "--directory", directory(t), "--json")
	got := decode[struct {
		Rule, To, Message string
		Destination       struct{ Organisation uuid.UUID }
		Directory         string           `json:"directory_hash"`
		Candidates        []map[string]any `json:"candidates"`
	}](t, ran.out)
	if ran.status != 0 || got.Rule != "sore-throat" || got.To != "chosen-pharmacy" || got.Destination.Organisation == uuid.Nil || len(got.Directory) != 64 || len(got.Candidates) == 0 || got.Message == "" {
		t.Errorf("%s%s", ran.out, ran.err)
	}
	plain := onedoor(t, `{}`, "decide", file(t, "p.yaml", riverside), "--facts", "-", "--directory", directory(t))
	if !strings.Contains(plain.out, "Place: Desk, queue ") {
		t.Errorf("%s%s", plain.out, plain.err)
	}
}

func TestSimulateWithADirectoryComparesPlaces(t *testing.T) {
	t.Parallel()
	requests := `{"facts":{"kind":"admin","age":8},"at":"2026-11-20T10:00:00Z","channel":"web","count":2}` + "\n" + `{"facts":{"kind":"symptoms"},"at":"2026-11-19T10:00:00Z"}` + "\n"
	draft := strings.Replace(riverside, "{ to: registered-practice, urgency: routine }", "{ to: desk, urgency: soon }", 1)
	args := []string{"simulate", file(t, "draft.yaml", draft), "--live", file(t, "live.yaml", riverside), "--requests", "-", "--directory", directory(t)}
	ran := onedoor(t, requests, append(args, "--json")...)
	got := decode[struct {
		Requests int
		More     int `json:"newly_more_urgent"`
		Matrix   []struct{ Requests int }
		Moves    []struct {
			Line        int
			Live, Draft struct{ Rule, Urgency string }
		}
	}](t, ran.out)
	if ran.status != 0 || got.Requests != 3 || got.More != 3 || len(got.Moves) != 3 || got.Moves[0].Live.Urgency != "routine" || got.Moves[0].Draft.Urgency != "soon" {
		t.Errorf("%s%s", ran.out, ran.err)
	}
	if plain := onedoor(t, requests, args...); plain.status != 0 || !strings.Contains(plain.out, "3 requests: 0 go elsewhere") {
		t.Errorf("%s%s", plain.out, plain.err)
	}
}

func TestCheckWithADirectoryLooksAtPlaces(t *testing.T) {
	t.Parallel()
	ran := onedoor(t, strings.Replace(riverside, "overflow: registered-practice/queue:clinical", "overflow: service:none-such", 1), "check", "-", "--directory", directory(t), "--json")
	for _, f := range decode[findings](t, ran.out).Findings {
		if f.Kind == "destination" {
			return
		}
	}
	t.Errorf("no finding about the service that is not there: %s%s", ran.out, ran.err)
}

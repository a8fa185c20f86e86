package e2e_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"onedoor/app"
	"onedoor/app/database/testdb"
	"onedoor/app/demo"
	"onedoor/policy"
)

// version is a published policy, as the API has it.
type version struct {
	Hash  string `json:"hash"`
	State string `json:"state"`
}

// policyAt is the address of Riverside's policy.
const policyAt = "/api/v1/neighbourhoods/riverside/policy"

// publish puts a document into force as the lead.
func (p *product) publish(name, document string) version {
	p.t.Helper()
	lead := p.as("lead")
	must[object](lead, http.StatusCreated, "PUT", policyAt+"/drafts/"+name, object{"document": document})
	return must[version](lead, http.StatusCreated, "POST", policyAt+"/drafts/"+name+"/publish", object{"note": "For the test."})
}

// renamed is Riverside's policy under another name: it decides alike and is another version.
func renamed(name string) string {
	return strings.Replace(string(demo.Riverside), "policy: riverside", "policy: "+name, 1)
}

// read is what an address answers to anybody.
func read(t testing.TB, url string) (status int, body string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// Two processes on one database: what is published on one decides on the other, and what one cannot load it tells.
func TestTwoNodesFollowOnePolicy(t *testing.T) {
	t.Parallel()
	urls := testdb.NewURLs(t)
	shared := func(c *app.Config) { c.DatabaseURL, c.Clock = urls.App, time.Time{} } // two nodes share the true time
	one, other := start(t, shared), start(t, shared)
	admin := func(p *product) request {
		return p.as("app").submit(asks(p.patientOf("A81001"), "admin", object{"red-flags-adult": []string{"none"}}))
	}
	decidedBy := func(p *product) string { return admin(p).Decision.PolicyVersion }

	v := one.publish("newer", renamed("newer"))
	published := time.Now()
	if got := decidedBy(other); got != v.Hash {
		t.Errorf("the other node decided by %s, want %s", got, v.Hash)
	}
	if took := time.Since(published); took > time.Second {
		t.Logf("the other node took %s, on a machine that may be busy", took)
	}

	// A version that is spoilt when it comes into force.
	good, err := policy.Parse([]byte(renamed("spoilt")))
	if err != nil {
		t.Fatal(err)
	}
	owner, err := pgx.Connect(t.Context(), urls.Owner)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = owner.Close(context.Background()) }()
	asOwner := func(query string, args ...any) {
		t.Helper()
		if _, err := owner.Exec(t.Context(), query, args...); err != nil {
			t.Fatal(err)
		}
	}
	asOwner("insert into policy_versions (neighbourhood_id, hash, live_from, document, published_by, note) values ($1, $2, now(), $3, 'x', 'x')",
		demo.NeighbourhoodID("riverside"), good.Hash(), "tables: [")
	for _, p := range []*product{one, other} {
		eventually(t, "the node says that it cannot load the version", func() bool {
			status, body := read(t, p.BaseURL+"/readyz")
			if status != http.StatusOK {
				t.Fatalf("/readyz: %d %s", status, body)
			}
			return strings.Contains(body, "riverside") && strings.Contains(body, good.Hash()) && strings.Contains(body, v.Hash)
		})
		if _, metrics := read(t, p.metricsURL); !strings.Contains(metrics, `onedoor_policy_load_failed{neighbourhood="riverside"} 1`) {
			t.Error("the gauge does not stand at 1")
		}
		got := admin(p)
		if got.Decision.PolicyVersion != v.Hash || !strings.Contains(strings.Join(got.Decision.Because, " "), "could not be loaded here") {
			t.Errorf("decided by %s: %q", got.Decision.PolicyVersion, got.Decision.Because)
		}
	}
	alarms := func() int {
		return one.count(`select count(*) from alarms where kind = 'policy-load' and cleared_at is null`)
	}
	eventually(t, "one alarm stands", func() bool { return alarms() == 1 })

	asOwner("update policy_versions set document = $1 where hash = $2", renamed("spoilt"), good.Hash())
	for _, p := range []*product{one, other} {
		eventually(t, "it is over", func() bool { _, body := read(t, p.BaseURL+"/readyz"); return !strings.Contains(body, "degraded") })
		if got := decidedBy(p); got != good.Hash() {
			t.Errorf("mended, and decided by %s", got)
		}
	}
	eventually(t, "no alarm stands", func() bool { return alarms() == 0 })
}

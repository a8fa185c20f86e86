package e2e_test

import (
	"net/http"
	"syscall"
	"testing"
	"time"

	"onedoor/app"
)

func clientOf(t testing.TB) *http.Client {
	c := &http.Client{Transport: &http.Transport{}, Timeout: patience}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// The process that delivers is killed after the clinical system has committed and before anybody was told. The next one
// finds out, within a minute, and does not do it again.
func TestTheJobsProcessIsKilledInMidDelivery(t *testing.T) {
	t.Parallel()
	p := start(t, func(c *app.Config) {
		c.Roles, c.Clock = []string{app.RoleWeb}, time.Time{} // the other process has the machine's clock too
	})
	launchJobs := func() *process {
		return launch(t, "serve", "--roles=jobs", "--database-url", p.config.DatabaseURL, "--metrics", "127.0.0.1:0", "--data", t.TempDir())
	}
	p.breaks(t, "FRV01", "timeout-after-commit")
	reference := p.toClaimed()
	p.as("pharmacist").command(reference, "outcome", object{"outcome": "done", "note": "Advice given."})
	first := launchJobs()
	eventually(t, "the clinical system has committed", func() bool { return p.effects(t, "FRV01", reference) == 1 })
	first.signal(syscall.SIGKILL)
	first.status()
	if state := p.as("pharmacist").get(reference).states()["FRV01"]; state != "pending" && state != "sent" {
		t.Errorf("nobody was told, and it is shown as %s", state)
	}
	p.breaks(t, "FRV01", "ok")
	second := launchJobs()
	eventuallyWithin(t, time.Minute, "filed at both", func() bool {
		return p.as("pharmacist").get(reference).filedAt("A81001", "FRV01")
	})
	p.hasOneEffect(t, "FRV01", reference)
	p.hasOneEffect(t, "A81001", reference)
	second.signal(syscall.SIGTERM)
	if status := second.status(); status != 0 {
		t.Errorf("after SIGTERM it ended with %d", status)
	}
}

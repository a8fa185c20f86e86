package e2e_test

import (
	"context"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"onedoor/app"
	"onedoor/app/channels/voice/line/linetest"
)

func TestTheProductAnswersTheTelephoneAndCountsIt(t *testing.T) {
	t.Parallel()
	p := start(t, func(c *app.Config) { c.Roles = append(c.Roles, app.RoleVoice) })
	at, err := netip.ParseAddrPort(p.telephone)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"riverside", "A81001"} {
		if err := linetest.Sipp(t, "../channels/voice/line/testdata/hangs_up.xml", at, "-s", line); err != nil {
			t.Fatal(err)
		}
	}
	if err := linetest.Sipp(t, "../channels/voice/line/testdata/unknown.xml", at, "-s", "nowhere"); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.metricsURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := p.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	figures, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`onedoor_voice_calls_total{what="answered"} 2`, `onedoor_voice_refused_total{reason="unknown-line"} 1`} {
		if !strings.Contains(string(figures), want) {
			t.Errorf("the figures lack %s", want)
		}
	}
}

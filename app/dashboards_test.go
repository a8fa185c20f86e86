package app

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.yaml.in/yaml/v3"
)

// told are the metrics of the collectors that alarm rules and dashboards are about, with their labels.
func told() map[string]bool {
	names := map[string]bool{}
	descriptions := make(chan *prometheus.Desc)
	go func() {
		defer close(descriptions)
		newDeliveryGauge(nil, nil, nil).Describe(descriptions)
		newAlarmGauge(nil, nil).Describe(descriptions)
		newOwnToolGauge(nil, nil, nil).Describe(descriptions)
	}()
	name := regexp.MustCompile(`fqName: "([^"]+)"`)
	for d := range descriptions {
		names[name.FindStringSubmatch(d.String())[1]] = true
	}
	return names
}

var metric = regexp.MustCompile(`onedoor_[a-z_]+`)

func known(t *testing.T, where, expression string) {
	t.Helper()
	used := metric.FindAllString(expression, -1)
	if len(used) == 0 {
		t.Errorf("%s: %q asks for no metric of ours", where, expression)
	}
	for _, name := range used {
		if !told()[name] {
			t.Errorf("%s: there is no metric %s", where, name)
		}
	}
	if strings.Count(expression, "(") != strings.Count(expression, ")") {
		t.Errorf("%s: brackets of %q", where, expression)
	}
}

func TestAlarmRulesAskForMetricsThatThereAre(t *testing.T) {
	t.Parallel()
	const file = "../infra/dashboards/alarms.yaml"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(text, &rules); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			n++
			known(t, r.Alert, r.Expr)
			if r.Labels["severity"] == "" || r.Annotations["summary"] == "" || r.Annotations["action"] == "" {
				t.Errorf("%s has no severity, or does not say what is wrong and what to do", r.Alert)
			}
		}
	}
	if n < 5 {
		t.Errorf("only %d rules", n)
	}
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Log("promtool is not here: Prometheus itself has not judged the rules this time")
		return
	}
	if out, err := exec.CommandContext(t.Context(), promtool, "check", "rules", file).CombinedOutput(); err != nil {
		t.Errorf("promtool: %v\n%s", err, out)
	}
}

func TestDashboardsAskForMetricsThatThereAre(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../infra/dashboards/deliveries.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil || len(board.Panels) == 0 {
		t.Fatalf("%d panels, %v", len(board.Panels), err)
	}
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			known(t, p.Title, target.Expr)
		}
	}
}

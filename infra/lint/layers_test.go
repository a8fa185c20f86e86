package lint_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// edge is one package's import of another.
type edge struct{ from, imports string }

// file is where a house has its numbered edge.
func (e edge) file(number int) string { return path.Join(e.from, fmt.Sprintf("edge%d.go", number)) }

// Each rule of .golangci.yml, broken on purpose: a package, and what it must not import. The table is written from the
// architecture, not from the rules.
var broken = map[string][]edge{
	"ground": {
		{"app/fault", "onedoor/app/requests"},
		{"app/nhs", "onedoor/policy"},
		{"app/audit", "onedoor/app/database"},
		{"tenants", "onedoor/app/directory"},
	},
	"policy": {
		{"policy", "onedoor/app/requests"},
		{"policy/analysis", "onedoor/app/database"},
		{"policy", "onedoor/policy/access"},
		{"policy", "os"},
	},
	"command-line": {
		{"app/cmd/policies", "onedoor/app/database"},
		{"app/cmd/policies", "onedoor/policy/access"},
	},
	"access": {{"policy/access", "onedoor/app/identity"}},
	"core-knows-no-http": {
		{"tenants", "net/http"},
		{"policy", "net/http"},
		{"app/catalogue", "net/http"},
		{"app/intake", "net/http"},
		{"app/patients", "net/http"},
		{"app/clinical", "net/http"},
		{"app/requests", "net/http"},
		{"app/messages", "net/http"},
		{"app/identity", "net/http"},
		{"app/directory", "net/http"},
		{"app/publishing", "net/http"},
		{"app/alarms", "net/http"},
		{"app/misroutes", "net/http"},
		{"app/integrations", "net/http"},
	},
	"domain": {
		{"app/requests", "onedoor/app/store/requeststore"},
		{"app/requests", "onedoor/app/database"},
		{"app/requests", "onedoor/app/clinical/fhir"},
		{"app/catalogue", "onedoor/ui/pages"},
		{"app/intake", "onedoor/app/channels/web"},
		{"app/patients", "onedoor/migrations"},
		{"app/clinical", "onedoor/jobs"},
		{"app/messages", "onedoor/app/messages/provider"},
		{"app/identity", "onedoor/app/identity/oidc"},
		{"app/identity", "onedoor/app/routes"},
		{"app/directory", "onedoor/app/demo"},
		{"app/publishing", "onedoor/app/workspaces/studio"},
		{"app/publishing", "onedoor/infra/localpg"},
		{"app/alarms", "onedoor/app/store/alarmstore"},
		{"app/misroutes", "onedoor/app/store/misroutestore"},
		{"app/integrations", "onedoor/app/store/integrationstore"},
		{"app/integrations", "onedoor/app/clinical/systems"},
	},
	"clinical-below-requests": {{"app/clinical", "onedoor/app/requests"}, {"app/clinical/mesh", "onedoor/app/requests"}},
	"database":                {{"app/database", "onedoor/app/requests"}, {"app/database", "onedoor/app/store/requeststore"}},
	"store": {
		{"app/store/requeststore", "onedoor/app/channels/api"},
		{"app/store/requeststore", "onedoor/app/workspaces/reception"},
		{"app/store/deliverystore", "onedoor/app/clinical/fhir"},
		{"app/store/deliverystore", "onedoor/ui/pages"},
		{"app/store/deliverystore", "onedoor/app/routes"},
		{"app/store/deliverystore", "net/http"},
	},
	"jobs": {
		{"jobs", "onedoor/app/store/deliverystore"},
		{"jobs", "onedoor/app/channels/web"},
		{"jobs", "onedoor/app/clinical/fhir"},
		{"jobs", "onedoor/app/routes"},
		{"jobs", "onedoor/ui/pages"},
	},
	"outbound": {{"app/outbound", "onedoor/app/requests"}},
	"adapters": {
		{"app/clinical/fhir", "onedoor/app/database"},
		{"app/clinical/fhir", "onedoor/jobs"},
		{"app/messages/provider", "onedoor/app/store/requeststore"},
		{"app/messages/provider", "onedoor/app/requests"},
		{"app/identity/oidc", "onedoor/app/routes"},
		{"app/identity/devprovider", "onedoor/ui/pages"},
	},
	"ui": {
		{"ui/pages", "onedoor/app/requests"},
		{"ui/components", "onedoor/tenants"},
		{"ui/static", "onedoor/app/database"},
	},
	"routes": {
		{"app/routes", "onedoor/app/requests"},
		{"app/routes", "onedoor/app/channels/web"},
		{"app/routes", "onedoor/app/identity/oidc"},
		{"app/routes", "onedoor/app/database"},
	},
	"surfaces": {
		{"app/channels/web", "onedoor/app/store/requeststore"},
		{"app/channels/api", "onedoor/app/database"},
		{"app/channels/voice", "onedoor/jobs"},
		{"app/workspaces/reception", "onedoor/app/clinical/fhir"},
		{"app/workspaces/studio", "onedoor/app/identity/oidc"},
		{"app/workspaces/operations", "onedoor/infra/localpg"},
	},
	"channel-api":          {{"app/channels/api", "onedoor/app/channels/web"}, {"app/channels/api", "onedoor/app/workspaces/reception"}},
	"channel-web":          {{"app/channels/web", "onedoor/app/channels/api"}, {"app/channels/web", "onedoor/app/workspaces/reception"}},
	"channel-voice":        {{"app/channels/voice", "onedoor/app/channels/web"}},
	"channel-referrals":    {{"app/channels/referrals", "onedoor/app/channels/web"}, {"app/channels/referrals", "onedoor/app/workspaces/reception"}},
	"workspace-reception":  {{"app/workspaces/reception", "onedoor/app/workspaces/studio"}, {"app/workspaces/reception", "onedoor/app/channels/web"}},
	"workspace-studio":     {{"app/workspaces/studio", "onedoor/app/workspaces/operations"}},
	"workspace-operations": {{"app/workspaces/operations", "onedoor/app/workspaces/reception"}},
	"workspace-trouble":    {{"app/workspaces/trouble", "onedoor/app/workspaces/operations"}},
	"only-cmd-imports-app": {{"app/demo", "onedoor/app"}, {"jobs", "onedoor/app"}, {"infra/localpg", "onedoor/app"}},
	"leaves":               {{"infra/localpg", "onedoor/app/database"}, {"migrations", "onedoor/tenants"}},
	"test-support":         {{"app/demo", "onedoor/app/database/testdb"}, {"app/requests", "testing"}},
	"gorm-in-its-place":    {{"app/requests", "gorm.io/gorm"}, {"jobs", "gorm.io/gorm"}, {"app/channels/web", "gorm.io/gorm"}},
	"sql-in-its-place": {
		{"app/requests", "database/sql"}, {"policy", "github.com/jackc/pgx/v5"}, {"app/workspaces/reception", "github.com/jackc/pgx/v5"},
	},
	"river-in-its-place": {{"app/requests", "github.com/riverqueue/river"}, {"app/channels/api", "github.com/riverqueue/river"}},
	"casbin-in-its-place": {
		{"policy", "github.com/casbin/casbin/v2"}, {"app/identity", "github.com/casbin/casbin/v2"}, {"app/routes", "github.com/casbin/casbin/v2"},
	},
	"echo-in-its-place":  {{"app/requests", "github.com/labstack/echo/v4"}, {"app/clinical/simulator", "github.com/labstack/echo/v4"}},
	"templ-in-its-place": {{"app/requests", "github.com/a-h/templ"}, {"jobs", "github.com/a-h/templ"}},
}

// What the architecture allows must pass, or the rules would be obeyed by leaving.
var allowed = []edge{
	{"app/nhs", "onedoor/app/fault"},
	{"tenants", "onedoor/app/nhs"},
	{"policy", "onedoor/tenants"},
	{"policy", "go.yaml.in/yaml/v3"},
	{"policy/access", "github.com/casbin/casbin/v2"},
	{"app/catalogue", "onedoor/policy"},
	{"app/identity", "onedoor/policy/access"},
	{"app/requests", "onedoor/app/clinical"},
	{"app/requests", "onedoor/app/messages"},
	{"app/requests", "onedoor/app/identity"},
	{"app/database", "gorm.io/gorm"},
	{"app/store/requeststore", "onedoor/app/requests"},
	{"app/store/deliverystore", "onedoor/jobs"},
	{"app/store/deliverystore", "github.com/riverqueue/river"},
	{"jobs", "onedoor/app/clinical"},
	{"jobs", "github.com/riverqueue/river"},
	{"app/clinical/fhir", "onedoor/app/clinical"},
	{"app/clinical/fhir", "net/http"},
	{"app/identity/oidc", "onedoor/app/identity"},
	{"ui/pages", "onedoor/app/nhs"},
	{"ui/pages", "github.com/a-h/templ"},
	{"app/routes", "onedoor/app/identity"},
	{"app/routes", "github.com/labstack/echo/v4"},
	{"app/channels/web", "onedoor/app/requests"},
	{"app/channels/web", "onedoor/ui/pages"},
	{"app/workspaces/reception", "onedoor/app/clinical"},
	{"app/demo", "onedoor/app/store/requeststore"},
	{"app", "onedoor/app/store/requeststore"},
	{"app/cmd/onedoor", "onedoor/app"},
	{"app/e2e", "onedoor/app"},
}

func TestEveryLayerRuleIsEnforced(t *testing.T) {
	t.Parallel()
	linter := findLinter(t)
	for rule, breaks := range broken {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			reported := build(t, breaks).lint(t, linter)
			for i, b := range breaks {
				if !slices.ContainsFunc(reported, func(f finding) bool { return f.at(b, i) && f.by(rule) }) {
					t.Errorf("%s may import %s, and nobody says a word", b.from, b.imports)
				}
			}
		})
	}
}

func TestWhatTheArchitectureAllowsPasses(t *testing.T) {
	t.Parallel()
	for _, found := range build(t, allowed).lint(t, findLinter(t)) {
		t.Errorf("%s: %s", found.Pos.Filename, found.Text)
	}
}

func TestEveryRuleIsBrokenOnce(t *testing.T) {
	t.Parallel()
	for _, rule := range layerRules(t) {
		if len(broken[rule]) == 0 {
			t.Errorf("the depguard rule %s is broken by no test", rule)
		}
	}
}

func TestEverySurfaceHasARule(t *testing.T) {
	t.Parallel()
	rules := layerRules(t)
	for folder, prefix := range map[string]string{"app/channels": "channel-", "app/workspaces": "workspace-"} {
		entries, err := os.ReadDir(filepath.Join(repository, folder))
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			if entry.IsDir() && !slices.Contains(rules, prefix+entry.Name()) {
				t.Errorf("%s/%s has no depguard rule %s%[2]s that keeps it apart from the others", folder, entry.Name(), prefix)
			}
		}
	}
}

// house is a module of almost empty packages with the repository's rules.
type house struct{ dir string }

// build makes a house with these imports, one file each. A library's package is empty too, and stands in a module of
// its own, so that nothing is fetched.
func build(t *testing.T, imports []edge) house {
	t.Helper()
	h := house{t.TempDir()}
	module := "module onedoor\n\ngo 1.26\n"
	for i, e := range imports {
		h.write(t, e.file(i), fmt.Sprintf("package %s\n\nimport _ %q\n", path.Base(e.from), e.imports))
		if folder, ours := strings.CutPrefix(e.imports, "onedoor/"); ours {
			h.write(t, path.Join(folder, "there.go"), "package "+path.Base(folder)+"\n")
			continue
		}
		if first, _, _ := strings.Cut(e.imports, "/"); !strings.Contains(first, ".") || strings.Contains(module, e.imports+" ") {
			continue // Go's own, or there already
		}
		version := "v0"
		if last := path.Base(e.imports); regexp.MustCompile(`^v[0-9]+$`).MatchString(last) {
			version = last
		}
		library := path.Join(".libraries", e.imports)
		module += fmt.Sprintf("\nrequire %s %s.0.0\n\nreplace %[1]s => ./%[3]s\n", e.imports, version, library)
		h.write(t, path.Join(library, "go.mod"), "module "+e.imports+"\n\ngo 1.26\n")
		h.write(t, path.Join(library, "library.go"), "package library\n")
	}
	h.write(t, "go.mod", module)
	config, err := os.ReadFile(filepath.Join(repository, ".golangci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	h.write(t, ".golangci.yml", string(config))
	return h
}

func (h house) write(t *testing.T, name, content string) {
	t.Helper()
	name = filepath.Join(h.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// finding is what the linter reports.
type finding struct {
	Text string
	Pos  struct{ Filename string }
}

func (f finding) at(e edge, number int) bool { return f.Pos.Filename == e.file(number) }

func (f finding) by(rule string) bool { return strings.Contains(f.Text, "'"+rule+"'") }

// lint runs depguard alone.
func (h house) lint(t *testing.T, linter string) []finding {
	t.Helper()
	cmd := exec.Command(linter, "run", "--enable-only=depguard", "--allow-parallel-runners",
		"--output.json.path=stdout", "--output.text.path=stderr", "--show-stats=false", "--issues-exit-code=0", "--uniq-by-line=false")
	cmd.Dir = h.dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off", "GOMAXPROCS=1")
	var says strings.Builder
	cmd.Stderr = &says
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("golangci-lint: %v\n%s", err, says.String())
	}
	var report struct{ Issues []finding }
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatalf("%v\n%s%s", err, out, says.String())
	}
	for _, found := range report.Issues {
		if !strings.Contains(found.Text, "is not allowed from list") {
			t.Fatalf("the house does not compile: %s", found.Text)
		}
	}
	return report.Issues
}

// findLinter is the one that the set-up has put there.
func findLinter(t *testing.T) string {
	t.Helper()
	linter, err := filepath.Abs(filepath.Join(repository, ".bin", "golangci-lint"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(linter); err != nil {
		t.Fatal("golangci-lint is not there: run infra/setup/ensure.sh linter")
	}
	return linter
}

// layerRules are the names of depguard's rules.
func layerRules(t *testing.T) []string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(repository, ".golangci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Linters struct {
			Settings struct {
				Depguard struct {
					Rules map[string]any
				}
			}
		}
	}
	if err := yaml.Unmarshal(content, &config); err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range config.Linters.Settings.Depguard.Rules {
		names = append(names, name)
	}
	if len(names) == 0 {
		t.Fatal(".golangci.yml has no depguard rule")
	}
	return names
}

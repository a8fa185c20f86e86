package studio

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"onedoor/app/routes"
	"onedoor/policy/analysis"
	"onedoor/ui/pages"
)

const findingsPath = ofPolicy + "/findings"

// addFindings registers the page with everything that was found in a policy.
func (w *Workspace) addFindings(s *routes.Server) {
	s.Add(http.MethodGet, findingsPath, routes.Need("policy", "read"), w.findings)
}

func (w *Workspace) findings(c echo.Context) error {
	k, o, err := w.asked(c)
	if err != nil {
		return err
	}
	report, err := w.report(k, o.policy)
	if err != nil {
		return err
	}
	f := pages.StudioFindings{Studio: k.policyPage("Findings", o, findingsPath)}
	for _, group := range []struct {
		severity analysis.Severity
		id       string
		says     string
	}{
		{analysis.Error, "errors", "The draft cannot be published with these."},
		{analysis.Warning, "warnings", "The draft can be published if somebody writes down why each of them is right."},
		{analysis.Note, "notes", "Nothing has to be done about these."},
	} {
		g := pages.StudioFindingGroup{ID: group.id, Label: severityLabel(group.severity), Says: group.says}
		for _, finding := range report.Findings {
			if finding.Severity == group.severity {
				g.Findings = append(g.Findings, k.finding(o, finding))
			}
		}
		if len(g.Findings) > 0 {
			f.Groups = append(f.Groups, g)
		}
	}
	return routes.Render(c, http.StatusOK, pages.StudioFindingsPage(f))
}

package api

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"

	"github.com/labstack/echo/v4"
	"go.yaml.in/yaml/v3"
)

// The document is written by hand, in files that stand together: what can be called, and what is said.
//
//go:embed openapi/*.yaml
var openAPIFiles embed.FS

// openAPI puts the document together as JSON.
func openAPI() ([]byte, error) {
	document := map[string]any{}
	for _, name := range []string{"paths", "commands", "telephonepins", "byyourself", "handovers", "policies", "reports", "integrations", "components", "schemas", "policycomponents"} {
		text, err := openAPIFiles.ReadFile("openapi/" + name + ".yaml")
		if err != nil {
			return nil, err
		}
		part := map[string]any{}
		if err := yaml.Unmarshal(text, &part); err != nil {
			return nil, fmt.Errorf("openapi/%s.yaml: %w", name, err)
		}
		merge(document, part)
	}
	return json.Marshal(document)
}

// merge adds a part to the document; addresses of several parts stand side by side.
func merge(document, part map[string]any) {
	for name, value := range part {
		both, ok := document[name].(map[string]any)
		more, also := value.(map[string]any)
		if ok && also {
			for key, value := range more {
				if inner, ok := both[key].(map[string]any); ok { // components: schemas of one part beside those of another
					if others, ok := value.(map[string]any); ok {
						maps.Copy(inner, others)
						continue
					}
				}
				both[key] = value
			}
			continue
		}
		document[name] = value
	}
}

func (a *API) openAPI(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "public, max-age=300")
	return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, a.document)
}

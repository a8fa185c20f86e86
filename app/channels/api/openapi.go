package api

import (
	"embed"
	"encoding/json"
	"fmt"

	"github.com/labstack/echo/v4"
	"go.yaml.in/yaml/v3"
)

// The document is written by hand, in two files that stand together: what can be called, and what is said.
//
//go:embed openapi/*.yaml
var openAPIFiles embed.FS

// openAPI puts the document together as JSON.
func openAPI() ([]byte, error) {
	document := map[string]any{}
	for _, name := range []string{"openapi/paths.yaml", "openapi/components.yaml"} {
		part, err := openAPIFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if err := yaml.Unmarshal(part, &document); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return json.Marshal(document)
}

func (a *API) openAPI(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "public, max-age=300")
	return c.Blob(200, echo.MIMEApplicationJSON, a.document)
}

package api

import (
	"encoding/json"
	"mime"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/routes"
	"onedoor/policy"
	"onedoor/policy/dmn"
)

// readDocument reads a policy: YAML, unless the content type says something else. JSON may hold the YAML as a text under
// "document", or be the policy itself: YAML reads JSON.
func readDocument(c echo.Context) ([]byte, error) {
	body, err := routes.ReadBody(c)
	if err != nil {
		return nil, err
	}
	if len(body) == 0 {
		return nil, fault.New(fault.Malformed, "document_required", "Send the policy as YAML in the body.")
	}
	media, _, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	switch {
	case err == nil && (media == echo.MIMEApplicationJSON || strings.HasSuffix(media, "+json")):
		return documentInJSON(body)
	case err == nil && (media == "application/xml" || media == "text/xml" || strings.HasSuffix(media, "+xml")):
		return documentInDMN(body)
	case err == nil && strings.HasPrefix(media, "multipart/"):
		return nil, fault.New(fault.Unsupported, "document_format", "Send the policy itself, with Content-Type: application/yaml.")
	}
	if !utf8.Valid(body) {
		return nil, fault.New(fault.Malformed, "invalid_utf8", "The body is not valid UTF-8.")
	}
	return body, nil
}

func documentInJSON(body []byte) ([]byte, error) {
	var members map[string]json.RawMessage
	if err := routes.ParseJSON(body, &members); err != nil {
		return nil, err
	}
	document, ok := members["document"]
	if !ok {
		return body, nil // the policy itself: what is missing in it, its parser says
	}
	for name := range members {
		if name != "document" {
			return nil, fault.InvalidFields([]fault.Field{{Pointer: "/" + name, Code: "unknown_field", Says: "There is no such field here."}})
		}
	}
	var text string
	if err := json.Unmarshal(document, &text); err != nil {
		return document, nil // an object
	}
	return []byte(text), nil
}

// documentInDMN makes a policy's document of decision tables. What the reader should know stands in it as comments.
func documentInDMN(body []byte) ([]byte, error) {
	imported, err := dmn.Import(body)
	if err != nil {
		return nil, err
	}
	var notes []byte
	for _, w := range imported.Warnings {
		notes = append(append(append(notes, "# "...), strings.Join(strings.Fields(w), " ")...), '\n')
	}
	return append(notes, imported.Document...), nil
}

// writeDocument answers with a policy in the form that a caller asks for, and says whether it asked for one.
func writeDocument(c echo.Context, status int, document []byte) (bool, error) {
	accept := c.Request().Header.Get(echo.HeaderAccept)
	switch {
	case strings.Contains(accept, "json"):
		return false, nil
	case strings.Contains(accept, "yaml"):
		return true, c.Blob(status, yamlType, document)
	case strings.Contains(accept, "dmn+xml"):
		p, err := policy.Parse(document)
		if err != nil {
			return true, err
		}
		model, err := dmn.Export(p)
		if err != nil {
			return true, err
		}
		return true, c.Blob(status, dmnType, model)
	}
	return false, nil
}

const (
	yamlType = "application/yaml"
	dmnType  = "application/dmn+xml"
)

package api

import (
	"encoding/json"
	"mime"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/routes"
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

// documentInDMN is for DMN decision tables.
func documentInDMN([]byte) ([]byte, error) {
	return nil, fault.New(fault.Unsupported, "document_format", "Send the policy as YAML, with Content-Type: application/yaml.")
}

package routes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
)

const (
	maxBody  = 256 << 10 // one call
	maxDrain = 8 << 20   // of a body that was refused, read away so that its sender can hear why
	maxDepth = 24
)

// bounds limits what a call may send and how long it may take, and refuses other sites' forms.
func (s *Server) bounds(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		// A key is sent by a program on purpose; everything else might be a browser that another site made to call.
		if r.Header.Get(echo.HeaderAuthorization) == "" {
			if err := s.cross.Check(r); err != nil {
				return fault.New(fault.Forbidden, "cross_origin", "This came from another site's page, and was not done.").Because(err)
			}
		}
		most, within := s.boundsOf(c)
		ctx, cancel := context.WithTimeout(r.Context(), within)
		defer cancel()
		if isStream(r) {
			ctx = r.Context()
		}
		limited := r.WithContext(ctx)
		callOf(c).rest = r.Body
		if r.ContentLength > most {
			return tooLargeFor(most)
		}
		limited.Body = http.MaxBytesReader(c.Response(), r.Body, most)
		c.SetRequest(limited)
		return next(c)
	}
}

func isStream(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/event-stream")
}

// ReadJSON reads one JSON value into v, strictly: the right content type, valid UTF-8, no field that is unknown or stands
// twice, nothing after it, no deep nesting. Every refusal of a value names its place.
func ReadJSON(c echo.Context, v any) error {
	_, err := ReadCanonicalJSON(c, v)
	return err
}

// ReadCanonicalJSON is ReadJSON, and gives the body in the canonical form of RFC 8785: two bodies that say the same in
// another order or with other spaces are equal in it.
func ReadCanonicalJSON(c echo.Context, v any) ([]byte, error) {
	body, err := readJSONBody(c)
	if err != nil {
		return nil, err
	}
	if err := ParseJSON(body, v); err != nil {
		return nil, err
	}
	canonical := jsontext.Value(body)
	if err := canonical.Canonicalize(); err != nil {
		return nil, fault.New(fault.Malformed, "malformed_json", "The body is not valid JSON.")
	}
	return canonical, nil
}

// ReadOptionalJSON is ReadJSON for calls that may have no body at all.
func ReadOptionalJSON(c echo.Context, v any) error {
	if c.Request().ContentLength == 0 {
		return nil
	}
	return ReadJSON(c, v)
}

func readJSONBody(c echo.Context) ([]byte, error) {
	media, _, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	if err != nil || (media != echo.MIMEApplicationJSON && !strings.HasSuffix(media, "+json")) {
		return nil, fault.New(fault.Unsupported, "json_expected", "Send JSON, with Content-Type: application/json.")
	}
	return ReadBody(c)
}

// ReadBody reads the whole body as it was sent, whatever it is.
func ReadBody(c echo.Context) ([]byte, error) {
	body, err := io.ReadAll(c.Request().Body)
	if isTooLarge(err) {
		most, _ := callOf(c).server.boundsOf(c)
		return nil, tooLargeFor(most)
	}
	if err != nil {
		return nil, fault.New(fault.Malformed, "body_incomplete", "The body ended before it was complete.").Because(err)
	}
	return body, nil
}

// ParseJSON is ReadJSON for bytes at hand.
func ParseJSON(body []byte, v any) error {
	if !utf8.Valid(body) {
		return fault.New(fault.Malformed, "invalid_utf8", "The body is not valid UTF-8.")
	}
	if err := scan(body); err != nil {
		return err
	}
	if err := syntax(body); err != nil {
		return err // said first: what an incomplete body means cannot be known
	}
	err := jsonv2.Unmarshal(body, v, jsonv2.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	var ours *fault.Error
	if errors.As(err, &ours) {
		return ours
	}
	var semantic *jsonv2.SemanticError
	if errors.As(err, &semantic) {
		field := fault.Field{Pointer: string(semantic.JSONPointer), Code: "wrong_type", Says: "This value is not of the type that belongs here."}
		if errors.Is(err, jsonv2.ErrUnknownName) {
			field.Code, field.Says = "unknown_field", "There is no such field here."
		}
		return fault.InvalidFields([]fault.Field{field})
	}
	return fault.New(fault.Malformed, "malformed_json", "The body is not valid JSON.")
}

// syntax refuses what is not one JSON value, whatever it means.
func syntax(body []byte) error {
	decoder := jsontext.NewDecoder(bytes.NewReader(body))
	_, err := decoder.ReadValue()
	if err == nil {
		if _, err = decoder.ReadToken(); errors.Is(err, io.EOF) {
			return nil
		}
		return fault.New(fault.Malformed, "malformed_json", "The body is not valid JSON.")
	}
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) && errors.Is(err, jsontext.ErrDuplicateName) {
		return fault.New(fault.Malformed, "duplicate_field", "A field stands twice in the same object.").With("pointer", string(syntactic.JSONPointer))
	}
	return fault.New(fault.Malformed, "malformed_json", "The body is not valid JSON.")
}

// scan looks for what is refused before parsing: deep nesting, which would cost memory, and the character that no text has
// and PostgreSQL does not store.
func scan(body []byte) error {
	depth, inString := 0, false
	for i := 0; i < len(body); i++ {
		switch b := body[i]; {
		case inString && b == '\\':
			if bytes.HasPrefix(body[i:], []byte(`\u0000`)) {
				return fault.New(fault.Malformed, "nul_character", "The body holds the character U+0000, which no text has.")
			}
			i++
		case b == '"':
			inString = !inString
		case inString:
		case b == '{' || b == '[':
			if depth++; depth > maxDepth {
				return fault.New(fault.Malformed, "too_deep", "The body is nested more than %d levels deep.", maxDepth)
			}
		case b == '}' || b == ']':
			depth--
		}
	}
	return nil
}

// WriteJSON answers with JSON.
func WriteJSON(c echo.Context, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return c.Blob(status, echo.MIMEApplicationJSON, append(body, '\n'))
}

// ReadForm reads a form that a page sent. ReadUpload reads one with a file.
func ReadForm(c echo.Context) (url.Values, error) {
	r := c.Request()
	media, _, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
	if r.ContentLength != 0 && (err != nil || media != echo.MIMEApplicationForm) {
		return nil, fault.New(fault.Unsupported, "form_expected", "Send this as a form of a page is sent.")
	}
	if err := r.ParseForm(); err != nil {
		if isTooLarge(err) {
			return nil, tooLarge()
		}
		return nil, fault.New(fault.Malformed, "malformed_form", "The form could not be read.")
	}
	for name, values := range r.PostForm {
		if !utf8.ValidString(name) || slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) || strings.ContainsRune(v, 0) }) {
			return nil, fault.New(fault.Malformed, "invalid_utf8", "The form is not valid UTF-8.")
		}
	}
	return r.PostForm, nil
}

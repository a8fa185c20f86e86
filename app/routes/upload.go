package routes

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
)

// Upload is a form with one file, as a page sends it with enctype multipart/form-data. The file's name is not kept: it can
// say whose it is.
type Upload struct {
	Values url.Values
	File   []byte // empty when none was chosen
}

const (
	mostParts = 32
	mostField = 8 << 10
)

// ReadUpload reads a form with a file in the field of this name. It is all in memory, and never on disk: the route's bound
// on the body bounds it. A form without a file may also come as ReadForm reads it.
func ReadUpload(c echo.Context, field string) (Upload, error) {
	u := Upload{Values: url.Values{}}
	r := c.Request()
	media, parameters, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
	if err != nil || media != "multipart/form-data" || parameters["boundary"] == "" {
		u.Values, err = ReadForm(c)
		return u, err
	}
	parts := multipart.NewReader(r.Body, parameters["boundary"])
	seen := false
	for range mostParts {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return u, nil
		}
		if err != nil {
			return u, unreadable(c, err)
		}
		isFile := part.FormName() == field
		if isFile && seen {
			return u, fault.New(fault.Malformed, "malformed_form", "The form holds more than one file.")
		}
		var from io.Reader = part
		if !isFile {
			from = io.LimitReader(part, mostField+1)
		}
		content, err := io.ReadAll(from)
		switch {
		case err != nil:
			return u, unreadable(c, err)
		case isFile:
			u.File, seen = content, true
		case len(content) > mostField:
			return u, fault.New(fault.Malformed, "malformed_form", "The form could not be read.")
		case !utf8.ValidString(part.FormName()) || !utf8.Valid(content) || strings.ContainsRune(string(content), 0):
			return u, fault.New(fault.Malformed, "invalid_utf8", "The form is not valid UTF-8.")
		case part.FormName() != "":
			u.Values.Add(part.FormName(), string(content))
		}
	}
	return u, fault.New(fault.Malformed, "malformed_form", "The form has more fields than are read.")
}

func unreadable(c echo.Context, err error) error {
	if isTooLarge(err) {
		most, _ := callOf(c).server.boundsOf(c)
		return tooLargeFor(most)
	}
	return fault.New(fault.Malformed, "malformed_form", "The form could not be read.").Because(err)
}

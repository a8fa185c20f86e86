package routes_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"onedoor/app/routes"
)

// uploaded posts a body to a route that reads an upload of at most 64 KiB, and gives what it read.
func uploaded(t *testing.T, contentType string, body []byte) (status int, u routes.Upload) {
	t.Helper()
	s := routes.New(routes.Options{})
	s.AddBounded(http.MethodPost, "/upload", routes.Public, routes.Bounds{Body: 64 << 10}, func(c echo.Context) (err error) {
		if u, err = routes.ReadUpload(c, "list"); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	})
	r := httptest.NewRequest(http.MethodPost, "/upload", bytes.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w.Code, u
}

// form writes one, whose fields with a leading @ are files.
func form(t *testing.T, fields ...string) (contentType string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(fields); i += 2 {
		name, isFile := strings.CutPrefix(fields[i], "@")
		begin := w.CreateFormField
		if isFile {
			begin = func(name string) (io.Writer, error) { return w.CreateFormFile(name, "Daniel Okafor.csv") }
		}
		part, err := begin(name)
		if err == nil {
			_, err = part.Write([]byte(fields[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), b.Bytes()
}

func TestAFormWithAFileIsReadWhole(t *testing.T) {
	t.Parallel()
	binary := "\x00\xff RIFF " + strings.Repeat("x", 50<<10)
	kind, body := form(t, "from", "2026-11-01", "@list", binary, "to", "2026-11-30")
	if status, u := uploaded(t, kind, body); status != http.StatusNoContent || string(u.File) != binary || u.Values.Get("from") != "2026-11-01" || u.Values.Get("to") != "2026-11-30" || len(u.Values) != 2 {
		t.Errorf("%d: %d bytes, %v", status, len(u.File), u.Values)
	}
	kind, body = form(t, "@list", "")
	if status, u := uploaded(t, kind, body); status != http.StatusNoContent || len(u.File) != 0 {
		t.Errorf("no file: %d, %d bytes", status, len(u.File))
	}
	if status, u := uploaded(t, "application/x-www-form-urlencoded", []byte("from=2026-11-01")); status != http.StatusNoContent || u.Values.Get("from") != "2026-11-01" {
		t.Errorf("without a file: %d, %v", status, u.Values)
	}
}

func TestAnUploadThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range 40 {
		many = append(many, "f"+strconv.Itoa(i), "x")
	}
	for name, test := range map[string]struct {
		fields []string
		cut    int
		status int
	}{
		"two files":            {[]string{"@list", "a", "@list", "b"}, 0, http.StatusBadRequest},
		"a file too large":     {[]string{"@list", strings.Repeat("x", 70<<10)}, 0, http.StatusRequestEntityTooLarge},
		"a field too large":    {[]string{"from", strings.Repeat("x", 9<<10)}, 0, http.StatusBadRequest},
		"a field of no text":   {[]string{"from", "\xff"}, 0, http.StatusBadRequest},
		"too many fields":      {many, 0, http.StatusBadRequest},
		"a body that is short": {[]string{"@list", "abc"}, 20, http.StatusBadRequest},
	} {
		kind, body := form(t, test.fields...)
		if status, _ := uploaded(t, kind, body[:len(body)-test.cut]); status != test.status {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status, _ := uploaded(t, "multipart/form-data", []byte("x")); status != http.StatusUnsupportedMediaType {
		t.Errorf("no boundary: %d", status)
	}
}

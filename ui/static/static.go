// Package static holds what browsers fetch besides pages: nhsuk-frontend's sheet, script and icons, htmx and its
// server-sent events, and our own sheet and script. Third-party files come from vendor.mjs, pinned and checked against
// their hashes, and are committed; their licences stand in assets/licences. Nothing is fetched from another host.
//
// One hash over all of them is part of their address, so a browser may keep them for ever and never mixes two releases.
package static

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var embedded embed.FS

// Root is where a server mounts Handler.
const Root = "/assets/"

// StaffScript is the one script of staff pages, made of several: htmx starts as soon as the script that holds it is done, and
// would leave out what came in a file of its own a moment later, so that a page now and then never heard of a change.
const StaffScript = "staff.bundle.js"

var staffScript = mustBundle("htmx.min.js", "hx-sse.min.js", "staff.js", "keys.js")

// mustBundle puts scripts one after another. Each is a block, so that what it declares for itself stays its own.
func mustBundle(names ...string) []byte {
	var b bytes.Buffer
	for _, name := range names {
		content, err := embedded.ReadFile("assets/" + name)
		if err != nil {
			panic("assets are linked in, and yet: " + err.Error())
		}
		b.WriteString("{\n")
		b.Write(content)
		b.WriteString("\n}\n")
	}
	return b.Bytes()
}

var version = mustVersion()

// mustVersion hashes every file and its name, in order.
func mustVersion() string {
	sum := sha256.New()
	err := fs.WalkDir(embedded, "assets", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := embedded.ReadFile(name)
		sum.Write([]byte(name + "\x00"))
		sum.Write(content)
		return err
	})
	if err != nil {
		panic("assets are linked in, and yet: " + err.Error())
	}
	return hex.EncodeToString(sum.Sum(nil))[:16]
}

// Path is the address of a file, such as Path("onedoor.css"). It changes whenever any file does.
func Path(name string) string { return Root + version + "/" + name }

// Handler serves the files under Root: the current version for ever, and a bare name (a bookmark, an old page) with
// a check each time. Only GET and HEAD; nothing lists a folder.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "Only GET is possible here.", http.StatusMethodNotAllowed)
			return
		}
		name, current := strings.CutPrefix(strings.TrimPrefix(r.URL.Path, Root), version+"/")
		content, err := read(path.Clean("/" + name))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		caching := "no-cache"
		if current {
			caching = "public, max-age=31536000, immutable"
		}
		etag := `"` + version + `"`
		w.Header().Set("Cache-Control", caching)
		w.Header().Set("ETag", etag)
		w.Header().Set("Content-Type", contentType(name))
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		// A reader who has gone is no fault of ours; HEAD writes nothing.
		_, _ = w.Write(content)
	})
}

func read(name string) ([]byte, error) {
	if name == "/"+StaffScript {
		return staffScript, nil
	}
	return embedded.ReadFile(path.Join("assets", name))
}

// contentType does not ask the machine's own tables, which differ.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	return mime.TypeByExtension(path.Ext(name))
}

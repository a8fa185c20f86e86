// Package static holds what browsers fetch besides pages: nhsuk-frontend's sheet, script and icons, htmx and its
// server-sent events, and our own sheet and script. Third-party files come from vendor.mjs, pinned and checked against
// their hashes, and are committed; their licences stand in assets/licences. Nothing is fetched from another host.
//
// One hash over all of them is part of their address, so a browser may keep them for ever and never mixes two releases.
package static

import (
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
		content, err := embedded.ReadFile(path.Join("assets", path.Clean("/"+name)))
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
		_, _ = w.Write(content) //nolint:gosec // an embedded file, whatever name was asked for
	})
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

// Package owntool plays the online tools that organisations keep of their own, for the demonstration and tests: patients come by
// a deep link with the id of a handover, write what they want, and the tool says over the API of partners that it has it, that
// they left, or that it was answered. It shares no type with the product, keeps what it was told in memory, and asks nobody who
// they are: it is for development, with test patients, and never for real ones.
package owntool

import (
	"context"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options are where the tools say what they say.
type Options struct {
	API string // the address of the product: http://127.0.0.1:8080
	Key string // a partner's
}

// Server plays the tool of every organisation that is asked for: GET /{ods}?handover=… is where a patient comes, and GET /{ods}
// what staff see.
type Server struct {
	o      Options
	client *http.Client

	mu   sync.Mutex
	kept map[string][]string // handovers that were finished by patients and not answered yet, by ODS code
}

// New makes one.
func New(o Options) *Server {
	return &Server{o: o, client: &http.Client{Timeout: 5 * time.Second}, kept: map[string][]string{}}
}

var (
	odsForm      = regexp.MustCompile(`^[A-Z0-9]{3,12}$`)
	handoverForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

type page struct {
	ODS, Handover, Says string
	Kept                []string
}

var layout = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">
<title>Own online form of {{.ODS}} (played)</title>
<style>body{font:1.1rem/1.5 sans-serif;max-width:38rem;margin:2rem auto;padding:0 1rem}textarea{width:100%}button{font:inherit;padding:.5rem 1rem;margin:.5rem .5rem 0 0}</style></head>
<body><main><h1>Own online form of {{.ODS}}</h1><p>This plays an online tool that an organisation keeps. Do not enter real details.</p>
{{if .Says}}<p><strong>{{.Says}}</strong></p>
{{else if .Handover}}<form method="post"><input type="hidden" name="handover" value="{{.Handover}}">
<p><label for="words">What do you need?</label><br><textarea id="words" name="words" rows="5"></textarea></p>
<button name="say" value="accept">Send</button> <button name="say" value="decline">Leave without sending</button></form>
{{else}}<h2>What patients sent</h2>{{range .Kept}}<form method="post"><input type="hidden" name="handover" value="{{.}}"><p>Handover {{.}} <button name="say" value="done">Answered</button></p></form>
{{else}}<p>Nothing waits.</p>{{end}}{{end}}</main></body></html>
`))

// ServeHTTP answers for one organisation's tool.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ods := strings.Trim(r.URL.Path, "/")
	if !odsForm.MatchString(ods) {
		http.NotFound(w, r)
		return
	}
	p := page{ODS: ods, Handover: r.URL.Query().Get("handover")}
	if r.Method == http.MethodPost {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
		p.Handover = r.PostFormValue("handover")
	}
	if p.Handover != "" && !handoverForm.MatchString(p.Handover) {
		http.Error(w, "This link is not complete.", http.StatusBadRequest)
		return
	}
	if r.Method == http.MethodPost {
		p.Says = s.say(r.Context(), ods, p.Handover, r.PostFormValue("say"))
		p.Handover = ""
	}
	if p.Says == "" && p.Handover == "" {
		s.mu.Lock()
		p.Kept = slices.Clone(s.kept[ods])
		s.mu.Unlock()
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = layout.Execute(w, p) // a browser that has gone away is no trouble
}

// say tells the product, and says what to show; nothing where the list is to be shown again.
func (s *Server) say(ctx context.Context, ods, handover, what string) string {
	if !slices.Contains([]string{"accept", "decline", "done"}, what) || handover == "" {
		return "Nothing was sent."
	}
	status, err := s.tell(ctx, handover, what)
	if err != nil || status != http.StatusOK {
		return fmt.Sprintf("It could not be confirmed to the service that sent you here (%d). It still has your request.", status)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept[ods] = slices.DeleteFunc(s.kept[ods], func(h string) bool { return h == handover })
	switch what {
	case "accept":
		s.kept[ods] = append(s.kept[ods], handover)
		return "We have your request."
	case "decline":
		return "Nothing was sent. The service that sent you here has been told."
	}
	return ""
}

func (s *Server) tell(ctx context.Context, handover, what string) (int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.o.API+"/api/v1/handovers/"+handover+"/"+what, strings.NewReader("{}")) //nolint:gosec // the address is the product's own; what a browser gave is the form of an id and one of three words
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+s.o.Key)
	r.Header.Set("Content-Type", "application/json")
	response, err := s.client.Do(r) //nolint:gosec // as above
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16)) // so that the connection is used again
	return response.StatusCode, nil
}

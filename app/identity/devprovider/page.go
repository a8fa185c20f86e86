package devprovider

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
)

//go:embed page.html
var pageHTML string

// ask shows the people to sign in as, one button each. It works without scripts, and carries none.
func (p *Provider) ask(w http.ResponseWriter, r *http.Request) {
	a := readWish(r.URL.Query())
	if !p.check(a) {
		http.Error(w, "This sign-in was not asked for properly. Start again from Onedoor.", http.StatusBadRequest)
		return
	}
	page, err := template.New("page").Parse(pageHTML)
	if err != nil {
		http.Error(w, "internal", http.StatusInternalServerError)
		return
	}
	var b bytes.Buffer
	err = page.Execute(&b, struct {
		Action      string
		Stylesheets []string
		Wish        wish
		People      []Person
	}{p.path + "/authorize", p.o.Stylesheets, a, p.o.People})
	if err != nil {
		http.Error(w, "internal", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes())
}

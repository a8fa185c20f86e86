package components_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"onedoor/ui/components"
	"onedoor/ui/locales"
)

type writer = io.Writer

func TestWordsInAnotherLanguageAreMarked(t *testing.T) {
	t.Parallel()
	ctx := locales.With(context.Background(), locales.Welsh)
	var b bytes.Buffer
	if err := components.Words(locales.In("en", "Sore throat")).Render(ctx, &b); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != `<span lang="en">Sore throat</span>` {
		t.Errorf("got %s", got)
	}
	b.Reset()
	if err := components.Words(locales.T("cy", "continue")).Render(ctx, &b); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != "Parhau" {
		t.Errorf("got %s", got)
	}
}

func TestAPatientsPageCarriesTheWayOut(t *testing.T) {
	t.Parallel()
	got := render(t, components.PatientLayout(components.Page{Title: say("Start"), Service: "Riverside", Home: "/riverside/", Nonce: "abc", Forget: "/riverside/forget"}))
	for _, want := range []string{
		`<html lang="en">`, "<title>Start – Riverside</title>", `<script nonce="abc">`, `href="#maincontent"`, `id="maincontent"`,
		components.QuickExit, "data-quick-exit", `data-forget="/riverside/forget"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %s", want)
		}
	}
	for _, never := range []string{"<svg class=\"nhsuk-header__logo\"", " style=", "htmx", "onclick"} {
		if strings.Contains(got, never) {
			t.Errorf("holds %s", never)
		}
	}
}

func TestAPageWithProblemsSaysSoFirst(t *testing.T) {
	t.Parallel()
	got := render(t, components.PatientLayout(components.Page{Title: say("Name"), Service: "Riverside", Problems: true}))
	if !strings.Contains(got, "<title>Error: Name – Riverside</title>") {
		t.Error("the title does not begin with Error:")
	}
}

func TestTheLogoIsASetting(t *testing.T) {
	t.Parallel()
	got := render(t, components.PatientLayout(components.Page{Service: "Riverside", Home: "/", NHSLogo: true}))
	if !strings.Contains(got, "nhsuk-header__logo") {
		t.Error("the logo was asked for and is not there")
	}
}

func TestAWorkspaceNamesWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	got := render(t, components.StaffLayout(components.Page{Service: "Reception", Staff: &components.Staff{
		Person: "Priya Shah", Organisation: "Riverside Surgery", SignOut: "/sign-out",
		Navigation: []components.NavigationItem{{Text: "Queues", Href: "/reception", Current: true}},
	}}))
	for _, want := range []string{"Priya Shah", "Riverside Surgery", `action="/sign-out"`, `aria-current="page"`, "staff.bundle.js", `includeIndicatorCSS`} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %s", want)
		}
	}
}

func TestGivenTextIsNeverMarkup(t *testing.T) {
	t.Parallel()
	got := render(t, components.TextInput(components.Field{ID: "a", Name: "a", Label: say("<script>alert(1)</script>"), Value: `"><img src=x>`}))
	if strings.Contains(got, "<script>") || strings.Contains(got, "<img") {
		t.Errorf("markup came through: %s", got)
	}
}

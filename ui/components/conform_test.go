package components_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"onedoor/ui/components"
	"onedoor/ui/locales"
)

// fold writes HTML one node a line, with attributes in order and white space folded, so that two documents compare equal
// when a browser would see no difference.
func fold(t *testing.T, source string) string {
	t.Helper()
	nodes, err := html.ParseFragment(strings.NewReader(source), &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, n := range nodes {
		foldNode(&out, n, 0)
	}
	return out.String()
}

func foldNode(out *strings.Builder, n *html.Node, depth int) {
	indent := strings.Repeat("  ", depth)
	switch n.Type {
	case html.TextNode:
		if text := strings.Join(strings.Fields(n.Data), " "); text != "" {
			out.WriteString(indent + text + "\n")
		}
	case html.ElementNode:
		attributes := slices.Clone(n.Attr)
		slices.SortFunc(attributes, func(a, b html.Attribute) int { return cmp.Compare(a.Key, b.Key) })
		out.WriteString(indent + "<" + n.Data)
		for _, a := range attributes {
			out.WriteString(" " + a.Key + `="` + strings.Join(strings.Fields(a.Val), " ") + `"`)
		}
		out.WriteString(">\n")
		for child := n.FirstChild; child != nil; child = child.NextSibling {
			foldNode(out, child, depth+1)
		}
	}
}

func render(t *testing.T, c templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func fixture(t *testing.T, component, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "nhsuk-frontend", component+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]string
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	text, ok := all[name]
	if !ok {
		t.Fatalf("%s has no fixture %q", component, name)
	}
	return text
}

var say = locales.Plain

func contacts() []components.Option {
	return []components.Option{{Value: "email", Text: say("Email")}, {Value: "phone", Text: say("Phone")}, {Value: "text", Text: say("Text message")}}
}

func contactChoice(id string) components.Choice {
	return components.Choice{ID: id, Name: "example", Legend: say("How do you want to be contacted about this?"), Size: "l", Heading: true, Options: contacts()}
}

func with[T any](v T, change func(*T)) T {
	change(&v)
	return v
}

// inside gives a component its children.
func inside(c templ.Component, children string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w writer) error {
		return c.Render(templ.WithChildren(ctx, templ.Raw(children)), w)
	})
}

func TestComponentsRenderTheOfficialHTML(t *testing.T) {
	t.Parallel()
	hint := "Do not include personal information like your name, date of birth or NHS number"
	birth := components.DateInput{ID: "example", Legend: say("What is your date of birth?"), Size: "l", Heading: true, Hint: say("For example, 31 3 1980")}
	detail := components.Field{ID: "example", Name: "example", Label: say("Can you provide more detail?"), Size: "l", Heading: true, Hint: say(hint)}
	job := components.Field{ID: "with-error-message", Name: "example", Label: say("Enter a job description"), Size: "l", Heading: true, Hint: say(hint), MaxLength: 350}
	conditional := func(id, kind, label string) templ.Component {
		return components.TextInput(components.Field{ID: id, Name: id, Label: say(label), Type: kind, Class: "nhsuk-u-width-two-thirds", NoSpellcheck: id == "contact-by-email"})
	}
	for _, c := range []struct {
		component, name string
		got             templ.Component
	}{
		{"action-link", "default", components.ActionLink("#/find", say("Find your nearest A&E"), false)},
		{"back-link", "default", components.BackLink("#")},
		{"button", "default", inside(components.PressButton(components.Button{}), "Save and continue")},
		{"button", "secondary", inside(components.PressButton(components.Button{Variant: "secondary"}), "Find my location")},
		{"button", "warning", inside(components.PressButton(components.Button{Variant: "warning"}), "Yes, delete this vaccine")},
		{"button", "default, small", inside(components.PressButton(components.Button{Small: true}), "Save and continue")},
		{"button", "secondary, small", inside(components.PressButton(components.Button{Variant: "secondary", Small: true}), "Find my location")},
		{"button", "as a link", inside(components.PressButton(components.Button{Href: "#"}), "Link button")},
		{"button", "with double click prevented", inside(components.PressButton(components.Button{Once: true}), "Save and continue")},
		{"card", "basic with custom HTML", inside(components.Card(say("Help from NHS 111"), 3, false), `<p class="nhsuk-body">If you're worried about a symptom and not sure what help you need, NHS 111 can tell you what to do next.</p>
			<p class="nhsuk-body">Go to <a href="#">111.nhs.uk</a> or <a href="#">call 111</a>.</p><p class="nhsuk-body">For a life-threatening emergency call 999.</p>`)},
		{"card", "feature", inside(components.Card(say("Feature card heading"), 2, true), `<p class="nhsuk-card__description">Feature card description.</p>`)},
		{"card", "emergency (red and black)", inside(components.CareCard(components.Emergency, say("Call 999 if you have sudden chest pain that:"), 2), `<ul><li>spreads to your arms, back, neck or jaw</li><li>makes your chest feel tight or heavy</li>
			<li>also started with shortness of breath, sweating and feeling or being sick</li></ul><p>You could be having a heart attack. Call 999 immediately as you need immediate treatment in hospital.</p>`)},
		{"card", "urgent (red)", inside(components.CareCard(components.Urgent, say("Ask for an urgent GP appointment if:"), 2), `<ul><li>you're an adult and have chickenpox</li>
			<li>you're pregnant and haven't had chickenpox before and you've been near someone with it</li><li>you have a weakened immune system and you've been near someone with chickenpox</li>
			<li>you think your newborn baby has chickenpox</li></ul><p>In these situations, your GP can prescribe medicine to prevent complications. You need to take it within 24 hours of the spots coming out.</p>`)},
		{"character-count", "default", components.CharacterCount(with(detail, func(f *components.Field) { f.MaxLength = 200 }))},
		{"character-count", "with error message and hint", components.CharacterCount(with(job, func(f *components.Field) {
			f.Error = say("Job description must be 350 characters or less")
			f.Value = textIn(t, fixture(t, "character-count", "with error message and hint"))
		}))},
		{"checkboxes", "default", components.Checkboxes(with(contactChoice("example"), func(c *components.Choice) { c.Hint = say("Select all options that are relevant to you") }))},
		{"checkboxes", `with "none" option`, components.Checkboxes(with(contactChoice("none"), func(c *components.Choice) {
			c.Options = append(c.Options, components.Option{Divider: say("or")}, components.Option{Value: "none", Text: say("I do not want to be contacted"), Exclusive: true})
		}))},
		{"date-input", "default", components.Date(birth)},
		{"date-input", "with values", components.Date(with(birth, func(d *components.DateInput) { d.Day, d.Month, d.Year = "5", "8", "2024" }))},
		{"date-input", "with error message and hint", components.Date(with(birth, func(d *components.DateInput) { d.Error = say("Enter your date of birth") }))},
		{"date-input", "with error on day input", components.Date(with(birth, func(d *components.DateInput) {
			d.Error, d.WrongDay, d.Month, d.Year = say("Date of birth must include a day"), true, "3", "1980"
		}))},
		{"date-input", "without heading", components.Date(components.DateInput{ID: "example", Legend: say("What is your date of birth?")})},
		{"details", "default", inside(components.Reveal(components.Details{Summary: say("How to find your NHS number")}), "You can find your NHS number by logging in to the NHS App or on any document the NHS has sent you.")},
		{"details", "open", inside(components.Reveal(components.Details{Summary: say("How to find your NHS number"), Open: true}), "You can find your NHS number by logging in to the NHS App or on any document the NHS has sent you.")},
		{"details", "expander", inside(components.Reveal(components.Details{Summary: say("Opening times"), Expander: true}), "We are open 9am to 6pm, Monday to Saturday.")},
		{"error-summary", "default", components.ErrorSummary([]components.Problem{{Target: "example-day", Says: say("Date of birth must be in the past")}})},
		{"error-summary", "with multiple errors", components.ErrorSummary([]components.Problem{{Target: "example-first-name", Says: say("Enter your first name")}, {Target: "example-last-name", Says: say("Enter your last name")}})},
		{"error-summary", "without error link (mixed)", components.ErrorSummary([]components.Problem{{Says: say("Invalid username or password")}, {Target: "example-terms-of-service", Says: say("Agree to the terms of service to log in")}})},
		{"footer", "with meta links", inside(components.Footer([]components.FooterLink{
			{Text: say("Accessibility statement"), Href: "#"}, {Text: say("Contact us"), Href: "#"}, {Text: say("Cookies"), Href: "#"}, {Text: say("Privacy policy"), Href: "#"}, {Text: say("Terms and conditions"), Href: "#"},
		}), `<p class="nhsuk-body-s">© NHS England</p>`)},
		{"hint", "default", inside(components.Hint(), hint)},
		{"input", "default", components.TextInput(components.Field{ID: "example", Name: "example", Label: say("What is your full name?"), Size: "l", Heading: true})},
		{"input", "without heading", components.TextInput(components.Field{ID: "without-heading", Name: "example", Label: say("What is your NHS number?"), Code: true, Width: 10, InputMode: "numeric"})},
		{"input", "example mobile phone number", conditional("contact-by-text", "tel", "Mobile phone number")},
		{"input", "width", components.TextInput(components.Field{ID: "input-width", Name: "example", Label: say("2 character width"), Width: 2})},
		{"inset-text", "default", inside(components.InsetText(), "<p>You can report any suspected side effect using the Yellow Card safety scheme</p>")},
		{"pagination", "default", components.Pagination(&components.PageLink{Href: "#/section/treatments", Title: "Treatments"}, &components.PageLink{Href: "#/section/symptoms", Title: "Symptoms"})},
		{"pagination", "with only next", components.Pagination(nil, &components.PageLink{Href: "#/section/symptoms", Title: "Symptoms"})},
		{"panel", "default", inside(components.Panel(say("Booking complete")), "We have sent you a confirmation email")},
		{"radios", "default", components.Radios(contactChoice("example"))},
		{"radios", "inline", components.Radios(components.Choice{ID: "inline", Name: "example", Legend: say("Are you 18 or over?"), Size: "l", Heading: true, Inline: true, Options: []components.Option{{Value: "yes", Text: say("Yes")}, {Value: "no", Text: say("No")}}})},
		{"radios", "without heading", components.Radios(with(contactChoice("without-heading"), func(c *components.Choice) { c.Size, c.Heading = "", false }))},
		{"radios", "with hint", components.Radios(with(contactChoice("with-hint"), func(c *components.Choice) { c.Hint = say("Select 1 option") }))},
		{"radios", "with error message and hint", components.Radios(with(contactChoice("with-hint-error"), func(c *components.Choice) {
			c.Hint, c.Error = say("Select 1 option"), say("Select how you want to be contacted")
		}))},
		{"radios", "with hints on items", components.Radios(components.Choice{ID: "with-hint-item", Name: "example", Legend: say("Do you have a mobile phone with signal?"), Size: "l", Heading: true, Options: []components.Option{
			{Value: "mobile", Text: say("Yes, I have a mobile phone with signal"), Hint: say("We will text you a 6 digit security code")},
			{Value: "landline", Text: say("No, I want to use my landline"), Hint: say("We will call you to give you a 6 digit security code")},
		}})},
		{"radios", "with conditional content", components.Radios(with(contactChoice("conditional"), func(c *components.Choice) {
			c.Hint = say("Select 1 option")
			c.Options[0].Conditional = conditional("contact-by-email", "", "Email address")
			c.Options[1].Conditional = conditional("contact-by-phone", "tel", "Phone number")
			c.Options[2].Conditional = conditional("contact-by-text", "tel", "Mobile phone number")
		}))},
		{"skip-link", "default", components.SkipLink()},
		{"summary-list", "with multiple actions", components.Summary(components.SummaryList{Rows: karen(true)})},
		{"summary-list", "without border", components.Summary(components.SummaryList{NoBorder: true, Rows: karen(false)})},
		{"tables", "default", components.DataTable(components.Table{
			Caption: say("Impetigo can look similar to other skin conditions"), CaptionSize: "m", RowHeaders: true,
			Columns: []components.Column{{Text: say("Skin symptoms")}, {Text: say("Possible cause")}},
			Rows: []components.Row{
				{Cells: []components.Cell{{Text: say("Blisters on lips or around the mouth")}, {Text: say("Cold sores")}}},
				{Cells: []components.Cell{{Text: say("Itchy, dry, cracked, sore")}, {Text: say("Eczema")}}},
				{Cells: []components.Cell{{Text: say("Itchy blisters")}, {Text: say("Shingles, chickenpox")}}},
			},
		})},
		{"tag", "default", components.Tag(say("Active"), "")},
		{"textarea", "default", components.Textarea(detail)},
		{"textarea", "with error message and hint", components.Textarea(with(detail, func(f *components.Field) {
			f.ID, f.Error = "with-hint-error", say("You must provide an explanation")
		}))},
		{"warning-callout", "with custom heading", inside(components.WarningCallout(say("School, nursery or work"), 3), `<p class="nhsuk-card__description">Stay away from school, nursery or work until all the spots have crusted over. This is usually 5 days after the spots first appeared.</p>`)},
	} {
		t.Run(c.component+"/"+c.name, func(t *testing.T) {
			t.Parallel()
			if want, got := fold(t, fixture(t, c.component, c.name)), fold(t, render(t, c.got)); want != got {
				t.Errorf("want\n%s\ngot\n%s", want, got)
			}
		})
	}
}

func karen(actions bool) []components.SummaryRow {
	act := func(verb, what string) components.SummaryAction {
		href := map[string]string{"Add": "#/add", "Change": "#/change"}[verb]
		return components.SummaryAction{Href: href, Text: say(verb), Hidden: say(what)}
	}
	rows := []components.SummaryRow{
		{Key: say("Name"), Values: []locales.Text{say("Karen Francis")}},
		{Key: say("Date of birth"), Values: []locales.Text{say("15 March 1984")}},
		{Key: say("Contact information"), Body: components.Lines([]string{"73 Roman Rd", "Leeds", "LS2 5ZN"})},
		{Key: say("Contact details"), Values: []locales.Text{say("07700 900362"), say("karen.francis@example.com")}},
	}
	if actions {
		rows = append(rows, components.SummaryRow{Key: say("Medicines"), Values: []locales.Text{say("Isotretinoin capsules (Roaccutane)"), say("Isotretinoin gel (Isotrex)"), say("Pepto-Bismol (bismuth subsalicylate)")}})
		rows[1].Actions = []components.SummaryAction{act("Change", "date of birth")}
		rows[2].Actions = []components.SummaryAction{act("Change", "contact information")}
		rows[3].Actions = []components.SummaryAction{act("Add", "new contact details"), act("Change", "contact details")}
		rows[4].Actions = []components.SummaryAction{act("Add", "new medicine"), act("Change", "medicines")}
	}
	return rows
}

// textIn is what stands in a fixture's text area.
func textIn(t *testing.T, source string) string {
	t.Helper()
	_, after, _ := strings.Cut(source, "<textarea")
	_, after, _ = strings.Cut(after, ">")
	text, _, _ := strings.Cut(after, "</textarea>")
	return html.UnescapeString(text)
}

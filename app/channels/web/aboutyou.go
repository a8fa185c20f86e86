package web

import (
	"net/url"

	"onedoor/app/fault"
	"onedoor/app/intake"
	"onedoor/app/routes"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// detailPage is one page about the person. Each has a file of its own.
type detailPage struct {
	slug    string
	title   string          // the id of its heading
	details []intake.Detail // what it gives, the first of which places it
	// filled is the form as it was sent before.
	filled func(d intake.Details) url.Values
	// controls are what is asked; heading tells whether they stand under the page's own heading.
	controls func(v *visit, form url.Values, problems []components.Problem) (controls []pages.Control, heading bool)
	// read is what the form gives, or what is wrong with it.
	read func(v *visit, form url.Values) ([]given, []components.Problem)
	// refused are the codes with which the domain refuses a value: the control that each concerns, and its words.
	refused map[string]refusal
}

// given is one detail as the walker takes it; no texts leave it unknown.
type given struct {
	detail intake.Detail
	texts  []string
}

type refusal struct{ target, says string }

// aboutYou is every page about the person.
func aboutYou() []detailPage {
	return []detailPage{namePage(), birthDatePage(), nhsNumberPage(), postcodePage(), sexPage(), mobilePage()}
}

func (h *Handlers) askDetail(p detailPage) page {
	return func(v *visit) error {
		for _, detail := range p.details {
			reached, err := h.reached(v, intake.Place{Detail: detail})
			if err != nil {
				return err
			}
			if reached {
				return h.showDetail(v, p, p.filled(v.claimed()), nil)
			}
		}
		return h.resume(v)
	}
}

func (h *Handlers) giveDetail(p detailPage) page {
	return func(v *visit) error {
		form, err := routes.ReadForm(v.Context)
		if err != nil {
			return err
		}
		gives, problems := p.read(v, form)
		if len(problems) > 0 {
			return h.showDetail(v, p, form, problems)
		}
		for _, g := range gives {
			if err := h.Walker.Give(v.talk, g.detail, g.texts...); err != nil {
				problem, ok := p.problem(v, err)
				if !ok {
					return err
				}
				return h.showDetail(v, p, form, []components.Problem{problem})
			}
		}
		return h.goOn(v)
	}
}

// problem turns a refusal of the domain into words of the page. What it has no words for is said as the domain says it.
func (p detailPage) problem(v *visit, err error) (components.Problem, bool) {
	e := fault.As(err)
	if e.Kind != fault.Invalid || len(e.Fields) == 0 {
		return components.Problem{}, false
	}
	if r, ok := p.refused[e.Fields[0].Code]; ok {
		return components.Problem{Target: r.target, Says: v.say(r.says)}, true
	}
	return components.Problem{Target: p.slug, Says: english(e.Fields[0].Says)}, true
}

func (h *Handlers) showDetail(v *visit, p detailPage, form url.Values, problems []components.Problem) error {
	controls, underHeading := p.controls(v, form, problems)
	f := pages.Form{
		Page: v.asking(v.say(p.title), problems), Problems: problems, Action: v.path("about-you/" + p.slug), Controls: controls,
	}
	if underHeading {
		f.Heading = v.say(p.title)
	}
	f.Back = h.back(v, intake.Place{Detail: p.details[0]})
	return v.show(problems, pages.Ask(f))
}

// orNone is a box that stands for having nothing to enter.
func orNone(v *visit, name, says string, form url.Values) pages.Control {
	return pages.Control{Checkboxes: &components.Choice{
		ID: name, Name: name, Legend: v.say("or"),
		Options: []components.Option{{Value: "yes", Text: v.say(says), Checked: form.Get(name) == "yes"}},
	}}
}

// textOrNone reads a field that has such a box: exactly one of them is used.
func textOrNone(v *visit, form url.Values, field, none, missing, both string) (text string, problems []components.Problem) {
	text = trimmed(form, field)
	switch ticked := form.Get(none) == "yes"; {
	case text == "" && !ticked:
		return "", []components.Problem{{Target: field, Says: v.say(missing)}}
	case text != "" && ticked:
		return "", []components.Problem{{Target: field, Says: v.say(both)}}
	}
	return text, nil
}

func yesNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

func (v *visit) problemAt(target, id string, args ...locales.Args) components.Problem {
	return components.Problem{Target: target, Says: v.say(id, args...)}
}

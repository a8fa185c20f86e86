package pages_test

import (
	"github.com/a-h/templ"

	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

func frame(lang, title string) components.Page {
	return components.Page{
		Title: locales.T(lang, title), Service: "Riverside neighbourhood", Home: "/riverside/", Nonce: "sample", Development: true,
		Forget: "/riverside/forget", OtherLanguage: "?lang=cy",
	}
}

func question(text string) locales.Text { return locales.In("en", text) }

// samples are the pages with made-up content, by name.
func samples(lang string) map[string]templ.Component {
	say := func(id string, args ...locales.Args) locales.Text { return locales.T(lang, id, args...) }
	inside := func(title string) components.Page {
		p := frame(lang, title)
		p.Back = "/riverside/"
		return p
	}
	wrong := inside("check-request")
	wrong.Problems = true
	yesNo := []components.Option{{Value: "true", Text: say("yes")}, {Value: "false", Text: say("no")}}
	change := []components.SummaryAction{{Href: "/riverside/", Text: say("change"), Hidden: question("sore throat")}}
	return map[string]templ.Component{
		"find": pages.FindNeighbourhood(pages.Find{Page: frame(lang, "find-title"), Neighbourhoods: []pages.Link{
			{Text: locales.Plain("Hillside"), Href: "/hillside/"}, {Text: locales.Plain("Riverside"), Href: "/riverside/"},
		}}),
		"start": pages.FrontDoor(pages.Door{Status: "/riverside/status", Resume: "/riverside/question", Form: pages.Form{
			Page: frame(lang, "start-title"), Action: "/riverside/start",
			Controls: []pages.Control{{Radios: &components.Choice{ID: "kind", Name: "kind", Legend: say("start-heading"), Size: "l", Heading: true, Options: []components.Option{
				{Value: "symptoms", Text: question("A health problem or symptoms")},
				{Value: "repeat-prescription", Text: question("A repeat prescription")},
				{Value: "admin", Text: question("A letter, registration or records")},
			}}}},
		}}),
		"own-words": pages.AskOwnWords(pages.OwnWords{Menu: "/riverside/", Form: pages.Form{
			Page: inside("own-words-title"), Action: "/riverside/own-words",
			Controls: []pages.Control{{Area: &components.Field{ID: "words", Name: "words", Label: say("own-words-label"), Size: "l", Heading: true, Hint: say("own-words-hint"), MaxLength: 1000}}},
		}}),
		"proposal": pages.Confirm(pages.Proposal{
			Question: say("proposal-legend", locales.Args{"Kind": "Get help with symptoms"}),
			Answers: components.SummaryList{Rows: []components.SummaryRow{
				{Key: question("What do you need help with?"), Values: []locales.Text{question("Earache")}},
				{Key: say("proposal-words"), Values: []locales.Text{locales.Plain("my ear hurts")}},
			}},
			Form: pages.Form{
				Page: inside("proposal-title"), Action: "/riverside/own-words/answer", Hidden: []pages.Hidden{{Name: "kind", Value: "symptoms"}},
				Controls: []pages.Control{{Radios: &components.Choice{
					ID: "right", Name: "right", Legend: say("proposal-right"), Size: "m",
					Options: []components.Option{{Value: "yes", Text: say("yes")}, {Value: "no", Text: say("proposal-no")}},
				}}},
			},
		}),
		"start-after-own-words": pages.FrontDoor(pages.Door{Status: "/riverside/status", OwnWords: "/riverside/own-words", Note: say("own-words-unsure"), Form: pages.Form{
			Page: frame(lang, "start-title"), Action: "/riverside/start", Hidden: []pages.Hidden{{Name: "words", Value: "my ear hurts"}},
			Controls: []pages.Control{{Radios: &components.Choice{ID: "kind", Name: "kind", Legend: say("start-heading"), Size: "l", Heading: true, Options: []components.Option{
				{Value: "symptoms", Text: question("A health problem or symptoms")}, {Value: "admin", Text: question("A letter, registration or records")},
			}}}},
		}}),
		"question-choice": pages.Ask(pages.Form{
			Page: wrong, Action: "/riverside/question", Problems: []components.Problem{{Target: "sore-throat", Says: say("error-yes-no")}},
			Controls: []pages.Control{{Radios: &components.Choice{ID: "sore-throat", Name: "answer", Legend: question("Do you have a sore throat?"), Hint: question("It may hurt to swallow."), Size: "l", Heading: true, Inline: true, Error: say("error-yes-no"), Options: yesNo}}},
		}),
		"question-choices": pages.Ask(pages.Form{
			Page: inside("check-request"), Action: "/riverside/question", Hidden: []pages.Hidden{{Name: "question", Value: "red-flags"}},
			Controls: []pages.Control{{Checkboxes: &components.Choice{ID: "red-flags", Name: "answer", Legend: question("Do you have any of these now?"), Size: "l", Heading: true, Options: []components.Option{
				{Value: "chest-pain", Text: question("Pain or tightness in the chest")},
				{Value: "breathing", Text: question("Severe difficulty breathing"), Hint: question("Gasping, choking, or not able to say words")},
				{Divider: say("or")},
				{Value: "none", Text: question("None of these"), Exclusive: true},
			}}}},
		}),
		"question-text": pages.Ask(pages.Form{
			Page: inside("check-request"), Action: "/riverside/question",
			Controls: []pages.Control{{Area: &components.Field{ID: "more", Name: "answer", Label: question("Is there anything else we should know?"), Size: "l", Heading: true, MaxLength: 500}}},
		}),
		"birth": pages.Ask(pages.Form{
			Page: wrong, Action: "/riverside/about-you/date-of-birth", Problems: []components.Problem{{Target: "birth-day", Says: say("birth-missing-day")}},
			Controls: []pages.Control{{Date: &components.DateInput{ID: "birth", Legend: say("birth-heading"), Hint: say("birth-hint"), Size: "l", Heading: true, Error: say("birth-missing-day"), WrongDay: true, Month: "3", Year: "1980", Birthday: true}}},
		}),
		"nhs-number": pages.Ask(pages.Form{
			Page: inside("nhs-number-heading"), Action: "/riverside/about-you/nhs-number",
			Heading: say("nhs-number-heading"), Controls: []pages.Control{
				{Text: &components.Field{ID: "nhs-number", Name: "nhs-number", Label: say("nhs-number-label"), Hint: say("nhs-number-hint"), Code: true, Width: 10, InputMode: "numeric"}},
				{Checkboxes: &components.Choice{ID: "unknown", Name: "unknown", Legend: say("or"), Options: []components.Option{{Value: "yes", Text: say("nhs-number-no")}}}},
			},
		}),
		"mobile": pages.Ask(pages.Form{Page: inside("mobile-heading"), Heading: say("mobile-heading"), Action: "/riverside/about-you/mobile", Controls: []pages.Control{
			{Text: &components.Field{ID: "mobile", Name: "mobile", Label: say("mobile-label"), Hint: say("mobile-hint"), Type: "tel", Width: 20, Autocomplete: "tel"}},
			{Checkboxes: &components.Choice{ID: "none", Name: "none", Legend: say("or"), Options: []components.Option{{Value: "yes", Text: say("mobile-none")}}}},
			{Radios: &components.Choice{ID: "safe", Name: "safe", Legend: say("safe-heading"), Hint: say("safe-hint"), Size: "s", Options: yesNo}},
		}}),
		"pharmacy": pages.Ask(pages.Form{
			Page: inside("pharmacy-heading"), Action: "/riverside/pharmacy",
			Controls: []pages.Control{{Radios: &components.Choice{ID: "pharmacy", Name: "pharmacy", Legend: say("pharmacy-heading"), Hint: say("pharmacy-hint"), Size: "l", Heading: true, Options: []components.Option{
				{Value: "FA001", Text: locales.Plain("Bridge Pharmacy"), Hint: locales.Plain("1 Bridge Street, Leeds, LS1 4AP. Open day and night.")},
				{Value: "FA002", Text: locales.Plain("Mill Lane Pharmacy"), Hint: locales.Plain("20 Mill Lane, Leeds, LS2 7DJ. Closed now. Opens today at 9am.")},
				{Divider: say("or")},
				{Value: "other", Text: say("pharmacy-other"), Hint: say("pharmacy-other-hint")},
			}}}},
		}),
		"check": pages.CheckAnswers(pages.Check{Page: inside("check-heading"), Action: "/riverside/check-answers", Sections: []pages.Section{
			{Heading: say("check-request"), List: components.SummaryList{Rows: []components.SummaryRow{{Key: question("Do you have a sore throat?"), Values: []locales.Text{say("yes")}, Actions: change}}}},
			{Heading: say("check-about"), List: components.SummaryList{Rows: []components.SummaryRow{{Key: say("check-name"), Values: []locales.Text{locales.Plain("Sam Okafor")}, Actions: change}}}},
		}}),
		"sent-by-yourself": pages.Confirmation(pages.Sent{
			Page: frame(lang, "sent-title"), Reference: "4820019375", Status: "/riverside/status", Finish: "/riverside/forget",
			Now: &pages.ByYourself{Heading: say("by-self-heading-book"), Says: say("by-self-says"), Link: pages.Link{Text: say("by-self-link-book"), Href: "/riverside/by-yourself"}},
		}),
		"by-yourself-done": pages.Settled(pages.BySelf{
			Page: frame(lang, "by-self-done-book"), Heading: say("by-self-done-book"), Done: true, Reference: "4820019375", Says: []locales.Text{say("by-self-next-book")}, Finish: "/riverside/forget",
			List: components.SummaryList{Rows: []components.SummaryRow{{Key: say("by-self-when"), Values: []locales.Text{locales.Plain("9:15am")}}}},
		}),
		"by-yourself-left": pages.Settled(pages.BySelf{
			Page: frame(lang, "by-self-left"), Heading: say("by-self-left"), Says: []locales.Text{say("by-self-unknown"), say("by-self-stands")},
			Links: []pages.Link{{Text: say("by-self-back"), Href: "/riverside/sent"}},
		}),
		"sent": pages.Confirmation(pages.Sent{Page: frame(lang, "sent-title"), Reference: "4820019375", Status: "/riverside/status", Finish: "/riverside/forget", Urgent111: true, Next: []locales.Text{
			locales.Plain("Riverside Surgery will check your request and send it to Bridge Pharmacy. You will have an answer by 6:30pm on Monday 23 November."), say("next-no-texts"),
		}}),
		"emergency": pages.EmergencyStop(pages.Emergency{Page: frame(lang, "emergency-title"), AlsoEnglish: lang != "en", Crisis: true, Reference: "4820019375", Finish: "/riverside/forget", Again: "/riverside/", Done: []locales.Text{say("emergency-recorded", locales.Args{"Accountable": "Riverside Surgery"})}}),
		"status": pages.Status(pages.Lookup{Page: inside("status-title"), Reference: "4820019375", Status: say("status-queued"), Colour: "blue", Says: []locales.Text{locales.Plain("Riverside Surgery has your request.")}, Door: "/riverside/", List: components.SummaryList{Rows: []components.SummaryRow{
			{Key: say("status-reference"), Values: []locales.Text{locales.Plain("482 001 9375")}}, {Key: say("status-due"), Values: []locales.Text{locales.Plain("6:30pm on Monday 23 November")}},
		}}}),
		"missing": pages.Sorry(pages.Trouble{Page: frame(lang, "missing-title"), Heading: say("missing-title"), Says: []locales.Text{say("missing-says")}, Urgent: true, Links: []pages.Link{{Text: say("session-link"), Href: "/riverside/"}}}),
	}
}

package pages_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
	"onedoor/ui/static"
)

func desk() pages.Reception {
	queues := pages.Queues{Groups: []pages.QueueGroup{{Organisation: "Quayside Pharmacy", Queues: []pages.QueueLink{
		{Name: "Pharmacy First", Href: "/reception/queues/q1", Current: true, Open: 2, Unclaimed: 1, Offers: 1},
	}}}}
	soon := pages.Label{Text: "Soon", Colour: "blue"}
	row := pages.RequestRow{
		Reference: "1234567894", Version: 3, Href: "/reception/requests/1234567894?queue=q1", Name: "OKAFOR, Daniel", Born: "27 Apr 1996, 30 y",
		Due: pages.Due{At: "2026-11-24T18:30:00Z", Says: "18:30 tomorrow", Relative: "in 1 day 8 h"}, Urgency: soon, Kind: "Get help with symptoms", Channel: "Online",
		Status: pages.Label{Text: "Waiting", Colour: "white"}, Actions: []pages.RowAction{{Text: "Claim", Hidden: " OKAFOR, Daniel", Action: "/reception/requests/1234567894/claim"}},
	}
	claimed := row
	claimed.Reference, claimed.Name, claimed.Open, claimed.Mine, claimed.Claimed, claimed.Since, claimed.Actions = "2234567891", "<b>ELLIS</b>, Margaret", true, true, "You", "since 09:14", nil
	claimed.Due = pages.Due{At: "2026-11-23T09:35:00Z", Says: "09:35 today", Relative: "25 min overdue", Overdue: true}
	offered := row
	offered.Reference, offered.From, offered.Status = "3234567898", "Weir Lane Surgery", pages.Label{Text: "Offered", Colour: "purple"}
	offered.Actions = []pages.RowAction{
		{Text: "Accept", Hidden: " OKAFOR, Daniel", Action: "/reception/requests/3234567898/accept", Primary: true},
		{Text: "Decline", Hidden: " OKAFOR, Daniel", Link: "/reception/requests/3234567898?form=decline&queue=q1"},
	}
	return pages.Reception{
		Page: components.Page{
			Title: locales.Plain("Pharmacy First"), Service: "Onedoor reception", Home: "/reception", Nonce: "sample", Development: true,
			Staff: &components.Staff{
				Person: "Grace Mensah", Organisation: "Quayside Pharmacy", SignOut: "/sign-out",
				Navigation: []components.NavigationItem{{Text: "Queues", Href: "/reception", Current: true}},
			},
		},
		Queues: queues, Events: "/reception/events", Now: "2026-11-23T10:00:00.000Z", Request: panel(),
		List: &pages.QueueList{
			Name: "Pharmacy First", Organisation: "Quayside Pharmacy", Href: "/reception/queues/q1", TakeNext: "/reception/queues/q1/next",
			Views:   []pages.ViewLink{{Text: "All", Href: "/reception/queues/q1", Current: true, Count: 3, Counted: true}, {Text: "Mine", Href: "/reception/queues/q1?view=mine"}},
			Context: pages.Context{Queue: "q1"}, Refresh: "/reception/queues/q1?live=1", Offers: []pages.RequestRow{offered}, Rows: []pages.RequestRow{claimed, row},
			Next: "/reception/queues/q1?cursor=c", Notice: "Not claimed: Li Wei claimed this at 09:12.", Refused: true,
		},
	}
}

func panel() *pages.RequestPanel {
	problems := []components.Problem{{Target: "outcome", Says: locales.Plain("Select the outcome")}}
	return &pages.RequestPanel{
		Reference: "2234567891", Spaced: "223 456 7891", Version: 4, Href: "/reception/requests/2234567891?queue=q1", Back: "/reception/queues/q1",
		Context: pages.Context{Queue: "q1"}, Focus: true, Name: "Margaret <b>Ellis</b>", Kind: "Get help with symptoms",
		Facts:   []pages.Fact{{Key: "Born", Values: []string{"9 Jan 1962 (64 years)"}}, {Key: "NHS number", Values: []string{"999 000 1022"}}},
		Urgency: pages.Label{Text: "Urgent", Colour: "orange"}, Status: pages.Label{Text: "In progress", Colour: "blue"},
		Due:      pages.Due{At: "2026-11-23T09:35:00Z", Says: "09:35 today", Relative: "25 min overdue", Overdue: true},
		Standing: []string{"Quayside Pharmacy is accountable, since 09:10 today. Queue: Pharmacy First. You claimed it at 09:14 today."},
		Done:     "You have claimed this request.", Changed: "Not done: this request has changed since you saw it.", Problems: problems,
		Commands: []pages.Command{{Text: "Release", Action: "/reception/requests/2234567891/release", Key: "release", Hint: "Anyone can claim it then."}},
		Outcome: &pages.OutcomeForm{
			Action: "/reception/requests/2234567891/outcome", Note: "Rang <b>back</b>", Says: "It goes to the records of Quayside Pharmacy and of Weir Lane Surgery.",
			Outcomes: []components.Option{{Value: "done", Text: locales.Plain("Done")}, {Value: "advice", Text: locales.Plain("Advice given"), Checked: true}},
		},
		More: []pages.MoreForm{{
			ID: "form-transfer", Summary: "Offer it to another organisation", Hint: "Quayside Pharmacy stays accountable until it is accepted.", Action: "/reception/requests/2234567891/transfer",
			Open: true, Button: "Offer", Key: "transfer",
			Select: &components.Select{ID: "transfer-to", Name: "to", Label: locales.Plain("Organisation"), Options: []components.SelectOption{{Value: "", Text: "Choose an organisation"}, {Value: "A81001/", Text: "Weir Lane Surgery", Selected: true}}},
			Reason: components.Field{ID: "transfer-reason", Name: "reason", Label: locales.Plain("Reason"), Rows: 2, Value: "Too far"},
		}},
		Because: []string{"Rule sore-throat of pharmacy-first: when condition is sore throat."}, Rule: "sore-throat", Policy: "04674eb304fe9b1c", Explain: "/reception/requests/2234567891/explanation",
		Answers: []pages.Fact{
			{Key: "Do any of these apply now?", Values: []string{"Difficulty breathing"}, Raised: true},
			{Key: "Tell us about the problem", Values: []string{"Sore for <b>three</b> days.", "No cough."}, Quoted: true},
		},
		Patient:    []pages.Fact{{Key: "Telephone", Values: []string{"07700 900002"}}},
		Result:     []pages.Fact{{Key: "Outcome", Values: []string{"Done"}}},
		Deliveries: []pages.DeliveryLine{{Organisation: "Weir Lane Surgery", Purpose: "For the registered practice", State: pages.Label{Text: "Needs attention", Colour: "red"}, Says: "Not in the record. Somebody has to look.", Why: "The clinical system refused it."}},
		Timeline:   []pages.TimelineLine{{At: "09:12 today", Stamp: "2026-11-23T09:12:00Z", Says: "Towpath Pharmacy declined the offer", Note: "No pharmacist <b>today</b>"}},
		Readers:    []pages.TimelineLine{{At: "09:14 today", Stamp: "2026-11-23T09:14:00Z", Says: "You opened it"}},
	}
}

func TestReceptionIsAsItWasLookedAt(t *testing.T) {
	t.Parallel()
	whole := desk()
	explanation := pages.Explanation{
		Page: whole.Page, Reference: "223 456 7891", Decided: "at 09:00 today", Stage: "table pharmacy-first", Rule: "sore-throat",
		Facts: []pages.Fact{{Key: "condition", Values: []string{"sore throat"}}}, Candidates: []pages.CandidateLine{{Chosen: true, Says: "Pharmacy First at Quayside Pharmacy takes it."}, {Says: "Towpath Pharmacy is closed."}},
		NearMisses: []pages.NearMissLine{{Rule: "earache of pharmacy-first", Says: "it needs age to be under 18, and here it is 30."}}, Versions: []pages.Fact{{Key: "Policy", Values: []string{"04674eb304fe9b1c"}}},
	}
	for name, page := range map[string]templ.Component{
		"desk":        pages.ReceptionDesk(whole),
		"explanation": pages.ExplanationPage(explanation),
		"answer":      pages.ReceptionFragments(pages.Fragments{Queues: &whole.Queues, List: whole.List, Request: whole.Request, Announce: "Released."}),
		"renewed":     pages.ReceptionFragments(pages.Fragments{Request: whole.Request, Morph: true, Part: pages.ExplanationPart(explanation, 4)}),
		"closed":      pages.ReceptionFragments(pages.Fragments{Closed: true, Announce: "Declined."}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			if err := page.Render(context.Background(), &b); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(b.String(), "<b>") || strings.Contains(b.String(), " style=") || strings.Contains(b.String(), "hx-on") {
				t.Error("a person's words, or ours, were taken for markup")
			}
			got := strings.ReplaceAll(b.String(), static.Path(""), static.Root)
			got = strings.ReplaceAll(got, "><", ">\n<") + "\n"
			golden := filepath.Join("testdata", "reception-"+name+".html")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || string(want) != got {
				t.Errorf("%s differs; look at it, then run with -update (%v)", golden, err)
			}
		})
	}
}

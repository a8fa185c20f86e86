package reception

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/app/wording"
	"onedoor/tenants"
	"onedoor/ui/pages"
)

// row is one line of a list.
func (w *Workspace) row(k *call, r requests.Row, open requests.Reference) pages.RequestRow {
	birth, _ := nhs.ParseDate(r.Patient.BirthDate) // empty for not known
	row := pages.RequestRow{
		Reference: string(r.Reference), Version: r.Version, Href: k.list.request(r.Reference), Open: r.Reference == open,
		Due: dueOf(r.AnswerDue, k.now), Name: listName(r.Patient.GivenName, r.Patient.FamilyName), Born: bornShort(birth, k),
		Urgency: urgencyLabel(r.Urgency), Kind: kindTitle(r), Channel: channelWords(r.Channel),
		Status: statusLabel(r.Status, r.Claimed != nil),
	}
	if label, ok := toolLabel(r.Tool); ok && r.Claimed == nil {
		row.Status = label
	}
	if r.Offered {
		row.From = r.From.Name
	}
	if r.Claimed != nil {
		row.Mine = r.Claimed.ByID == k.by.ID
		row.Claimed, row.Since = r.Claimed.By, "since "+sinceWords(r, k)
		if row.Mine {
			row.Claimed = "You"
		}
	}
	row.Actions = rowActions(k, r, row.Name)
	return row
}

func sinceWords(r requests.Row, k *call) string {
	return strings.TrimSuffix(wording.ShortMoment(r.Claimed.At, k.now), " today")
}

// rowActions are what can be done from the list: what needs words is done beside it.
func rowActions(k *call, r requests.Row, name string) []pages.RowAction {
	hidden := " " + name
	if r.Offered {
		var to uuid.UUID // the queue is this organisation's: the list was read in its scope
		if q, ok := k.directory.Queue(k.list.queue); ok {
			to = q.OrganisationID
		}
		var actions []pages.RowAction
		if k.mayIn(to, "accept") {
			actions = append(actions, pages.RowAction{Text: "Accept", Hidden: hidden, Action: command(r.Reference, "accept"), Primary: true})
		}
		if k.mayIn(to, "decline") {
			actions = append(actions, pages.RowAction{Text: "Decline", Hidden: hidden, Link: k.list.request(r.Reference, "form", "decline")})
		}
		return actions
	}
	at := k.organisation(r.From)
	switch {
	case r.Claimed != nil || r.Status == requests.Offered || r.Status == requests.Closed:
		return nil
	case r.Status == requests.ToVerify && k.mayIn(at, "verify"):
		return []pages.RowAction{{Text: "Verify", Hidden: hidden, Action: command(r.Reference, "verify"), Primary: true}}
	case k.mayIn(at, "claim"):
		return []pages.RowAction{{Text: "Claim", Hidden: hidden, Action: command(r.Reference, "claim")}}
	}
	return nil
}

func kindTitle(r requests.Row) string {
	title := r.KindTitle
	if title == "" {
		title = r.Kind
	}
	if r.Incomplete {
		title += " (call cut off)"
	}
	return title
}

// listName is a name as lists have it: OKAFOR, Daniel.
func listName(given, family string) string {
	switch {
	case family == "" && given == "":
		return "Name not given"
	case family == "":
		return given
	case given == "":
		return strings.ToUpper(family)
	}
	return strings.ToUpper(family) + ", " + given
}

func born(birth nhs.Date, k *call) string {
	if birth.IsZero() {
		return "Date of birth not given"
	}
	return fmt.Sprintf("%s (%s)", shortDate(birth), age(birth, nhs.DateOf(k.now.In(tenants.London()))))
}

// bornShort is for a list, where every character counts: 27 Apr 1996, 30 y.
func bornShort(birth nhs.Date, k *call) string {
	if birth.IsZero() {
		return "Date of birth not given"
	}
	today := nhs.DateOf(k.now.In(tenants.London()))
	short := strconv.Itoa(birth.Age(today)) + "\u00a0y"
	if months := birth.AgeMonths(today); months < 24 {
		short = strconv.Itoa(months) + "\u00a0m"
	}
	return shortDate(birth) + ", " + short
}

package reception

import (
	"onedoor/app/clinical"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/policy"
	"onedoor/ui/pages"
)

// What the codes are called on this page. A colour goes with a word and never instead of it.

func urgencyLabel(u policy.Urgency) pages.Label {
	switch u {
	case policy.Emergency:
		return pages.Label{Text: "Emergency", Colour: "red"}
	case policy.Urgent:
		return pages.Label{Text: "Urgent", Colour: "orange"}
	case policy.Soon:
		return pages.Label{Text: "Soon", Colour: "blue"}
	case policy.Routine:
		return pages.Label{Text: "Routine", Colour: "grey"}
	}
	return pages.Label{Text: string(u), Colour: "grey"}
}

func statusLabel(s requests.Status, claimed bool) pages.Label {
	switch s {
	case requests.ToVerify:
		return pages.Label{Text: "To verify", Colour: "yellow"}
	case requests.Offered:
		return pages.Label{Text: "Offered", Colour: "purple"}
	case requests.Diverted:
		return pages.Label{Text: "Told to call 999", Colour: "red"}
	case requests.Closed:
		return pages.Label{Text: "Closed", Colour: "green"}
	case requests.Queued:
		if claimed {
			return pages.Label{Text: "In progress", Colour: "blue"}
		}
		return pages.Label{Text: "Waiting", Colour: "white"}
	}
	return pages.Label{Text: string(s), Colour: "grey"}
}

func channelWords(c requests.Channel) string {
	switch c {
	case requests.Web:
		return "Online"
	case requests.App:
		return "App"
	case requests.Phone:
		return "Phone"
	case requests.InPerson:
		return "In person"
	case requests.Tasked:
		return "From Onedoor itself"
	case requests.Linked:
		return "Link to own online tool"
	case requests.Referral:
		return "Referral"
	}
	return string(c)
}

func sexWords(s nhs.Sex) string {
	switch s {
	case nhs.Female:
		return "Female"
	case nhs.Male:
		return "Male"
	case nhs.Other:
		return "Other"
	}
	return "Not known"
}

// deliveryWords say how far an outcome has come: sent is not filed, and filed is only what the system said.
func deliveryWords(s clinical.State) (label pages.Label, says string) {
	switch s {
	case clinical.Pending:
		return pages.Label{Text: "Waiting", Colour: "grey"}, "Waiting to be sent."
	case clinical.Sent:
		return pages.Label{Text: "Sent", Colour: "blue"}, "Sent, and not yet confirmed by the system."
	case clinical.Accepted:
		return pages.Label{Text: "Accepted", Colour: "blue"}, "Taken on the way, and not yet confirmed by the system."
	case clinical.Acknowledged:
		return pages.Label{Text: "Acknowledged", Colour: "blue"}, "The system has it, and has not filed it yet."
	case clinical.Filed:
		return pages.Label{Text: "Filed", Colour: "green"}, "In the record."
	case clinical.NeedsAttention:
		return pages.Label{Text: "Needs attention", Colour: "red"}, "Not in the record. Somebody has to look."
	}
	return pages.Label{Text: string(s), Colour: "grey"}, ""
}

func purposeWords(purpose string) string {
	if purpose == string(clinical.RegisteredPractice) {
		return "For the registered practice"
	}
	return "For its own record"
}

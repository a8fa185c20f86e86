package reception

import (
	"onedoor/app/audit"
	"onedoor/app/requests"
	"onedoor/app/wording"
	"onedoor/ui/pages"
)

// The names of the commands by which a person says whether their own online tool has a request.
const (
	toolAcceptCommand  = "tool-accept"
	toolDeclineCommand = "tool-decline"
)

// toolLabel is the state of a request in a list whose patient was sent on to the organisation's own tool.
func toolLabel(s requests.ToolState) (pages.Label, bool) {
	switch s {
	case requests.ToolWaiting:
		return pages.Label{Text: "Sent on to own tool", Colour: "purple"}, true
	case requests.ToolTaken:
		return pages.Label{Text: "In own tool", Colour: "blue"}, true
	case requests.ToolSilent:
		return pages.Label{Text: "Own tool silent", Colour: "red"}, true
	case requests.ToolRefused:
		return pages.Label{Text: "Not in own tool", Colour: "orange"}, true
	}
	return pages.Label{}, false
}

// toolStanding says how it stands in the organisation's own tool; empty where nobody was sent there.
func toolStanding(k *call, v requests.View) string {
	if v.Staff == nil || v.Staff.Handover == nil {
		return ""
	}
	h := v.Staff.Handover
	switch h.State {
	case requests.ToolWaiting:
		return "The patient was sent on to " + h.Tool + " at " + wording.ShortMoment(h.At, k.now) + ". If nobody says by " + wording.ShortMoment(h.DueAt, k.now) + " that it is there, it has to be dealt with here."
	case requests.ToolTaken:
		return "It is dealt with in " + h.Tool + ", as was said at " + wording.ShortMoment(h.SaidAt, k.now) + "."
	case requests.ToolSilent:
		return "The patient was sent on to " + h.Tool + " at " + wording.ShortMoment(h.At, k.now) + ", and nobody has said that it is there. Look for it there, or call the patient."
	case requests.ToolRefused:
		line := "It is not in " + h.Tool + ", as was said at " + wording.ShortMoment(h.SaidAt, k.now) + ". Call the patient."
		if h.Says != "" {
			line += " Reason: “" + h.Says + "”"
		}
		return line
	case requests.ToolStayed:
		return "The patient was sent on to " + h.Tool + ", and chose to stay here."
	case requests.ToolDone:
		return "It was finished in " + h.Tool + "."
	}
	return ""
}

// toolActions let a person say whether the tool has it, as long as that is not known.
func toolActions(k *call, v requests.View, p *pages.RequestPanel, tried attempt) {
	if v.Staff == nil || v.Staff.Handover == nil {
		return
	}
	at, h := k.organisation(v.Accountable), v.Staff.Handover
	unknown := h.State == requests.ToolWaiting || h.State == requests.ToolSilent
	if (unknown || h.State == requests.ToolRefused) && k.mayIn(at, toolAcceptCommand) {
		p.Commands = append(p.Commands, pages.Command{
			Text: "It is in " + h.Tool, Action: command(v.Reference, toolAcceptCommand), Hint: "It is dealt with there, and stays in this queue until it is answered.",
		})
	}
	if (unknown || h.State == requests.ToolTaken) && k.mayIn(at, toolDeclineCommand) {
		p.More = append(p.More, reasonForm(v, toolDeclineCommand, tried, p.Problems, pages.MoreForm{
			Summary: "It is not in " + h.Tool, Button: "Say that it is not there", Hint: "It is then dealt with here.",
		}))
	}
}

// toolWords say what an entry of the trail records of an organisation's own tool; empty for all others.
func toolWords(k *call, actor string, e audit.Entry) string {
	tool := organisationName(k.directory, e.Details["organisation"]) + "’s own online tool"
	switch e.Action {
	case "request.hand-over":
		return "The patient was sent on to " + tool
	case "request.stay":
		return "The patient chose to stay here"
	case "request.tool-accept":
		return actor + " said that it is in " + tool
	case "request.tool-decline":
		return actor + " said that it is not in " + tool
	case "request.tool-silent":
		return "Nobody said in time that it is in " + tool
	case "request.outcome":
		if in, _ := e.Details["in"].(string); in == "own-tool" {
			return actor + " finished it in " + tool
		}
	}
	return ""
}

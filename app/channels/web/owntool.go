package web

import (
	"context"

	"github.com/google/uuid"

	"onedoor/app/fault"
	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/app/owntools"
	"onedoor/app/requests"
	"onedoor/tenants"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

// OwnTools are the online tools that organisations keep, in which people go on. It is owntools.Service.
type OwnTools interface {
	Tool(ctx context.Context, neighbourhood, organisation uuid.UUID) (owntools.Tool, bool, error)
	Of(ctx context.Context, neighbourhood uuid.UUID, reference requests.Reference) (*owntools.Way, error)
	GoOn(ctx context.Context, neighbourhood uuid.UUID, reference requests.Reference) (*owntools.Way, error)
	Stay(ctx context.Context, neighbourhood uuid.UUID, reference requests.Reference) error
}

// linkedKind is what somebody asks for who follows a link to an organisation's own tool: if the tool never says that it has
// them, a person calls them back.
const linkedKind = "callback"

// linkedTo finds the organisation of a link, and its tool; false where patients are not sent on from it (any more).
func (h *Handlers) linkedTo(v *visit) (tenants.Organisation, owntools.Tool, bool, error) {
	code, err := nhs.ParseODSCode(v.Param("ods"))
	if err != nil {
		return tenants.Organisation{}, owntools.Tool{}, false, fault.Absent()
	}
	o, ok := v.directory.ByODS(code)
	if !ok || !v.directory.TakesPart(o.ID, nhs.DateOf(h.Now().In(tenants.London()))) {
		return tenants.Organisation{}, owntools.Tool{}, false, fault.Absent()
	}
	if h.OwnTools == nil {
		return o, owntools.Tool{}, false, nil
	}
	tool, found, err := h.OwnTools.Tool(v.ctx(), v.directory.Neighbourhood().ID, o.ID)
	return o, tool, found && tool.On, err
}

// explainTool is where a link on an organisation's own pages leads: it says where people go on, and why a few questions come
// first. A link to an organisation that no longer keeps a tool leads to the front door.
func (h *Handlers) explainTool(v *visit) error {
	o, tool, on, err := h.linkedTo(v)
	if err != nil {
		return err
	}
	if !on {
		return v.to("")
	}
	about := toolArgs(o.Name, tool)
	f := pages.Form{
		Page: v.frame(v.say("tool-title", about), nil), Action: v.path("go/" + string(o.ODS)), Heading: v.say("tool-title", about),
		Intro: []locales.Text{v.say("tool-where", about), v.say("tool-first", about), v.say("tool-kept", about), v.say("tool-emergency")},
		After: []pages.Link{{Text: v.say("tool-instead"), Href: v.path("")}},
	}
	return v.show(nil, pages.Ask(f))
}

func toolArgs(organisation string, t owntools.Tool) locales.Args {
	return locales.Args{"Organisation": organisation, "Tool": t.Name, "Host": t.Host()}
}

// beginLinked starts the few questions that come before the tool: what it is about, whether it is an emergency, and who they
// are. What the tool itself asks is left out.
func (h *Handlers) beginLinked(v *visit) error {
	o, _, on, err := h.linkedTo(v)
	if err != nil {
		return err
	}
	if !on {
		return v.to("")
	}
	if err := h.startBy(v, linkedKind, string(requests.Linked)); err != nil {
		return err
	}
	v.talk.AskedOf, v.talk.GoOnAt = o.ID, o.ID
	for _, left := range []string{"describe", "best-time"} {
		if err := h.Walker.Skip(v.talk, left); err != nil {
			return err
		}
	}
	v.talk.Details.Unknown = append(v.talk.Details.Unknown, intake.NHSNumber, intake.Sex)
	if err := v.save(); err != nil {
		return err
	}
	return v.to("question")
}

// sendOn keeps, as soon as a linked request was handed in, that the person goes on in the tool. That it cannot be kept is no
// reason to lose the request: the next page offers it again.
func (h *Handlers) sendOn(v *visit, receipt requests.Receipt) {
	if h.OwnTools == nil || v.talk.GoOnAt == uuid.Nil || v.talk.Channel != intake.ChannelWeb {
		return
	}
	asked, ok := v.directory.Organisation(v.talk.GoOnAt)
	if !ok || string(asked.ODS) != receipt.Accountable.ODS {
		return // they are registered elsewhere: the next page says who has the request
	}
	_, err := h.OwnTools.GoOn(v.ctx(), v.directory.Neighbourhood().ID, receipt.Reference)
	if err != nil && !fault.Is(err, "not_handed_over") {
		h.Log.WarnContext(v.ctx(), "that somebody goes on in an own tool could not be kept", "error", err.Error())
	}
}

// ownTool is what the page of a request that was sent says of the organisation's own tool; nil for nothing. That it cannot be
// found out is no reason to keep the confirmation back.
func (h *Handlers) ownTool(v *visit, receipt requests.Receipt) *pages.OwnTool {
	if h.OwnTools == nil {
		return nil
	}
	way, err := h.OwnTools.Of(v.ctx(), v.directory.Neighbourhood().ID, receipt.Reference)
	if err != nil {
		h.Log.WarnContext(v.ctx(), "how a request stands in an own tool could not be found out", "error", err.Error())
		return nil
	}
	if way == nil {
		return nil
	}
	about := toolArgs(receipt.Accountable.Name, way.Tool)
	switch {
	case way.Handover == nil:
		return &pages.OwnTool{Heading: v.say("tool-offer-heading", about), Says: []locales.Text{v.say("tool-offer-says", about)}, Go: v.path("go-on-at-tool"), Button: v.say("tool-offer-button", about)}
	case way.Address != "":
		return &pages.OwnTool{
			Heading: v.say("tool-go-heading", about), Says: []locales.Text{v.say("tool-go-says", about), v.say("tool-go-kept", about)},
			Link: pages.Link{Text: v.say("tool-go-link", about), Href: way.Address}, Stay: v.path("stay-here"), StayButton: v.say("tool-stay-button"),
		}
	case way.Handover.State == requests.ToolStayed:
		return &pages.OwnTool{Heading: v.say("tool-stayed-heading"), Says: []locales.Text{v.say("tool-stayed-says", about)}}
	}
	return nil
}

// goOnAtTool keeps that somebody goes on in the tool, and comes back to where the link is.
func (h *Handlers) goOnAtTool(v *visit) error {
	if h.OwnTools != nil && v.talk.Submitted != "" {
		_, err := h.OwnTools.GoOn(v.ctx(), v.directory.Neighbourhood().ID, requests.Reference(v.talk.Submitted))
		if err != nil && !fault.Is(err, "not_handed_over") {
			return err
		}
	}
	return v.to("sent")
}

// stayHere ends that, as long as nobody has answered.
func (h *Handlers) stayHere(v *visit) error {
	if h.OwnTools != nil && v.talk.Submitted != "" {
		err := h.OwnTools.Stay(v.ctx(), v.directory.Neighbourhood().ID, requests.Reference(v.talk.Submitted))
		if err != nil && !fault.Is(err, "tool_answered") {
			return err
		}
	}
	return v.to("sent")
}

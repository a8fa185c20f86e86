package web

import (
	"github.com/google/uuid"

	"onedoor/app/intake"
	"onedoor/app/routes"
	"onedoor/ui/components"
	"onedoor/ui/pages"
)

// door asks what the person needs help with.
func (h *Handlers) door(v *visit) error { return h.showDoor(v, ownWords{}, nil) }

// toDoor is for whoever reloads the address that the front door's form was sent to.
func (h *Handlers) toDoor(v *visit) error { return v.to("") }

// showDoor shows the list, and keeps what somebody wrote in their own words for the form that they choose.
func (h *Handlers) showDoor(v *visit, said ownWords, problems []components.Problem) error {
	options := make([]components.Option, 0, len(h.Catalogue.Kinds()))
	for _, k := range h.Catalogue.Kinds() {
		options = append(options, components.Option{Value: k.Code, Text: v.words(k.Title)})
	}
	d := pages.Door{
		Neighbourhood: v.directory.Neighbourhood().Name, Status: v.path("status"), GoOn: v.path("go-on"),
		Form: pages.Form{
			Page: v.frame(v.say("start-title"), problems), Problems: problems, Action: v.path("start"), Hidden: said.hidden(),
			Controls: []pages.Control{{Radios: &components.Choice{
				ID: "kind", Name: "kind", Legend: v.say("start-heading"), Size: "l", Heading: true,
				Error: components.ErrorFor(problems, "kind"), Options: options,
			}}},
		},
	}
	if v.talk != nil && v.talk.Submitted == "" {
		d.Resume = v.path("question")
	}
	if said.note != "" {
		d.Note = v.say(said.note)
	}
	if h.offersOwnWords(v) {
		d.OwnWords = v.path("own-words")
	}
	return v.show(problems, pages.FrontDoor(d))
}

// begin starts a conversation, in place of any that this browser had.
func (h *Handlers) begin(v *visit) error {
	form, err := routes.ReadForm(v.Context)
	if err != nil {
		return err
	}
	said := readOwnWords(form)
	if _, ok := h.Catalogue.Kind(form.Get("kind")); !ok {
		return h.showDoor(v, said, []components.Problem{{Target: "kind", Says: v.say("start-error")}})
	}
	h.chose(v, said, form.Get("kind"))
	if err := h.start(v, form.Get("kind")); err != nil {
		return err
	}
	if err := h.Walker.Suggest(v.talk, h.inOwnWords(form.Get("kind"), said.words)); err != nil {
		return err
	}
	if err := v.save(); err != nil {
		return err
	}
	return v.to("question")
}

// start begins a conversation about a kind, in place of any that this browser had. It is not kept yet.
func (h *Handlers) start(v *visit, kind string) error { return h.startBy(v, kind, intake.ChannelWeb) }

// startBy is start for whoever came by another way than the front door: they are counted there.
func (h *Handlers) startBy(v *visit, kind, countedAs string) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	if err := v.erase(); err != nil {
		return err
	}
	if v.token, err = newToken(h.Random); err != nil {
		return err
	}
	if v.talk, err = h.Walker.Start(id, v.directory.Neighbourhood().ID, kind, intake.ChannelWeb, v.lang); err != nil || h.Contacts == nil {
		return err
	}
	if err := h.Contacts.Begun(v.ctx(), v.directory.Neighbourhood().ID, countedAs, kind); err != nil {
		h.Log.WarnContext(v.ctx(), "a conversation that began was not counted", "error", err.Error()) // nobody is kept waiting for a figure
	}
	return nil
}

// forget deletes the answers: "finish on this device", and leaving quickly.
func (h *Handlers) forget(v *visit) error {
	if err := v.erase(); err != nil {
		return err
	}
	routes.ClearCookie(v.Context, conversationCookie)
	routes.ClearCookie(v.Context, proofCookie)
	return v.to("")
}

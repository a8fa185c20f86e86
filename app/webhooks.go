package app

import (
	"context"
	"strings"

	"onedoor/app/channels/voice/jambonz"
	"onedoor/app/channels/voice/lines"
	"onedoor/app/channels/voice/twiml"
	"onedoor/app/channels/voice/webhook"
	"onedoor/app/demo"
	"onedoor/app/directory"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/outbound"
	"onedoor/tenants"
)

// serveWebhooks registers the telephony platforms' webhooks.
func (a *App) serveWebhooks() error {
	guard, err := a.guard(outbound.Options{})
	if err != nil {
		return err
	}
	s := a.services
	known, err := a.webhookLines()
	if err != nil {
		return err
	}
	o := webhook.Options{
		Lines: known, Dialogue: s.dialogue, Calls: s.calls, Recordings: s.recordings,
		Base: a.config.base(), Now: a.now, Log: a.log,
	}
	if s.prompts != nil { // an interface that holds a nil pointer is not nil
		o.Prompts = s.prompts
	}
	calls := twiml.New(twiml.Options{Options: o, Outbound: guard, Copies: s.recordings})
	calls.Add(a.server)
	calls.Hook().AddSound(a.server)
	jambonz.New(o).Add(a.server)
	return nil
}

// webhookLines are the lines that platforms bring calls to: the file's or, without one, each neighbourhood's, by its slug, and
// each organisation's, by its ODS code.
type webhookLines struct {
	file          *lines.Book
	directory     *directory.Service
	demonstration bool
}

func (a *App) webhookLines() (known webhookLines, err error) {
	known = webhookLines{directory: a.services.directory, demonstration: a.config.Demonstration}
	if a.config.Lines != "" {
		known.file, err = a.book()
	}
	return known, err
}

// Line implements webhook.Lines.
func (l webhookLines) Line(ctx context.Context, name string) (webhook.Line, bool, error) {
	if l.file != nil {
		w, found, err := l.file.Line(ctx, name)
		return webhook.Line{
			Name: w.Name, NeighbourhoodID: w.NeighbourhoodID, OrganisationID: w.OrganisationID, Language: w.Language, Reception: w.Reception,
			TwiMLTokens: w.TwiMLTokens, JambonzSecrets: w.JambonzSecrets,
		}, found, err
	}
	d, organisation, found, err := l.find(ctx, name)
	if err != nil || !found {
		return webhook.Line{}, false, err
	}
	line := webhook.Line{Name: name, NeighbourhoodID: d.Neighbourhood().ID, OrganisationID: organisation.ID, Language: "en"}
	if l.demonstration {
		line.TwiMLTokens, line.JambonzSecrets = []string{demo.TwiMLToken()}, []string{demo.JambonzSecret()}
		at := organisation.ID
		if organisation.ODS == "" {
			at = d.Desk().ID
		}
		for site := range d.SitesOf(at) {
			if site.Telephone != "" {
				line.Reception = append(line.Reception, string(site.Telephone))
			}
		}
	}
	return line, true, nil
}

func (l webhookLines) find(ctx context.Context, name string) (*tenants.Directory, tenants.Organisation, bool, error) {
	d, err := l.directory.BySlug(ctx, strings.ToLower(name))
	if err == nil || !fault.Is(err, "not_found") {
		return d, tenants.Organisation{}, err == nil, err
	}
	code, err := nhs.ParseODSCode(name)
	if err != nil {
		return nil, tenants.Organisation{}, false, nil //nolint:nilerr // a name that is no code is no line
	}
	all, err := l.directory.Neighbourhoods(ctx)
	if err != nil {
		return nil, tenants.Organisation{}, false, err
	}
	for _, n := range all {
		d, err := l.directory.Current(ctx, n.ID)
		if err != nil {
			return nil, tenants.Organisation{}, false, err
		}
		if o, ok := d.ByODS(code); ok {
			return d, o, true, nil
		}
	}
	return nil, tenants.Organisation{}, false, nil
}

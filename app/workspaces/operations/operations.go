// Package operations is the workspace of those who keep the service running: leads, administrators of organisations and
// the platform's operators. It shows how the telephone line does beside the web, how outcomes fare on their way to
// clinical systems, what was sent to patients, what the line says, and how free words are understood. Every page and change works without JavaScript.
//
// It decides nothing: calls, messages, prompts and understanding do. It shows counts, settings and the product's own
// words, and never a request, a patient or a caller's number; the one exception is the development outbox, which exists
// where nothing is really sent.
//
// A page is a file: its handlers, and one method that registers its routes. The list in sections names that method and the
// entry that leads to the page; nothing else has to know of it.
package operations

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/app/catalogue"
	"onedoor/app/routes"
	"onedoor/tenants"
	"onedoor/ui/pages"
)

// Directories know the organisations of a neighbourhood. It is directory.Service.
type Directories interface {
	Current(ctx context.Context, neighbourhood uuid.UUID) (*tenants.Directory, error)
}

// Neighbourhoods knows all neighbourhoods. It is directory.Service.
type Neighbourhoods interface {
	Neighbourhoods(ctx context.Context) ([]tenants.Neighbourhood, error)
}

// Options are what the workspace is made of. Where a page's own part is nil, the page is not there.
type Options struct {
	Directories    Directories
	Neighbourhoods Neighbourhoods
	Calls          Calls
	Deliveries     Deliveries
	Ways           Ways // what integrations are called; not told where nil
	Messages       Messages
	Understanding  Understanding
	Prompts        Prompts
	Recordings     Recordings
	Integrations   Integrations
	OwnTools       OwnTools
	Traces         Traces
	Listings       Listings             // goes with Traces
	Catalogue      *catalogue.Catalogue // what kinds are called; their codes where nil
	// ShowTexts opens what texts say and to whom. It is for development, where nothing is really sent.
	ShowTexts bool
	Now       func() time.Time
}

// Workspace answers for /operations.
type Workspace struct{ Options }

// New makes the workspace.
func New(o Options) *Workspace { return &Workspace{o} }

// Add registers the workspace's routes.
func (w *Workspace) Add(s *routes.Server) {
	for _, section := range w.sections() {
		section.add(s)
	}
}

const root = "/operations"

// section is a page, or a few pages about one thing.
type section struct {
	text, path     string // the entry in the menu; without a text the section is reached from other pages alone
	says           string // what it is for, on the front page
	object, action string // who sees the entry: those who may do this
	add            func(*routes.Server)
	there          bool                               // whether the workspace was given what the section needs
	stands         func(*call) ([]pages.Label, error) // how it does at this moment, on the front page; nil where nothing changes by itself
}

// sections are the pages of the workspace, in the order in which their entries stand.
func (w *Workspace) sections() []section {
	list := []section{
		{"Overview", root, "", "operations", "read", w.addFront, true, nil},
		{"Calls", callsPath, "How the telephone line does: calls, how they ended, how long people waited, and how requests fare beside the web.", "report", "read", w.addCalls, w.Calls != nil, w.callsStand},
		{"", reconcilePath, "", "call", "reconcile", w.addReconcile, w.Calls != nil, nil},
		{"Deliveries", deliveriesPath, "Outcomes on their way to clinical systems: what waits, what needs a person, and whether the systems have what we say.", "delivery", "replay", w.addDeliveries, w.Deliveries != nil, w.deliveriesStand},
		{"Texts", outboxPath, "Texts to patients’ telephones: what was sent, and what could not be.", "message", "read", w.addOutbox, w.Messages != nil, w.textsStand},
		{"Own words", understandingPath, "Whether a computer program reads what people say in their own words, and how often it is right.", "understanding", "read", w.addUnderstanding, w.Understanding != nil, nil},
		{"What the line says", promptsPath, "What callers hear: listen to each phrase, and record it yourselves.", "prompt", "read", w.addPrompts, w.Prompts != nil, nil},
		{integrationsTitle, integrationsPath, "The ways into your clinical systems: set one up, test it, pause it, and say what goes by it.", "integration", "read", w.addIntegrations, w.Integrations != nil, w.connectionsStand},
		{"Own online tools", ownToolsPath, "Whether your patients go on in an online tool of your own, and the link that takes them there.", "own-tool", "read", w.addOwnTools, w.OwnTools != nil, nil},
		{"National registers", registersPath, "Who requests are for, as the national register of patients says, and organisations as theirs does.", "tracing", "read", w.addRegisters, w.Traces != nil && w.Listings != nil, nil},
		{"Recordings", recordingsPath, "What callers said in place of writing: how long it is kept, and whether a machine writes it down.", "recording", "read", w.addRecordings, w.Recordings != nil, nil},
	}
	var there []section
	for _, s := range list {
		if s.there {
			there = append(there, s)
		}
	}
	return there
}

// Package studio is the workspace of neighbourhood leads, who write the rules that decide where requests go, and of
// administrators of organisations, who keep what their own services accept. Every page and change works without
// JavaScript; with it, the same handlers answer with the parts that changed.
//
// It decides nothing about rules: package edit changes a document, analysis finds what is wrong with it, publishing keeps
// drafts and puts versions into force. It shows counts and coarsened facts, never a patient, a reference or a text.
//
// A page is a file: its handlers, and one method that registers its routes. The list in sections names that method and the
// entry that leads to the page; nothing else has to know of it.
package studio

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/app/alarms"
	"onedoor/app/audit"
	"onedoor/app/catalogue"
	"onedoor/app/directory"
	"onedoor/app/publishing"
	"onedoor/app/routes"
	"onedoor/app/simulations"
	"onedoor/policy"
	"onedoor/tenants"
)

// Directories know the organisations of a neighbourhood, now and before, and change what they say about their services. It
// is directory.Service.
type Directories interface {
	Current(ctx context.Context, neighbourhood uuid.UUID) (*tenants.Directory, error)
	History(ctx context.Context, neighbourhood uuid.UUID, limit int) ([]directory.Version, error)
	EditService(ctx context.Context, by audit.Actor, e directory.ServiceEdit) (*tenants.Directory, error)
	Pause(ctx context.Context, by audit.Actor, neighbourhood, organisation, service uuid.UUID, paused bool) (*tenants.Directory, error)
}

// Loads counts what services have now. It is requeststore.Store: numbers, and never whose requests they are.
type Loads interface {
	ServiceLoads(ctx context.Context, neighbourhood uuid.UUID, at time.Time) (policy.Load, error)
}

// Publishing keeps drafts and versions. It is publishing.Service.
type Publishing interface {
	Drafts(ctx context.Context, neighbourhood uuid.UUID) ([]publishing.Draft, error)
	Draft(ctx context.Context, neighbourhood uuid.UUID, name string) (publishing.Draft, error)
	Saves(ctx context.Context, neighbourhood uuid.UUID, name string) ([]publishing.Save, error)
	Save(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, name, ifMatch string, document []byte) (publishing.Draft, error)
	Discard(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, name, ifMatch string) error
	SetShadow(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, name string, on bool) (publishing.Draft, error)
	Versions(ctx context.Context, neighbourhood uuid.UUID) ([]publishing.Version, error)
	Version(ctx context.Context, neighbourhood uuid.UUID, hash string) (publishing.Version, error)
	Live(ctx context.Context, neighbourhood uuid.UUID) (publishing.Version, error)
	Settings(ctx context.Context, neighbourhood uuid.UUID) (publishing.Settings, error)
	SetSecondPerson(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, wanted bool) (publishing.Settings, error)
	Review(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, name string, approve bool, note string) (publishing.Draft, error)
	Gate(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, name string, from time.Time) (publishing.Gate, error)
	Publish(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, name string, p publishing.Publication) (publishing.Version, error)
	Restore(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, hash, note string) (publishing.Version, error)
	Withdraw(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, hash, note string) (publishing.Version, error)
}

// Alarms are what a lead should look at soon. It is alarms.Service.
type Alarms interface {
	Open(ctx context.Context, neighbourhood uuid.UUID) ([]alarms.Alarm, error)
	Recent(ctx context.Context, neighbourhood uuid.UUID, kind alarms.Kind) ([]alarms.Alarm, error)
	Acknowledge(ctx context.Context, by audit.Actor, neighbourhood, id uuid.UUID, note string) (alarms.Alarm, error)
}

// Traffic is how often which facts were met, without people. It is simulations.Service.
type Traffic interface {
	Past(ctx context.Context, neighbourhood uuid.UUID, since time.Time) ([]simulations.Past, error)
}

// Options are what the workspace is made of.
type Options struct {
	Publishing  Publishing
	Directories Directories
	Loads       Loads
	Alarms      Alarms
	Misroutes   Misroutes
	// Traffic ranks findings by past requests; absent, they are not ranked.
	Traffic     Traffic
	Simulations Simulations
	Catalogue   *catalogue.Catalogue
	Now         func() time.Time
}

// Workspace answers for /studio.
type Workspace struct {
	Options
	reports reports
}

// New makes the workspace.
func New(o Options) *Workspace { return &Workspace{Options: o} }

// Add registers the workspace's routes.
func (w *Workspace) Add(s *routes.Server) {
	for _, section := range sections() {
		section.add(w, s)
	}
}

const (
	root = "/studio"
	// ofPolicy is where the pages of one policy begin: a draft by its name, or a version by its hash. Workspace.open reads it.
	ofPolicy = root + "/policies/:policy"
)

// section is a page, or a few pages about one thing.
type section struct {
	// entry leads to it: in the menu, or among a policy's tabs when the path begins with ofPolicy.
	entry entry
	add   func(*Workspace, *routes.Server)
}

// entry is one line of the menu. Without a text the section is reached from other pages alone.
type entry struct {
	text, path     string
	object, action string // who sees it: those who may do this
	drafts         bool   // among a policy's tabs: it stands at drafts alone
}

// sections are all pages of the workspace, in the order in which their entries stand.
func sections() []section {
	return []section{
		{entry{"Overview", root, "policy", "read", false}, (*Workspace).addFront},
		{entry{"Rules", rulesPath, "policy", "read", false}, (*Workspace).addRules},
		{entry{}, (*Workspace).addRule},
		{entry{"Picture", picturePath, "policy", "read", false}, (*Workspace).addPicture},
		{entry{"Cases", casesPath, "policy", "read", false}, (*Workspace).addCases},
		{entry{"Findings", findingsPath, "policy", "read", false}, (*Workspace).addFindings},
		{entry{"Try it out", tryOutPath, "policy", "simulate", true}, (*Workspace).addTryThis},
		{entry{"On live requests", shadowPath, "policy", "simulate", true}, (*Workspace).addShadowing},
		{entry{"Publish", publishPath, "policy", "publish", true}, (*Workspace).addPublish},
		{entry{"About", aboutPath, "policy", "read", false}, (*Workspace).addDrafts},
		{entry{"Try it out", runsPath, "policy", "simulate", false}, (*Workspace).addTryOut},
		{entry{"Versions", versionsPath, "policy", "read", false}, (*Workspace).addVersions},
		{entry{"Sent to the wrong place", misroutesPath, "alarm", "read", false}, (*Workspace).addMisroutes},
		{entry{"Services", servicesPath, "directory", "read", false}, (*Workspace).addServices},
	}
}

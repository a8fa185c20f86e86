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

	"onedoor/app/audit"
	"onedoor/app/catalogue"
	"onedoor/app/directory"
	"onedoor/app/routes"
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

// Options are what the workspace is made of.
type Options struct {
	Directories Directories
	Loads       Loads
	Catalogue   *catalogue.Catalogue
	Now         func() time.Time
}

// Workspace answers for /studio.
type Workspace struct {
	Options
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
	// ofPolicy is where the pages of one policy begin: a draft by its name, or the rules in force, which are called live.
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
}

// sections are all pages of the workspace, in the order in which their entries stand.
func sections() []section {
	return []section{
		{entry{"Overview", root, "policy", "read"}, (*Workspace).addFront},
		{entry{"Services", servicesPath, "directory", "read"}, (*Workspace).addServices},
	}
}

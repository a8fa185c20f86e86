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

	"onedoor/app/routes"
	"onedoor/tenants"
)

// Directories know the organisations of a neighbourhood now. It is directory.Service.
type Directories interface {
	Current(ctx context.Context, neighbourhood uuid.UUID) (*tenants.Directory, error)
}

// Options are what the workspace is made of.
type Options struct {
	Directories Directories
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
	}
}

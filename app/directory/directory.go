// Package directory administers neighbourhoods and what is in them: organisations, agreements, sites, queues, services.
// Each change is a command by somebody, checked as a whole, audited, and published as a new version of the neighbourhood's
// directory; routing reads versions and never these tables.
package directory

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/tenants"
)

// Store keeps directories. Everything done in one InTx is committed together or not at all.
type Store interface {
	InTx(ctx context.Context, neighbourhood uuid.UUID, fn func(Tx) error) error
	// Neighbourhoods are all of them, by name.
	Neighbourhoods(ctx context.Context) ([]tenants.Neighbourhood, error)
	// Live is the version that is in force at a moment.
	Live(ctx context.Context, neighbourhood uuid.UUID, at time.Time) (*tenants.Directory, error)
	// Versions are those that were in force until a moment, newest first, no more than a limit.
	Versions(ctx context.Context, neighbourhood uuid.UUID, at time.Time, limit int) ([]Version, error)
}

// Tx is one change to one neighbourhood.
type Tx interface {
	// Contents reads the neighbourhood as it stands, and keeps others from changing it meanwhile. One that does not exist
	// yet is found false.
	Contents() (c tenants.Contents, found bool, err error)
	// Since are the version with a hash and all later ones, oldest first; none when the hash is unknown here.
	Since(hash string) ([]Version, error)
	Save(c tenants.Contents, at time.Time) error
	AddVersion(d *tenants.Directory, by audit.Actor, at time.Time) error
	Audit(audit.Entry)
}

// Service is the one way to change a directory.
type Service struct {
	store Store
	now   func() time.Time
}

// New puts a service together.
func New(store Store, now func() time.Time) *Service { return &Service{store, now} }

// Neighbourhoods are all of them, by name.
func (s *Service) Neighbourhoods(ctx context.Context) ([]tenants.Neighbourhood, error) {
	return s.store.Neighbourhoods(ctx)
}

// Current is the version of a neighbourhood's directory that is in force.
func (s *Service) Current(ctx context.Context, neighbourhood uuid.UUID) (*tenants.Directory, error) {
	return s.store.Live(ctx, neighbourhood, s.now())
}

// BySlug is Current of the neighbourhood whose pages' address this is.
func (s *Service) BySlug(ctx context.Context, slug string) (*tenants.Directory, error) {
	list, err := s.store.Neighbourhoods(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range list {
		if n.Slug == slug {
			return s.Current(ctx, n.ID)
		}
	}
	return nil, fault.Absent()
}

// Found creates a neighbourhood with everything in it (neighbourhood_exists).
func (s *Service) Found(ctx context.Context, by audit.Actor, c tenants.Contents) (*tenants.Directory, error) {
	trail := &changedBy{subject: c.Neighbourhood.ID, action: "directory.found"}
	return s.change(ctx, by, c.Neighbourhood.ID, trail, func(_ Tx, now *tenants.Contents, found bool) error {
		if found {
			return fault.New(fault.Conflict, "neighbourhood_exists", "This neighbourhood exists already.")
		}
		*now = c
		return nil
	})
}

// History are the versions of a neighbourhood's directory, newest first, no more than a limit.
func (s *Service) History(ctx context.Context, neighbourhood uuid.UUID, limit int) ([]Version, error) {
	return s.store.Versions(ctx, neighbourhood, s.now(), limit)
}

// Pause stops a service of an organisation from accepting requests, or lets it accept them again: from the next request
// on. One that is paused already is not paused anew.
func (s *Service) Pause(ctx context.Context, by audit.Actor, neighbourhood, organisation, service uuid.UUID, paused bool) (*tenants.Directory, error) {
	changed := changedBy{organisation, service, "service.resume", nil}
	if paused {
		changed.action = "service.pause"
	}
	return s.changeService(ctx, by, neighbourhood, &changed, func(_ Tx, x *tenants.Service, _ func(uuid.UUID) bool) error {
		if x.Paused == paused {
			return errUnchanged
		}
		x.Paused = paused
		return nil
	})
}

// errUnchanged ends a change that leaves everything as it was.
var errUnchanged = errors.New("nothing has changed")

// changedBy is how a change of one service stands in the trail.
type changedBy struct {
	organisation, subject uuid.UUID
	action                string
	details               map[string]any
}

// changeService changes one service of one organisation; another's is as if it were absent. A change that leaves
// everything as it was makes no version.
func (s *Service) changeService(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, trail *changedBy, change func(tx Tx, x *tenants.Service, queue func(uuid.UUID) bool) error) (*tenants.Directory, error) {
	d, err := s.change(ctx, by, neighbourhood, trail, func(tx Tx, c *tenants.Contents, found bool) error {
		i := slices.IndexFunc(c.Services, func(x tenants.Service) bool { return x.ID == trail.subject && x.OrganisationID == trail.organisation })
		if !found || i < 0 {
			return fault.Absent()
		}
		queue := func(id uuid.UUID) bool {
			return slices.ContainsFunc(c.Queues, func(q tenants.Queue) bool { return q.ID == id && q.OrganisationID == trail.organisation })
		}
		return change(tx, &c.Services[i], queue)
	})
	if errors.Is(err, errUnchanged) {
		return s.Current(ctx, neighbourhood)
	}
	return d, err
}

// Change applies one change to a neighbourhood that exists, and publishes what it makes. A change that makes a directory
// that does not hold together is refused whole.
func (s *Service) Change(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, action string, details map[string]any, change func(*tenants.Contents) error) (*tenants.Directory, error) {
	trail := &changedBy{subject: neighbourhood, action: action, details: details}
	return s.change(ctx, by, neighbourhood, trail, func(_ Tx, c *tenants.Contents, found bool) error {
		if !found {
			return fault.Absent()
		}
		return change(c)
	})
}

func (s *Service) change(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, trail *changedBy, change func(tx Tx, c *tenants.Contents, found bool) error) (*tenants.Directory, error) {
	var published *tenants.Directory
	err := s.store.InTx(ctx, neighbourhood, func(tx Tx) error {
		contents, found, err := tx.Contents()
		if err != nil {
			return err
		}
		if err := change(tx, &contents, found); err != nil {
			return err
		}
		if published, err = tenants.NewDirectory(contents); err != nil {
			return err
		}
		now := s.now()
		if err := tx.Save(contents, now); err != nil {
			return err
		}
		if err := tx.AddVersion(published, by, now); err != nil {
			return err
		}
		entry := audit.Entry{
			ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: neighbourhood, OrganisationID: trail.organisation, At: now, Actor: by,
			Action: trail.action, SubjectKind: "neighbourhood", Subject: trail.subject, Details: trail.details,
		}
		if trail.organisation != uuid.Nil {
			entry.SubjectKind = "service"
		}
		tx.Audit(entry)
		return nil
	})
	return published, err
}

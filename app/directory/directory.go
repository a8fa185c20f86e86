// Package directory administers neighbourhoods and what is in them: organisations, agreements, sites, queues, services.
// Each change is a command by somebody, checked as a whole, audited, and published as a new version of the neighbourhood's
// directory; routing reads versions and never these tables.
package directory

import (
	"context"
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
}

// Tx is one change to one neighbourhood.
type Tx interface {
	// Contents reads the neighbourhood as it stands, and keeps others from changing it meanwhile. One that does not exist
	// yet is found false.
	Contents() (c tenants.Contents, found bool, err error)
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
	return s.change(ctx, by, c.Neighbourhood.ID, "directory.found", nil, func(now *tenants.Contents, found bool) error {
		if found {
			return fault.New(fault.Conflict, "neighbourhood_exists", "This neighbourhood exists already.")
		}
		*now = c
		return nil
	})
}

// Pause stops a service of an organisation from accepting requests, or lets it accept them again.
func (s *Service) Pause(ctx context.Context, by audit.Actor, neighbourhood, organisation, service uuid.UUID, paused bool) (*tenants.Directory, error) {
	details := map[string]any{"service": service, "paused": paused}
	return s.Change(ctx, by, neighbourhood, "directory.pause", details, func(c *tenants.Contents) error {
		for i, x := range c.Services {
			if x.ID == service && x.OrganisationID == organisation {
				c.Services[i].Paused = paused
				return nil
			}
		}
		return fault.Absent()
	})
}

// Change applies one change to a neighbourhood that exists, and publishes what it makes. A change that makes a directory
// that does not hold together is refused whole.
func (s *Service) Change(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, action string, details map[string]any, change func(*tenants.Contents) error) (*tenants.Directory, error) {
	return s.change(ctx, by, neighbourhood, action, details, func(c *tenants.Contents, found bool) error {
		if !found {
			return fault.Absent()
		}
		return change(c)
	})
}

func (s *Service) change(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, action string, details map[string]any, change func(c *tenants.Contents, found bool) error) (*tenants.Directory, error) {
	var published *tenants.Directory
	err := s.store.InTx(ctx, neighbourhood, func(tx Tx) error {
		contents, found, err := tx.Contents()
		if err != nil {
			return err
		}
		if err := change(&contents, found); err != nil {
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
		tx.Audit(audit.Entry{
			ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: neighbourhood, At: now, Actor: by, Action: action,
			SubjectKind: "neighbourhood", Subject: neighbourhood, Details: details,
		})
		return nil
	})
	return published, err
}

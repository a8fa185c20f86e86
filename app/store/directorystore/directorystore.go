// Package directorystore keeps the directory and the versions of it. These tables have no tenant: every node reads them to
// route.
package directorystore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"onedoor/app/audit"
	"onedoor/app/database"
	"onedoor/app/directory"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/store/auditstore"
	"onedoor/tenants"
)

// Store implements directory.Store. It keeps the parsed form of every version that was read, by hash, since a version
// never changes.
type Store struct {
	db       *database.DB
	versions sync.Map // hash to *tenants.Directory
}

// New makes a store over a database.
func New(db *database.DB) *Store { return &Store{db: db} }

// InTx implements directory.Store.
func (s *Store) InTx(ctx context.Context, neighbourhood uuid.UUID, fn func(directory.Tx) error) error {
	return s.db.InTx(ctx, tenants.JobOf(neighbourhood), func(tx *database.Tx) error { return fn(&transaction{s, tx, neighbourhood}) })
}

// Neighbourhoods implements directory.Store.
func (s *Store) Neighbourhoods(ctx context.Context) ([]tenants.Neighbourhood, error) {
	var list []tenants.Neighbourhood
	err := s.db.Global(ctx, func(tx *database.Tx) error {
		return tx.Gorm().Raw("select id, slug, name from neighbourhoods order by name").Scan(&list).Error
	})
	return list, err
}

// deepest is how many versions back Live looks for one that can be loaded.
const deepest = 10

// Live implements directory.Store. A version that cannot be loaded here is passed over for the newest before it that can.
func (s *Store) Live(ctx context.Context, neighbourhood uuid.UUID, at time.Time) (*tenants.Directory, error) {
	var found *tenants.Directory
	err := s.db.Global(ctx, func(tx *database.Tx) error {
		var hashes []string
		err := tx.Gorm().Raw("select hash from directory_versions where neighbourhood_id = ? and live_from <= ? group by hash order by max(live_from) desc limit ?",
			neighbourhood, at, deepest).Scan(&hashes).Error
		if err != nil {
			return err
		}
		err = fault.Absent()
		for _, hash := range hashes {
			if found, err = s.Version(tx, neighbourhood, hash); !errors.Is(err, ErrUnloadable) {
				return err
			}
		}
		return err
	})
	return found, err
}

// ErrUnloadable is the error of a version that is not there, cannot be read, or is not what its hash says.
var ErrUnloadable = errors.New("this version of the directory cannot be loaded")

// Version is one version of a neighbourhood's directory (ErrUnloadable).
func (s *Store) Version(tx *database.Tx, neighbourhood uuid.UUID, hash string) (*tenants.Directory, error) {
	if known, ok := s.versions.Load(hash); ok {
		return known.(*tenants.Directory), nil
	}
	var w directoryVersionRow
	err := tx.Gorm().Where("neighbourhood_id = ? and hash = ?", neighbourhood, hash).Order("live_from desc").Take(&w).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, ErrUnloadable
	}
	if err != nil {
		return nil, err
	}
	// The hash is of the bytes: a program that knows more of a directory than the one that wrote them reads them as well.
	if sum := sha256.Sum256(w.Document); hex.EncodeToString(sum[:]) != hash {
		return nil, fmt.Errorf("%w: its document has the hash %x", ErrUnloadable, sum[:6])
	}
	d, err := tenants.ParseDirectory(w.Document)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrUnloadable, err.Error()) // no refusal of what the caller sent
	}
	s.versions.Store(hash, d)
	return d, nil
}

type transaction struct {
	store *Store
	tx    *database.Tx
	nb    uuid.UUID
}

// Contents implements directory.Tx: the neighbourhood's row is the lock.
func (t *transaction) Contents() (tenants.Contents, bool, error) {
	g := t.tx.Gorm()
	var home neighbourhoodRow
	err := g.Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", t.nb).Take(&home).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return tenants.Contents{}, false, nil
	}
	if err != nil {
		return tenants.Contents{}, false, err
	}
	c := tenants.Contents{Neighbourhood: tenants.Neighbourhood{ID: home.ID, Slug: home.Slug, Name: home.Name}, Desk: home.DeskOrganisationID}
	var agreements []agreementRow
	var organisations []organisationRow
	var sites []siteRow
	var queues []queueRow
	var services []serviceRow
	members := g.Model(&agreementRow{}).Select("organisation_id").Where("neighbourhood_id = ?", t.nb)
	err = errors.Join(
		g.Where("neighbourhood_id = ?", t.nb).Order("organisation_id, starts_on").Find(&agreements).Error,
		g.Where("id in (?)", members).Order("id").Find(&organisations).Error,
		g.Where("organisation_id in (?)", members).Order("id").Find(&sites).Error,
		g.Where("neighbourhood_id = ?", t.nb).Order("id").Find(&queues).Error,
		g.Where("neighbourhood_id = ?", t.nb).Order("id").Find(&services).Error,
	)
	if err != nil {
		return c, true, err
	}
	for _, w := range agreements {
		c.Agreements = append(c.Agreements, tenants.Agreement{OrganisationID: w.OrganisationID, From: w.StartsOn, Until: w.EndsOn})
	}
	for _, w := range organisations {
		c.Organisations = append(c.Organisations, tenants.Organisation{ID: w.ID, ODS: nhs.ODSCode(w.ODSCode), Name: w.Name, Kind: tenants.OrganisationKind(w.Kind)})
	}
	for _, w := range sites {
		c.Sites = append(c.Sites, tenants.Site{
			ID: w.ID, OrganisationID: w.OrganisationID, Name: w.Name, Address: w.Address, Postcode: nhs.Postcode(w.Postcode), Telephone: nhs.Phone(w.Telephone), Hours: w.Hours,
		})
	}
	for _, w := range queues {
		c.Queues = append(c.Queues, tenants.Queue{ID: w.ID, OrganisationID: w.OrganisationID, Slug: w.Slug, Name: w.Name})
	}
	for _, w := range services {
		c.Services = append(c.Services, tenants.Service{
			ID: w.ID, OrganisationID: w.OrganisationID, SiteID: w.SiteID, QueueID: w.QueueID, Slug: w.Slug, Name: w.Name,
			Kinds: w.Kinds, Capabilities: w.Capabilities, Eligibility: w.Eligibility, Hours: w.Hours, Capacity: w.Capacity, Paused: w.Paused,
		})
	}
	return c, true, nil
}

// Save implements directory.Tx: what is there is replaced, and nothing is removed, since requests name it.
func (t *transaction) Save(c tenants.Contents, at time.Time) error {
	home := neighbourhoodRow{c.Neighbourhood.ID, c.Neighbourhood.Slug, c.Neighbourhood.Name, c.Desk, at}
	if err := t.put(&home, "slug", "name", "desk_organisation_id"); err != nil {
		return err
	}
	for _, o := range c.Organisations {
		if err := t.put(&organisationRow{o.ID, string(o.ODS), o.Name, string(o.Kind)}, "name", "kind"); err != nil {
			return err
		}
	}
	for _, a := range c.Agreements {
		w := agreementRow{t.nb, a.OrganisationID, a.From, a.Until}
		err := t.tx.Gorm().Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "neighbourhood_id"}, {Name: "organisation_id"}, {Name: "starts_on"}},
			DoUpdates: clause.AssignmentColumns([]string{"ends_on"}),
		}).Create(&w).Error
		if err != nil {
			return err
		}
	}
	for _, x := range c.Sites {
		w := siteRow{x.ID, x.OrganisationID, x.Name, x.Address, string(x.Postcode), string(x.Telephone), x.Hours}
		if err := t.put(&w, "name", "address", "postcode", "telephone", "hours"); err != nil {
			return err
		}
	}
	for _, q := range c.Queues {
		if err := t.put(&queueRow{q.ID, t.nb, q.OrganisationID, q.Slug, q.Name}, "name"); err != nil {
			return err
		}
	}
	for _, x := range c.Services {
		w := serviceRow{x.ID, t.nb, x.OrganisationID, x.SiteID, x.QueueID, x.Slug, x.Name, append([]string{}, x.Kinds...), append([]string{}, x.Capabilities...), x.Eligibility, x.Hours, x.Capacity, x.Paused}
		if err := t.put(&w, "site_id", "queue_id", "name", "kinds", "capabilities", "eligibility", "hours", "capacity", "paused"); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) put(row any, columns ...string) error {
	return t.tx.Gorm().Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.AssignmentColumns(columns)}).Create(row).Error
}

// AddVersion implements directory.Tx.
func (t *transaction) AddVersion(d *tenants.Directory, by audit.Actor, at time.Time) error {
	return t.tx.Gorm().Create(&directoryVersionRow{t.nb, d.Hash(), at, d.Document(), by.Name}).Error
}

// Audit implements directory.Tx.
func (t *transaction) Audit(e audit.Entry) { auditstore.Append(t.tx, e) }

type neighbourhoodRow struct {
	ID                 uuid.UUID
	Slug               string
	Name               string
	DeskOrganisationID uuid.UUID
	CreatedAt          time.Time
}

func (neighbourhoodRow) TableName() string { return "neighbourhoods" }

type organisationRow struct {
	ID      uuid.UUID
	ODSCode string `gorm:"column:ods_code"`
	Name    string
	Kind    string
}

func (organisationRow) TableName() string { return "organisations" }

type agreementRow struct {
	NeighbourhoodID uuid.UUID
	OrganisationID  uuid.UUID
	StartsOn        nhs.Date
	EndsOn          nhs.Date
}

func (agreementRow) TableName() string { return "agreements" }

type siteRow struct {
	ID             uuid.UUID
	OrganisationID uuid.UUID
	Name           string
	Address        []string `gorm:"serializer:json"`
	Postcode       string
	Telephone      string
	Hours          tenants.Hours `gorm:"serializer:json"`
}

func (siteRow) TableName() string { return "sites" }

type queueRow struct {
	ID              uuid.UUID
	NeighbourhoodID uuid.UUID
	OrganisationID  uuid.UUID
	Slug            string
	Name            string
}

func (queueRow) TableName() string { return "queues" }

type serviceRow struct {
	ID              uuid.UUID
	NeighbourhoodID uuid.UUID
	OrganisationID  uuid.UUID
	SiteID          uuid.UUID
	QueueID         uuid.UUID
	Slug            string
	Name            string
	Kinds           []string            `gorm:"serializer:json"`
	Capabilities    []string            `gorm:"serializer:json"`
	Eligibility     tenants.Eligibility `gorm:"serializer:json"`
	Hours           tenants.Hours       `gorm:"serializer:json"`
	Capacity        tenants.Capacity    `gorm:"serializer:json"`
	Paused          bool
}

func (serviceRow) TableName() string { return "services" }

type directoryVersionRow struct {
	NeighbourhoodID uuid.UUID
	Hash            string
	LiveFrom        time.Time
	Document        []byte
	MadeBy          string
}

func (directoryVersionRow) TableName() string { return "directory_versions" }

package directory

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/policy/access"
	"onedoor/tenants"
)

// Listing is one reading of the national register of organisations, or of a file of it.
type Listing struct {
	ID                   uuid.UUID
	Source               string // what was read
	By                   string // who had it read; for the job its name
	At                   time.Time
	Read, Added, Changed int
	PassedOver           int // rows that are no organisation, or organisations that the register did not tell of
}

// ListingStore keeps organisations as the national register has them. They are public, and belong to no neighbourhood.
type ListingStore interface {
	// Keep stores organisations and says how many were not there before, and how many were otherwise.
	Keep(ctx context.Context, list []Listed) (added, changed int, err error)
	Add(ctx context.Context, l Listing) error
	// Listings are the newest.
	Listings(ctx context.Context, limit int) ([]Listing, error)
	// Listed are those with these codes that are kept.
	Listed(ctx context.Context, codes []nhs.ODSCode) ([]Listed, error)
	// Count is how many are kept, and how many of them are open.
	Count(ctx context.Context) (all, open int, err error)
}

// ListingOptions are what Listings stand on.
type ListingOptions struct {
	Store       ListingStore
	Register    Register // nil where organisations come from files alone
	Directories *Service
	Now         func() time.Time
}

// Listings read the national register, and compare it with the directories of the neighbourhoods. They change no directory by
// themselves: a name that differs is for a person to take over.
type Listings struct{ o ListingOptions }

// NewListings puts it together.
func NewListings(o ListingOptions) *Listings { return &Listings{o} }

// Available reports whether there is a register to read.
func (l *Listings) Available() bool { return l.o.Register != nil }

// Refresh reads every organisation that takes part anywhere from the register anew. An organisation that the register does not
// know is passed over, and stands among the differences; a register that does not answer ends it (register_unavailable).
func (l *Listings) Refresh(ctx context.Context, by audit.Actor) (Listing, error) {
	if l.o.Register == nil {
		return Listing{}, fault.New(fault.Conflict, "register_off", "No national register of organisations is connected here.")
	}
	codes, err := l.codes(ctx)
	if err != nil {
		return Listing{}, err
	}
	run := Listing{ID: uuid.Must(uuid.NewV7()), Source: "register", By: by.Name, At: l.o.Now()}
	var read []Listed
	for _, code := range codes {
		one, err := l.o.Register.Organisation(ctx, code)
		if fault.Is(err, "not_found") {
			run.PassedOver++
			continue
		}
		if err != nil {
			return Listing{}, err
		}
		read = append(read, one)
	}
	return l.keep(ctx, run, read)
}

func (l *Listings) keep(ctx context.Context, run Listing, read []Listed) (Listing, error) {
	var err error
	run.Read = len(read)
	if run.Added, run.Changed, err = l.o.Store.Keep(ctx, read); err != nil {
		return Listing{}, err
	}
	return run, l.o.Store.Add(ctx, run)
}

// codes are those of all organisations that stand in a directory.
func (l *Listings) codes(ctx context.Context) ([]nhs.ODSCode, error) {
	neighbourhoods, err := l.o.Directories.Neighbourhoods(ctx)
	if err != nil {
		return nil, err
	}
	var codes []nhs.ODSCode
	for _, n := range neighbourhoods {
		d, err := l.o.Directories.Current(ctx, n.ID)
		if err != nil {
			return nil, err
		}
		for _, o := range d.Organisations() {
			codes = append(codes, o.ODS)
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes), nil
}

// Import reads a file of the national register (see ReadFile).
func (l *Listings) Import(ctx context.Context, by audit.Actor, kind FileKind, file io.Reader) (Listing, error) {
	read, passed, err := ReadFile(file, kind, l.o.Now())
	if err != nil {
		return Listing{}, err
	}
	return l.keep(ctx, Listing{ID: uuid.Must(uuid.NewV7()), Source: string(kind), By: by.Name, At: l.o.Now(), PassedOver: passed}, read)
}

// Newest are the last readings.
func (l *Listings) Newest(ctx context.Context, limit int) ([]Listing, error) {
	return l.o.Store.Listings(ctx, limit)
}

// Count is how many organisations are kept, and how many of them are open.
func (l *Listings) Count(ctx context.Context) (all, open int, err error) {
	return l.o.Store.Count(ctx)
}

// Aspect is a part in which a directory and the register differ.
type Aspect string

const (
	AspectName     Aspect = "name"
	AspectPostcode Aspect = "postcode"
	AspectKind     Aspect = "kind"
	AspectClosed   Aspect = "closed"
	AspectUnknown  Aspect = "unknown" // the register does not know it, or it was not read yet
)

// Difference is one.
type Difference struct {
	Organisation tenants.Organisation
	Aspect       Aspect
	Here, There  string
}

// Differences compare a neighbourhood's directory with what was read of the register. Capitals, and punctuation in a name, are
// no difference.
func (l *Listings) Differences(ctx context.Context, neighbourhood uuid.UUID) ([]Difference, error) {
	d, err := l.o.Directories.Current(ctx, neighbourhood)
	if err != nil {
		return nil, err
	}
	var codes []nhs.ODSCode
	for _, o := range d.Organisations() {
		codes = append(codes, o.ODS)
	}
	list, err := l.o.Store.Listed(ctx, codes)
	if err != nil {
		return nil, err
	}
	known := map[nhs.ODSCode]Listed{}
	for _, x := range list {
		known[x.ODS] = x
	}
	var found []Difference
	for _, o := range d.Organisations() {
		there, ok := known[o.ODS]
		if !ok {
			found = append(found, Difference{Organisation: o, Aspect: AspectUnknown})
			continue
		}
		if !there.Open {
			found = append(found, Difference{o, AspectClosed, "", there.ClosedOn.String()})
		}
		if plainName(o.Name) != plainName(there.Name) {
			found = append(found, Difference{o, AspectName, o.Name, there.Name})
		}
		if there.Kind != "" && there.Kind != o.Kind {
			found = append(found, Difference{o, AspectKind, string(o.Kind), string(there.Kind)})
		}
		for site := range d.SitesOf(o.ID) {
			if there.Postcode != "" && site.Postcode != there.Postcode {
				found = append(found, Difference{o, AspectPostcode, string(site.Postcode), string(there.Postcode)})
			}
		}
	}
	return found, nil
}

func plainName(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r < 0x80
	}), " ")
}

// TakeName gives an organisation the name that it has in the register, as this neighbourhood writes names (not_allowed).
func (l *Listings) TakeName(ctx context.Context, by audit.Actor, roles []tenants.Membership, neighbourhood uuid.UUID, code nhs.ODSCode) error {
	if !slices.ContainsFunc(roles, func(m tenants.Membership) bool { _, ok := access.Allow(m.Role, "listing", "write"); return ok }) {
		return fault.New(fault.Forbidden, "not_allowed", "Your role does not allow this.")
	}
	list, err := l.o.Store.Listed(ctx, []nhs.ODSCode{code})
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return fault.Absent()
	}
	name := Written(list[0].Name)
	_, err = l.o.Directories.Change(ctx, by, neighbourhood, "directory.name", map[string]any{"ods_code": code, "source": list[0].Source}, func(c *tenants.Contents) error {
		i := slices.IndexFunc(c.Organisations, func(o tenants.Organisation) bool { return o.ODS == code })
		if i < 0 {
			return fault.Absent()
		}
		if c.Organisations[i].Name == name {
			return errUnchanged
		}
		c.Organisations[i].Name = name
		return nil
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

// Written is a name of the register, which has capitals alone, as people write one.
func Written(name string) string {
	if name != strings.ToUpper(name) {
		return name
	}
	words := strings.Fields(strings.ToLower(name))
	for i, word := range words {
		small := slices.Contains([]string{"and", "of", "the", "in", "at", "on"}, word)
		if i == 0 || !small {
			r := []rune(word)
			words[i] = strings.ToUpper(string(r[:1])) + string(r[1:])
		}
		if slices.Contains([]string{"nhs", "gp", "pms", "gms", "uk", "ltd"}, word) && word != "ltd" {
			words[i] = strings.ToUpper(word)
		}
	}
	return strings.Join(words, " ")
}

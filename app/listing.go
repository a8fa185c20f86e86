package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"onedoor/app/audit"
	"onedoor/app/database"
	"onedoor/app/directory"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/listingstore"
	"onedoor/infra/localpg"
)

// ImportOrganisations reads a file of the Organisation Data Service into the list of organisations, while the product runs or
// not, and says what it did. by is who does it, for the record.
func ImportOrganisations(ctx context.Context, c Config, kind directory.FileKind, file io.Reader, by string) (_ directory.Listing, err error) {
	address := c.DatabaseURL
	if address == "" {
		cluster, err := localpg.Start(ctx, localpg.Options{Dir: filepath.Join(c.Data, "postgres"), Command: "onedoor directory import", Hints: []string{c.PostgresBin}})
		if err != nil {
			return directory.Listing{}, fmt.Errorf("open the private database: %w", err)
		}
		defer func() { err = errors.Join(err, cluster.Close()) }()
		address = cluster.AppURL()
	}
	db, err := database.Open(ctx, database.Options{URL: address})
	if err != nil {
		return directory.Listing{}, err
	}
	defer db.Close()
	listings := directory.NewListings(directory.ListingOptions{Store: listingstore.New(db), Directories: directory.New(directorystore.New(db), c.clock()), Now: c.clock()})
	return listings.Import(ctx, audit.Actor{Kind: audit.Person, Name: by}, kind, file)
}

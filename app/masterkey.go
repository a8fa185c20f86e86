package app

import (
	"context"
	"fmt"

	"onedoor/app/database"
	"onedoor/app/directory"
	"onedoor/app/secrets"
	"onedoor/app/secrets/keyfile"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/secretstore"
)

// MakeKey makes the key file that was named.
func MakeKey(c Config) error { return keyfile.Make(c.MasterKey) }

// RotateKey adds a master key to the file that was named and wraps every neighbourhood's key with it, while the product runs
// or not. It says how many that were.
func RotateKey(ctx context.Context, c Config) (int, error) {
	if c.DatabaseURL == "" {
		return 0, fmt.Errorf("rotating the master key needs --database-url")
	}
	if err := keyfile.Rotate(c.MasterKey); err != nil {
		return 0, err
	}
	master, err := keyfile.Open(c.MasterKey)
	if err != nil {
		return 0, err
	}
	db, err := database.Open(ctx, database.Options{URL: c.DatabaseURL})
	if err != nil {
		return 0, err
	}
	defer db.Close()
	list, err := directory.New(directorystore.New(db), c.clock()).Neighbourhoods(ctx)
	if err != nil {
		return 0, err
	}
	vault, wrapped := secrets.New(secretstore.New(db, c.clock()), master), 0
	for _, n := range list {
		had, err := vault.Rewrap(ctx, n.ID)
		if err != nil {
			return wrapped, err
		}
		if had {
			wrapped++
		}
	}
	return wrapped, nil
}

// ForgetKeys removes all master keys but the newest from the file that was named: what was backed up with their wrapping
// cannot be opened any more.
func ForgetKeys(c Config) error { return keyfile.Forget(c.MasterKey) }

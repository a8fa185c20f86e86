package main

import (
	"context"
	"errors"
	"fmt"

	"onedoor/app"
)

// keyCommands look after the master key in a file.
type keyCommands struct {
	Make   makeKeyCommand   `cmd:"" help:"Make a key file. It is never replaced."`
	Rotate rotateKeyCommand `cmd:"" help:"Add a master key, and wrap every neighbourhood's key with it. The product may run meanwhile."`
	Forget forgetKeyCommand `cmd:"" help:"Remove the master keys from before the last rotation. Older backups of the database cannot be opened after it."`
}

var errNoKeyFile = errors.New("name the key file with --master-key")

type makeKeyCommand struct{ app.Config }

// Run makes the file.
func (k *makeKeyCommand) Run() error {
	if k.MasterKey == "" {
		return errNoKeyFile
	}
	return app.MakeKey(k.Config)
}

type rotateKeyCommand struct{ app.Config }

// Run rotates, and says how much was wrapped.
func (k *rotateKeyCommand) Run(ctx context.Context) error {
	if k.MasterKey == "" {
		return errNoKeyFile
	}
	n, err := app.RotateKey(ctx, k.Config)
	if err == nil {
		fmt.Printf("%d neighbourhoods' keys were wrapped with a new master key.\n", n)
	}
	return err
}

type forgetKeyCommand struct{ app.Config }

// Run forgets.
func (k *forgetKeyCommand) Run() error {
	if k.MasterKey == "" {
		return errNoKeyFile
	}
	return app.ForgetKeys(k.Config)
}

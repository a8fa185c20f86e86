package main

import (
	"context"
	"fmt"
	"os"
	"os/user"

	"onedoor/app"
	"onedoor/app/directory"
)

// directoryCommands look after the list of organisations.
type directoryCommands struct {
	Import importDirectoryCommand `cmd:"" help:"Read organisations from a file of the Organisation Data Service, for places without its API. The product may run meanwhile."`
}

type importDirectoryCommand struct {
	app.Config
	File string `arg:"" help:"The file, as it is published: epraccur.csv (practices) or edispensary.csv (pharmacies)."`
	Kind string `name:"kind" enum:"epraccur,edispensary," default:"" help:"Which of the two it is, where its name does not say so."`
}

// Run imports, and says what it did.
func (d *importDirectoryCommand) Run(ctx context.Context) error {
	kind := directory.FileKind(d.Kind)
	if kind == "" {
		var err error
		if kind, err = directory.KindOfFile(d.File); err != nil {
			return err
		}
	}
	file, err := os.Open(d.File)
	if err != nil {
		return err
	}
	defer file.Close()
	by := "command line"
	if u, err := user.Current(); err == nil {
		by += " (" + u.Username + ")"
	}
	done, err := app.ImportOrganisations(ctx, d.Config, kind, file, by)
	if err == nil {
		fmt.Printf("%d organisations read: %d new, %d changed. %d rows were passed over.\n", done.Read, done.Added, done.Changed, done.PassedOver)
	}
	return err
}

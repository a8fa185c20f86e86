package main

import (
	"context"
	"os"
	"time"

	"onedoor/app"
)

type benchDeliveriesCommand struct {
	app.Config
	Organisations int `default:"30" help:"Organisations, each with a clinical system."`
	Outcomes      int `default:"6000" help:"Outcomes in a round."`
	Rounds        int `default:"5" help:"Rounds, each beside one of the bare loop."`
}

// Run measures and prints.
func (b *benchDeliveriesCommand) Run(ctx context.Context) error {
	return app.BenchDeliveries(ctx, b.Config, app.DeliveriesBenchOptions{Organisations: b.Organisations, Outcomes: b.Outcomes, Rounds: b.Rounds}, os.Stdout)
}

type benchOutageCommand struct {
	app.Config
	Organisations int           `default:"30" help:"Organisations; two of them are the sick ones."`
	Outcomes      int           `default:"50000" help:"Outcomes in the day."`
	Day           time.Duration `default:"24h" help:"How long the day is. It is played at 1 s for 4 minutes, twice."`
	Down          time.Duration `default:"8h" help:"How long one system is down."`
	Seed          uint64        `default:"1" help:"Which day it is."`
}

// Run plays and prints.
func (b *benchOutageCommand) Run(ctx context.Context) error {
	return app.BenchOutage(ctx, b.Config, app.OutageBenchOptions{Organisations: b.Organisations, Outcomes: b.Outcomes, Day: b.Day, Down: b.Down, Seed: b.Seed}, os.Stdout)
}

type benchKillCommand struct {
	app.Config
	Organisations int    `default:"30" help:"Organisations, each with a clinical system."`
	Times         int    `default:"50" help:"How often the process is killed."`
	Each          int    `default:"200" help:"Outcomes handed in for each time."`
	Seed          uint64 `default:"1" help:"Which moments."`
}

// Run kills and counts.
func (b *benchKillCommand) Run(ctx context.Context) error {
	return app.BenchKill(ctx, b.Config, app.KillBenchOptions{Organisations: b.Organisations, Times: b.Times, Each: b.Each, Seed: b.Seed}, os.Stdout)
}

type benchDelivererCommand struct{}

// Run delivers until it is killed.
func (benchDelivererCommand) Run(ctx context.Context) error { return app.RunDeliverer(ctx) }

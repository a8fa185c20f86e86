// Command onedoor is the whole product: one binary that serves, migrates, demonstrates and measures.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"onedoor/app"
	"onedoor/app/bench/voice"
	"onedoor/app/cmd/policies"
	"onedoor/infra/localpg"
	"onedoor/policy/policytest"
)

type commands struct {
	Serve     serveCommand      `cmd:"" help:"Serve pages and the API, answer the telephone, and run background jobs."`
	Demo      demoCommand       `cmd:"" help:"Run the demonstration neighbourhood on a private database, until Ctrl-C."`
	Migrate   migrateCommand    `cmd:"" help:"Bring the database's schema up to date."`
	Simulator simulatorCommands `cmd:"" help:"Run only the demonstration's clinical systems, or make one misbehave."`
	Key       keyCommands       `cmd:"" help:"Make, rotate or forget the master key that recordings are encrypted under."`
	Directory directoryCommands `cmd:"" help:"Read organisations from files."`
	Policy    policies.Commands `cmd:"" help:"Check, try out and exchange policies that are kept in files."`
	Bench     benchCommands     `cmd:"" help:"Measure, as ratios within one run."`
	Version   versionCommand    `cmd:"" help:"Print the version."`
}

// The live heap is a few tens of megabytes: collecting it less often costs little memory, and intake a tenth less work.
const heapGrowth = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
	os.Exit(run())
}

// run gives the exit status: 0 success, 1 failure, 2 usage.
func run() int {
	var c commands
	parser := kong.Must(&c, kong.Name("onedoor"), kong.Description("One front door for a neighbourhood of NHS organisations."), kong.UsageOnError())
	chosen, err := parser.Parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "onedoor:", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	chosen.BindTo(ctx, (*context.Context)(nil))
	chosen.Bind(policies.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	err = chosen.Run()
	if errors.Is(err, policies.ErrFound) {
		return 1
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "onedoor:", explained(err))
		return 1
	}
	return 0
}

// explained adds what to do about an error that has a remedy.
func explained(err error) string {
	if says, ok := policies.Words(err); ok {
		return says
	}
	var held *localpg.HeldError
	if errors.As(err, &held) || !errors.Is(err, localpg.ErrNoPrograms) {
		return err.Error()
	}
	return err.Error() + "\nInstall PostgreSQL (on Debian: sudo apt-get install -y postgresql), or name one with --database-url."
}

type serveCommand struct {
	app.Config
	Roles []string `name:"roles" default:"web,jobs" help:"Which parts this process is: web, voice, jobs."`
}

// Run serves until the process is told to stop.
func (s *serveCommand) Run(ctx context.Context) error {
	s.Config.Roles = s.Roles
	a, err := app.New(ctx, s.Config, logger())
	if err != nil {
		return err
	}
	return errors.Join(a.Run(ctx, nil), a.Close())
}

type demoCommand struct{ app.Config }

// Run demonstrates until Ctrl-C.
func (d *demoCommand) Run(ctx context.Context) error {
	d.Roles, d.Demonstration = []string{app.RoleWeb, app.RoleVoice, app.RoleJobs}, true
	a, err := app.New(ctx, d.Config, logger())
	if err != nil {
		return err
	}
	return errors.Join(a.Run(ctx, func() { fmt.Print(a.Welcome()) }), a.Close())
}

type migrateCommand struct{ app.Config }

// Run migrates and says what it did.
func (m *migrateCommand) Run(ctx context.Context) error {
	n, err := app.Migrate(ctx, m.Config)
	if err == nil {
		fmt.Printf("%d migrations applied.\n", n)
	}
	return err
}

type simulatorCommands struct {
	Run    simulatorCommand `cmd:"" default:"withargs" help:"Run only the demonstration's clinical systems."`
	Outage outageCommand    `cmd:"" help:"Play, in the demonstration that runs, that an organisation's system is down for an hour."`
}

type outageCommand struct {
	app.Config
	ODS string        `arg:"" name:"ods" help:"The organisation's ODS code, such as A81001."`
	For time.Duration `default:"1h" help:"How long."`
	As  string        `default:"down" help:"How the system behaves: down, slow, timeout-after-commit, drop-after-commit, error-after-commit, conflict, stale, too-early, rate-limit, refuses, never-arrives, never-answers, malformed; ok ends it."`
}

// Run sets it, and says where to look.
func (o *outageCommand) Run(ctx context.Context) error {
	return app.PlayTrouble(ctx, o.Config, o.ODS, o.As, o.For, os.Stdout)
}

type simulatorCommand struct{ app.Config }

// Run simulates until the process is told to stop.
func (s *simulatorCommand) Run(ctx context.Context) error {
	return app.RunSimulator(ctx, s.Config, func(address string) {
		fmt.Printf("Simulated clinical systems are at %s/{ODS code}/fhir.\n", address)
	})
}

type benchCommands struct {
	Intake   benchIntakeCommand   `cmd:"" help:"A seeded day of requests through the HTTP API, beside pgbench inserting the same rows."`
	Simulate benchSimulateCommand `cmd:"" help:"A million past requests, simulated from the database."`
	Policy   benchPolicyCommand   `cmd:"" help:"The routing engine at 10 to 10,000 rules, beside a plain scan."`
	Voice    benchVoiceCommand    `cmd:"" help:"Many telephone calls at once, with sound both ways."`

	Deliveries benchDeliveriesCommand `cmd:"" help:"A backlog of outcomes filed in simulated clinical systems, beside a bare loop that makes the same calls."`
	Outage     benchOutageCommand     `cmd:"" help:"A day with one clinical system down for hours and another very slow: what the others notice."`
	Kill       benchKillCommand       `cmd:"" help:"Kill the process that delivers, again and again: nothing is lost, and nothing filed twice."`

	Telephones benchTelephonesCommand `cmd:"" hidden:"" help:"The telephones of bench voice: a process that it starts."`
	Deliverer  benchDelivererCommand  `cmd:"" hidden:"" help:"What bench kill kills: a process that it starts."`
}

type benchVoiceCommand struct {
	Calls   int  `default:"500" help:"Calls at once."`
	Seconds int  `default:"20" help:"How long they last."`
	Workers int  `default:"2" help:"Goroutines that carry them."`
	Rounds  int  `default:"1" help:"How often it is measured."`
	Plain   bool `help:"Measure a goroutine and a ticker for each call as well, to compare."`
}

// Run measures and prints.
func (b *benchVoiceCommand) Run(ctx context.Context) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	return voice.Measure(ctx, voice.Options{Calls: b.Calls, Seconds: b.Seconds, Workers: b.Workers, Rounds: b.Rounds, Plain: b.Plain, Program: program, Out: os.Stdout})
}

type benchTelephonesCommand struct{}

// Run calls as it is told to on its input.
func (benchTelephonesCommand) Run() error { return voice.Telephones(os.Stdin, os.Stdout) }

type benchPolicyCommand struct {
	Rounds int `default:"25" help:"How often each is measured; the least counts."`
}

// Run measures and prints.
func (b *benchPolicyCommand) Run() error { return policytest.Measure(os.Stdout, max(1, b.Rounds)) }

type benchSimulateCommand struct {
	app.Config
	Requests int  `default:"1000000" help:"Past requests to store and simulate."`
	Rounds   int  `default:"3" help:"Runs of each mode."`
	Closed   bool `help:"Measure the closed-loop mode too."`
}

// Run measures and prints.
func (b *benchSimulateCommand) Run(ctx context.Context) error {
	return app.BenchSimulation(ctx, b.Config, app.SimulationBenchOptions{Requests: b.Requests, Rounds: b.Rounds, Closed: b.Closed}, os.Stdout)
}

type benchIntakeCommand struct {
	app.Config
	Requests int    `default:"1000" help:"Requests in a day."`
	Rounds   int    `default:"5" help:"Days, each beside one run of pgbench."`
	Clients  int    `default:"32" help:"Clients at once."`
	Seed     uint64 `default:"1" help:"Which day it is."`
}

// Run measures and prints.
func (b *benchIntakeCommand) Run(ctx context.Context) error {
	return app.BenchIntake(ctx, b.Config, app.BenchOptions{Requests: b.Requests, Rounds: b.Rounds, Clients: b.Clients, Seed: b.Seed}, os.Stdout)
}

type versionCommand struct{}

// Run prints what the build knows of itself.
func (versionCommand) Run() error {
	version, revision := "development", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " " + s.Value
			}
		}
		if info.Main.Version != "" && info.Main.Version != "(devel)" {
			version = info.Main.Version
		}
		version += revision + " " + info.GoVersion
	}
	fmt.Println("onedoor", version)
	return nil
}

// logger writes one JSON object a line to standard error, with nothing identifiable in it.
func logger() *slog.Logger { return slog.New(slog.NewJSONHandler(os.Stderr, nil)) }

// Package policies is the command line for people who keep their policies in files: onedoor policy check, decide,
// simulate, diff, bench, dmn, import and export. It reads the files that it is given (or standard input, as -), asks
// packages policy, policy/analysis, policy/simulate and policy/dmn, and prints what they say: for a person, or as JSON
// with --json. It opens no database and no network, and writes no file.
package policies

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"onedoor/app/fault"
	"onedoor/policy"
	"onedoor/tenants"
)

// Commands are the subcommands of onedoor policy.
type Commands struct {
	Check    checkCommand    `cmd:"" help:"Say what is wrong with a policy, or could be."`
	Decide   decideCommand   `cmd:"" help:"Decide one request, and say why."`
	Simulate simulateCommand `cmd:"" help:"Say what a draft would have decided otherwise than the live policy."`
	Diff     diffCommand     `cmd:"" help:"Say which requests two policies decide otherwise, exactly."`
	Bench    benchCommand    `cmd:"" help:"Measure a policy on random requests: rule after rule, and compiled."`
	DMN      dmnCommand      `cmd:"" name:"dmn" help:"Evaluate a decision of a DMN file."`
	Import   importCommand   `cmd:"" help:"Make a policy of the decision tables of a DMN file."`
	Export   exportCommand   `cmd:"" help:"Write a policy as a decision model of DMN 1.5."`
}

// Streams are where the commands read and write.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// ErrFound is the error of a command that has said all there is to say, and must end with status 1.
var ErrFound = errors.New("problems were found")

// maxFile is how large a file may be; what is in it has limits of its own.
const maxFile = 1 << 30

// read reads a file, or standard input as -.
func (s Streams) read(name string) ([]byte, error) {
	in := s.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, unreadable(name, err)
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err != nil {
		return nil, unreadable(name, err)
	}
	if len(data) > maxFile {
		return nil, fault.New(fault.TooLarge, "file_too_large", "%s has more than %d bytes.", name, maxFile)
	}
	return data, nil
}

func unreadable(name string, err error) error {
	why := err
	var path *os.PathError
	if errors.As(err, &path) {
		why = path.Err
	}
	return fault.New(fault.NotFound, "file", "%s cannot be read: %s.", name, why)
}

// policy reads a policy's file.
func (s Streams) policy(name string) (*policy.Policy, error) {
	document, err := s.read(name)
	if err != nil {
		return nil, err
	}
	p, err := policy.Parse(document)
	if err != nil {
		return nil, s.explain(name, err)
	}
	return p, nil
}

// explain prints every problem that an error holds and gives ErrFound, so that none is told twice.
func (s Streams) explain(name string, err error) error {
	f := fault.As(err)
	if f.Kind == fault.Internal {
		return err
	}
	if len(f.Fields) == 0 {
		fmt.Fprintf(s.Err, "%s: %s\n", name, f.Says)
	}
	for _, field := range f.Fields {
		fmt.Fprintf(s.Err, "%s: %s\n", name, field.Says)
	}
	return ErrFound
}

// directory reads a directory's file; no name is no directory.
func (s Streams) directory(name string) (*tenants.Directory, error) {
	if name == "" {
		return nil, nil
	}
	document, err := s.read(name)
	if err != nil {
		return nil, err
	}
	d, err := tenants.ParseDirectory(document)
	if err != nil {
		return nil, s.explain(name, err)
	}
	return d, nil
}

// json prints a value for a program.
func (s Streams) json(v any) error {
	e := json.NewEncoder(s.Out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// line prints a line for a person.
func (s Streams) line(format string, args ...any) {
	fmt.Fprintf(s.Out, strings.TrimRight(format, "\n")+"\n", args...)
}

// Words are an error's sentence, for the end of the program.
func Words(err error) (string, bool) {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind == fault.Internal {
		return "", false
	}
	return f.Says, true
}

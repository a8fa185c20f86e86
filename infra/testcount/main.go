// Command testcount reads what `go test -json` wrote, names what was skipped and what failed, and ends with the one line
// that says how the tests went. It reads files and prints; it runs nothing.
//
//	testcount [-check NAME=passed|failed]… [-status STATUS] FILE…
//
// A check, such as lint, counts as one test. STATUS is how `go test` ended: when it failed and no test did, that is a
// failure too. The exit status is 1 when anything failed, or when no test was run.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, out, complaints io.Writer) int {
	c := newCount()
	flags := flag.NewFlagSet("testcount", flag.ContinueOnError)
	flags.SetOutput(complaints)
	flags.Func("check", "NAME=passed or NAME=failed: a check that is no Go test", c.check)
	status := flags.Int("status", 0, "the exit status of go test")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	for _, name := range flags.Args() {
		if err := c.readFile(name); err != nil {
			fmt.Fprintln(complaints, "testcount:", err)
			c.fail(name, "could not be read")
		}
	}
	if *status != 0 && len(c.failed) == 0 {
		c.fail("go test", fmt.Sprintf("ended with status %d", *status))
	}
	if !c.report(out) {
		return 1
	}
	return 0
}

func (c *count) check(flag string) error {
	name, result, _ := strings.Cut(flag, "=")
	switch result {
	case "passed":
		c.passed++
	case "failed":
		c.fail(name, "")
	default:
		return errors.New("say passed or failed")
	}
	return nil
}

func (c *count) readFile(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return c.read(file)
}

func (c *count) read(from io.Reader) error {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		if json.Unmarshal(line, &e) == nil { // a compiler's words between the events are no event
			c.add(e)
		}
		if errors.Is(err, io.EOF) {
			c.finish()
			return nil
		}
		if err != nil {
			return err
		}
	}
}

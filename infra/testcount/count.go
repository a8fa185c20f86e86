package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is one line of `go test -json`; see `go doc test2json`.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// count adds events up. What is counted is the tests at the ends of the tree: one that only holds subtests is not
// counted beside them, unless it failed and none of them did.
type count struct {
	passed         int
	failed, skips  []string
	tests          map[test]*state
	brokenPackages map[string]bool
}

type test struct{ pkg, name string }

type state struct {
	result  string // pass, fail, skip, or empty while it runs
	reason  string // what a test printed last: where it skipped, why
	parents bool   // has subtests
}

func newCount() *count {
	return &count{tests: map[test]*state{}, brokenPackages: map[string]bool{}}
}

func (c *count) fail(name, why string) {
	c.failed = append(c.failed, strings.TrimSpace(name+" "+why))
}

func (c *count) add(e event) {
	if e.Test == "" {
		// A package fails with its tests; without any it did not build, or stopped before or after them.
		if e.Action == "fail" {
			c.brokenPackages[e.Package] = true
		}
		return
	}
	key := test{e.Package, e.Test}
	s := c.tests[key]
	if s == nil {
		s = &state{}
		c.tests[key] = s
		if parent := c.tests[key.parent()]; parent != nil {
			parent.parents = true
		}
	}
	switch e.Action {
	case "pass", "fail", "skip":
		s.result = e.Action
	case "output":
		if text := strings.TrimSpace(e.Output); text != "" && !strings.HasPrefix(text, "---") && !strings.HasPrefix(text, "===") {
			s.reason = text
		}
	}
}

// parent is the test that ran this one; itself when it is at the top.
func (t test) parent() test {
	if i := strings.LastIndex(t.name, "/"); i >= 0 {
		return test{t.pkg, t.name[:i]}
	}
	return test{}
}

// finish turns the tests of one file into counts.
func (c *count) finish() {
	failedBelow := map[test]bool{}
	order := slices.SortedFunc(maps.Keys(c.tests), func(a, b test) int {
		return strings.Compare(b.pkg+"\x00"+b.name, a.pkg+"\x00"+a.name) // a subtest comes before what holds it
	})
	for _, key := range order {
		s := c.tests[key]
		failed := s.result == "fail" || s.result == ""
		switch {
		case failed && failedBelow[key]:
		case s.result == "fail":
			c.fail(key.String(), "")
		case failed:
			c.fail(key.String(), "did not finish")
		case s.parents:
		case s.result == "skip":
			c.skips = append(c.skips, key.String()+": "+s.reason)
		default:
			c.passed++
		}
		if failed {
			delete(c.brokenPackages, key.pkg)
			failedBelow[key.parent()] = true
		}
	}
	for pkg := range c.brokenPackages {
		c.fail(pkg, "did not build, or failed outside its tests")
	}
	c.tests, c.brokenPackages = map[test]*state{}, map[string]bool{}
}

func (t test) String() string { return t.pkg + " " + t.name }

// report says whether all is well. The last line is read by programs: do not change it.
func (c *count) report(out io.Writer) bool {
	list := func(title string, names []string) {
		if len(names) == 0 {
			return
		}
		slices.Sort(names)
		fmt.Fprintf(out, "\n%s:\n  %s\n", title, strings.Join(names, "\n  "))
	}
	list("SKIPPED", c.skips)
	list("FAILED", c.failed)
	if c.passed+len(c.failed)+len(c.skips) == 0 {
		c.fail("no test was run", "")
		list("FAILED", c.failed)
	}
	fmt.Fprintf(out, "\n%d passed, %d failed, %d skipped\n", c.passed, len(c.failed), len(c.skips))
	return len(c.failed) == 0
}

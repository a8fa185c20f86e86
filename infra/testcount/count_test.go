package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCounting(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		events string
		checks []string
		says   []string // lines, the last of them last
		status int
	}{
		"tests that pass, fail and skip": {
			events: `{"Action":"run","Package":"p","Test":"A"}
				{"Action":"pass","Package":"p","Test":"A"}
				{"Action":"run","Package":"p","Test":"B"}
				{"Action":"fail","Package":"p","Test":"B"}
				{"Action":"run","Package":"p","Test":"C"}
				{"Action":"output","Package":"p","Test":"C","Output":"    c_test.go:9: no sound card\n"}
				{"Action":"output","Package":"p","Test":"C","Output":"--- SKIP: C (0.00s)\n"}
				{"Action":"skip","Package":"p","Test":"C"}
				{"Action":"fail","Package":"p"}`,
			says:   []string{"  p C: c_test.go:9: no sound card", "  p B", "1 passed, 1 failed, 1 skipped"},
			status: 1,
		},
		"what holds subtests is not counted beside them": {
			events: `{"Action":"run","Package":"p","Test":"A"}
				{"Action":"run","Package":"p","Test":"A/one"}
				{"Action":"run","Package":"p","Test":"A/two"}
				{"Action":"pass","Package":"p","Test":"A/one"}
				{"Action":"pass","Package":"p","Test":"A/two"}
				{"Action":"pass","Package":"p","Test":"A"}
				{"Action":"pass","Package":"p"}`,
			says: []string{"2 passed, 0 failed, 0 skipped"},
		},
		"a subtest that fails is counted once": {
			events: `{"Action":"run","Package":"p","Test":"A"}
				{"Action":"run","Package":"p","Test":"A/one"}
				{"Action":"run","Package":"p","Test":"A/one/deep"}
				{"Action":"fail","Package":"p","Test":"A/one/deep"}
				{"Action":"fail","Package":"p","Test":"A/one"}
				{"Action":"fail","Package":"p","Test":"A"}
				{"Action":"fail","Package":"p"}`,
			says:   []string{"  p A/one/deep", "0 passed, 1 failed, 0 skipped"},
			status: 1,
		},
		"a test that fails though its subtests passed": {
			events: `{"Action":"run","Package":"p","Test":"A"}
				{"Action":"run","Package":"p","Test":"A/one"}
				{"Action":"pass","Package":"p","Test":"A/one"}
				{"Action":"fail","Package":"p","Test":"A"}
				{"Action":"fail","Package":"p"}`,
			says:   []string{"  p A", "1 passed, 1 failed, 0 skipped"},
			status: 1,
		},
		"a package that does not build": {
			events: "# p\np.go:1:1: syntax error\n" + `{"Action":"fail","Package":"p"}`,
			says:   []string{"  p did not build, or failed outside its tests", "0 passed, 1 failed, 0 skipped"},
			status: 1,
		},
		"a package that fails after its tests": {
			events: `{"Action":"run","Package":"p","Test":"A"}
				{"Action":"pass","Package":"p","Test":"A"}
				{"Action":"fail","Package":"p"}`,
			says:   []string{"1 passed, 1 failed, 0 skipped"},
			status: 1,
		},
		"a test that did not finish": {
			events: `{"Action":"run","Package":"p","Test":"A"}
				{"Action":"fail","Package":"p"}`,
			says:   []string{"  p A did not finish", "0 passed, 1 failed, 0 skipped"},
			status: 1,
		},
		"checks count": {
			events: `{"Action":"run","Package":"p","Test":"A"}
				{"Action":"pass","Package":"p","Test":"A"}`,
			checks: []string{"-check", "format=passed", "-check", "lint=failed"},
			says:   []string{"  lint", "2 passed, 1 failed, 0 skipped"},
			status: 1,
		},
		"go test fails, and no test did": {
			events: `{"Action":"run","Package":"p","Test":"A"}
				{"Action":"pass","Package":"p","Test":"A"}`,
			checks: []string{"-status", "2"},
			says:   []string{"  go test ended with status 2", "1 passed, 1 failed, 0 skipped"},
			status: 1,
		},
		"nothing was run": {
			says:   []string{"  no test was run", "0 passed, 1 failed, 0 skipped"},
			status: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "tests.json")
			events := strings.ReplaceAll(test.events, "\t", "")
			if err := os.WriteFile(file, []byte(events), 0o600); err != nil {
				t.Fatal(err)
			}
			var out, complaints bytes.Buffer
			status := run(append(test.checks, file), &out, &complaints)
			if status != test.status {
				t.Errorf("exit status %d, want %d", status, test.status)
			}
			lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
			for i, want := range test.says {
				if last := i == len(test.says)-1; last && lines[len(lines)-1] != want {
					t.Errorf("the last line is %q, want %q", lines[len(lines)-1], want)
				}
				if !strings.Contains(out.String(), want+"\n") {
					t.Errorf("%q is not said in:\n%s", want, out.String())
				}
			}
		})
	}
}

func TestAFileThatIsNotThereIsAFailure(t *testing.T) {
	t.Parallel()
	var out, complaints bytes.Buffer
	if status := run([]string{filepath.Join(t.TempDir(), "absent.json")}, &out, &complaints); status != 1 {
		t.Errorf("exit status %d", status)
	}
	if !strings.HasSuffix(out.String(), "\n0 passed, 1 failed, 0 skipped\n") {
		t.Error(out.String())
	}
}

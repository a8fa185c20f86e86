package localpg

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

//go:embed idle.sh
var idleScript string

// idleStopper reports whether this machine has what the script needs.
func idleStopper() bool {
	_, flock := exec.LookPath("flock")
	_, shell := exec.LookPath("sh")
	return flock == nil && shell == nil
}

// watchIdle leaves a small script beside the server that stops it when nobody has used it for a while. A test process
// ends without a word, so the last one out cannot do it. Every user starts one, since the last may have been killed; all
// but the first leave at once.
func (c *Cluster) watchIdle() error {
	if c.options.StopWhenIdle <= 0 || !idleStopper() {
		return nil
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { _ = null.Close() }()
	seconds := strconv.FormatFloat(c.options.StopWhenIdle.Seconds(), 'f', 1, 64)
	cmd := exec.Command("sh", "-c", idleScript, "onedoor-idle", c.place.dir, c.place.data, seconds) //nolint:gosec // our own script
	cmd.Dir = "/"
	cmd.Stdin, cmd.Stdout, cmd.Stderr = null, null, null
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("watch for the local database to be idle: %w", err)
	}
	go func() { _ = cmd.Wait() }() // ends with the script, or with us
	return nil
}

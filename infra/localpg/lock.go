package localpg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	shared    = syscall.LOCK_SH
	exclusive = syscall.LOCK_EX
)

// lock is a flock on a file: the kernel lets go of it when the process dies, however it dies.
type lock struct{ file *os.File }

// lockFile waits for a lock until ctx ends.
func lockFile(ctx context.Context, path string, how int) (*lock, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open a lock of the local database: %w", err)
	}
	for {
		err := syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB)
		if err == nil {
			return &lock{file}, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", filepath.Base(path), err), file.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("wait for %s of the local database: %w", filepath.Base(path), ctx.Err()), file.Close())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// tryExclusive turns a shared lock into an exclusive one, and reports whether nobody else had it. The shared lock is gone
// either way.
func (l *lock) tryExclusive() (bool, error) {
	err := syscall.Flock(int(l.file.Fd()), exclusive|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// release lets go. Closing is enough: the descriptor is not inherited by any child.
func (l *lock) release() { _ = l.file.Close() }

// HeldError says that another process is what only one may be on a data folder.
type HeldError struct {
	Name    string    `json:"-"` // what it is: demo, web, jobs
	Dir     string    `json:"-"`
	PID     int       `json:"pid"`
	Command string    `json:"command"`
	Started time.Time `json:"started"`
}

func (e *HeldError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("The data in %s is held by another process, which has just begun: it is %q too.", e.Dir, e.Name)
	}
	return fmt.Sprintf("The data in %s is held by process %d (%s), running since %s: stop it first, or choose another folder with ONEDOOR_DATA.",
		e.Dir, e.PID, e.Command, e.Started.Local().Format("2 January 15:04:05"))
}

// hold takes the exclusive lock of a name and writes into it who has it.
func hold(dir, name, command string) (*lock, error) {
	path := filepath.Join(dir, name+".lock")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock of %s: %w", name, err)
	}
	if err := syscall.Flock(int(file.Fd()), exclusive|syscall.LOCK_NB); err != nil {
		defer func() { _ = file.Close() }()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", name, err)
		}
		held := &HeldError{Name: name, Dir: dir}
		if text, err := io.ReadAll(file); err == nil {
			_ = json.Unmarshal(text, held) // a holder that has not written yet has no name to give
		}
		return nil, held
	}
	if command == "" {
		command = filepath.Base(os.Args[0])
	}
	text, err := json.Marshal(HeldError{PID: os.Getpid(), Command: command, Started: time.Now().UTC()})
	if err == nil {
		err = errors.Join(file.Truncate(0), writeAt(file, append(text, '\n')))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write the lock of %s: %w", name, err), file.Close())
	}
	return &lock{file}, nil
}

func writeAt(file *os.File, text []byte) error {
	_, err := file.WriteAt(text, 0)
	return err
}

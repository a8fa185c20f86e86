package simulator

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// journal is an append-only file of commits, one JSON line each. The zero journal keeps nothing.
type journal struct {
	file *os.File
}

// openJournal replays a journal and opens it for more. The file is locked: two processes writing one would tear it.
func openJournal(folder, name string, replay func(commit)) (journal, error) {
	if folder == "" {
		return journal{}, nil
	}
	path := filepath.Join(folder, name+".jsonl")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // an ODS code in the folder given
	if err != nil {
		return journal{}, err
	}
	good, err := lockAndReplay(file, replay)
	if err == nil {
		err = file.Truncate(good) // what follows the last whole line never was a commit
	}
	if err == nil {
		_, err = file.Seek(good, io.SeekStart)
	}
	if err == nil {
		err = syncFolder(folder)
	}
	if err != nil {
		return journal{}, fmt.Errorf("opening %s: %w", filepath.Base(path), errors.Join(err, file.Close()))
	}
	return journal{file}, nil
}

// lockAndReplay returns where the last whole line ends.
func lockAndReplay(file *os.File, replay func(commit)) (int64, error) {
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return 0, errors.New("another process plays this system with the same folder")
	}
	var good int64
	lines := bufio.NewReader(file)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return good, nil
		}
		if err != nil {
			return 0, err
		}
		var c commit
		if err := json.Unmarshal(line, &c); err != nil {
			if _, after := lines.Peek(1); errors.Is(after, io.EOF) {
				return good, nil // the last line, torn where a page boundary left a newline
			}
			return 0, fmt.Errorf("the line at byte %d is damaged, and others follow it", good)
		}
		replay(c)
		good += int64(len(line))
	}
}

// append returns when the commit is on the disk. After a failure the file is put back to where it was.
func (j journal) append(c commit) error {
	if j.file == nil {
		return nil
	}
	var line bytes.Buffer
	if err := json.NewEncoder(&line).Encode(c); err != nil {
		return err
	}
	start, err := j.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	_, err = j.file.Write(line.Bytes())
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		return errors.Join(err, j.file.Truncate(start), seek(j.file, start))
	}
	return nil
}

func seek(file *os.File, to int64) error {
	_, err := file.Seek(to, io.SeekStart)
	return err
}

func (j journal) close() error {
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}

// syncFolder makes the file's name as durable as its content.
func syncFolder(folder string) error {
	d, err := os.Open(folder) // the folder given
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

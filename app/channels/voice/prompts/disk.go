package prompts

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"onedoor/app/channels/voice/media"
)

// disk keeps sound in files, up to a number of bytes. Each file begins with a hash of its sound, so that one that was cut short
// or changed is made anew. Several processes may share the folder: a file appears whole or not at all.
type disk struct {
	root *os.Root
	most int64

	mu    sync.Mutex
	holds int64
	files map[string]file
}

type file struct {
	size int64
	used time.Time
}

const extension = ".ulaw"

// openDisk makes the folder, and finds what is kept there.
func openDisk(folder string, most int64) (*disk, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("prompts: the folder for sound cannot be made: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("prompts: the folder for sound cannot be used: %w", err)
	}
	d := &disk{root: root, most: most, files: make(map[string]file)}
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("prompts: the folder for sound cannot be read: %w", err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		key, ok := strings.CutSuffix(entry.Name(), extension)
		if !ok {
			if strings.HasPrefix(entry.Name(), "new-") && time.Since(info.ModTime()) > time.Hour {
				_ = root.Remove(entry.Name()) // what a process that died was writing
			}
			continue
		}
		d.files[key] = file{info.Size(), info.ModTime()}
		d.holds += info.Size()
	}
	d.makeRoom()
	return d, nil
}

func (d *disk) get(key string) (media.Audio, bool) {
	whole, err := d.root.ReadFile(key + extension)
	if err != nil {
		return nil, false
	}
	if len(whole) <= sha256.Size {
		d.drop(key)
		return nil, false
	}
	sound := whole[sha256.Size:]
	if sum := sha256.Sum256(sound); !bytes.Equal(sum[:], whole[:sha256.Size]) {
		d.drop(key)
		return nil, false
	}
	now := time.Now()
	_ = d.root.Chtimes(key+extension, now, now)
	d.note(key, int64(len(whole)), now)
	return sound, true
}

func (d *disk) put(key string, sound media.Audio) error {
	sum := sha256.Sum256(sound)
	temporary := fmt.Sprintf("new-%d-%s", os.Getpid(), filepath.Base(key))
	f, err := d.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(sum[:], sound...))
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = d.root.Rename(temporary, key+extension)
	}
	if err != nil {
		_ = d.root.Remove(temporary)
		return err
	}
	d.note(key, int64(len(sound)+sha256.Size), time.Now())
	d.mu.Lock()
	defer d.mu.Unlock()
	d.makeRoom()
	return nil
}

func (d *disk) note(key string, size int64, used time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.holds += size - d.files[key].size
	d.files[key] = file{size, used}
}

func (d *disk) drop(key string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.remove(key)
}

func (d *disk) remove(key string) {
	_ = d.root.Remove(key + extension)
	d.holds -= d.files[key].size
	delete(d.files, key)
}

// makeRoom removes what was used longest ago, a tenth more than is needed, so that it is not done at each phrase.
func (d *disk) makeRoom() {
	if d.holds <= d.most {
		return
	}
	keys := make([]string, 0, len(d.files))
	for key := range d.files {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(d.files[a].used.Compare(d.files[b].used), cmp.Compare(a, b)) })
	for _, key := range keys {
		if d.holds <= d.most-d.most/10 {
			return
		}
		d.remove(key)
	}
}

package localpg

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
)

// fallbackRoot is where data goes that the server's account could not reach where it was asked for.
const fallbackRoot = "/var/lib/onedoor"

// longestSocketFolder leaves room in sun_path (104 bytes on some systems) for the name of PostgreSQL's socket.
const longestSocketFolder = 85

// place is where the parts of a cluster are.
type place struct {
	dir    string // locks and log; the server's account can enter it
	data   string // PGDATA
	socket string // folder of the socket
}

func (p place) startLock() string { return filepath.Join(p.dir, "start.lock") }
func (p place) usersLock() string { return filepath.Join(p.dir, "users.lock") }
func (p place) log() string       { return filepath.Join(p.dir, "postgres.log") }

// settle chooses the folders and hands those of the server to its account. Root's own folders are often closed to
// everybody else: then the cluster lives under fallbackRoot, under a name made from the folder that was asked for.
func settle(dir string, a account) (place, error) {
	key := shortHash(dir)
	if !a.reaches(dir) {
		dir = filepath.Join(fallbackRoot, key)
		if err := makeFolder(fallbackRoot); err != nil {
			return place{}, err
		}
		if err := makeFolder(dir); err != nil {
			return place{}, err
		}
		if !a.reaches(dir) {
			return place{}, fmt.Errorf("the account %s can enter neither the data folder nor %s: choose a data folder outside root's home", a.name, dir)
		}
	}
	p := place{dir: dir, data: filepath.Join(dir, "postgres"), socket: filepath.Join(dir, "socket")}
	if len(p.socket) > longestSocketFolder {
		p.socket = filepath.Join(os.TempDir(), fmt.Sprintf("onedoor-%d-%s", a.uid, key))
	}
	for _, folder := range []string{p.data, p.socket} {
		if err := a.own(folder); err != nil {
			return place{}, err
		}
	}
	return p, nil
}

// tidy removes what a stopped server leaves outside its folder.
func (p place) tidy() error {
	if filepath.Dir(p.socket) == p.dir {
		return nil
	}
	return os.RemoveAll(p.socket)
}

func shortHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:6])
}

package localpg

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// account is who the server runs as: us, or somebody unprivileged when we are root, since PostgreSQL refuses root.
type account struct {
	name     string
	uid, gid int
	// credential is nil when the server runs as us.
	credential *syscall.Credential
	// me is who we are; peer authentication lets both of us in.
	me string
}

func unprivileged() (account, error) {
	me, err := user.Current()
	if err != nil {
		return account{}, fmt.Errorf("find out who we are: %w", err)
	}
	if os.Geteuid() != 0 {
		return account{name: me.Username, uid: os.Getuid(), gid: os.Getgid(), me: me.Username}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.Atoi(u.Uid)
		gid, errGID := strconv.Atoi(u.Gid)
		if errUID != nil || errGID != nil {
			continue
		}
		cred := &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)} //nolint:gosec // ids of the password file
		return account{name: name, uid: uid, gid: gid, credential: cred, me: me.Username}, nil
	}
	return account{}, errors.New("PostgreSQL does not run as root, and there is no account postgres or nobody to run it as")
}

// command is a program of PostgreSQL as the account would start it: in a session of its own, so that Ctrl-C in our
// terminal reaches us and not the server, with nothing of our environment but the path.
func (a account) command(program, dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...) //nolint:gosec // a program we found, and no shell line
	cmd.Dir = dir
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC", "PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: a.credential, Setsid: true}
	return cmd
}

// reaches reports whether the account can enter a folder. The kernel is asked rather than the mode bits, which are not
// the whole story.
func (a account) reaches(dir string) bool {
	if a.credential == nil {
		return true
	}
	shell, err := exec.LookPath("sh")
	if err != nil {
		return false
	}
	return a.command(shell, dir, "-c", ":").Run() == nil
}

// own gives a private folder to the account. What is there already must be ours or the account's, and no link: the
// folder may stand in a place that everybody can write to.
func (a account) own(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || (int(stat.Uid) != a.uid && int(stat.Uid) != os.Geteuid()) {
		return fmt.Errorf("%s belongs to another account than %s: remove it or choose another data folder", dir, a.name)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return err
	}
	if a.credential == nil {
		return nil
	}
	return os.Lchown(dir, a.uid, a.gid)
}

// Package keyfile is the master key in a file of this machine: the KMS of a development machine and of an installation that
// has no key service. The file is a Tink keyset in JSON, readable by its owner only, and belongs in no backup of the
// database. It holds every master key that is still needed, the newest of which wraps: rotating adds one, and forgetting
// the old ones comes after every tenant's key was wrapped anew.
package keyfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// File is a master key. It implements secrets.KMS.
type File struct {
	path string

	mu   sync.Mutex
	aead tink.AEAD
}

// Open reads a key file. One that others than its owner can read is refused.
func Open(path string) (*File, error) {
	primitive, err := load(path)
	if err != nil {
		return nil, err
	}
	return &File{path: path, aead: primitive}, nil
}

func load(path string) (tink.AEAD, error) {
	handle, err := read(path)
	if err != nil {
		return nil, err
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("the key file %s holds no key that encrypts: %w", path, err)
	}
	return primitive, nil
}

// OpenOrMake reads a key file, and makes it first where there is none.
func OpenOrMake(path string) (*File, error) {
	if err := Make(path); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	return Open(path)
}

// Make writes a new key file. It never replaces one (os.ErrExist): what it opens would be lost.
func Make(path string) error {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return fmt.Errorf("make a master key: %w", err)
	}
	return write(path, handle, func(temporary string) error { return os.Link(temporary, path) }) // a link replaces nothing
}

// Rotate adds a master key, which wraps from now on where the file is read anew. Then every tenant's key is to be wrapped
// anew (secrets.Vault.Rewrap), and after that Forget.
func Rotate(path string) error {
	return change(path, func(m *keyset.Manager, _ []keyset.Entry) error {
		id, err := m.Add(aead.AES256GCMKeyTemplate())
		if err != nil {
			return err
		}
		return m.SetPrimary(id)
	})
}

// Forget removes every master key but the one that wraps. What was wrapped with another cannot be opened any more.
func Forget(path string) error {
	return change(path, func(m *keyset.Manager, entries []keyset.Entry) error {
		for _, e := range entries {
			if !e.IsPrimary() {
				if err := m.Delete(e.KeyID()); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Wrap implements secrets.KMS.
func (f *File) Wrap(_ context.Context, key, sealedFor []byte) ([]byte, error) {
	return f.current().Encrypt(key, sealedFor)
}

// Unwrap implements secrets.KMS. What the keys in memory do not open may have been wrapped since the file was rotated: it is
// read again.
func (f *File) Unwrap(_ context.Context, wrapped, sealedFor []byte) ([]byte, error) {
	key, err := f.current().Decrypt(wrapped, sealedFor)
	if err == nil {
		return key, nil
	}
	if err := f.reload(); err != nil {
		return nil, err
	}
	return f.current().Decrypt(wrapped, sealedFor)
}

func (f *File) current() tink.AEAD {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.aead
}

func (f *File) reload() error {
	primitive, err := load(f.path)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.aead = primitive
	return nil
}

func change(path string, how func(*keyset.Manager, []keyset.Entry) error) error {
	handle, err := read(path)
	if err != nil {
		return err
	}
	entries := make([]keyset.Entry, 0, handle.Len())
	for i := range handle.Len() {
		e, err := handle.Entry(i)
		if err != nil {
			return fmt.Errorf("read the key file: %w", err)
		}
		entries = append(entries, *e)
	}
	m := keyset.NewManagerFromHandle(handle)
	if err := how(m, entries); err != nil {
		return fmt.Errorf("change the key file: %w", err)
	}
	if handle, err = m.Handle(); err != nil {
		return fmt.Errorf("change the key file: %w", err)
	}
	return write(path, handle, func(temporary string) error { return os.Rename(temporary, path) })
}

func read(path string) (*keyset.Handle, error) {
	about, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("the master key: %w", err)
	}
	if about.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the key file %s can be read by others: chmod 600 it", path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the master key: %w", err)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(b)))
	if err != nil {
		return nil, fmt.Errorf("the key file %s is not one: %w", path, err)
	}
	return handle, nil
}

// write puts the keyset in place whole or not at all.
func write(path string, handle *keyset.Handle, place func(temporary string) error) (err error) {
	var b bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&b)); err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".key-*") // made for its owner alone
	if err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	defer func() { _ = os.Remove(temporary.Name()) }()
	_, err = temporary.Write(b.Bytes())
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	if err := place(temporary.Name()); err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	return nil
}

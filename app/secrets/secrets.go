// Package secrets keeps what must not be read from a stolen disk or backup: envelope encryption with Google's Tink. Each
// neighbourhood has a key of its own, made when it is first needed; that key is stored wrapped by a master key, which stays
// behind the KMS port and is never stored with the data. What is sealed says for what it was sealed, so that one person's
// recording cannot be put in the place of another's.
//
// It never sees who asks: the domain has decided that. Wrapped keys come from and go to the Store (app/store/secretstore);
// the master key is a file's (app/secrets/keyfile) or a key service's. Plain keys live in this process's memory only.
package secrets

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/google/uuid"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"onedoor/app/fault"
)

// KMS holds the master key. What it wraps it unwraps for the same context only, also after the master key was rotated.
type KMS interface {
	Wrap(ctx context.Context, key, sealedFor []byte) (wrapped []byte, err error)
	Unwrap(ctx context.Context, wrapped, sealedFor []byte) (key []byte, err error)
}

// Store keeps each neighbourhood's wrapped key.
type Store interface {
	// Key is the wrapped key of a neighbourhood; none is fault.NotFound.
	Key(ctx context.Context, neighbourhood uuid.UUID) ([]byte, error)
	// Add keeps the first key of a neighbourhood, and gives the one that is kept: another process may have been first.
	Add(ctx context.Context, neighbourhood uuid.UUID, wrapped []byte) (kept []byte, err error)
	// Replace puts a key in the place of one, if that is still the one that is kept.
	Replace(ctx context.Context, neighbourhood uuid.UUID, was, wrapped []byte) (bool, error)
}

// Vault seals and opens.
type Vault struct {
	store Store
	kms   KMS

	mu   sync.Mutex
	keys map[uuid.UUID]*key
}

// key is a neighbourhood's, as it is used and as it is stored.
type key struct {
	handle  *keyset.Handle
	aead    tink.AEAD
	wrapped []byte
}

// New makes a vault.
func New(store Store, kms KMS) *Vault {
	return &Vault{store: store, kms: kms, keys: map[uuid.UUID]*key{}}
}

// Seal encrypts something of a neighbourhood. Only the same sealedFor opens it: name what it is and whose, by ids.
func (v *Vault) Seal(ctx context.Context, neighbourhood uuid.UUID, plain, sealedFor []byte) ([]byte, error) {
	k, err := v.key(ctx, neighbourhood, true)
	if err != nil {
		return nil, err
	}
	sealed, err := k.aead.Encrypt(plain, bound(neighbourhood, sealedFor))
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal made. What was changed, is another neighbourhood's or was sealed for something else is refused
// (secret_sealed), with nothing of it.
func (v *Vault) Open(ctx context.Context, neighbourhood uuid.UUID, sealed, sealedFor []byte) ([]byte, error) {
	k, err := v.key(ctx, neighbourhood, false)
	if err != nil {
		return nil, err
	}
	plain, err := k.aead.Decrypt(sealed, bound(neighbourhood, sealedFor))
	if err == nil {
		return plain, nil
	}
	// Another process may have given the neighbourhood a newer key since this one read it.
	v.forget(neighbourhood, k)
	if k, err = v.key(ctx, neighbourhood, false); err != nil {
		return nil, err
	}
	if plain, err = k.aead.Decrypt(sealed, bound(neighbourhood, sealedFor)); err != nil {
		return nil, fault.New(fault.Unavailable, "secret_sealed", "What is kept here cannot be opened with the keys of this service.")
	}
	return plain, nil
}

// Rewrap wraps a neighbourhood's key anew, with the master key that is in use now. Once every neighbourhood's is, the old
// master key opens nothing any more and can be destroyed. What was sealed stays as it is. A neighbourhood without a key
// reports false.
func (v *Vault) Rewrap(ctx context.Context, neighbourhood uuid.UUID) (bool, error) {
	return v.replace(ctx, neighbourhood, func(*keyset.Manager) error { return nil })
}

// Renew gives a neighbourhood a new key for what is sealed from now on; what was sealed before still opens.
func (v *Vault) Renew(ctx context.Context, neighbourhood uuid.UUID) (bool, error) {
	return v.replace(ctx, neighbourhood, func(m *keyset.Manager) error {
		id, err := m.Add(aead.AES256GCMKeyTemplate())
		if err != nil {
			return err
		}
		return m.SetPrimary(id)
	})
}

func (v *Vault) replace(ctx context.Context, neighbourhood uuid.UUID, change func(*keyset.Manager) error) (bool, error) {
	v.forget(neighbourhood, nil)
	k, err := v.key(ctx, neighbourhood, false)
	if fault.Is(err, "secret_no_key") {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	m := keyset.NewManagerFromHandle(k.handle)
	if err := change(m); err != nil {
		return false, fmt.Errorf("change the key: %w", err)
	}
	handle, err := m.Handle()
	if err != nil {
		return false, fmt.Errorf("change the key: %w", err)
	}
	wrapped, err := v.wrap(ctx, neighbourhood, handle)
	if err != nil {
		return false, err
	}
	v.forget(neighbourhood, k)
	return v.store.Replace(ctx, neighbourhood, k.wrapped, wrapped)
}

// key is a neighbourhood's, from memory or from the store, or made now.
func (v *Vault) key(ctx context.Context, neighbourhood uuid.UUID, make bool) (*key, error) {
	v.mu.Lock()
	k, ok := v.keys[neighbourhood]
	v.mu.Unlock()
	if ok {
		return k, nil
	}
	wrapped, err := v.store.Key(ctx, neighbourhood)
	if fault.Is(err, "not_found") {
		if !make {
			return nil, fault.New(fault.NotFound, "secret_no_key", "Nothing was ever sealed here.")
		}
		wrapped, err = v.first(ctx, neighbourhood)
	}
	if err != nil {
		return nil, err
	}
	if k, err = v.unwrap(ctx, neighbourhood, wrapped); err != nil {
		return nil, err
	}
	v.mu.Lock()
	v.keys[neighbourhood] = k
	v.mu.Unlock()
	return k, nil
}

func (v *Vault) first(ctx context.Context, neighbourhood uuid.UUID) ([]byte, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	wrapped, err := v.wrap(ctx, neighbourhood, handle)
	if err != nil {
		return nil, err
	}
	return v.store.Add(ctx, neighbourhood, wrapped)
}

func (v *Vault) forget(neighbourhood uuid.UUID, k *key) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if k == nil || v.keys[neighbourhood] == k {
		delete(v.keys, neighbourhood)
	}
}

func (v *Vault) wrap(ctx context.Context, neighbourhood uuid.UUID, handle *keyset.Handle) ([]byte, error) {
	var b bytes.Buffer
	if err := handle.WriteWithContext(ctx, keyset.NewBinaryWriter(&b), master{v.kms}, neighbourhood[:]); err != nil {
		return nil, unavailable(err)
	}
	return b.Bytes(), nil
}

func (v *Vault) unwrap(ctx context.Context, neighbourhood uuid.UUID, wrapped []byte) (*key, error) {
	handle, err := keyset.ReadWithContext(ctx, keyset.NewBinaryReader(bytes.NewReader(wrapped)), master{v.kms}, neighbourhood[:])
	if err != nil {
		return nil, unavailable(err)
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("use a key: %w", err)
	}
	return &key{handle, primitive, wrapped}, nil
}

func unavailable(cause error) error {
	return fmt.Errorf("%w (%w)", fault.New(fault.Unavailable, "secret_master_key", "The master key that this neighbourhood's key was wrapped with cannot be had."), cause)
}

// bound ties what is sealed to its neighbourhood and purpose. The neighbourhood has a fixed length, so that no two pairs are
// the same bytes.
func bound(neighbourhood uuid.UUID, sealedFor []byte) []byte {
	return append(neighbourhood[:], sealedFor...)
}

// master is the KMS as Tink asks for it.
type master struct{ kms KMS }

func (m master) EncryptWithContext(ctx context.Context, plain, sealedFor []byte) ([]byte, error) {
	return m.kms.Wrap(ctx, plain, sealedFor)
}

func (m master) DecryptWithContext(ctx context.Context, wrapped, sealedFor []byte) ([]byte, error) {
	return m.kms.Unwrap(ctx, wrapped, sealedFor)
}

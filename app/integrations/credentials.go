package integrations

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/clinical"
	"onedoor/app/fault"
	"onedoor/app/identity"
	"onedoor/tenants"
)

// mostCredential is far above any key or chain of certificates.
const mostCredential = 64 << 10

// SetCredential gives an integration a credential, in the place of the one of that name. It is sealed before it is kept and
// never given out again but to the adapter. What does not have the form that the kind asks for is refused (credential_form),
// with no part of it in the error.
func (s *Service) SetCredential(ctx context.Context, by identity.Principal, organisation, id uuid.UUID, name string, plain []byte) (Connection, error) {
	c, err := s.found(ctx, by, "write", organisation, id)
	if err != nil {
		return Connection{}, err
	}
	now := s.o.Now()
	sealed, err := s.sealed(ctx, c.Integration, name, plain)
	if err != nil {
		return Connection{}, err
	}
	err = s.o.Store.SetCredential(ctx, scope(by, "write"), id, Credential{Name: name, SetAt: now, SetBy: by.Name}, sealed, s.credentialEntry(by, "integration.credential.set", name, now))
	if err != nil {
		return Connection{}, err
	}
	return s.found(ctx, by, "write", organisation, id)
}

// Supply gives an integration a credential as SetCredential does, by a program that knows it and in nobody's name, such as
// a demonstration that plays the system itself.
func (s *Service) Supply(ctx context.Context, by audit.Actor, i clinical.Integration, name string, plain []byte) error {
	sealed, err := s.sealed(ctx, i, name, plain)
	if err != nil {
		return err
	}
	now := s.o.Now()
	return s.o.Store.SetCredential(ctx, tenants.JobOf(i.NeighbourhoodID), i.ID, Credential{Name: name, SetAt: now, SetBy: by.Name}, sealed, func(i clinical.Integration) audit.Entry {
		e := entry(by, i, "integration.credential.set", now)
		e.Details = map[string]any{"credential": name}
		return e
	})
}

// sealed is a credential as it is kept.
func (s *Service) sealed(ctx context.Context, i clinical.Integration, name string, plain []byte) ([]byte, error) {
	secret, err := secretOf(i.Kind, name)
	if err != nil {
		return nil, err
	}
	plain = trimmed(secret.Form, plain)
	if says := wrongForm(secret, plain); says != "" {
		return nil, fault.New(fault.Invalid, "credential_form", "%s", says)
	}
	return s.o.Vault.Seal(ctx, i.NeighbourhoodID, plain, sealedFor("credential "+name, i.ID))
}

// RemoveCredential takes a credential away.
func (s *Service) RemoveCredential(ctx context.Context, by identity.Principal, organisation, id uuid.UUID, name string) (Connection, error) {
	c, err := s.found(ctx, by, "write", organisation, id)
	if err != nil {
		return Connection{}, err
	}
	if _, err := secretOf(c.Kind, name); err != nil {
		return Connection{}, err
	}
	now := s.o.Now()
	if err := s.o.Store.RemoveCredential(ctx, scope(by, "write"), id, name, by.Name, now, s.credentialEntry(by, "integration.credential.remove", name, now)); err != nil {
		return Connection{}, err
	}
	return s.found(ctx, by, "write", organisation, id)
}

// Secrets are an integration's credentials in the clear, by name. They are for the adapter alone: package systems asks.
func (s *Service) Secrets(ctx context.Context, i clinical.Integration) (map[string][]byte, error) {
	sealed, err := s.o.Store.Sealed(ctx, i.NeighbourhoodID, i.ID)
	if err != nil {
		return nil, err
	}
	plain := make(map[string][]byte, len(sealed))
	for name, what := range sealed {
		if plain[name], err = s.o.Vault.Open(ctx, i.NeighbourhoodID, what, sealedFor("credential "+name, i.ID)); err != nil {
			return nil, err
		}
	}
	return plain, nil
}

func (s *Service) credentialEntry(by identity.Principal, action, name string, now time.Time) func(clinical.Integration) audit.Entry {
	return func(i clinical.Integration) audit.Entry {
		e := s.entry(by, action, now)(i)
		e.Details = map[string]any{"credential": name}
		return e
	}
}

// sealedFor names what is sealed, so that no other opens in its place.
func sealedFor(what string, id uuid.UUID) []byte {
	return append([]byte("integration "+what+" "), id[:]...)
}

func secretOf(kind clinical.IntegrationKind, name string) (clinical.Secret, error) {
	d, _ := clinical.Describe(kind)
	if i := slices.IndexFunc(d.Secrets, func(s clinical.Secret) bool { return s.Name == name }); i >= 0 {
		return d.Secrets[i], nil
	}
	return clinical.Secret{}, fault.Absent()
}

func trimmed(form clinical.SecretForm, plain []byte) []byte {
	if form == clinical.SecretText {
		return []byte(strings.TrimSpace(string(plain)))
	}
	return plain
}

// wrongForm says in words what a credential lacks, with no part of it.
func wrongForm(s clinical.Secret, plain []byte) string {
	if len(plain) == 0 || len(plain) > mostCredential {
		return s.Label + ": enter it. It is at most 64 kB."
	}
	switch s.Form {
	case clinical.SecretKey:
		block, _ := pem.Decode(plain)
		if block == nil || !keyOf(block.Bytes) {
			return s.Label + ": this is not a private key in PEM without a password (BEGIN PRIVATE KEY)."
		}
	case clinical.SecretCertificate:
		if !certificates(plain) {
			return s.Label + ": this is not a certificate in PEM (BEGIN CERTIFICATE)."
		}
	case clinical.SecretText:
		if strings.ContainsAny(string(plain), "\r\n\x00") {
			return s.Label + ": this is one line."
		}
	}
	return ""
}

func keyOf(der []byte) bool {
	if _, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return true
	}
	if _, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return true
	}
	_, err := x509.ParseECPrivateKey(der)
	return err == nil
}

func certificates(chain []byte) bool {
	found := false
	for {
		var block *pem.Block
		if block, chain = pem.Decode(chain); block == nil {
			return found
		}
		if _, err := x509.ParseCertificate(block.Bytes); block.Type != "CERTIFICATE" || err != nil {
			return false
		}
		found = true
	}
}

// elsewhere reports whether anything that is called moved to another host, or lost its encryption.
func elsewhere(was, is clinical.Integration) bool {
	d, _ := clinical.Describe(is.Kind)
	if origin(was.BaseURL) != origin(is.BaseURL) {
		return true
	}
	for _, s := range d.Settings {
		if s.Address && is.Settings[s.Name] != "" && origin(was.Settings[s.Name]) != origin(is.Settings[s.Name]) {
			return true
		}
	}
	return false
}

func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Scheme + "://" + strings.ToLower(u.Host)
}

package authorise

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"

	"github.com/go-jose/go-jose/v4"
)

// shortestRSA is the least that both specifications' guidance takes.
const shortestRSA = 2048

// key is a private key that signs assertions.
type key struct{ private crypto.Signer }

// parseKey reads PEM of PKCS #8, PKCS #1 or SEC 1. Its errors hold nothing of the key.
func parseKey(text []byte, profile Profile) (key, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return key{}, errors.New("the private key is not PEM")
	}
	var private any
	var err error
	switch block.Type {
	case "RSA PRIVATE KEY":
		private, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		private, err = x509.ParseECPrivateKey(block.Bytes)
	case "PRIVATE KEY":
		private, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	default:
		return key{}, errors.New("the PEM does not hold a private key, or holds one with a password")
	}
	if err != nil {
		return key{}, errors.New("the private key cannot be read")
	}
	switch k := private.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < shortestRSA {
			return key{}, errors.New("the RSA key is shorter than 2048 bits")
		}
		return key{k}, nil
	case *ecdsa.PrivateKey:
		if profile == NHS {
			return key{}, errors.New("the NHS's services take RSA keys only")
		}
		if k.Curve != elliptic.P384() {
			return key{}, errors.New("the elliptic key is not of P-384")
		}
		return key{k}, nil
	}
	return key{}, errors.New("the private key is neither RSA nor elliptic")
}

// algorithms that the key signs with, the first preferred.
func (k key) algorithms(profile Profile) []jose.SignatureAlgorithm {
	if profile == NHS {
		return []jose.SignatureAlgorithm{jose.RS512}
	}
	if _, elliptic := k.private.(*ecdsa.PrivateKey); elliptic {
		return []jose.SignatureAlgorithm{jose.ES384}
	}
	return []jose.SignatureAlgorithm{jose.RS384}
}

func (k key) sign(algorithm jose.SignatureAlgorithm, id string, claims map[string]any) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: k.private, KeyID: id}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// KeySet is the public half of a private key as a JWK Set, to be given to the other side.
func KeySet(profile Profile, private []byte, id string) ([]byte, error) {
	k, err := parseKey(private, profile)
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{
		Key: k.private.Public(), KeyID: id, Algorithm: string(k.algorithms(profile)[0]), Use: "sig",
	}}}, "", "  ")
}

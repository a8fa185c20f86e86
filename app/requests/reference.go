package requests

import (
	"encoding/binary"
	"io"
	"strings"

	"onedoor/app/fault"
	"onedoor/app/nhs"
)

// Reference names a request to people: ten digits, the last a check digit, never a valid NHS number, so that neither is
// taken for the other when said, keyed or typed.
type Reference string

// damm is H. Michael Damm's quasigroup of order 10: it finds every single wrong digit and every swap of two neighbours.
var damm = [10][10]byte{
	{0, 3, 1, 7, 5, 9, 8, 6, 4, 2},
	{7, 0, 9, 2, 1, 5, 4, 8, 6, 3},
	{4, 2, 0, 6, 8, 7, 1, 3, 5, 9},
	{1, 7, 5, 0, 9, 8, 3, 4, 2, 6},
	{6, 1, 2, 3, 0, 4, 5, 9, 7, 8},
	{3, 6, 7, 4, 2, 0, 9, 5, 8, 1},
	{5, 8, 6, 9, 7, 2, 0, 1, 3, 4},
	{8, 9, 4, 5, 3, 6, 2, 0, 1, 7},
	{9, 4, 3, 8, 6, 1, 7, 2, 0, 5},
	{2, 5, 8, 1, 4, 3, 6, 7, 9, 0},
}

func dammCheck(digits string) byte {
	var interim byte
	for i := range len(digits) {
		interim = damm[interim][digits[i]-'0']
	}
	return interim
}

// NewReference draws one from a source of randomness. The first digit is never 0.
func NewReference(random io.Reader) (Reference, error) {
	var b [8]byte
	for {
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return "", err
		}
		n := 100_000_000 + binary.BigEndian.Uint64(b[:])%900_000_000
		digits := make([]byte, 9, 10)
		for i := 8; i >= 0; i-- {
			digits[i] = '0' + byte(n%10)
			n /= 10
		}
		digits = append(digits, '0'+dammCheck(string(digits)))
		if !nhs.Modulus11(string(digits)) {
			return Reference(digits), nil
		}
	}
}

// ParseReference accepts spaces and hyphens between the digits.
func ParseReference(s string) (Reference, error) {
	digits := strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(strings.TrimSpace(s))
	if len(digits) != 10 || strings.Trim(digits, "0123456789") != "" || dammCheck(digits) != 0 || nhs.Modulus11(digits) {
		return "", fault.New(fault.Invalid, "reference_format", "A reference has 10 digits, such as 123 456 7894: check them.")
	}
	return Reference(digits), nil
}

// Spaced is the reference as people read it: 123 456 7894.
func (r Reference) Spaced() string {
	if len(r) != 10 {
		return string(r)
	}
	return string(r[:3]) + " " + string(r[3:6]) + " " + string(r[6:])
}

// Drawing draws references as plain text, for conversations that are no request yet: intake.References.
func Drawing(random io.Reader) func() (string, error) {
	return func() (string, error) {
		r, err := NewReference(random)
		return string(r), err
	}
}

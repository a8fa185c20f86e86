package media

import (
	"encoding/binary"
	"fmt"
	"io"
)

// number is 64 bits that nobody can guess.
func number(random io.Reader) (uint64, error) {
	var b [8]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return 0, fmt.Errorf("drawing a random number: %w", err)
	}
	return binary.BigEndian.Uint64(b[:]), nil
}

// below is a random number from 0 to n-1; n is small, so that the remainder's bias is nothing.
func below(random io.Reader, n int) (int, error) {
	v, err := number(random)
	return int(v % uint64(n)), err //nolint:gosec // G115: it is below n
}

package media

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

func mustAddr(s string) netip.Addr { return netip.MustParseAddr(s) }
func addr(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// fixed is a moment.
func fixed() time.Time { return time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC) }

// zeros is no randomness at all, for fuzzing.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func itoa(n uint8) string { return strconv.Itoa(int(n)) }

func eventCode(key byte) byte { return byte(strings.IndexByte(eventKeys, key)) }

package line

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/emiago/sipgo/sip"
)

// Why a call, or a packet, was refused: the keys of Stats.Refused.
const (
	RefusedBusy        = "busy"         // 486: as many calls as this process takes
	RefusedDraining    = "draining"     // 503: the process is stopping
	RefusedUnknownLine = "unknown-line" // 404
	RefusedSource      = "source"       // 403: from an address that may not send calls to this line
	RefusedCodec       = "codec"        // 488: no audio that both sides can carry
	RefusedExtension   = "extension"    // 420: it requires what is not supported
	RefusedTimer       = "timer"        // 422: a session time that is too short
	RefusedMalformed   = "malformed"    // 400, 415: it was read, and makes no call
	RefusedLoop        = "loop"         // 482: the same call came twice, by two ways
	RefusedNoPorts     = "no-ports"     // 503: no port is left for audio
	RefusedFlood       = "flood"        // dropped: too many new calls, or packets, from one address
	RefusedRefer       = "refer"        // 405: somebody asked this side to ring or send a call elsewhere
	RefusedDialog      = "dialog"       // 481: about a call that there is not
)

// Stats are counts since the start, and what is now.
type Stats struct {
	Active        int // calls now, ringing ones included
	Most          int
	Answered      uint64
	Cancelled     uint64 // by the caller, before the answer
	NoAck         uint64 // answered, and nobody acknowledged it
	Silent        uint64 // hung up because no audio came
	Expired       uint64 // hung up because the session timer ran out
	Refused       map[string]uint64
	Malformed     uint64 // messages that could not be read
	Stray         uint64 // packets from addresses that no line admits
	Spoofed       uint64 // audio packets from where they may not come, as media counts them
	Panics        uint64 // a call or a message that broke its handler; the process went on
	Transfers     map[string]uint64
	Registered    map[string]bool // by line, for those that register
	Registrations uint64          // that a registrar took
}

// Outcomes of a transfer: the keys of Stats.Transfers.
const (
	TransferAnswered = "answered"
	TransferRefused  = "refused"
	TransferSilent   = "no-answer"
)

type counts struct {
	active                                           atomic.Int64
	answered, cancelled, noAck, silent, expired      atomic.Uint64
	malformed, stray, spoofed, panics, registrations atomic.Uint64
	mu                                               sync.Mutex
	refused, transfers                               map[string]uint64
	registered                                       map[string]bool
}

func newCounts() *counts {
	return &counts{refused: map[string]uint64{}, transfers: map[string]uint64{}, registered: map[string]bool{}}
}

func (c *counts) refuse(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused[reason]++
}

func (c *counts) transfer(outcome string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.transfers[outcome]++
}

// register notes whether a line is registered, and says whether that is news.
func (c *counts) register(line string, registered bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	before, known := c.registered[line]
	c.registered[line] = registered
	if registered {
		c.registrations.Add(1)
	}
	return !known || before != registered
}

func (c *counts) stats(most int) Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Stats{
		Active: int(c.active.Load()), Most: most, Answered: c.answered.Load(), Cancelled: c.cancelled.Load(), NoAck: c.noAck.Load(),
		Silent: c.silent.Load(), Expired: c.expired.Load(), Malformed: c.malformed.Load(), Stray: c.stray.Load(), Spoofed: c.spoofed.Load(),
		Panics: c.panics.Load(), Registrations: c.registrations.Load(), Refused: maps.Clone(c.refused), Transfers: maps.Clone(c.transfers), Registered: maps.Clone(c.registered),
	}
}

// libraryLog stands for sipgo's log. Nothing of it is written, because it holds whole messages; what it says of messages
// that cannot be read is counted, and is nowhere else to be learnt.
type libraryLog struct{ counts *counts }

func (l libraryLog) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelError
}

func (l libraryLog) Handle(_ context.Context, r slog.Record) error {
	switch r.Message {
	case "failed to parse", "Server tx failed to handle request":
		l.counts.malformed.Add(1)
	}
	return nil
}

func (l libraryLog) WithAttrs([]slog.Attr) slog.Handler { return l }
func (l libraryLog) WithGroup(string) slog.Handler      { return l }

// Quiet silences what sipgo writes by its process-wide default, for the same reason. The program calls it once, before the
// first line is made.
func Quiet() { sip.SetDefaultLogger(slog.New(slog.DiscardHandler)) }

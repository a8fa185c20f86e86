// Package line is a telephone line over SIP: it registers as an extension or takes a trunk, answers calls, and gives each to a
// Handler with its audio. It carries a call's whole life at the protocol: offer and answer, hold, session timers, transfer
// to the line's own people, and an end that is noticed when nobody says goodbye.
//
// It listens on networks that may be hostile, so it admits only who may send calls, bounds what they can make it do, and
// never sends a call anywhere but to the targets that are configured. It knows nothing of what is said on a call, of
// tenants beyond their ids, of HTTP or of storage. Callers' numbers come from the network and go to the Handler; they, and
// whatever a peer sent, are never logged.
//
// Signalling comes from and goes to package sipgo's transactions; audio is package media's. The state of a dialog is kept
// here, because sipgo's own neither retransmits an answer to a re-INVITE, nor ends a call that nobody acknowledged, nor
// moves to a peer's new address.
package line

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/google/uuid"

	"onedoor/app/channels/voice/media"
	"onedoor/app/nhs"
)

// Line is one number or extension that people ring.
type Line struct {
	// Name is the user part of its address: a neighbourhood's slug, an ODS code, a number. Letters' case does not matter.
	Name            string
	NeighbourhoodID uuid.UUID
	OrganisationID  uuid.UUID     // zero for the neighbourhood's own line
	Language        string        // BCP 47, in which the line greets
	Register        *Registration // nil for a trunk
	// Trunk is who may send calls, besides the registrar. A line with neither takes calls from this machine only.
	Trunk []netip.Prefix
	// Reception is where people answer: SIP addresses, tried in this order. Nothing else is ever a target of a transfer.
	Reception []string
}

// Registration is how a line becomes an extension of a telephone system.
type Registration struct {
	Registrar string // host or host:port, with ;transport=tcp or ;transport=tls where wanted
	User      string
	Password  string
	Expires   time.Duration // asked for; zero for two minutes
}

// Handler takes the calls. Call runs once for each answered call, in a goroutine of its own; when it returns, the call is
// hung up if it still stands. ctx ends with the call, and context.Cause says why.
type Handler interface {
	Call(ctx context.Context, call Call) error
}

// Unanswered is a call that never reached the Handler.
type Unanswered struct {
	Line     Line // zero when there is none by the name
	External string
	Caller   nhs.Phone
	At       time.Time
	Reason   string // as in Stats.Refused, or one of the two below
}

// Why a call that was not refused reached nobody.
const (
	UnansweredCancelled = "cancelled" // the caller hung up while it rang
	UnansweredNoAck     = "no-ack"    // nobody acknowledged the answer
)

// Counter is a Handler that also wants to know of calls that it never got, so that no count loses them.
type Counter interface {
	Unanswered(ctx context.Context, u Unanswered)
}

// Call is one answered call.
type Call interface {
	ID() uuid.UUID
	External() string // the other side's name for it: its Call-ID
	Line() Line
	// Caller is the number as the network gave it; false when it was withheld or cannot be read. It identifies nobody.
	Caller() (nhs.Phone, bool)
	At() time.Time // its first moment, when it began to ring
	Media() *media.Session
	CanTransfer() bool
	// Transfer puts the caller through to the line's Reception and says whether somebody there took the call.
	Transfer(ctx context.Context) (bool, error)
	HangUp(ctx context.Context) error
	Done() <-chan struct{}
}

// Why a call ended: the cause of its context.
var (
	ErrCallerHungUp   = errors.New("the caller hung up")
	ErrHungUp         = errors.New("we hung up")
	ErrSilent         = errors.New("no audio came for too long")
	ErrSessionExpired = errors.New("the session timer ran out")
	ErrDrained        = errors.New("the process stopped before the call ended")
	ErrBroken         = errors.New("the other side broke the protocol")
)

// Config is how the line listens. Zero values of durations and limits are the defaults named beside them.
type Config struct {
	Listen    string // host:port, for UDP and for TCP
	ListenTLS string // host:port; empty for none
	TLS       *tls.Config
	// Trust is how this side checks a TLS peer that it connects to: a registrar.
	Trust *tls.Config
	// Advertise is the address in Contact and SDP, where peers see another than the machine has.
	Advertise netip.Addr

	Lines []Line
	// Find gives lines that are not in Lines, by name; nil for none. They take calls from this machine only, unless they say.
	Find func(ctx context.Context, name string) (Line, bool)

	Ports  *media.Ports
	Pacer  *media.Pacer
	Secure media.Secure
	Random io.Reader
	Most   int // calls at once: 500

	Ring          time.Duration // between 183 and 200: 300 ms
	AckWait       time.Duration // for the ACK of a 200: 32 s
	SilenceWait   time.Duration // without any audio, while not on hold: 60 s
	HoldWait      time.Duration // without any audio, on hold: 10 minutes
	TransferWait  time.Duration // for people to answer: 40 s
	SessionTime   time.Duration // RFC 4028, offered: 30 minutes
	SessionLeast  time.Duration // RFC 4028, accepted: 90 s
	DrainWait     time.Duration // for calls to finish when stopping: 10 minutes
	Watch         time.Duration // between looks for silent and expired calls: 1 s
	InviteRate    float64       // new calls a second from one address: 50, twice that at once
	ReRegister    time.Duration // at most between registrations, so that a restarted registrar is found again: 30 s
	RegisterRetry time.Duration // the first wait after a failed registration; doubles up to ReRegister: 1 s
	RegisterWait  time.Duration // for a registrar's answer: 10 s
}

func (c Config) withDefaults() Config {
	set := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	set(&c.Ring, 300*time.Millisecond)
	set(&c.AckWait, 32*time.Second)
	set(&c.SilenceWait, time.Minute)
	set(&c.HoldWait, 10*time.Minute)
	set(&c.TransferWait, 40*time.Second)
	set(&c.SessionTime, 30*time.Minute)
	set(&c.SessionLeast, 90*time.Second)
	set(&c.DrainWait, 10*time.Minute)
	set(&c.Watch, time.Second)
	set(&c.ReRegister, 30*time.Second)
	set(&c.RegisterRetry, time.Second)
	set(&c.RegisterWait, 10*time.Second)
	if c.Most == 0 {
		c.Most = 500
	}
	if c.InviteRate == 0 {
		c.InviteRate = 50
	}
	return c
}

// check refuses what cannot work, or would let anybody in.
func (c Config) check() error {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("the telephone line wants host:port to listen on, such as 127.0.0.1:5080")
	}
	if (c.ListenTLS == "") != (c.TLS == nil) {
		return errors.New("a telephone line over TLS wants both an address and a certificate")
	}
	if c.Ports == nil || c.Pacer == nil || c.Random == nil {
		return errors.New("the telephone line wants ports for audio, what moves it, and randomness")
	}
	seen := map[string]bool{}
	for _, l := range c.Lines {
		name := Key(l.Name)
		if name == "" || seen[name] {
			return fmt.Errorf("the line %q has no name of its own", l.Name)
		}
		seen[name] = true
		if l.Register == nil && len(l.Trunk) == 0 && !loopbackHost(host) {
			return fmt.Errorf("the line %q must say who may send calls (trunk) or where it registers: %s is open to others", l.Name, c.Listen)
		}
		if l.Register != nil && (l.Register.Registrar == "" || l.Register.User == "") {
			return fmt.Errorf("the line %q wants a registrar and a user to register", l.Name)
		}
		for _, target := range l.Reception {
			if _, err := parseTarget(target); err != nil {
				return fmt.Errorf("the line %q: %w", l.Name, err)
			}
		}
	}
	return nil
}

// parseTarget reads where a transfer may go.
func parseTarget(s string) (sip.Uri, error) {
	var uri sip.Uri
	if !strings.HasPrefix(s, "sip:") && !strings.HasPrefix(s, "sips:") {
		return uri, errors.New("reception is a SIP address, such as sip:100@192.0.2.10")
	}
	if strings.ContainsAny(s, "<>\r\n\" ") || sip.ParseUri(s, &uri) != nil || uri.Host == "" || len(uri.Headers) > 0 {
		return uri, errors.New("reception is one SIP address, such as sip:100@192.0.2.10")
	}
	return uri, nil
}

// Key is a line's name as it is compared: numbers in one form, letters in one case.
func Key(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if strings.Trim(name, "+0123456789 ") == "" && len(name) > 6 {
		if phone, err := nhs.ParsePhone(name); err == nil {
			return string(phone)
		}
	}
	return name
}

func loopbackHost(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"onedoor/app/channels/voice"
	"onedoor/app/channels/voice/line"
	"onedoor/app/channels/voice/lines"
	"onedoor/app/channels/voice/media"
	"onedoor/app/demo"
	"onedoor/app/nhs"
)

// drainDemonstration is how long a demonstration that was told to stop waits for calls: a person waits for it.
const drainDemonstration = 5 * time.Second

// telephoneLine is the voice role: the line and what moves its audio.
type telephoneLine struct {
	*line.Server
	pacer *media.Pacer
}

// wireLine opens the telephone line.
func (a *App) wireLine() error {
	s := a.services
	if s.prompts == nil {
		return errors.New("a telephone line has to speak: install espeak-ng (on Debian: sudo apt-get install -y espeak-ng), or name a server with --speech-url")
	}
	config, err := a.lineConfig()
	if err != nil {
		return err
	}
	book, err := a.book()
	if err != nil {
		return err
	}
	config.Find = func(ctx context.Context, name string) (line.Line, bool) {
		l, found, err := book.Line(ctx, name)
		if err != nil {
			a.log.LogAttrs(ctx, slog.LevelError, "a telephone line could not be looked up", slog.String("error", err.Error()))
		}
		return l.Line, found
	}
	all, err := book.All(context.Background())
	if err != nil {
		return err
	}
	for _, l := range all {
		config.Lines = append(config.Lines, l.Line)
	}
	transcriber, err := a.transcriber()
	if err != nil {
		return err
	}
	line.Quiet()
	runner := voice.New(voice.Options{
		Dialogue: s.dialogue, Calls: s.calls, Recordings: s.recordings, Prompts: s.prompts, Transcriber: transcriber, Now: a.now, Log: a.log,
	})
	config.Pacer = media.NewPacer(runtime.GOMAXPROCS(0), time.Now)
	server, err := line.New(config, runner, a.log, a.now)
	if err != nil {
		config.Pacer.Close()
		return err
	}
	a.line = &telephoneLine{server, config.Pacer}
	a.config.SIP = server.Addr().String() // what a port of 0 became
	a.metrics.MustRegister(newLineGauge(server, config.Pacer))
	return nil
}

// book is the telephone lines: the file's, or one for each neighbourhood and organisation.
func (a *App) book() (*lines.Book, error) {
	if a.config.Lines != "" {
		return lines.Open(a.config.Lines, a.services.directory, os.LookupEnv)
	}
	var standing lines.Standing
	if a.config.Demonstration {
		standing.TwiMLTokens = []string{demo.TwiMLToken()}
	}
	return lines.WithoutFile(a.services.directory, standing), nil
}

// numbers are the telephone numbers that people ring, by neighbourhood: of its own line, or else of the first that has one.
func (a *App) numbers(ctx context.Context) (func(neighbourhood uuid.UUID) nhs.Phone, error) {
	book, err := a.book()
	if err != nil {
		return nil, err
	}
	all, err := book.All(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(x, y lines.Line) int { // the neighbourhood's own, which has no organisation, first
		return bytes.Compare(x.OrganisationID[:], y.OrganisationID[:])
	})
	known := map[uuid.UUID]nhs.Phone{}
	for _, l := range all {
		number, err := nhs.ParsePhone(l.Name)
		if _, found := known[l.NeighbourhoodID]; err == nil && !found {
			known[l.NeighbourhoodID] = number
		}
	}
	return func(neighbourhood uuid.UUID) nhs.Phone { return known[neighbourhood] }, nil
}

// lineConfig is what the flags say of the line.
func (a *App) lineConfig() (line.Config, error) {
	c := line.Config{Listen: a.config.SIP, ListenTLS: a.config.SIPTLS, Most: a.config.SIPCalls, DrainWait: a.config.SIPDrain, Random: rand.Reader}
	if a.config.Demonstration {
		c.DrainWait = drainDemonstration
	}
	low, high, err := portRange(a.config.RTP)
	if err != nil {
		return c, err
	}
	if c.Ports, err = media.NewPorts(low, high, rand.Reader); err != nil {
		return c, err
	}
	switch a.config.SRTP {
	case "required":
		c.Secure = media.SecureRequired
	case "never":
		c.Secure = media.SecureNever
	}
	if a.config.SIPAddress != "" {
		if c.Advertise, err = netip.ParseAddr(a.config.SIPAddress); err != nil {
			return c, errors.New("--sip-address wants an IP address, such as 192.0.2.10")
		}
	}
	if a.config.SIPAuthority != "" {
		if c.Trust, err = trust(a.config.SIPAuthority); err != nil {
			return c, err
		}
	}
	if a.config.SIPTLS == "" {
		return c, nil
	}
	certificate, err := tls.LoadX509KeyPair(a.config.SIPCertificate, a.config.SIPKey)
	if err != nil {
		return c, fmt.Errorf("--sip-tls needs --sip-tls-cert and --sip-tls-key: %w", err)
	}
	c.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	return c, nil
}

// trust is who may vouch for a registrar that is reached over TLS, where that is not who the machine trusts.
func trust(file string) (*tls.Config, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--sip-tls-ca: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("--sip-tls-ca names a file without a certificate")
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

// portRange reads 20000-20999; nothing leaves the choice to the machine.
func portRange(s string) (low, high uint16, err error) {
	if s == "" {
		return 0, 0, nil
	}
	from, until, ok := strings.Cut(s, "-")
	l, lowErr := strconv.ParseUint(from, 10, 16)
	h, highErr := strconv.ParseUint(until, 10, 16)
	if !ok || lowErr != nil || highErr != nil || l > h || l == 0 {
		return 0, 0, errors.New("--rtp wants a range of ports, such as 20000-20999")
	}
	return uint16(l), uint16(h), nil
}

func (l *telephoneLine) close() {
	if l == nil {
		return
	}
	l.Server.Close()
	l.pacer.Close()
}

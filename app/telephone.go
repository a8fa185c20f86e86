package app

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"

	"onedoor/app/calls"
	"onedoor/app/channels/voice/twiml"
	"onedoor/app/messages"
	"onedoor/app/messages/development"
	"onedoor/app/messages/notify"
	"onedoor/app/outbound"
	"onedoor/app/recordings"
	"onedoor/app/secrets"
	"onedoor/app/secrets/keyfile"
	"onedoor/app/store/callstore"
	"onedoor/app/store/messagestore"
	"onedoor/app/store/recordingstore"
	"onedoor/app/store/secretstore"
)

// masterKeyFile is the master key's name in the data folder of a development machine.
const masterKeyFile = "master-key.json"

// wireTelephone makes what telephone channels stand on: the vault, the record of calls, texts.
func (a *App) wireTelephone(inserter messagestore.Inserter) error {
	s := a.services
	key, err := a.masterKey()
	if err != nil {
		return err
	}
	kept := callstore.New(a.db)
	s.vault = secrets.New(secretstore.New(a.db, a.now), key)
	transcriber, err := a.transcriber()
	if err != nil {
		return err
	}
	guard, err := a.guard(outbound.Options{})
	if err != nil {
		return err
	}
	known, err := a.webhookLines()
	if err != nil {
		return err
	}
	s.recordings = recordings.New(recordings.Options{
		Listener: s.understanding, Store: recordingstore.New(a.db, a.now), Vault: s.vault, Transcriber: transcriber, Copies: twiml.NewRemover(known, guard), Now: a.now,
	})
	s.calls = calls.NewService(calls.Options{Store: kept, Reports: kept, Lists: kept, Sealer: s.vault, Filing: &s.filing, Now: a.now})
	provider, err := a.textProvider()
	if err != nil || provider == nil {
		return err
	}
	s.outbox = messages.NewOutbox(messages.OutboxOptions{Store: messagestore.New(a.db, inserter), Sealer: s.vault, Provider: provider, Now: a.now})
	return nil
}

func (a *App) masterKey() (*keyfile.File, error) {
	if a.config.MasterKey != "" {
		return keyfile.Open(a.config.MasterKey)
	}
	if err := os.MkdirAll(a.config.Data, 0o755); err != nil { // with a database of its own elsewhere, nothing made it yet
		return nil, fmt.Errorf("the data folder: %w", err)
	}
	return keyfile.OpenOrMake(filepath.Join(a.config.Data, masterKeyFile))
}

// textProvider is the provider of text messages; nil where there is none.
func (a *App) textProvider() (messages.Provider, error) {
	if a.config.NotifyKey == "" {
		if a.config.production() {
			return nil, nil //nolint:nilnil // production does not pretend to send: the line then offers no text
		}
		return development.Provider{}, nil
	}
	allow, err := a.notifyAddress()
	if err != nil {
		return nil, err
	}
	return notify.New(notify.Options{
		Config: notify.Config{BaseURL: a.config.NotifyURL, Key: a.config.NotifyKey, Template: a.config.NotifyTemplate, Sender: a.config.NotifySender},
		Client: outbound.New(outbound.Options{Allow: allow}), Now: a.now,
	})
}

// notifyAddress is what may be called though it is not public: a stand-in for Notify, where the operator names one.
func (a *App) notifyAddress() ([]outbound.Allowed, error) {
	if a.config.NotifyURL == "" {
		return nil, nil
	}
	u, err := url.Parse(a.config.NotifyURL)
	if err != nil {
		return nil, errors.New("--notify-url wants an address, such as http://127.0.0.1:6011")
	}
	if _, err := netip.ParseAddr(u.Hostname()); err != nil {
		return nil, nil // a name: reached where it is public, and by TLS
	}
	return outbound.ParseAllowed(u.Host)
}

package twiml

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"

	"github.com/google/uuid"

	"onedoor/app/channels/voice/webhook"
	"onedoor/app/fault"
	"onedoor/app/outbound"
)

// Copies keep what was fetched together with the wish that Twilio's copy goes, or only the wish. It is recordings.Service.
type Copies interface {
	KeepFetched(ctx context.Context, neighbourhood, call uuid.UUID, linkID string, wav []byte, line, address string) (uuid.UUID, error)
	Discard(ctx context.Context, neighbourhood uuid.UUID, line, address string) error
}

// heldPath is a recording's place in Twilio's REST API: the account, and the recording.
var heldPath = regexp.MustCompile(`^/2010-04-01/Accounts/(AC[0-9a-fA-F]{32})/Recordings/(RE[0-9a-fA-F]{32})(\.(wav|mp3|json))?$`)

// held is where Twilio holds a recording and takes its removal, with the account; none for an address that is not Twilio's.
func held(address string) (remove, account string, found bool) {
	at, err := url.Parse(address)
	if err != nil || !twilios(at) {
		return "", "", false
	}
	parts := heldPath.FindStringSubmatch(at.Path)
	if parts == nil {
		return "", "", false
	}
	return (&url.URL{Scheme: "https", Host: at.Host, Path: "/2010-04-01/Accounts/" + parts[1] + "/Recordings/" + parts[2] + ".json"}).String(), parts[1], true
}

// Remover removes recordings at Twilio by its REST API (a DELETE of the recording, with the account's token), through the
// outbound guard. It implements recordings.Copies.
type Remover struct {
	lines    webhook.Lines
	outbound outbound.Client
}

// NewRemover makes a remover for the recordings of some lines.
func NewRemover(lines webhook.Lines, guarded outbound.Client) *Remover {
	return &Remover{lines, guarded}
}

// RemoveCopy removes a recording. One that Twilio has no longer is removed. Of two tokens, while they are changed, either may
// be the one that the account takes.
func (r *Remover) RemoveCopy(ctx context.Context, name, address string) error {
	at, account, ok := held(address)
	if !ok {
		return fault.New(fault.Invalid, "recording_url", "This is no recording that can be removed.")
	}
	line, found, err := r.lines.Line(ctx, name)
	if err != nil {
		return err
	}
	if !found || len(line.TwiMLTokens) == 0 {
		return errors.New("a recording stays at the telephony platform: its line takes no webhooks any more")
	}
	status := 0
	for _, token := range line.TwiMLTokens {
		if status, err = r.remove(ctx, at, account, token); err != nil {
			return err
		}
		switch status {
		case http.StatusNoContent, http.StatusOK, http.StatusNotFound:
			return nil
		case http.StatusUnauthorized:
			continue
		}
		break
	}
	return fmt.Errorf("a recording stays at the telephony platform for now: it answered %d", status)
}

func (r *Remover) remove(ctx context.Context, address, account, token string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodDelete, address, nil)
	if err != nil {
		return 0, err
	}
	request.SetBasicAuth(account, token)
	response, err := r.outbound.Do(request)
	if err != nil {
		return 0, err // the guard's words hold no address
	}
	return response.StatusCode, response.Body.Close()
}

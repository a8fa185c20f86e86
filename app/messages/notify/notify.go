// Package notify sends texts through GOV.UK Notify, built to its public REST documentation (2025): a token signed with the
// service's key for each call, one template whose whole text is the placeholder ((text)), and our own id as the reference.
// Notify does not know a reference that it has seen: a text whose answer was lost is looked for by its reference before
// it is sent again.
//
// It keeps nothing, and its errors hold neither a number nor a word of a text: Notify's own messages are not repeated, and
// by its documentation only the status and the type of an error are to be relied on.
package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"onedoor/app/messages"
	"onedoor/app/nhs"
	"onedoor/app/outbound"
)

// BaseURL is where Notify is.
const BaseURL = "https://api.notifications.service.gov.uk"

// mostAnswer bounds what is read of an answer.
const mostAnswer = 1 << 20

// Config is one service at Notify.
type Config struct {
	BaseURL  string // BaseURL when empty
	Key      string // as Notify shows it: name-service-secret
	Template string // the id of the template that is only ((text))
	Sender   string // the id of a text message sender; empty for the service's usual one
}

// Options are what a Provider stands on.
type Options struct {
	Config
	Client outbound.Client
	Now    func() time.Time
}

// Provider implements messages.Provider.
type Provider struct {
	o       Options
	service string
	signer  jose.Signer
}

// idLength is that of a UUID as text.
const idLength = 36

// New makes a provider, and refuses a configuration that cannot work. Its errors do not repeat the key.
func New(o Options) (*Provider, error) {
	if o.BaseURL == "" {
		o.BaseURL = BaseURL
	}
	o.BaseURL = strings.TrimRight(o.BaseURL, "/")
	key := strings.TrimSpace(o.Key)
	if len(key) < 2*idLength+1 {
		return nil, errors.New("the key of GOV.UK Notify has the form name-service-secret, where service and secret are UUIDs")
	}
	service, secret := key[len(key)-2*idLength-1:len(key)-idLength-1], key[len(key)-idLength:]
	for _, part := range []string{service, secret} {
		if _, err := uuid.Parse(part); err != nil {
			return nil, errors.New("the key of GOV.UK Notify has the form name-service-secret, where service and secret are UUIDs")
		}
	}
	if _, err := uuid.Parse(o.Template); err != nil {
		return nil, errors.New("GOV.UK Notify needs the id of a template whose whole text is ((text))")
	}
	if _, err := uuid.Parse(o.Sender); o.Sender != "" && err != nil {
		return nil, errors.New("the sender at GOV.UK Notify is named by its id")
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(secret)}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("sign for GOV.UK Notify: %w", err)
	}
	return &Provider{o, service, signer}, nil
}

// Name implements messages.Provider.
func (p *Provider) Name() string { return "notify" }

type sms struct {
	PhoneNumber     string            `json:"phone_number"`
	TemplateID      string            `json:"template_id"`
	Personalisation map[string]string `json:"personalisation"`
	Reference       string            `json:"reference"`
	Sender          string            `json:"sms_sender_id,omitempty"`
}

type notification struct {
	ID        string `json:"id"`
	Reference string `json:"reference"`
	Status    string `json:"status"`
}

// Send implements messages.Provider.
func (p *Provider) Send(ctx context.Context, to nhs.Phone, words, reference string) (messages.Accepted, error) {
	body, err := json.Marshal(sms{string(to), p.o.Template, map[string]string{"text": words}, reference, p.o.Sender})
	if err != nil {
		return messages.Accepted{}, err
	}
	var got notification
	status, err := p.call(ctx, http.MethodPost, "/v2/notifications/sms", body, &got)
	if err != nil {
		return messages.Accepted{}, err
	}
	if _, err := uuid.Parse(got.ID); status != http.StatusCreated || err != nil {
		return messages.Accepted{}, &messages.Refusal{Code: "not-understood", Unsure: true}
	}
	return messages.Accepted{ID: got.ID}, nil
}

// Find implements messages.Provider.
func (p *Provider) Find(ctx context.Context, reference string) (messages.Accepted, bool, error) {
	var got struct {
		Notifications []notification `json:"notifications"`
	}
	if _, err := p.call(ctx, http.MethodGet, "/v2/notifications?"+url.Values{"reference": {reference}}.Encode(), nil, &got); err != nil {
		return messages.Accepted{}, false, err
	}
	for _, n := range got.Notifications {
		if _, err := uuid.Parse(n.ID); err == nil && n.Reference == reference {
			return messages.Accepted{ID: n.ID}, true, nil
		}
	}
	return messages.Accepted{}, false, nil
}

// Look implements messages.Provider.
func (p *Provider) Look(ctx context.Context, id string) (messages.Standing, error) {
	var got notification
	if _, err := p.call(ctx, http.MethodGet, "/v2/notifications/"+url.PathEscape(id), nil, &got); err != nil {
		return "", err
	}
	switch got.Status {
	case "delivered", "sent": // sent: abroad, where no network says more
		return messages.Arrived, nil
	case "permanent-failure", "temporary-failure":
		return messages.Undelivered, nil
	case "technical-failure":
		return messages.Unsent, nil
	}
	return messages.OnItsWay, nil // created, sending, pending, and what Notify may add
}

// call makes one call and reads the answer of a success into out.
func (p *Provider) call(ctx context.Context, method, path string, body []byte, out any) (status int, err error) {
	token, err := jwt.Signed(p.signer).Claims(map[string]any{"iss": p.service, "iat": p.o.Now().Unix()}).Serialize()
	if err != nil {
		return 0, errors.New("the token for GOV.UK Notify could not be signed")
	}
	r, err := http.NewRequestWithContext(ctx, method, p.o.BaseURL+path, bytes.NewReader(body))
	if err != nil {
		return 0, errors.New("the address of GOV.UK Notify cannot be read")
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "onedoor")
	response, err := p.o.Client.Do(r)
	if err != nil {
		return 0, &messages.Refusal{Code: "unreachable", Unsure: true}
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	if response.StatusCode >= 300 || response.StatusCode < 200 {
		return response.StatusCode, refusal(response.StatusCode, answer)
	}
	if err != nil || json.Unmarshal(answer, out) != nil {
		return response.StatusCode, &messages.Refusal{Code: "not-understood", Unsure: true}
	}
	return response.StatusCode, nil
}

// refusal is what an error of Notify means for a text. Only the status and the error's type are used.
func refusal(status int, answer []byte) *messages.Refusal {
	var told struct {
		Errors []struct {
			Error string `json:"error"`
		} `json:"errors"`
	}
	kind := ""
	if json.Unmarshal(answer, &told) == nil && len(told.Errors) > 0 {
		kind = told.Errors[0].Error
	}
	switch {
	case status == http.StatusTooManyRequests && kind == "TooManyRequestsError": // the day's allowance is used up
		return &messages.Refusal{Code: "daily-limit", After: time.Hour}
	case status == http.StatusTooManyRequests:
		return &messages.Refusal{Code: "rate-limit", After: time.Minute}
	case status == http.StatusBadRequest && kind == "ValidationError":
		return &messages.Refusal{Code: "invalid-number", Final: true}
	case status == http.StatusBadRequest: // trial mode, a key for the team alone, numbers abroad: a person has to see to it
		return &messages.Refusal{Code: "not-allowed", Final: true}
	case status == http.StatusUnauthorized, status == http.StatusForbidden: // the key, or a clock that is off
		return &messages.Refusal{Code: "not-authorised", After: time.Minute}
	case status >= http.StatusInternalServerError:
		return &messages.Refusal{Code: "provider-trouble", Unsure: true}
	}
	return &messages.Refusal{Code: "refused", Final: true}
}

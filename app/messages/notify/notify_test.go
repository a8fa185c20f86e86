package notify_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"onedoor/app/messages"
	"onedoor/app/messages/notify"
	"onedoor/app/nhs"
)

const (
	service  = "26785a09-ab16-4eb0-8407-a37497a57506"
	secret   = "3d844edf-8d35-48ac-975b-e847b4f122b0"
	template = "f33517ff-2a88-4f6e-b855-c550268ce08a"
	accepted = "740e5834-3a29-46b4-9a6f-16142fde533a"
	number   = nhs.Phone("+447700900123")
	words    = "Riverside: we have your request."
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// server answers as Notify's documentation says, once the token has been checked as Notify does.
func server(t *testing.T, answer http.HandlerFunc) *notify.Provider {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, err := jwt.ParseSigned(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), []jose.SignatureAlgorithm{jose.HS256})
		var claims jwt.Claims
		if err == nil {
			err = token.Claims([]byte(secret), &claims)
		}
		if err != nil || claims.Issuer != service || claims.IssuedAt.Time().Sub(noon).Abs() > 30*time.Second || token.Headers[0].ExtraHeaders["typ"] != "JWT" {
			problem(w, http.StatusForbidden, "AuthError", "Invalid token: API key not found")
			return
		}
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	p, err := notify.New(notify.Options{
		Config: notify.Config{BaseURL: s.URL + "/", Key: "my_test-key-" + service + "-" + secret, Template: template}, Client: s.Client(), Now: func() time.Time { return noon },
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func problem(w http.ResponseWriter, status int, kind, says string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"status_code": status, "errors": []map[string]string{{"error": kind, "message": says}}})
}

func TestATextIsHandedOverAsNotifyAsksForIt(t *testing.T) {
	t.Parallel()
	p := server(t, func(w http.ResponseWriter, r *http.Request) {
		var got map[string]any
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		if r.Method != http.MethodPost || r.URL.Path != "/v2/notifications/sms" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s %s", r.Method, r.URL.Path, r.Header.Get("Content-Type"))
		}
		if got["phone_number"] != string(number) || got["template_id"] != template || got["reference"] != "ours" || got["personalisation"].(map[string]any)["text"] != words || len(got) != 4 {
			t.Errorf("body %v", got)
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"id": "`+accepted+`", "reference": "ours", "content": {"body": "x", "from_number": "y"}, "uri": "u", "template": {"id": "t", "version": 1, "uri": "u"}}`)
	})
	if got, err := p.Send(t.Context(), number, words, "ours"); err != nil || got.ID != accepted || got.Delivered {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWhatNotifyRefusesIsToldApart(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status     int
		kind, says string
		want       messages.Refusal
	}{
		"a number with letters":         {400, "ValidationError", "phone_number Must not contain letters or symbols", messages.Refusal{Code: "invalid-number", Final: true}},
		"a landline":                    {400, "ValidationError", "phone_number Not a UK mobile number", messages.Refusal{Code: "invalid-number", Final: true}},
		"trial mode":                    {400, "BadRequestError", "Can’t send to this recipient when service is in trial mode", messages.Refusal{Code: "not-allowed", Final: true}},
		"a key for the team alone":      {400, "BadRequestError", "Can’t send to this recipient using a team-only API key.", messages.Refusal{Code: "not-allowed", Final: true}},
		"numbers abroad":                {400, "BadRequestError", "Cannot send to international mobile numbers", messages.Refusal{Code: "not-allowed", Final: true}},
		"a clock that is off":           {403, "AuthError", "Error: Your system clock must be accurate to within 30 seconds", messages.Refusal{Code: "not-authorised", After: time.Minute}},
		"a key that is unknown":         {403, "BadRequestError", "Invalid token: API key not found", messages.Refusal{Code: "not-authorised", After: time.Minute}},
		"too many in a minute":          {429, "RateLimitError", "Exceeded rate limit for key type live of 3000 requests per 60 seconds", messages.Refusal{Code: "rate-limit", After: time.Minute}},
		"too many in a day":             {429, "TooManyRequestsError", "Exceeded send limits 250000 for today", messages.Refusal{Code: "daily-limit", After: time.Hour}},
		"trouble of its own":            {500, "Exception", "Internal server error", messages.Refusal{Code: "provider-trouble", Unsure: true}},
		"a gateway's page in its place": {502, "", "", messages.Refusal{Code: "provider-trouble", Unsure: true}},
		"an address that has moved":     {301, "", "", messages.Refusal{Code: "refused", Final: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := server(t, func(w http.ResponseWriter, _ *http.Request) {
				problem(w, test.status, test.kind, test.says+" "+string(number))
			})
			_, err := p.Send(t.Context(), number, words, "ours")
			var got *messages.Refusal
			if !errors.As(err, &got) || *got != test.want {
				t.Fatalf("%#v, not %#v", err, test.want)
			}
			if strings.Contains(err.Error(), "7700900123") {
				t.Error("the error repeats the number")
			}
		})
	}
}

func TestAnAnswerThatIsLostLeavesTheTextUnsure(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"the connection breaks": func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = c.Close()
			}
		},
		"half an answer": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(201)
			_, _ = io.WriteString(w, `{"id": "740e`)
		},
		"an answer without id": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201); _, _ = io.WriteString(w, `{}`) },
		"an id that is none": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(201)
			_, _ = io.WriteString(w, `{"id": "../../x"}`)
		},
		"another success": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"id": "`+accepted+`"}`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := server(t, answer).Send(t.Context(), number, words, "ours")
			var got *messages.Refusal
			if !errors.As(err, &got) || !got.Unsure || got.Final {
				t.Errorf("%#v", err)
			}
		})
	}
}

func TestATextIsFoundByItsReferenceAndLookedAfterByItsID(t *testing.T) {
	t.Parallel()
	status := ""
	p := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/v2/notifications" && r.URL.Query().Get("reference") == "ours":
			_, _ = io.WriteString(w, `{"notifications": [{"id": "x", "reference": "another"}, {"id": "`+accepted+`", "reference": "ours", "status": "sending"}], "links": {"current": "c"}}`)
		case r.URL.Path == "/v2/notifications":
			_, _ = io.WriteString(w, `{"notifications": [], "links": {}}`)
		case r.URL.Path == "/v2/notifications/"+accepted:
			_, _ = io.WriteString(w, `{"id": "`+accepted+`", "status": "`+status+`"}`)
		default:
			problem(w, http.StatusNotFound, "NoResultFound", "No result found")
		}
	})
	if got, found, err := p.Find(t.Context(), "ours"); err != nil || !found || got.ID != accepted {
		t.Errorf("%+v, %v, %v", got, found, err)
	}
	if got, found, err := p.Find(t.Context(), "never sent"); err != nil || found {
		t.Errorf("%+v, %v, %v", got, found, err)
	}
	for told, want := range map[string]messages.Standing{
		"created": messages.OnItsWay, "sending": messages.OnItsWay, "pending": messages.OnItsWay, "delivered": messages.Arrived, "sent": messages.Arrived,
		"permanent-failure": messages.Undelivered, "temporary-failure": messages.Undelivered, "technical-failure": messages.Unsent,
	} {
		status = told
		if got, err := p.Look(t.Context(), accepted); err != nil || got != want {
			t.Errorf("%s is %s, %v", told, got, err)
		}
	}
	if _, err := p.Look(t.Context(), "740e5834-3a29-46b4-9a6f-000000000000"); err == nil {
		t.Error("one that Notify does not know stands somewhere")
	}
}

func TestAConfigurationThatCannotWorkIsRefusedWithoutTheKey(t *testing.T) {
	t.Parallel()
	good := notify.Config{Key: "live-" + service + "-" + secret, Template: template}
	if _, err := notify.New(notify.Options{Config: good}); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*notify.Config){
		"no key":               func(c *notify.Config) { c.Key = "" },
		"half a key":           func(c *notify.Config) { c.Key = secret },
		"a key of other parts": func(c *notify.Config) { c.Key = "live-" + strings.Repeat("x", 36) + "-" + secret },
		"no template":          func(c *notify.Config) { c.Template = "" },
		"a sender by name":     func(c *notify.Config) { c.Sender = "NHS" },
	} {
		c := good
		change(&c)
		if _, err := notify.New(notify.Options{Config: c}); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

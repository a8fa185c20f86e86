package referrals_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/channels/referrals"
	"onedoor/app/fault"
	"onedoor/app/identity"
	"onedoor/app/routes"
)

// door knows one key, of the demonstration or not.
type door struct {
	key identity.Key
	who identity.Principal
}

func (d door) ByKey(_ context.Context, k identity.Key) (identity.Principal, error) {
	if k != d.key {
		return identity.Principal{}, fault.New(fault.Unauthenticated, "unknown_key", "This key is not known.")
	}
	return d.who, nil
}

func (door) BySession(context.Context, identity.Token, bool) (identity.Principal, error) {
	return identity.Principal{}, fault.New(fault.Unauthenticated, "not_signed_in", "Nobody is signed in.")
}

func TestAReceiverIsToldWhoCallsAsAnyRouteIs(t *testing.T) {
	t.Parallel()
	key, err := identity.NewKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	other, err := identity.NewKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		authorization            string
		demonstration, developed bool
		calls                    int
		want                     string // of the last call: a fault's code, or nothing
	}{
		"a key that is known":                       {authorization: "Bearer " + string(key), calls: 1},
		"no credential":                             {calls: 1, want: "not_signed_in"},
		"a key that is not known":                   {authorization: "Bearer " + string(other), calls: 1, want: "unknown_key"},
		"what is no key":                            {authorization: "Bearer x", calls: 1, want: "unknown_key"},
		"a key of the demonstration, elsewhere":     {authorization: "Bearer " + string(key), demonstration: true, calls: 1, want: "development_only"},
		"a key of the demonstration, in developing": {authorization: "Bearer " + string(key), demonstration: true, developed: true, calls: 1},
		"more calls than a key may make":            {authorization: "Bearer " + string(key), calls: 3, want: "too_many_calls"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
			server := routes.New(routes.Options{
				Doors:       door{key, identity.Principal{Client: uuid.New(), Development: c.demonstration}},
				Development: c.developed, KeyRate: 1, KeyBurst: 2, Now: func() time.Time { return now },
			})
			var heard error
			referrals.Register(server, referrals.Receiver{Method: http.MethodPost, Path: "/in", Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				_, heard = referrals.Caller(r.Context())
			})})
			for range c.calls {
				r := httptest.NewRequest(http.MethodPost, "/in", strings.NewReader("{}"))
				if c.authorization != "" {
					r.Header.Set("Authorization", c.authorization)
				}
				server.Handler().ServeHTTP(httptest.NewRecorder(), r)
			}
			if c.want == "" && heard != nil || c.want != "" && fault.As(heard).Code != c.want {
				t.Errorf("heard %v, want %q", heard, c.want)
			}
		})
	}
	if _, err := referrals.Caller(t.Context()); !fault.Is(err, "not_signed_in") {
		t.Errorf("a call by no route: %v", err)
	}
}

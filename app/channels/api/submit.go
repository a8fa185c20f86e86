package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/app/identity"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/tenants"
)

const mostKey = 255 // characters of an Idempotency-Key

func (a *API) submit(c echo.Context) error {
	p := routes.Principal(c)
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	var body submission
	canonical, err := routes.ReadCanonicalJSON(c, &body)
	if err != nil {
		return err
	}
	if err := a.mustKnow(c, p, body); err != nil {
		return err
	}
	r := reader{today: nhs.DateOf(a.o.Now().In(tenants.London()))}
	in := r.parse(body)
	if err := r.err(); err != nil {
		return err
	}
	in.NeighbourhoodID, in.By, in.Client, in.Key = p.NeighbourhoodID, p.Actor(), clientOf(p), key
	in.BodyHash = bodyHash(in.Client, key, canonical)
	in.Confirmed = confirmedBy(p, in.Channel)
	receipt, err := a.o.Requests.Submit(c.Request().Context(), in)
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderLocation, "/api/v1/requests/"+string(receipt.Reference))
	return routes.WriteJSON(c, http.StatusCreated, receipt)
}

// mustKnow refuses a neighbourhood that is not the caller's own, whether or not it exists, and a kind that is not known.
func (a *API) mustKnow(c echo.Context, p identity.Principal, body submission) error {
	slug, err := a.slugOf(c.Request().Context(), p.NeighbourhoodID)
	if err != nil {
		return err
	}
	if body.Neighbourhood != slug || slug == "" {
		return unknown("neighbourhood", "There is no such neighbourhood for this key.")
	}
	if _, ok := a.o.Catalogue.Kind(body.Kind); !ok {
		return unknown("kind", "There is no such kind of request; /api/v1/kinds lists them.")
	}
	return nil
}

func unknown(what, says string) error {
	e := fault.New(fault.Invalid, "unknown_"+what, "%s", says)
	e.Fields = []fault.Field{{Pointer: "/" + what, Code: e.Code, Says: says}}
	return e
}

func idempotencyKey(c echo.Context) (string, error) {
	key := c.Request().Header.Get("Idempotency-Key")
	if key == "" {
		return "", fault.New(fault.Malformed, "idempotency_key_required",
			"Send an Idempotency-Key header with a value of your own, the same when you repeat the call.")
	}
	printable := !strings.ContainsFunc(key, func(r rune) bool { return r < 0x20 || r > 0x7e })
	if len(key) > mostKey || !printable {
		return "", fault.New(fault.Malformed, "idempotency_key_format", "An Idempotency-Key has 1 to %d printable ASCII characters.", mostKey)
	}
	return key, nil
}

// clientOf is whose idempotency keys these are: the API key's, or a signed-in person's own.
func clientOf(p identity.Principal) uuid.UUID {
	if p.Client != uuid.Nil {
		return p.Client
	}
	return p.ID
}

// bodyHash stands for a body. It is keyed with what it is stored beside, so that equal bodies of different calls cannot be
// told to be equal.
func bodyHash(client uuid.UUID, key string, canonical []byte) []byte {
	mac := hmac.New(sha256.New, append(client[:], key...))
	mac.Write(canonical)
	return mac.Sum(nil)
}

// confirmedBy says where a person who asks on a patient's behalf stands for the practice: what they take down themselves,
// at the desk or on the telephone, nobody need verify again. What came by an online form is not theirs.
func confirmedBy(p identity.Principal, channel requests.Channel) func(uuid.UUID) bool {
	byHand := channel == requests.Phone || channel == requests.InPerson
	if p.Kind != audit.Person || !byHand {
		return nil
	}
	return func(organisation uuid.UUID) bool { return p.MayIn(organisation, "request", "verify") }
}

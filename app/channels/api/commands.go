package api

import (
	"context"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/policy"
)

// command reads its own body and gives itself to the domain.
type command func(ctx context.Context, c echo.Context, by requests.Actor, ref requests.Reference) (requests.View, error)

// commands are all of them, by the last part of their address.
func (a *API) commands() map[string]command {
	d := a.o.Requests
	return map[string]command{
		"verify":   plain(d.Verify),
		"accept":   plain(d.Accept),
		"claim":    plain(d.Claim),
		"release":  plain(d.Release),
		"decline":  reasoned(d.Decline),
		"close":    reasoned(d.Close),
		"transfer": transfer(d),
		"raise":    urgency(d.Raise),
		"lower":    urgency(d.Lower),
		"outcome":  outcome(d),

		"misrouted": misrouted(d),
		"trace":     plain(a.trace),

		"tool-accept":  plain(d.ToolAccept),
		"tool-decline": reasoned(d.ToolDecline),
	}
}

func (a *API) run(do command) echo.HandlerFunc {
	return func(c echo.Context) error {
		ref, err := reference(c)
		if err != nil {
			return err
		}
		view, err := do(c.Request().Context(), c, staff(routes.Principal(c)), ref)
		if err != nil {
			return err
		}
		return a.writeRequest(c, view)
	}
}

// versioned is what every command's body may hold: the version that the caller saw.
type versioned struct {
	Version *int `json:"version"`
}

func (v versioned) on(ref requests.Reference) (requests.Command, error) {
	if v.Version == nil {
		return requests.Command{Reference: ref}, nil
	}
	if *v.Version < 1 {
		return requests.Command{}, fault.InvalidFields([]fault.Field{{Pointer: "/version", Code: "version_format", Says: "A version is 1 or more."}})
	}
	return requests.Command{Reference: ref, Version: *v.Version}, nil
}

func plain(do func(context.Context, requests.Actor, requests.Command) (requests.View, error)) command {
	return func(ctx context.Context, c echo.Context, by requests.Actor, ref requests.Reference) (requests.View, error) {
		var body versioned
		if err := routes.ReadOptionalJSON(c, &body); err != nil {
			return requests.View{}, err
		}
		on, err := body.on(ref)
		if err != nil {
			return requests.View{}, err
		}
		return do(ctx, by, on)
	}
}

func reasoned(do func(context.Context, requests.Actor, requests.Command, string) (requests.View, error)) command {
	return func(ctx context.Context, c echo.Context, by requests.Actor, ref requests.Reference) (requests.View, error) {
		var body struct {
			versioned
			Reason string `json:"reason"`
		}
		if err := routes.ReadOptionalJSON(c, &body); err != nil {
			return requests.View{}, err
		}
		on, err := body.on(ref)
		if err != nil {
			return requests.View{}, err
		}
		return do(ctx, by, on, body.Reason)
	}
}

// trace looks up whoever a request is for in the national register of patients.
func (a *API) trace(ctx context.Context, by requests.Actor, c requests.Command) (requests.View, error) {
	if a.o.Traces == nil {
		return requests.View{}, fault.New(fault.Unavailable, "tracing_off", "No national register of patients is connected here.")
	}
	return a.o.Traces.Trace(ctx, by, c)
}

func transfer(d Requests) command {
	return func(ctx context.Context, c echo.Context, by requests.Actor, ref requests.Reference) (requests.View, error) {
		var body struct {
			versioned
			To      string `json:"to"`
			Service string `json:"service"`
			Reason  string `json:"reason"`
		}
		if err := routes.ReadOptionalJSON(c, &body); err != nil {
			return requests.View{}, err
		}
		on, err := body.on(ref)
		if err != nil {
			return requests.View{}, err
		}
		return d.Transfer(ctx, by, on, body.To, body.Service, body.Reason)
	}
}

func urgency(do func(context.Context, requests.Actor, requests.Command, policy.Urgency, string) (requests.View, error)) command {
	return func(ctx context.Context, c echo.Context, by requests.Actor, ref requests.Reference) (requests.View, error) {
		var body struct {
			versioned
			Urgency string `json:"urgency"`
			Reason  string `json:"reason"`
		}
		if err := routes.ReadOptionalJSON(c, &body); err != nil {
			return requests.View{}, err
		}
		on, err := body.on(ref)
		if err != nil {
			return requests.View{}, err
		}
		return do(ctx, by, on, policy.Urgency(body.Urgency), body.Reason)
	}
}

func misrouted(d Requests) command {
	return func(ctx context.Context, c echo.Context, by requests.Actor, ref requests.Reference) (requests.View, error) {
		var body struct {
			versioned
			Reason string `json:"reason"`
			Note   string `json:"note"`
		}
		if err := routes.ReadOptionalJSON(c, &body); err != nil {
			return requests.View{}, err
		}
		on, err := body.on(ref)
		if err != nil {
			return requests.View{}, err
		}
		return d.Misrouted(ctx, by, on, body.Reason, body.Note)
	}
}

func outcome(d Requests) command {
	return func(ctx context.Context, c echo.Context, by requests.Actor, ref requests.Reference) (requests.View, error) {
		var body struct {
			versioned
			Outcome string            `json:"outcome"`
			Note    string            `json:"note"`
			Details map[string]string `json:"details"`
			// PracticeAction is what the patient's own practice must do soon, where another organisation answered.
			PracticeAction string `json:"practice_action"`
		}
		if err := routes.ReadOptionalJSON(c, &body); err != nil {
			return requests.View{}, err
		}
		on, err := body.on(ref)
		if err != nil {
			return requests.View{}, err
		}
		return d.Record(ctx, by, on, requests.NewOutcome{Code: body.Outcome, Note: body.Note, Details: body.Details, PracticeAction: body.PracticeAction})
	}
}

package simulate

import (
	"time"

	"onedoor/policy"
)

// routing is what a version decides of one request.
type routing struct {
	place   policy.Place // where it is meant to go
	urgency policy.Urgency
	due     time.Time
	rule    RuleName
}

func (s Side) route(r *Request, load policy.Load) routing {
	d := policy.Route(s.Policy, r.Facts, s.Directory, load, r.At)
	return routing{d.Destination, d.Urgency, d.AnswerDue, RuleName{d.Stage, d.Table, d.Rule}}
}

// Explained is one request decided by both versions, with every reason.
type Explained struct {
	Live  policy.Decision
	Draft policy.Decision
}

// Explain decides one request again, with the load that the sample kept, or that the request saw.
func Explain(r *Request, s Sample, live, draft Side) Explained {
	loads := [2]policy.Load{r.Load, r.Load}
	if s.Live != nil {
		loads = [2]policy.Load{s.Live, s.Draft}
	}
	return Explained{
		policy.Decide(live.Policy, r.Facts, live.Directory, loads[0], r.At),
		policy.Decide(draft.Policy, r.Facts, draft.Directory, loads[1], r.At),
	}
}

// Otherwise decides one request with the load that it saw, and tells whether that is another place or urgency than it was
// given; the cell is then the one from what was decided to what would have been.
func Otherwise(r *Request, draft Side) (Cell, bool) {
	would := draft.route(r, r.Load)
	key := cellKey{endKey{r.Place, r.Urgency}, endKey{would.place, would.urgency}}
	if key.from == key.to {
		return Cell{}, false
	}
	return Cell{ID: key.id(), From: draft.end(key.from), To: draft.end(key.to), Requests: 1}, true
}

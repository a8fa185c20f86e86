package calls

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/fault"
)

// Ours is a call of ours as it is reconciled.
type Ours struct {
	Call
	ExternalHash []byte
	// CalledBack means that the callback it asked for has been dealt with.
	CalledBack bool
}

// Pair is a call that both lists have.
type Pair struct {
	Ours   Ours
	Theirs SupplierCall
	ByID   bool // else by when it began
}

// Reconciliation is our list beside a supplier's, for the same time: every call of ours is in Matched or OnlyOurs, and every
// line of theirs in Matched, OnlyTheirs, Doubled or Outside; none is in two.
type Reconciliation struct {
	Period
	Matched    []Pair
	OnlyOurs   []Ours
	OnlyTheirs []SupplierCall
	// Doubled are lines that repeat an earlier line of the same list.
	Doubled  []SupplierCall
	Outside  int // lines of another time
	Outbound int // lines that are not calls to us
}

// Agrees reports whether both lists have the same calls, each once.
func (r Reconciliation) Agrees() bool {
	return len(r.OnlyOurs) == 0 && len(r.OnlyTheirs) == 0 && len(r.Doubled) == 0
}

// tolerance is how far apart two systems may put the first moment of one call: clocks differ, and one may count from the
// first ring and the other from the answer.
const tolerance = 30 * time.Second

// Lists gives our own calls for reconciling and export. It is implemented by the store.
type Lists interface {
	// OfOrganisations are the calls of a period of these organisations' lines, and with own of the neighbourhood's own line
	// too, in order of time; of all lines where organisations is nil. They are read in the scope of those organisations' staff.
	OfOrganisations(ctx context.Context, neighbourhood uuid.UUID, organisations []uuid.UUID, own bool, from, until time.Time) ([]Ours, error)
}

// Lines say whose lines somebody may list: an administrator those of the organisations where they are one.
type Lines struct {
	Organisations []uuid.UUID // nil for all, by those who then see counts only
	// Own takes the neighbourhood's own line in: for the organisation whose queues are the desk of last resort.
	Own bool
}

// Reconcile compares our calls of a period with a supplier's list. Nothing of the list is kept.
func (s *Service) Reconcile(ctx context.Context, neighbourhood uuid.UUID, lines Lines, p Period, list Supplier) (Reconciliation, error) {
	from, until := p.Moments()
	// A call that began a moment before midnight by our clock can stand on the next day in theirs.
	ours, err := s.o.Lists.OfOrganisations(ctx, neighbourhood, lines.Organisations, lines.Own, from.Add(-tolerance), until.Add(tolerance))
	if err != nil {
		return Reconciliation{}, err
	}
	key, err := s.key(ctx, neighbourhood)
	if err != nil {
		return Reconciliation{}, err
	}
	return reconcile(ours, list, p, func(external string) [][]byte {
		var hashes [][]byte
		for _, via := range Vias() {
			hashes = append(hashes, hashed(key, "external", string(via), external))
		}
		return hashes
	}), nil
}

// reconcile pairs calls by the supplier's id where ours has it, and then by time, one with one.
func reconcile(ours []Ours, list Supplier, p Period, hashes func(external string) [][]byte) Reconciliation {
	from, until := p.Moments()
	within := func(t time.Time) bool { return !t.Before(from) && t.Before(until) }
	r := Reconciliation{Period: p, Outbound: list.Outbound}
	theirs := r.once(list.Calls)

	byHash := map[string]int{}
	for i, o := range ours {
		if o.ExternalHash != nil {
			byHash[string(o.ExternalHash)] = i
		}
	}
	paired := make([]bool, len(ours))
	var rest []SupplierCall
	for _, t := range theirs {
		i, found := 0, false
		if t.External != "" {
			for _, h := range hashes(t.External) {
				if i, found = byHash[string(h)]; found {
					break
				}
			}
		}
		if !found || paired[i] {
			rest = append(rest, t)
			continue
		}
		paired[i] = true
		if !within(ours[i].StartedAt) && !within(t.At) {
			r.Outside++
			continue
		}
		r.Matched = append(r.Matched, Pair{ours[i], t, true})
	}
	var left []Ours
	for i, o := range ours {
		if !paired[i] {
			left = append(left, o)
		}
	}
	r.byTime(left, rest, within)
	slices.SortStableFunc(r.Matched, func(a, b Pair) int { return cmp.Compare(a.Theirs.Row, b.Theirs.Row) })
	return r
}

// once takes out the lines that repeat an earlier one: the same id or, without ids, the same moment and length.
func (r *Reconciliation) once(list []SupplierCall) (theirs []SupplierCall) {
	type same struct {
		external string
		at       int64
		length   time.Duration
	}
	seen := map[same]bool{}
	for _, t := range list {
		k := same{external: t.External}
		if t.External == "" {
			k.at, k.length = t.At.UnixNano(), t.Length
		}
		// Without ids and lengths, two calls in one second are as likely as one line twice: neither is called doubled.
		if seen[k] && (t.External != "" || t.Length >= 0) {
			r.Doubled = append(r.Doubled, t)
			continue
		}
		seen[k] = true
		theirs = append(theirs, t)
	}
	return theirs
}

// byTime pairs what is left, in order of time. Along one line, going through both lists at once finds as many pairs within
// the tolerance as there can be.
func (r *Reconciliation) byTime(ours []Ours, theirs []SupplierCall, within func(time.Time) bool) {
	slices.SortStableFunc(ours, func(a, b Ours) int { return cmp.Or(a.StartedAt.Compare(b.StartedAt), bytes.Compare(a.ID[:], b.ID[:])) })
	slices.SortStableFunc(theirs, func(a, b SupplierCall) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Row, b.Row)) })
	onlyOurs := func(o Ours) {
		if within(o.StartedAt) { // else it was only looked at for a line on the edge
			r.OnlyOurs = append(r.OnlyOurs, o)
		}
	}
	onlyTheirs := func(t SupplierCall) {
		if !within(t.At) {
			r.Outside++
			return
		}
		r.OnlyTheirs = append(r.OnlyTheirs, t)
	}
	i, j := 0, 0
	for i < len(ours) && j < len(theirs) {
		apart := ours[i].StartedAt.Sub(theirs[j].At)
		switch {
		case apart.Abs() <= tolerance && (within(ours[i].StartedAt) || within(theirs[j].At)):
			r.Matched = append(r.Matched, Pair{ours[i], theirs[j], false})
			i, j = i+1, j+1
		case apart <= tolerance: // earlier than any line that is left, or a pair of another time
			onlyOurs(ours[i])
			i++
		default:
			onlyTheirs(theirs[j])
			j++
		}
	}
	for ; i < len(ours); i++ {
		onlyOurs(ours[i])
	}
	for ; j < len(theirs); j++ {
		onlyTheirs(theirs[j])
	}
}

// List are our calls of a period, for export.
func (s *Service) List(ctx context.Context, neighbourhood uuid.UUID, lines Lines, p Period) ([]Ours, error) {
	if lines.Organisations == nil {
		return nil, fault.Absent() // nobody reads the calls of all
	}
	from, until := p.Moments()
	return s.o.Lists.OfOrganisations(ctx, neighbourhood, lines.Organisations, lines.Own, from, until)
}

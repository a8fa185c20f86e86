package publishing

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/policy"
	"onedoor/policy/analysis"
)

// Publication is what somebody says when they publish.
type Publication struct {
	Note    string
	From    time.Time         // zero for now; a moment in the future schedules it
	Reasons map[string]string // by the key of what needs one
	// NoteServes lets the note stand as the reason wherever Need.NoteServes, if no reasons are given at all. It is kept with
	// each of them, so that the history shows what the one note answered for.
	NoteServes bool
	// IfMatch is the ETag of the draft that was looked at; empty or AnyETag takes it as it is.
	IfMatch string
	// Against is the hash of the version that the gate was run against (Gate.Against); empty takes the one that the draft is
	// based on.
	Against string
}

// attempts is how often a publication begins anew when the neighbourhood changed while the gate ran.
const attempts = 3

// Publish makes a version of a draft, if it passes the gate. One refusal names all that is missing: its fields have the
// codes note_required, case_fails, reason_required (at /reasons/KEY), finding_error, review_required. It refuses a draft
// that was saved meanwhile (draft_changed), one that would replace another version than it was made for (policy_changed:
// look at the gate and say Against), a moment that has passed (from_past), and one before a version that is already
// scheduled (version_scheduled). What is live already is no new version.
func (s *Service) Publish(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, name string, p Publication) (Version, error) {
	for range attempts {
		d, c, err := s.candidate(ctx, by, neighbourhood, name, p.From)
		if err != nil {
			return Version{}, err
		}
		if p.IfMatch != "" && p.IfMatch != AnyETag && p.IfMatch != d.ETag() {
			return Version{}, changedBy(d)
		}
		if err := s.timely(p); err != nil {
			return Version{}, err
		}
		if c.live.Hash == c.policy.Hash() {
			c.live.State = at([]Version{c.live}, s.o.Now())[0].State
			return c.live, nil
		}
		if err := expected(c.live, d, p.Against); err != nil {
			return Version{}, err
		}
		g, err := s.examine(ctx, c)
		if err != nil {
			return Version{}, err
		}
		reasons, err := g.pass(p)
		if err != nil {
			return Version{}, err
		}
		v := Version{Draft: d.Name, Reasons: reasons, Review: d.Review}
		if !d.Review.counts(d) {
			v.Review = nil
		}
		v, done, err := s.commit(ctx, by, c, g, v, p)
		if err != nil || done {
			return v, err
		}
	}
	return Version{}, fault.New(fault.Conflict, "policy_busy", "Drafts, versions or the directory keep changing. Try again in a moment.")
}

// timely refuses moments that have passed.
func (s *Service) timely(p Publication) error {
	if !p.From.IsZero() && p.From.Before(s.o.Now().Add(-time.Minute)) {
		return fault.InvalidFields([]fault.Field{{Pointer: "/from", Code: "from_past", Says: "A version can be live from now or from a moment to come."}})
	}
	if p.From.After(s.o.Now().AddDate(1, 0, 0)) {
		return fault.InvalidFields([]fault.Field{{Pointer: "/from", Code: "from_far", Says: "A version can be scheduled for a moment within a year."}})
	}
	return nil
}

// expected refuses to replace another version than the draft was made for, or looked at against.
func expected(live Version, d Draft, against string) error {
	wanted := d.BasedOn
	if against != "" {
		wanted = against
	}
	if live.Hash == wanted {
		return nil
	}
	return fault.New(fault.Conflict, "policy_changed", "%s published another version at %s, after this draft was begun. Look at the difference from it before you publish.",
		orSomebody(live.PublishedBy), clock(live.PublishedAt)).
		With("live", live.Hash).With("against", wanted).With("published_by", live.PublishedBy).With("published_at", live.PublishedAt)
}

// commit stores a version, unless what the gate looked at has changed meanwhile: then it is not done.
func (s *Service) commit(ctx context.Context, by audit.Actor, c candidate, g Gate, v Version, p Publication) (_ Version, done bool, err error) {
	directory, err := s.o.Directories.Live(ctx, c.neighbourhood, s.o.Now())
	if err != nil || directory.Hash() != c.directory.Hash() {
		return v, false, err
	}
	err = s.o.Store.InTx(ctx, c.neighbourhood, func(tx Tx) error {
		if err := tx.Lock(); err != nil {
			return err
		}
		draft, draftFound, err := tx.Draft(v.Draft)
		if err != nil {
			return err
		}
		set, err := tx.Settings()
		if err != nil {
			return err
		}
		live, _, err := tx.LiveAt(s.moment(p.From))
		if err != nil {
			return err
		}
		moved := live.Hash != c.live.Hash || set.SecondPerson != c.reviewWanted || (v.Draft != "" && (!draftFound || draft.ETag() != c.etag))
		if moved {
			return nil
		}
		if err := s.place(tx, &v, live, p.From); err != nil && (!c.fallback || !fault.Is(err, "version_scheduled")) {
			return err
		}
		note, err := noted(p.Note)
		if err != nil {
			return err
		}
		v.NeighbourhoodID, v.ID, v.Hash, v.Document = c.neighbourhood, uuid.Must(uuid.NewV7()), c.policy.Hash(), c.policy.Document()
		v.PublishedAt, v.PublishedBy, v.PublishedByID, v.Note = s.o.Now(), by.Name, by.ID, note
		if v.Findings, err = json.Marshal(append([]analysis.Finding{}, g.Findings...)); err != nil {
			return err
		}
		v.Replay, v.BasedOn, v.New = &g.Replay, live.Hash, true
		if err := tx.AddVersion(v); err != nil {
			return err
		}
		if draftFound {
			draft.BasedOn = v.Hash
			if err := tx.PutDraft(draft); err != nil {
				return err
			}
		}
		action := "publish"
		if v.RestoredFrom != "" {
			action = "restore"
		}
		if c.fallback {
			action = "fallback"
		}
		tx.Audit(s.entry(by, c.neighbourhood, action, map[string]any{"hash": v.Hash, "live_from": v.LiveFrom, "replaces": live.Hash, "draft": v.Draft, "note": note}))
		done = true
		return tx.Announce()
	})
	return v, done, err
}

// place finds the moment from which a version is live: after the one that it replaces, and with none scheduled after it.
func (s *Service) place(tx Tx, v *Version, live Version, from time.Time) error {
	now := s.o.Now()
	v.LiveFrom, v.State = from.UTC().Truncate(time.Microsecond), Scheduled
	if !from.After(now) {
		v.LiveFrom, v.State = now.UTC().Truncate(time.Microsecond), Live
		if !v.LiveFrom.After(live.LiveFrom) { // two within one tick of the clock: the later one counts
			v.LiveFrom = live.LiveFrom.Add(time.Microsecond)
		}
	}
	list, err := tx.Versions()
	if err != nil {
		return err
	}
	for _, x := range at(list, now) {
		if x.State == Scheduled && !x.LiveFrom.Before(v.LiveFrom) {
			return fault.New(fault.Conflict, "version_scheduled", "Another version is scheduled for %s and would replace this one. Withdraw it first.", clock(x.LiveFrom)).
				With("scheduled", x.Hash).With("live_from", x.LiveFrom)
		}
	}
	return nil
}

// Restore publishes an old version again, as a new one, from now on. It passes the hard parts of the gate: it parses, its
// stored cases hold today, and where it leads to exists. A note is required; nothing else is asked, since it is the way back.
func (s *Service) Restore(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, hash, note string) (Version, error) {
	for range attempts {
		c := candidate{neighbourhood: neighbourhood, by: by, restored: true}
		var old Version
		err := s.o.Store.InTx(ctx, neighbourhood, func(tx Tx) (err error) {
			if old, err = version(tx, hash, s.o.Now()); err != nil {
				return err
			}
			set, err := tx.Settings()
			c.reviewWanted = set.SecondPerson
			if err == nil {
				c.live, _, err = tx.LiveAt(s.o.Now())
			}
			return err
		})
		if err != nil {
			return Version{}, err
		}
		if c.live.Hash == hash {
			return Version{}, fault.New(fault.Conflict, "already_live", "This version is the one that is live.")
		}
		if c.policy, err = policy.Parse(old.Document); err != nil {
			return Version{}, err
		}
		if c.directory, err = s.o.Directories.Live(ctx, neighbourhood, s.o.Now()); err != nil {
			return Version{}, err
		}
		g, err := s.examine(ctx, c)
		if err != nil {
			return Version{}, err
		}
		if _, err := g.pass(Publication{Note: note}); err != nil {
			return Version{}, err
		}
		v, done, err := s.commit(ctx, by, c, g, Version{RestoredFrom: hash}, Publication{Note: note})
		if err != nil || done {
			return v, err
		}
	}
	return Version{}, fault.New(fault.Conflict, "policy_busy", "Drafts, versions or the directory keep changing. Try again in a moment.")
}

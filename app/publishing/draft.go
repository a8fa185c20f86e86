package publishing

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/policy"
)

const (
	// MaxDocument is the longest document that is kept, in bytes: some thousands of rules.
	MaxDocument = 2 << 20
	// maxDrafts is how many drafts a neighbourhood may have at once.
	maxDrafts = 50
)

// Draft is a policy that somebody works on. It parses, and may be wrong in every other way.
type Draft struct {
	NeighbourhoodID uuid.UUID
	Name            string // a slug
	Author          string // who began it
	AuthorID        uuid.UUID
	BasedOn         string // the hash of the version that was live when it was begun or last published; empty for none
	Version         int    // counts saves, from 1
	Document        []byte // YAML
	Hash            string // of the policy that the document means
	CreatedAt       time.Time
	UpdatedAt       time.Time
	UpdatedBy       string // who saved it last
	UpdatedByID     uuid.UUID
	Review          *Review // of this or an earlier text: Review.Hash says which
	Shadow          bool    // decides on live traffic besides, without effect
}

// ETag names this very text, comments and layout included, as HTTP writes it: in quotes.
func (d Draft) ETag() string {
	sum := sha256.Sum256(d.Document)
	return fmt.Sprintf(`"%d-%s"`, d.Version, hex.EncodeToString(sum[:8]))
}

// Save is a text that somebody saved, or tried to: one that came too late is kept too, so that nothing is lost.
type Save struct {
	ID       uuid.UUID // UUIDv7
	Draft    string
	Version  int    // of the draft that it became; zero when it was refused
	ETag     string // that the draft then had; for a refused one, the ETag that its author held
	Document []byte
	At       time.Time
	By       string
	ByID     uuid.UUID
}

// Refused reports whether somebody else had saved first.
func (s Save) Refused() bool { return s.Version == 0 }

// AnyETag matches a draft whatever it is at, so long as there is one.
const AnyETag = "*"

var draftName = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`)

// Drafts are a neighbourhood's, by name.
func (s *Service) Drafts(ctx context.Context, neighbourhood uuid.UUID) (list []Draft, err error) {
	err = s.o.Store.InTx(ctx, neighbourhood, func(tx Tx) error {
		list, err = tx.Drafts()
		return err
	})
	return list, err
}

// Draft is one of them (not_found).
func (s *Service) Draft(ctx context.Context, neighbourhood uuid.UUID, name string) (d Draft, err error) {
	err = s.o.Store.InTx(ctx, neighbourhood, func(tx Tx) error {
		d, err = find(tx, name)
		return err
	})
	return d, err
}

func find(tx Tx, name string) (Draft, error) {
	d, found, err := tx.Draft(name)
	if err == nil && !found {
		err = fault.Absent()
	}
	return d, err
}

// Saves are what was saved of a draft and what came too late, newest first. Those of a draft that was discarded are there
// too.
func (s *Service) Saves(ctx context.Context, neighbourhood uuid.UUID, name string) (list []Save, err error) {
	err = s.o.Store.InTx(ctx, neighbourhood, func(tx Tx) error {
		list, err = tx.Saves(name)
		return err
	})
	return list, err
}

// Save keeps a document under a name. ifMatch is the ETag of the draft that the author holds, or AnyETag; empty, it begins a
// new draft, and is refused where one of this name is (draft_exists). When the draft has another ETag by now, the refusal
// draft_changed tells who saved it, when, and what changed since the text that the author holds (details changed_by,
// changed_at, changes, etag, and save, the id under which the refused text is kept); the draft stays as it is. A text that
// is the draft's already is no change. It refuses a document that does not parse with the parser's own codes and places, one
// that is too long (too_large), a name that is no slug (draft_name), and a draft too many (too_many_drafts).
func (s *Service) Save(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, name, ifMatch string, document []byte) (Draft, error) {
	if !draftName.MatchString(name) {
		return Draft{}, fault.New(fault.Invalid, "draft_name", "A draft’s name is 1 to 63 lower-case letters, digits and hyphens, such as winter-2026.")
	}
	if len(document) > MaxDocument {
		return Draft{}, fault.New(fault.TooLarge, "too_large", "A policy may be %d KiB long; this one has %d.", MaxDocument>>10, (len(document)+1023)>>10)
	}
	p, err := policy.Parse(document)
	if err != nil {
		return Draft{}, err
	}
	var saved Draft
	var refusal error
	err = s.o.Store.InTx(ctx, neighbourhood, func(tx Tx) error {
		if err := tx.Lock(); err != nil {
			return err
		}
		now, found, err := tx.Draft(name)
		if err != nil {
			return err
		}
		switch {
		case found && ifMatch == "":
			return fault.New(fault.Unconditional, "draft_exists", "There is a draft of this name. Say which text of it you hold.").With("etag", now.ETag())
		case found && bytes.Equal(now.Document, document):
			saved = now // said twice, or by two people: nobody loses anything
			return nil
		case ifMatch != "" && (!found || ifMatch != AnyETag && ifMatch != now.ETag()):
			refusal, err = s.tooLate(tx, by, now, found, Save{Draft: name, ETag: ifMatch, Document: document}, p)
			return err
		}
		saved, err = s.keep(tx, by, now, found, Draft{NeighbourhoodID: neighbourhood, Name: name, Document: document, Hash: p.Hash()})
		return err
	})
	if err == nil {
		err = refusal
	}
	return saved, err
}

// keep makes the next text of a draft, or its first.
func (s *Service) keep(tx Tx, by audit.Actor, now Draft, found bool, next Draft) (Draft, error) {
	at := s.o.Now()
	if found {
		now.Document, now.Hash = next.Document, next.Hash
	} else {
		list, err := tx.Drafts()
		if err != nil {
			return Draft{}, err
		}
		if len(list) >= maxDrafts {
			return Draft{}, fault.New(fault.Conflict, "too_many_drafts", "A neighbourhood may have %d drafts at once. Discard one first.", maxDrafts)
		}
		live, _, err := tx.LiveAt(at)
		if err != nil {
			return Draft{}, err
		}
		now = next
		now.Author, now.AuthorID, now.CreatedAt, now.BasedOn = by.Name, by.ID, at, live.Hash
	}
	now.Version++
	now.UpdatedAt, now.UpdatedBy, now.UpdatedByID = at, by.Name, by.ID
	if err := tx.PutDraft(now); err != nil {
		return Draft{}, err
	}
	save := Save{ID: uuid.Must(uuid.NewV7()), Draft: now.Name, Version: now.Version, ETag: now.ETag(), Document: now.Document, At: at, By: by.Name, ByID: by.ID}
	if err := tx.AddSave(save); err != nil {
		return Draft{}, err
	}
	tx.Audit(s.entry(by, now.NeighbourhoodID, "draft-save", map[string]any{"draft": now.Name, "version": now.Version, "hash": now.Hash}))
	return now, tx.Announce()
}

// tooLate keeps a text whose author held an older one, and says what happened meanwhile.
func (s *Service) tooLate(tx Tx, by audit.Actor, now Draft, found bool, late Save, p *policy.Policy) (refusal, err error) {
	late.ID, late.At, late.By, late.ByID = uuid.Must(uuid.NewV7()), s.o.Now(), by.Name, by.ID
	saves, err := tx.Saves(late.Draft)
	if err != nil {
		return nil, err
	}
	if err := tx.AddSave(late); err != nil {
		return nil, err
	}
	if !found {
		return fault.New(fault.Changed, "draft_changed", "There is no draft of this name any more. Your text is kept.").With("save", late.ID), nil
	}
	changes := Changes(held(saves, late.ETag, p.Document()), now.Document)
	return fault.New(fault.Changed, "draft_changed", "%s saved this draft at %s, after the text that you hold. %s Your text is kept, and the draft is as they left it.",
		orSomebody(now.UpdatedBy), clock(now.UpdatedAt), sentenceOf(changes)).
		With("changed_by", now.UpdatedBy).With("changed_at", now.UpdatedAt).With("changes", changes).
		With("etag", now.ETag()).With("version", now.Version).With("save", late.ID), nil
}

// held is the text that an ETag named; when it is forgotten, the one that came with it stands for it.
func held(saves []Save, etag string, otherwise []byte) []byte {
	for _, s := range saves {
		if s.ETag == etag && !s.Refused() {
			return s.Document
		}
	}
	return otherwise
}

// Discard removes a draft. What was saved of it can still be read (Saves). ifMatch is its ETag, or AnyETag (draft_changed).
func (s *Service) Discard(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, name, ifMatch string) error {
	return s.o.Store.InTx(ctx, neighbourhood, func(tx Tx) error {
		if err := tx.Lock(); err != nil {
			return err
		}
		d, err := find(tx, name)
		if err != nil {
			return err
		}
		if ifMatch != AnyETag && ifMatch != d.ETag() {
			return changedBy(d)
		}
		if err := tx.RemoveDraft(name); err != nil {
			return err
		}
		tx.Audit(s.entry(by, neighbourhood, "draft-discard", map[string]any{"draft": name, "version": d.Version, "hash": d.Hash}))
		return tx.Announce()
	})
}

// changedBy refuses what was asked of an older text than the draft's.
func changedBy(d Draft) *fault.Error {
	return fault.New(fault.Changed, "draft_changed", "%s saved this draft at %s, after the text that you hold. Look at it first.", orSomebody(d.UpdatedBy), clock(d.UpdatedAt)).
		With("changed_by", d.UpdatedBy).With("changed_at", d.UpdatedAt).With("etag", d.ETag()).With("version", d.Version)
}

// SetShadow lets a draft decide on live traffic besides, without effect, or ends that.
func (s *Service) SetShadow(ctx context.Context, by audit.Actor, neighbourhood uuid.UUID, name string, on bool) (d Draft, err error) {
	err = s.o.Store.InTx(ctx, neighbourhood, func(tx Tx) error {
		if err := tx.Lock(); err != nil {
			return err
		}
		if d, err = find(tx, name); err != nil || d.Shadow == on {
			return err
		}
		d.Shadow = on
		if err := tx.PutDraft(d); err != nil {
			return err
		}
		tx.Audit(s.entry(by, neighbourhood, "draft-shadow", map[string]any{"draft": name, "on": on, "hash": d.Hash}))
		return tx.Announce()
	})
	return d, err
}

// Package recordings keeps what callers said in place of writing, until its time is over: sealed on disk, heard only by staff
// who see a request that it belongs to, each hearing in the trail. A machine may write down what was said; its words are
// marked as a machine's, and change no answer and no urgency.
//
// A channel hands in a WAV with the id of the call and the question that it answers; submitting the request
// (requests.Submission.Recordings) is what lets anybody hear it. The package stores nothing itself: Store does
// (app/store/recordingstore), after the Vault has sealed it. Sound and words are never in an error, a log or a file name.
package recordings

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/fault"
	"onedoor/app/requests"
	"onedoor/app/speech"
	"onedoor/app/understanding"
	"onedoor/tenants"
)

// Recording is what was said to one question. Its sound is apart.
type Recording struct {
	ID, NeighbourhoodID, CallID uuid.UUID
	// RequestID is the request by which it was asked for.
	RequestID uuid.UUID
	LinkID    string // of the question
	At        time.Time
	Length    time.Duration

	// Transcript is what a machine heard; empty where none did. TranscriptBy names the model and its version.
	Transcript, TranscriptBy string
	// HeardAt is zero while nobody has listened to the whole and said so.
	HeardAt time.Time
	HeardBy string
	// KeptUntil is when the sound goes, if no request that it belongs to is open then. Gone says that it has.
	KeptUntil time.Time
	Gone      bool
}

// DefaultDays is how long a recording is kept where its organisation says nothing.
const DefaultDays = 90

// Settings are what an organisation wants for recordings of the requests that it is accountable for.
type Settings struct {
	KeptDays   int  // 1 to 3650
	Transcribe bool // by a machine, where this installation has one
}

// Options are what a Service stands on.
type Options struct {
	Store Store
	Vault Vault
	// Transcriber is nil where the installation has none.
	Transcriber speech.Transcriber
	// Listener hears transcripts beside the rules, to be compared with what the caller chose; nil where nobody listens.
	Listener Listener
	// Copies remove what telephony platforms hold; nil where none is reached.
	Copies Copies
	Now    func() time.Time
}

// Listener listens in the shadow. It is understanding.Service.
type Listener interface {
	Listen(h understanding.Heard)
}

// Vault seals and opens what belongs to a neighbourhood. It is secrets.Vault.
type Vault interface {
	Seal(ctx context.Context, neighbourhood uuid.UUID, plain, sealedFor []byte) ([]byte, error)
	Open(ctx context.Context, neighbourhood uuid.UUID, sealed, sealedFor []byte) ([]byte, error)
}

// Service keeps recordings.
type Service struct{ o Options }

// New puts a service together.
func New(o Options) *Service { return &Service{o} }

// Keep keeps what was said to a question in a call, and gives the id that the conversation holds in place of words. The WAV
// has one channel, of PCM in 8 or 16 bits or of G.711; what is not (recording_format), is empty (recording_empty) or is
// longer than Most bytes (recording_too_long) is refused.
func (s *Service) Keep(ctx context.Context, neighbourhood, call uuid.UUID, linkID string, wav []byte) (uuid.UUID, error) {
	return s.keep(ctx, neighbourhood, call, linkID, wav, nil)
}

// keep keeps a recording and, with it or not at all, what is to be removed elsewhere for it.
func (s *Service) keep(ctx context.Context, neighbourhood, call uuid.UUID, linkID string, wav []byte, elsewhere *Copy) (uuid.UUID, error) {
	sound, err := parse(wav)
	if err != nil {
		return uuid.Nil, err
	}
	r := Recording{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: neighbourhood, CallID: call, LinkID: linkID, At: s.o.Now(), Length: sound.length(),
	}
	sealed, err := s.o.Vault.Seal(ctx, neighbourhood, wav, sealedFor("sound", r.ID))
	if err != nil {
		return uuid.Nil, err
	}
	return r.ID, s.o.Store.Add(ctx, r, sealed, elsewhere)
}

// OfRequest are the recordings of a request in the order in which they were said, with their transcripts. Who does not see
// the request is told that there is none.
func (s *Service) OfRequest(ctx context.Context, by requests.Actor, reference requests.Reference) ([]Recording, error) {
	if by.Scope.Kind != tenants.StaffScope {
		return nil, fault.Absent()
	}
	kept, err := s.o.Store.OfRequest(ctx, by.Scope, reference)
	if err != nil {
		return nil, err
	}
	list := make([]Recording, len(kept))
	for i, k := range kept {
		list[i] = k.Recording
		if len(k.Transcript) == 0 {
			continue
		}
		words, err := s.o.Vault.Open(ctx, k.NeighbourhoodID, k.Transcript, sealedFor("transcript", k.ID))
		if err != nil {
			return nil, err
		}
		list[i].Transcript = string(words)
	}
	return list, nil
}

// Audio is the sound of a recording as a WAV of 16-bit PCM, which every browser plays. Who asks is in the trail of the
// request. One whose time is over is recording_gone.
func (s *Service) Audio(ctx context.Context, by requests.Actor, reference requests.Reference, id uuid.UUID) ([]byte, error) {
	kept, err := s.find(ctx, by, reference, id, "recording.play", nil)
	if err != nil {
		return nil, err
	}
	if kept.Gone {
		return nil, fault.New(fault.NotFound, "recording_gone", "This recording was removed: it was kept for the time that the organisation chose.")
	}
	wav, err := s.o.Vault.Open(ctx, kept.NeighbourhoodID, kept.Audio, sealedFor("sound", id))
	if err != nil {
		return nil, err
	}
	sound, err := parse(wav)
	if err != nil {
		return nil, err
	}
	return sound.plain(), nil
}

// Hear marks a recording as heard by a person who works on its request (not_allowed for others who see it). The first who
// says so stands.
func (s *Service) Hear(ctx context.Context, by requests.Actor, reference requests.Reference, id uuid.UUID) (Recording, error) {
	kept, err := s.find(ctx, by, reference, id, "recording.hear", func(k *Kept) (bool, error) {
		if err := by.MustMayAny("claim", k.Accountable, k.Offered); err != nil {
			return false, err
		}
		if !k.HeardAt.IsZero() {
			return false, nil
		}
		k.HeardAt, k.HeardBy, k.HeardByID = s.o.Now(), by.Name, by.ID
		return true, nil
	})
	return kept.Recording, err
}

// find reads a recording by one of its requests, with a line in that request's trail when it was played or changed.
func (s *Service) find(ctx context.Context, by requests.Actor, reference requests.Reference, id uuid.UUID, action string, change func(*Kept) (bool, error)) (Kept, error) {
	if by.Scope.Kind != tenants.StaffScope {
		return Kept{}, fault.Absent()
	}
	return s.o.Store.Find(ctx, by.Scope, reference, id, func(k *Kept) (*audit.Entry, error) {
		if change != nil {
			if changed, err := change(k); err != nil || !changed {
				return nil, err
			}
		}
		return &audit.Entry{
			ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: k.NeighbourhoodID, OrganisationID: k.Accountable, At: s.o.Now(), Actor: by.Actor,
			Action: action, SubjectKind: "request", Subject: k.RequestID, Details: map[string]any{"recording": k.ID},
		}, nil
	})
}

// sealedFor names what is sealed, so that no other opens in its place.
func sealedFor(what string, id uuid.UUID) []byte {
	return append([]byte("recording "+what+" "), id[:]...)
}

// Remove removes the sound and the transcript of recordings whose time is over and that no open request needs, and counts
// them. That they were there, and who heard them, stays.
func (s *Service) Remove(ctx context.Context, neighbourhood uuid.UUID, now time.Time) (int, error) {
	return s.o.Store.Remove(ctx, neighbourhood, now, DefaultDays)
}

// Settings are an organisation's, or the defaults.
func (s *Service) Settings(ctx context.Context, by requests.Actor, organisation uuid.UUID) (Settings, error) {
	if !by.Scope.Includes(organisation) {
		return Settings{}, fault.Absent()
	}
	return s.o.Store.Settings(ctx, by.Scope, organisation, Settings{KeptDays: DefaultDays})
}

// Set changes an organisation's settings, with a line in its trail.
func (s *Service) Set(ctx context.Context, by requests.Actor, organisation uuid.UUID, to Settings) error {
	if !by.Scope.Includes(organisation) {
		return fault.Absent()
	}
	if to.KeptDays < 1 || to.KeptDays > 3650 {
		return fault.InvalidFields([]fault.Field{{Pointer: "/kept_days", Code: "out_of_range", Says: "Recordings are kept for 1 to 3650 days."}})
	}
	return s.o.Store.Set(ctx, by.Scope, organisation, to, audit.Entry{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: by.Scope.NeighbourhoodID, OrganisationID: organisation, At: s.o.Now(), Actor: by.Actor,
		Action: "recording.settings", SubjectKind: "organisation", Subject: organisation,
		Details: map[string]any{"kept_days": to.KeptDays, "transcribe": to.Transcribe},
	})
}

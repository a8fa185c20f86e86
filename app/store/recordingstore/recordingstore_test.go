package recordingstore_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/database"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/fault"
	"onedoor/app/patients"
	"onedoor/app/recordings"
	"onedoor/app/requests"
	"onedoor/app/secrets"
	"onedoor/app/secrets/keyfile"
	"onedoor/app/speech"
	"onedoor/app/store/recordingstore"
	"onedoor/app/store/secretstore"
	"onedoor/app/understanding"
	"onedoor/tenants"
)

var riverside = demo.NeighbourhoodID("riverside")

// scribe is a transcriber that hears what it is told to.
type scribe struct {
	says     string
	fails    error
	language string
}

func (s *scribe) Transcribe(_ context.Context, wav []byte, language string) (speech.Transcript, error) {
	s.language = language
	if !bytes.HasPrefix(wav, []byte("RIFF")) {
		return speech.Transcript{}, errors.New("that is no sound")
	}
	return speech.Transcript{Text: s.says, Model: "scribe", Version: "1"}, s.fails
}

type house struct {
	*demotest.World
	t          *testing.T
	recordings *recordings.Service
	scribe     *scribe
	shadow     *shadow
}

// shadow notes what it was let listen to.
type shadow struct{ heard []understanding.Heard }

func (s *shadow) Listen(h understanding.Heard) { s.heard = append(s.heard, h) }

func open(t *testing.T) *house {
	t.Helper()
	w := demotest.New(t)
	master, err := keyfile.OpenOrMake(filepath.Join(t.TempDir(), "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{World: w, t: t, scribe: &scribe{says: " my throat is sore "}, shadow: &shadow{}}
	h.recordings = recordings.New(recordings.Options{
		Store: recordingstore.New(w.DB, w.Now), Vault: secrets.New(secretstore.New(w.DB, w.Now), master), Transcriber: h.scribe, Listener: h.shadow, Now: w.Now,
	})
	return h
}

// said is a second of mu-law.
func said() []byte {
	b := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x07\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data")
	b = binary.LittleEndian.AppendUint32(b, 8000)
	for i := range 8000 {
		b = append(b, byte(i))
	}
	return b
}

// request is one of Weir Lane Surgery's, with a recording in place of words.
func (h *house) request(spoken uuid.UUID) requests.Reference {
	h.t.Helper()
	receipt, err := h.Requests.Submit(h.t.Context(), requests.Submission{
		NeighbourhoodID: riverside, Channel: requests.Phone, Kind: "admin", Language: "cy", By: audit.Actor{Kind: audit.Patient},
		Patient: patients.Given{NHSNumber: h.Patients[0].NHSNumber}, Recordings: map[string]uuid.UUID{"describe": spoken},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return receipt.Reference
}

func (h *house) keep() uuid.UUID {
	h.t.Helper()
	id, err := h.recordings.Keep(h.t.Context(), riverside, uuid.New(), "describe", said())
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

func (h *house) of(subject string, reference requests.Reference) []recordings.Recording {
	h.t.Helper()
	list, err := h.recordings.OfRequest(h.t.Context(), h.Actor(h.t, subject), reference)
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

func TestARecordingIsHeardByThoseWhoSeeItsRequest(t *testing.T) {
	t.Parallel()
	h := open(t)
	sam := h.Actor(t, "sam.carter")
	id := h.keep()
	reference := h.request(id)
	list := h.of("sam.carter", reference)
	if len(list) != 1 || list[0].ID != id || list[0].LinkID != "describe" || list[0].Length != time.Second || !list[0].HeardAt.IsZero() {
		t.Fatalf("recordings: %+v", list)
	}
	wav, err := h.recordings.Audio(t.Context(), sam, reference, id)
	if err != nil || len(wav) != 44+16000 {
		t.Fatalf("%d bytes, %v", len(wav), err)
	}
	h.Pass(time.Minute)
	if _, err := h.recordings.Hear(t.Context(), sam, reference, id); err != nil {
		t.Fatal(err)
	}
	h.Pass(time.Minute)
	again, err := h.recordings.Hear(t.Context(), sam, reference, id)
	if err != nil || again.HeardBy != sam.Name || !again.HeardAt.Equal(h.Now().Add(-time.Minute)) {
		t.Errorf("heard by %s at %s, %v", again.HeardBy, again.HeardAt, err)
	}
	view, err := h.Requests.Get(t.Context(), sam, reference)
	if err != nil {
		t.Fatal(err)
	}
	var trail []string
	for _, e := range view.Staff.Timeline {
		trail = append(trail, e.Action)
	}
	if !slices.Equal(trail, []string{"request.submit", "recording.play", "recording.hear"}) {
		t.Errorf("the trail: %v", trail)
	}
}

func TestOthersCannotHearARecording(t *testing.T) {
	t.Parallel()
	h := open(t)
	id, ctx := h.keep(), t.Context()
	reference := h.request(id)
	elsewhere := h.Actor(t, "sam.carter")
	elsewhere.Scope = tenants.StaffOf(demo.NeighbourhoodID("hillside"), elsewhere.Scope.Organisations...)
	client := requests.Actor{Actor: audit.Actor{Kind: audit.Client, ID: uuid.New()}, Scope: tenants.IntakeOf(riverside)}
	for name, by := range map[string]requests.Actor{
		"another organisation": h.Actor(t, "grace.mensah"), "another tenant cannot": elsewhere, "a program": client,
	} {
		if _, err := h.recordings.Audio(ctx, by, reference, id); !fault.Is(err, "not_found") {
			t.Errorf("%s plays it: %v", name, err)
		}
		if _, err := h.recordings.OfRequest(ctx, by, reference); !fault.Is(err, "not_found") {
			t.Errorf("%s lists it: %v", name, err)
		}
		if _, err := h.recordings.Hear(ctx, by, reference, id); !fault.Is(err, "not_found") {
			t.Errorf("%s marks it: %v", name, err)
		}
	}
	sam := h.Actor(t, "sam.carter")
	if _, err := h.recordings.Audio(ctx, sam, h.request(h.keep()), id); !fault.Is(err, "not_found") {
		t.Errorf("it is heard by a request that it does not belong to: %v", err)
	}
	if _, err := h.recordings.Audio(ctx, sam, reference, uuid.New()); !fault.Is(err, "not_found") {
		t.Errorf("one that does not exist: %v", err)
	}
	if _, err := h.recordings.Hear(ctx, h.Actor(t, "jo.bennett"), reference, id); !fault.Is(err, "not_allowed") {
		t.Errorf("who does not work on requests marks it: %v", err)
	}
	if got := h.of("sam.carter", reference); !got[0].HeardAt.IsZero() {
		t.Error("somebody marked it all the same")
	}
}

func TestNothingLegibleIsStored(t *testing.T) {
	t.Parallel()
	h := open(t)
	sam := h.Actor(t, "sam.carter")
	if err := h.recordings.Set(t.Context(), sam, sam.Scope.Organisations[0], recordings.Settings{KeptDays: 30, Transcribe: true}); err != nil {
		t.Fatal(err)
	}
	h.request(h.keep())
	if n, err := h.recordings.Transcribe(t.Context(), riverside); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	err := h.DB.InTx(t.Context(), tenants.JobOf(riverside), func(tx *database.Tx) error {
		var rows []struct{ Audio, Transcript []byte }
		if err := tx.Gorm().Raw("select audio, transcript from recordings").Scan(&rows).Error; err != nil {
			return err
		}
		if len(rows) != 1 || len(rows[0].Audio) < 8000 || len(rows[0].Transcript) == 0 {
			t.Fatalf("%d rows", len(rows))
		}
		if bytes.Contains(rows[0].Audio, said()[44:144]) || bytes.Contains(rows[0].Transcript, []byte("throat")) {
			t.Error("it can be read in the database")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAMachineWritesDownWhereTheOrganisationWantsIt(t *testing.T) {
	t.Parallel()
	h := open(t)
	sam, ctx := h.Actor(t, "sam.carter"), t.Context()
	surgery := sam.Scope.Organisations[0]
	reference := h.request(h.keep())
	if n, err := h.recordings.Transcribe(ctx, riverside); n != 0 || err != nil {
		t.Fatalf("%d written without being wanted, %v", n, err)
	}
	if err := h.recordings.Set(ctx, sam, surgery, recordings.Settings{KeptDays: 30, Transcribe: true}); err != nil {
		t.Fatal(err)
	}
	h.scribe.fails = errors.New("not now")
	if n, err := h.recordings.Transcribe(ctx, riverside); n != 0 || err == nil {
		t.Fatalf("%d written by one who fails, %v", n, err)
	}
	h.scribe.fails = nil
	if n, err := h.recordings.Transcribe(ctx, riverside); n != 0 || err != nil {
		t.Errorf("tried again at once: %d, %v", n, err)
	}
	h.Pass(5 * time.Minute)
	if n, err := h.recordings.Transcribe(ctx, demo.NeighbourhoodID("hillside")); n != 0 || err != nil {
		t.Errorf("another tenant's job writes it: %d, %v", n, err)
	}
	if n, err := h.recordings.Transcribe(ctx, riverside); n != 1 || err != nil {
		t.Fatalf("%d written, %v", n, err)
	}
	if h.scribe.language != "cy" {
		t.Errorf("heard as %q; the conversation was in Welsh", h.scribe.language)
	}
	got := h.of("sam.carter", reference)[0]
	if got.Transcript != "my throat is sore" || got.TranscriptBy != "scribe 1" || !got.HeardAt.IsZero() {
		t.Errorf("%+v", got)
	}
	if n, err := h.recordings.Transcribe(ctx, riverside); n != 0 || err != nil {
		t.Errorf("written twice: %d, %v", n, err)
	}
	want := understanding.Heard{NeighbourhoodID: riverside, Words: "my throat is sore", Language: "cy", Channel: "phone", Kind: "admin", LinkID: "describe"}
	if len(h.shadow.heard) != 1 || !reflect.DeepEqual(h.shadow.heard[0], want) {
		t.Errorf("the shadow heard %+v, want %+v", h.shadow.heard, want)
	}
}

func TestARecordingGoesWhenItsTimeIsOverAndItsRequestClosed(t *testing.T) {
	t.Parallel()
	h := open(t)
	sam, ctx := h.Actor(t, "sam.carter"), t.Context()
	if err := h.recordings.Set(ctx, sam, sam.Scope.Organisations[0], recordings.Settings{KeptDays: 30}); err != nil {
		t.Fatal(err)
	}
	id, stray := h.keep(), h.keep()
	reference := h.request(id)
	remove := func(want int, what string) {
		t.Helper()
		if n, err := h.recordings.Remove(ctx, riverside, h.Now()); n != want || err != nil {
			t.Errorf("%s: %d removed, %v", what, n, err)
		}
	}
	remove(0, "at once")
	h.Pass(8 * 24 * time.Hour)
	remove(1, "one that no request has")
	if stray == id {
		t.Fatal("two recordings have one id")
	}
	h.Pass(30 * 24 * time.Hour)
	remove(0, "a request that is still open")
	if _, err := h.Requests.Claim(ctx, sam, requests.Command{Reference: reference}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Requests.Close(ctx, sam, requests.Command{Reference: reference}, "Rang twice"); err != nil {
		t.Fatal(err)
	}
	if n, err := h.recordings.Remove(ctx, demo.NeighbourhoodID("hillside"), h.Now()); n != 0 || err != nil {
		t.Errorf("another tenant's job removes it: %d, %v", n, err)
	}
	remove(1, "its time is over")
	remove(0, "a second time")
	list := h.of("sam.carter", reference)
	if len(list) != 1 || !list[0].Gone || list[0].Transcript != "" {
		t.Errorf("the request does not say that it is gone: %+v", list)
	}
	if _, err := h.recordings.Audio(ctx, sam, reference, id); !fault.Is(err, "recording_gone") {
		t.Errorf("played all the same: %v", err)
	}
}

func TestSettingsAreAnOrganisationsOwn(t *testing.T) {
	t.Parallel()
	h := open(t)
	sam, ctx := h.Actor(t, "sam.carter"), t.Context()
	surgery, pharmacy := sam.Scope.Organisations[0], h.Actor(t, "grace.mensah").Scope.Organisations[0]
	if got, err := h.recordings.Settings(ctx, sam, surgery); err != nil || got != (recordings.Settings{KeptDays: recordings.DefaultDays}) {
		t.Errorf("without a word: %+v, %v", got, err)
	}
	want := recordings.Settings{KeptDays: 14, Transcribe: true}
	for range 2 {
		if err := h.recordings.Set(ctx, sam, surgery, want); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := h.recordings.Settings(ctx, sam, surgery); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if err := h.recordings.Set(ctx, sam, pharmacy, want); !fault.Is(err, "not_found") {
		t.Errorf("another organisation's: %v", err)
	}
	if _, err := h.recordings.Settings(ctx, sam, pharmacy); !fault.Is(err, "not_found") {
		t.Errorf("another organisation's are read: %v", err)
	}
	for _, days := range []int{0, -1, 3651} {
		if err := h.recordings.Set(ctx, sam, surgery, recordings.Settings{KeptDays: days}); err == nil || !strings.Contains(err.Error(), "1 to 3650") {
			t.Errorf("%d days: %v", days, err)
		}
	}
	// Past the domain, the database says no as well.
	store := recordingstore.New(h.DB, h.Now)
	if err := store.Set(ctx, sam.Scope, pharmacy, want, audit.Entry{ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: riverside, At: h.Now()}); err == nil {
		t.Error("the database lets another organisation's settings be written")
	}
}

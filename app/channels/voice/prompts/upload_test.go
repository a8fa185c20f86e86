package prompts_test

import (
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/channels/voice/media"
	"onedoor/app/channels/voice/prompts"
	"onedoor/app/database/testdb"
	"onedoor/app/fault"
	"onedoor/app/identity"
	"onedoor/app/speech/espeak"
	"onedoor/app/store/promptstore"
	"onedoor/tenants"
)

var welcome = dialogue.Phrase{ID: "welcome", Text: "Hello. Press 1.", Language: "en"}

// house is a neighbourhood with two organisations, over a real database.
type house struct {
	*prompts.Prompts
	store                       *promptstore.Store
	engine                      *engine
	neighbourhood, ours, theirs uuid.UUID
	now                         time.Time
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{store: promptstore.New(testdb.New(t)), engine: &engine{name: "a"}, neighbourhood: uuid.New(), ours: uuid.New(), theirs: uuid.New(), now: noon}
	h.Prompts = h.open(t, welcome)
	return h
}

// open is another process over the same database.
func (h *house) open(t *testing.T, phrases ...dialogue.Phrase) *prompts.Prompts {
	t.Helper()
	return open(t, prompts.Options{Engine: h.engine, Store: h.store, Phrases: phrases, Now: func() time.Time { return h.now }})
}

func (h *house) who(role tenants.Role, organisation uuid.UUID) identity.Principal {
	return identity.Principal{
		Kind: audit.Person, ID: uuid.New(), Name: "Jo Bennett", NeighbourhoodID: h.neighbourhood,
		Memberships: []tenants.Membership{{NeighbourhoodID: h.neighbourhood, OrganisationID: organisation, Role: role}},
	}
}

func (h *house) hears(t *testing.T, p *prompts.Prompts, organisation uuid.UUID, phrase dialogue.Phrase) time.Duration {
	t.Helper()
	sound, err := p.Audio(t.Context(), h.neighbourhood, organisation, phrase)
	if err != nil {
		t.Fatal(err)
	}
	return sound.Length().Round(100 * time.Millisecond)
}

func tone(length time.Duration) []byte { return media.Tone(300, length).WAV() }

func TestARecordingIsPlayedOnItsOwnLineAndTheNeighbourhoodsOnAllOthers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	lead, admin := h.who(tenants.Lead, uuid.Nil), h.who(tenants.OrgAdmin, h.ours)
	byEngine := h.hears(t, h.Prompts, h.ours, welcome)
	if err := h.Upload(ctx, lead, h.neighbourhood, uuid.Nil, "welcome", "en", tone(3*time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := h.Upload(ctx, admin, h.neighbourhood, h.ours, "welcome", "en", tone(5*time.Second)); err != nil {
		t.Fatal(err)
	}
	elsewhere := h.open(t, welcome)
	for _, p := range []*prompts.Prompts{h.Prompts, elsewhere} {
		if a, b, c := h.hears(t, p, h.ours, welcome), h.hears(t, p, h.theirs, welcome), h.hears(t, p, uuid.Nil, welcome); a != 5*time.Second || b != 3*time.Second || c != 3*time.Second {
			t.Errorf("heard %s, %s, %s", a, b, c)
		}
		inWelsh := welcome
		inWelsh.Language = "cy"
		if got := h.hears(t, p, h.ours, inWelsh); got != byEngine {
			t.Errorf("in Welsh %s is heard", got)
		}
		changed := welcome
		changed.Text = "Hello. Press 2."
		if got := h.hears(t, p, h.ours, changed); got == 5*time.Second || got == 3*time.Second {
			t.Error("a recording of other words is played")
		}
		private := welcome
		private.Private = true
		if got := h.hears(t, p, h.ours, private); got != byEngine {
			t.Error("a recording is played for a caller's own words")
		}
	}
	wav, err := h.Hear(ctx, h.neighbourhood, h.ours, "welcome", "en")
	if sound, wavErr := media.FromWAV(wav); err != nil || wavErr != nil || sound.Length() != 5*time.Second {
		t.Errorf("the page plays %s, %v, %v", sound.Length(), err, wavErr)
	}
	list, err := h.Recorded(ctx, h.neighbourhood, h.ours)
	if err != nil || len(list) != 1 || list[0].By.Name != "Jo Bennett" || list[0].For != 5*time.Second || !list[0].At.Equal(noon) {
		t.Errorf("recorded are %+v, %v", list, err)
	}
	if err := h.Remove(ctx, admin, h.neighbourhood, h.ours, "welcome", "en"); err != nil {
		t.Fatal(err)
	}
	if got := h.hears(t, h.Prompts, h.ours, welcome); got != 3*time.Second {
		t.Errorf("after it was removed %s is heard", got)
	}
	h.now = h.now.Add(11 * time.Second)
	if got := h.hears(t, elsewhere, h.ours, welcome); got != 3*time.Second {
		t.Errorf("another process plays %s ten seconds after", got)
	}
	if err := h.Remove(ctx, admin, h.neighbourhood, h.ours, "welcome", "en"); !fault.Is(err, "not_found") {
		t.Errorf("removed twice: %v", err)
	}
}

func TestAnMP3IsARecordingToo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	file, err := os.ReadFile("../media/testdata/alice.mp3")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Upload(t.Context(), h.who(tenants.OrgAdmin, h.ours), h.neighbourhood, h.ours, "welcome", "en", file); err != nil {
		t.Fatal(err)
	}
	if list, err := h.Recorded(t.Context(), h.neighbourhood, h.ours); err != nil || len(list) != 1 || list[0].For < time.Second {
		t.Errorf("recorded are %+v, %v", list, err)
	}
}

func TestOnlyTheirOwnIsChangedByAnybody(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	foreign := h.who(tenants.OrgAdmin, h.ours)
	foreign.NeighbourhoodID = uuid.New()
	for name, tt := range map[string]struct {
		who          identity.Principal
		organisation uuid.UUID
		allowed      bool
	}{
		"an administrator, their organisation's":    {h.who(tenants.OrgAdmin, h.ours), h.ours, true},
		"an administrator, another organisation's":  {h.who(tenants.OrgAdmin, h.ours), h.theirs, false},
		"an administrator, the neighbourhood's":     {h.who(tenants.OrgAdmin, h.ours), uuid.Nil, false},
		"a lead, the neighbourhood's":               {h.who(tenants.Lead, uuid.Nil), uuid.Nil, true},
		"a lead, an organisation's":                 {h.who(tenants.Lead, uuid.Nil), h.ours, false},
		"a receptionist, their organisation's":      {h.who(tenants.Receptionist, h.ours), h.ours, false},
		"an operator, the neighbourhood's":          {h.who(tenants.Operator, uuid.Nil), uuid.Nil, false},
		"an administrator of another neighbourhood": {foreign, h.ours, false},
		"nobody": {identity.Principal{NeighbourhoodID: h.neighbourhood}, h.ours, false},
		"nobody, the neighbourhood's, which has no one": {identity.Principal{NeighbourhoodID: h.neighbourhood}, uuid.Nil, false},
	} {
		err := h.Upload(t.Context(), tt.who, h.neighbourhood, tt.organisation, "welcome", "en", tone(time.Second))
		if tt.allowed != (err == nil) || (err != nil && !fault.Is(err, "not_found")) {
			t.Errorf("%s uploads: %v", name, err)
		}
		err = h.Remove(t.Context(), tt.who, h.neighbourhood, tt.organisation, "welcome", "en")
		if tt.allowed != (err == nil) || (err != nil && !fault.Is(err, "not_found")) {
			t.Errorf("%s removes: %v", name, err)
		}
	}
}

func TestAFileThatIsNoRecordingIsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.who(tenants.OrgAdmin, h.ours)
	for name, tt := range map[string]struct {
		file []byte
		code string
	}{
		"nothing":             {nil, "prompt_format"},
		"a text":              {[]byte("Hello. Press 1."), "prompt_format"},
		"a page":              {[]byte("<html><script>alert(1)</script></html>"), "prompt_format"},
		"an MP3 that is none": {append([]byte{0xff, 0xe0}, make([]byte, 5000)...), "audio_unreadable"},
		"a WAV cut short":     {tone(time.Second)[:40], "audio_unreadable"},
		"too large":           {make([]byte, prompts.LargestFile+1), "prompt_too_large"},
		"too short":           {tone(100 * time.Millisecond), "prompt_too_short"},
		"too long":            {tone(3 * time.Minute), "prompt_too_long"},
		"silent":              {media.Silence(2 * time.Second).WAV(), "prompt_silent"},
	} {
		if err := h.Upload(t.Context(), admin, h.neighbourhood, h.ours, "welcome", "en", tt.file); !fault.Is(err, tt.code) {
			t.Errorf("%s: %v, want %s", name, err, tt.code)
		}
	}
	for name, line := range map[string][2]string{"no such phrase": {"nowhere", "en"}, "no such language": {"welcome", "fr"}} {
		if err := h.Upload(t.Context(), admin, h.neighbourhood, h.ours, line[0], line[1], tone(time.Second)); !fault.Is(err, "not_found") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := h.Hear(t.Context(), h.neighbourhood, h.ours, line[0], line[1]); !fault.Is(err, "not_found") {
			t.Errorf("%s is heard: %v", name, err)
		}
	}
	if list, err := h.Recorded(t.Context(), h.neighbourhood, h.ours); err != nil || len(list) != 0 {
		t.Errorf("kept %+v, %v", list, err)
	}
}

func TestWithoutTheDatabaseTheEngineSpeaks(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	h := &house{store: promptstore.New(db), engine: &engine{name: "a"}, neighbourhood: uuid.New(), now: noon}
	p := h.open(t, welcome)
	db.Close()
	if h.hears(t, p, uuid.Nil, welcome) == 0 || h.engine.count() != 1 {
		t.Error("nothing is heard")
	}
}

// What a caller hears of the real engine is speech of a sensible length and level, in both languages.
func TestTheOfflineEngineSpeaksBothLanguages(t *testing.T) {
	t.Parallel()
	e, err := espeak.New(t.Context(), espeak.Options{Within: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	p := open(t, prompts.Options{Engine: e, Within: time.Minute})
	for _, phrase := range []dialogue.Phrase{
		{Text: "To book an appointment, press 1.", Language: "en"},
		{Text: "Trefnu apwyntiad, pwyswch 1.", Language: "cy"},
		{Text: "482, 051, 7396", Language: "en", Private: true, Slow: true},
		{Text: "482, 051, 7396", Language: "cy", Private: true, Slow: true},
	} {
		sound := say(t, p, phrase)
		least := time.Second
		if phrase.Slow {
			least = 4 * time.Second
		}
		if sound.Length() < least || sound.Length() > 12*time.Second {
			t.Errorf("%s %q lasts %s", phrase.Language, phrase.Text, sound.Length())
		}
	}
}

package conversationstore_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/catalogue"
	"onedoor/app/database/testdb"
	"onedoor/app/fault"
	"onedoor/app/intake"
	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/app/store/conversationstore"
)

var born = nhs.Date{Year: 1990, Month: time.May, Day: 6}

func reference(t *testing.T) string {
	t.Helper()
	r, err := requests.NewReference(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(r)
}

func begun(t *testing.T, neighbourhood uuid.UUID) *intake.Conversation {
	t.Helper()
	return &intake.Conversation{
		ID: uuid.Must(uuid.NewV7()), NeighbourhoodID: neighbourhood, Kind: "symptoms", Channel: "phone", Language: "en", Reference: reference(t),
		Answers: catalogue.Answers{"condition": {catalogue.Text("sore-throat")}}, StartedAt: noon, UpdatedAt: noon,
	}
}

func TestAConversationGoesOnElsewhereByItsReference(t *testing.T) {
	t.Parallel()
	store := conversationstore.New(testdb.New(t), func() time.Time { return noon })
	ctx, ours := t.Context(), uuid.New()
	before, after := []byte("token of the call"), []byte("token of the browser")
	talk := begun(t, ours)
	if err := store.Save(ctx, before, talk); err != nil {
		t.Fatal(err)
	}
	got, err := store.ByReference(ctx, ours, "", talk.Reference[:3]+" "+talk.Reference[3:], nhs.Date{}, after)
	if err != nil || got.ID != talk.ID || len(got.Answers["condition"]) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := store.Load(ctx, ours, before); !fault.Is(err, "not_found") {
		t.Errorf("the token of the call still opens it: %v", err)
	}
	if err := store.Save(ctx, before, talk); !fault.Is(err, "conversation_elsewhere") {
		t.Errorf("the call writes over what goes on in the browser: %v", err)
	}
	if err := store.Save(ctx, after, got); err != nil {
		t.Errorf("who took it up cannot go on: %v", err)
	}
	got.Submitted = "1234567894"
	if err := store.Save(ctx, after, got); err != nil {
		t.Fatal(err)
	}
	if _, err := store.ByReference(ctx, ours, "", talk.Reference, nhs.Date{}, before); !fault.Is(err, "not_found") {
		t.Errorf("taken up after it was sent: %v", err)
	}
}

func TestOthersCannotTakeAConversationUp(t *testing.T) {
	t.Parallel()
	now := noon
	store := conversationstore.New(testdb.New(t), func() time.Time { return now })
	ctx, ours, theirs := t.Context(), uuid.New(), uuid.New()
	talk := begun(t, ours)
	talk.Details.BirthDate = born
	mine, other := []byte("mine"), []byte("other")
	if err := store.Save(ctx, mine, talk); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		neighbourhood uuid.UUID
		reference     string
		birth         nhs.Date
		code          string
	}{
		"another tenant cannot":                {theirs, talk.Reference, born, "not_found"},
		"another reference is another's":       {ours, reference(t), born, "not_found"},
		"what is no reference":                 {ours, "1234567890", born, "not_found"},
		"nothing":                              {ours, "", born, "not_found"},
		"without the date of birth":            {ours, talk.Reference, nhs.Date{}, "conversation_birth_date"},
		"with the date of birth of another":    {ours, talk.Reference, nhs.Date{Year: 1991, Month: time.May, Day: 6}, "not_found"},
		"a reference that a comma could break": {ours, talk.Reference + "'; --", born, "not_found"},
	} {
		if got, err := store.ByReference(ctx, c.neighbourhood, name, c.reference, c.birth, other); !fault.Is(err, c.code) || got != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := store.Load(ctx, ours, mine); err != nil {
		t.Errorf("a try that failed took it away: %v", err)
	}
	now = noon.Add(time.Hour)
	if _, err := store.ByReference(ctx, ours, "", talk.Reference, born, other); !fault.Is(err, "not_found") {
		t.Errorf("an hour after the last answer: %v", err)
	}
}

func TestWrongTriesComeToAnEnd(t *testing.T) {
	t.Parallel()
	now := noon
	store := conversationstore.New(testdb.New(t), func() time.Time { return now })
	ctx, ours := t.Context(), uuid.New()
	talk := begun(t, ours)
	if err := store.Save(ctx, []byte("mine"), talk); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		if _, err := store.ByReference(ctx, ours, "one call", reference(t), born, []byte("x")); !fault.Is(err, "not_found") {
			t.Fatalf("try %d: %v", i+1, err)
		}
	}
	if _, err := store.ByReference(ctx, ours, "one call", talk.Reference, born, []byte("x")); !fault.Is(err, "too_many_tries") {
		t.Errorf("the eleventh: %v", err)
	}
	if got, err := store.ByReference(ctx, ours, "another call", talk.Reference, born, []byte("y")); err != nil || got == nil {
		t.Errorf("another call suffers for it: %v", err)
	}
	now = noon.Add(59*time.Minute + time.Hour) // the next hour, in which an answer was given
	talk.UpdatedAt = now
	if err := store.Save(ctx, []byte("y"), talk); err != nil {
		t.Fatal(err)
	}
	if _, err := store.ByReference(ctx, ours, "one call", talk.Reference, born, []byte("x")); err != nil {
		t.Errorf("the hour after: %v", err)
	}
	if _, err := store.RemoveExpired(ctx, ours, now.Add(24*time.Hour)); err != nil {
		t.Error(err)
	}
}

func TestADateOfBirthCannotBeGuessed(t *testing.T) {
	t.Parallel()
	store := conversationstore.New(testdb.New(t), func() time.Time { return noon })
	ctx, ours := t.Context(), uuid.New()
	talk := begun(t, ours)
	talk.Details.BirthDate = born
	if err := store.Save(ctx, []byte("mine"), talk); err != nil {
		t.Fatal(err)
	}
	for day := range 5 {
		if _, err := store.ByReference(ctx, ours, uuid.NewString(), talk.Reference, nhs.Date{Year: 1990, Month: time.June, Day: day + 1}, []byte("x")); !fault.Is(err, "not_found") {
			t.Fatalf("guess %d: %v", day+1, err)
		}
	}
	if _, err := store.ByReference(ctx, ours, uuid.NewString(), talk.Reference, born, []byte("x")); !fault.Is(err, "not_found") {
		t.Errorf("after five wrong dates it can still be taken up: %v", err)
	}
	if _, err := store.Load(ctx, ours, []byte("mine")); err != nil {
		t.Errorf("whose it is cannot go on: %v", err)
	}
}

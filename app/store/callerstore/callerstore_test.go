package callerstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/callers"
	"onedoor/app/clinical"
	"onedoor/app/database"
	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/tenants"
)

func TestACodeToTheNumberOnTheRegisterLetsACallerHear(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	daniel := w.Patients[0]
	receipt, err := w.World.Requests.Submit(t.Context(), requests.Submission{
		NeighbourhoodID: riverside, Channel: requests.Phone, Kind: "callback", Patient: saysOf(daniel), By: audit.Actor{Kind: audit.Patient},
		Answers: map[string]json.RawMessage{"red-flags-adult": json.RawMessage(`["none"]`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	call := w.call(t, riverside)
	given := saysOf(daniel)
	given.Mobile = "+447700900777" // what the caller says is no place to send a code to
	if err := w.SendCode(t.Context(), riverside, call, given, "cy"); err != nil {
		t.Fatal(err)
	}
	sent := w.phone.sent()
	if len(sent) != 1 || sent[0].to != daniel.Mobile || sent[0].language != "cy" || len(sent[0].code) != callers.Digits {
		t.Fatalf("sent %d texts, or to another number than the register's", len(sent))
	}
	proof, err := w.Prove(t.Context(), riverside, call, given, sent[0].code)
	if err != nil {
		t.Fatal(err)
	}
	stored, _ := json.Marshal(proof) // it is kept with the call's state
	var again callers.Proof
	if err := json.Unmarshal(stored, &again); err != nil {
		t.Fatal(err)
	}
	heard, err := w.Service.Requests(t.Context(), again, "en")
	if err != nil || len(heard) != 1 || heard[0].Reference != receipt.Reference || heard[0].Kind != "callback" || heard[0].Says == "" || heard[0].Closed {
		t.Fatalf("heard %+v, %v", heard, err)
	}
	welsh, err := w.Service.Requests(t.Context(), again, "cy")
	if err != nil || welsh[0].Says == heard[0].Says {
		t.Fatalf("in Welsh it says %q, %v", welsh[0].Says, err)
	}
	// The code is used up.
	if _, err := w.Prove(t.Context(), riverside, call, given, sent[0].code); !fault.Is(err, "not_proved") {
		t.Fatalf("the same code again: %v", err)
	}
	if n := w.count(t, "select count(*) from audit_entries where action in ('caller.prove', 'request.hear')"); n != 3 {
		t.Errorf("%d entries in the trail, want one of proving and two of hearing", n)
	}
}

func (w *world) count(t testing.TB, query string, args ...any) (n int) {
	t.Helper()
	err := w.DB.InTx(t.Context(), tenants.JobOf(riverside), func(tx *database.Tx) error {
		return tx.Pgx().QueryRow(t.Context(), query, args...).Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAProofEndsWithItsCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	prove := func() (uuid.UUID, callers.Proof) {
		call := w.call(t, riverside)
		if err := w.SendCode(t.Context(), riverside, call, saysOf(w.Patients[0]), "en"); err != nil {
			t.Fatal(err)
		}
		proof, err := w.Prove(t.Context(), riverside, call, saysOf(w.Patients[0]), w.lastCode(t))
		if err != nil {
			t.Fatal(err)
		}
		return call, proof
	}
	refused := func(name string, p callers.Proof) {
		t.Helper()
		if _, err := w.Service.Requests(t.Context(), p, "en"); !fault.Is(err, "not_proved") {
			t.Errorf("%s: requests: %v", name, err)
		}
		if _, err := w.Appointments(t.Context(), p); !fault.Is(err, "not_proved") {
			t.Errorf("%s: appointments: %v", name, err)
		}
	}
	call, proof := prove()
	if _, err := w.Service.Requests(t.Context(), proof, "en"); err != nil {
		t.Fatal(err)
	}
	_, elsewhere := prove()
	refused("another call's proof under this call", callers.Proof{ID: proof.ID, NeighbourhoodID: riverside, CallID: elsewhere.CallID})
	refused("a proof of another neighbourhood", callers.Proof{ID: proof.ID, NeighbourhoodID: hillside, CallID: call})
	refused("a proof that was made up", callers.Proof{ID: uuid.New(), NeighbourhoodID: riverside, CallID: call})
	refused("no proof", callers.Proof{NeighbourhoodID: riverside})
	if _, err := w.calls.End(t.Context(), riverside, call, ""); err != nil {
		t.Fatal(err)
	}
	refused("after the call", proof)
	if _, err := w.Service.Requests(t.Context(), elsewhere, "en"); err != nil {
		t.Errorf("another call goes on: %v", err)
	}
	w.Pass(time.Hour)
	refused("an hour later", elsewhere)
	if n, err := w.store.RemoveExpired(t.Context(), riverside, w.Now().Add(time.Second)); err != nil || n != 2 {
		t.Errorf("%d removed (%v), want two proofs", n, err)
	}
}

// Whoever asks gets the same answers, whether anybody is found or not.
func TestTheAnswersAreTheSameForAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	daniel, chloe, leo := w.Patients[0], w.Patients[4], w.Patients[6]
	sharing, noMobile := w.Patients[2], w.Patients[3]
	sharing.Mobile, noMobile.Mobile = w.Patients[1].Mobile, ""
	w.change(t, sharing)
	w.change(t, noMobile)
	wrongDay := saysOf(daniel)
	wrongDay.BirthDate = nhs.Date{Year: 1990, Month: 1, Day: 1}
	for name, c := range map[string]struct {
		given patients.Given
		text  bool
	}{
		"somebody on the register":            {saysOf(daniel), true},
		"by birth date and postcode":          {patients.Given{BirthDate: w.Patients[8].BirthDate, Postcode: w.Patients[8].Postcode}, false}, // a child of 4
		"an adult by birth date and postcode": {patients.Given{BirthDate: w.Patients[15].BirthDate, Postcode: w.Patients[15].Postcode}, true},
		"nobody":                              {patients.Given{NHSNumber: "9434765919", BirthDate: daniel.BirthDate}, false},
		"a birth date that differs":           {wrongDay, false},
		"an NHS number alone":                 {patients.Given{NHSNumber: daniel.NHSNumber}, false},
		"a birth date alone":                  {patients.Given{BirthDate: daniel.BirthDate}, false},
		"nothing":                             {patients.Given{}, false},
		"a young person, whose number may be a parent’s": {saysOf(chloe), false},
		"a baby":                          {saysOf(leo), false},
		"a shared telephone":              {saysOf(sharing), false},
		"the other of a shared telephone": {saysOf(w.Patients[1]), false},
		"no telephone":                    {saysOf(noMobile), false},
		"twins at one address":            {patients.Given{BirthDate: w.Patients[18].BirthDate, Postcode: w.Patients[18].Postcode}, false},
		"no fixed abode":                  {patients.Given{BirthDate: w.Patients[22].BirthDate, Postcode: nhs.NoFixedAbode}, false},
	} {
		w.Pass(time.Hour) // what is said of one person is limited by the hour
		before := len(w.phone.sent())
		call := w.call(t, riverside)
		if err := w.SendCode(t.Context(), riverside, call, c.given, "en"); err != nil {
			t.Errorf("%s: sending says %v", name, err)
		}
		if sent := len(w.phone.sent()) - before; (sent == 1) != c.text || sent > 1 {
			t.Errorf("%s: %d texts", name, sent)
		}
		code := "000000"
		if c.text {
			code = other(w.lastCode(t))
		}
		for try := range 4 {
			_, err := w.Prove(t.Context(), riverside, call, c.given, code)
			want := "not_proved"
			if try == 3 {
				want = "too_many_tries"
			}
			if !fault.Is(err, want) {
				t.Errorf("%s: try %d says %v, want %s", name, try+1, err, want)
			}
		}
		// Even the right code comes too late now.
		if c.text {
			if _, err := w.Prove(t.Context(), riverside, call, c.given, w.lastCode(t)); !fault.Is(err, "too_many_tries") {
				t.Errorf("%s: the right code at last says %v", name, err)
			}
		}
	}
}

func TestACodeIsOfOneCallAndOnePersonAndTenMinutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	daniel, amina := w.Patients[0], w.Patients[23]
	call, another := w.call(t, riverside), w.call(t, riverside)
	if err := w.SendCode(t.Context(), riverside, call, saysOf(daniel), "en"); err != nil {
		t.Fatal(err)
	}
	code := w.lastCode(t)
	if _, err := w.Prove(t.Context(), riverside, another, saysOf(daniel), code); !fault.Is(err, "not_proved") {
		t.Errorf("in another call: %v", err)
	}
	if _, err := w.Prove(t.Context(), riverside, call, saysOf(amina), code); !fault.Is(err, "not_proved") {
		t.Errorf("as another person: %v", err)
	}
	w.Pass(10 * time.Minute)
	if _, err := w.Prove(t.Context(), riverside, call, saysOf(daniel), code); !fault.Is(err, "not_proved") {
		t.Errorf("after ten minutes: %v", err)
	}
	// A second code takes the first one's place.
	call = w.call(t, riverside)
	for range 2 {
		if err := w.SendCode(t.Context(), riverside, call, saysOf(daniel), "en"); err != nil {
			t.Fatal(err)
		}
	}
	sent := w.phone.sent()
	if first := sent[len(sent)-2].code; first != w.lastCode(t) {
		if _, err := w.Prove(t.Context(), riverside, call, saysOf(daniel), first); !fault.Is(err, "not_proved") {
			t.Errorf("the first of two codes: %v", err)
		}
	}
	if _, err := w.Prove(t.Context(), riverside, call, saysOf(daniel), w.lastCode(t)); err != nil {
		t.Errorf("the second of two: %v", err)
	}
}

func TestCodesAreLimitedByCallByWhatIsSaidAndByPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	daniel, nobody := w.Patients[0], patients.Given{NHSNumber: "9434765919", BirthDate: nhs.Date{Year: 1980, Month: 5, Day: 5}}
	for name, given := range map[string]patients.Given{"somebody": saysOf(daniel), "nobody": nobody} {
		for n := range 3 {
			if err := w.SendCode(t.Context(), riverside, w.call(t, riverside), given, "en"); err != nil {
				t.Errorf("%s, code %d of the hour: %v", name, n+1, err)
			}
		}
		err := w.SendCode(t.Context(), riverside, w.call(t, riverside), given, "en")
		if f := fault.As(err); f.Code != "too_many_tries" || f.RetryAfter <= 0 || f.RetryAfter > time.Hour {
			t.Errorf("%s, the fourth code of an hour: %v, again after %s", name, err, f.RetryAfter)
		}
	}
	if n := len(w.phone.sent()); n != 3 {
		t.Fatalf("%d texts", n)
	}
	// The same person described in another way gets no further text, and nobody learns that it is the same person.
	if err := w.SendCode(t.Context(), riverside, w.call(t, riverside), patients.Given{BirthDate: daniel.BirthDate, Postcode: daniel.Postcode}, "en"); err != nil {
		t.Errorf("described in another way: %v", err)
	}
	if n := len(w.phone.sent()); n != 3 {
		t.Errorf("%d texts: the person's own limit did not hold", n)
	}
	w.Pass(time.Hour)
	call := w.call(t, riverside)
	for n, want := range []string{"", "", "", "too_many_tries"} {
		given := saysOf(w.Patients[8+n]) // of one call, whoever is asked for
		if err := w.SendCode(t.Context(), riverside, call, given, "en"); fault.As(err).Code != want && (err != nil || want != "") {
			t.Errorf("code %d of one call: %v", n+1, err)
		}
	}
}

func TestTriesAreCountedExactlyHoweverManyComeAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	call := w.call(t, riverside)
	var wait sync.WaitGroup
	var mu sync.Mutex
	said := map[string]int{}
	for range 12 {
		wait.Go(func() {
			_, err := w.Prove(t.Context(), riverside, call, saysOf(w.Patients[0]), "123789")
			mu.Lock()
			defer mu.Unlock()
			said[fault.As(err).Code]++
		})
	}
	wait.Wait()
	if said["not_proved"] != 3 || said["too_many_tries"] != 9 {
		t.Fatalf("%v", said)
	}
}

func TestAPINOfTheDeskProvesWithoutAText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sam := w.Actor(t, "sam.carter")
	chloe := w.Patients[4] // 15, whose number gets no code
	if err := w.SetPIN(t.Context(), sam, saysOf(chloe), "739184"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Prove(t.Context(), riverside, w.call(t, riverside), saysOf(w.Patients[5]), "739184"); !fault.Is(err, "not_proved") {
		t.Errorf("a sister with the same PIN: %v", err)
	}
	call := w.call(t, riverside)
	if _, err := w.Prove(t.Context(), riverside, call, saysOf(chloe), "739185"); !fault.Is(err, "not_proved") {
		t.Errorf("a wrong PIN: %v", err)
	}
	proof, err := w.Prove(t.Context(), riverside, call, saysOf(chloe), "739184")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Service.Requests(t.Context(), proof, "en"); err != nil {
		t.Fatal(err)
	}
	if n := w.count(t, "select count(*) from caller_pins where hash like '%739184%'"); n != 0 {
		t.Error("the PIN is kept as it was given")
	}
	if err := w.RemovePIN(t.Context(), sam, saysOf(chloe)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Prove(t.Context(), riverside, w.call(t, riverside), saysOf(chloe), "739184"); !fault.Is(err, "not_proved") {
		t.Errorf("after it was removed: %v", err)
	}
	if n := w.count(t, "select count(*) from audit_entries where action in ('caller-pin.set', 'caller-pin.remove') and subject = $1", chloe.ID); n != 2 {
		t.Errorf("%d entries in the trail", n)
	}
}

func TestTenWrongPINsInARowEndItUntilTheDeskSetsItAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sam, daniel := w.Actor(t, "sam.carter"), w.Patients[0]
	if err := w.SetPIN(t.Context(), sam, saysOf(daniel), "739184"); err != nil {
		t.Fatal(err)
	}
	for n := range 10 {
		if n%3 == 0 {
			w.Pass(time.Hour)
		}
		if _, err := w.Prove(t.Context(), riverside, w.call(t, riverside), saysOf(daniel), "739185"); !fault.Is(err, "not_proved") {
			t.Fatalf("wrong PIN %d: %v", n+1, err)
		}
	}
	w.Pass(time.Hour)
	if _, err := w.Prove(t.Context(), riverside, w.call(t, riverside), saysOf(daniel), "739184"); !fault.Is(err, "not_proved") {
		t.Errorf("the right PIN after ten wrong ones: %v", err)
	}
	if err := w.SetPIN(t.Context(), sam, saysOf(daniel), "628073"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Prove(t.Context(), riverside, w.call(t, riverside), saysOf(daniel), "628073"); err != nil {
		t.Errorf("set anew: %v", err)
	}
}

func TestWhoMaySetAPIN(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	daniel := w.Patients[0]
	for name, c := range map[string]struct {
		subject, code string
	}{
		"a receptionist of the practice":     {"sam.carter", ""},
		"a clinician of the practice":        {"aisha.rahman", ""},
		"a practice manager":                 {"jo.bennett", "not_allowed"},
		"a receptionist of another practice": {"kelly.wood", "not_on_list"},
		"the pharmacist who works for them":  {"grace.mensah", "not_on_list"},
		"a receptionist of elsewhere":        {"carys.evans", "not_on_list"},
		"the lead, who sees no patients":     {"neil.hart", "not_on_list"},
		"the operator, who sees none either": {"omar.khan", "not_on_list"},
	} {
		by := w.Actor(t, c.subject)
		err := w.SetPIN(t.Context(), by, saysOf(daniel), "739184")
		if (c.code == "") != (err == nil) || (err != nil && !fault.Is(err, c.code)) {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
		err = w.RemovePIN(t.Context(), by, saysOf(daniel))
		if (c.code == "") != (err == nil) || (err != nil && !fault.Is(err, c.code)) {
			t.Errorf("%s removes: %v, want %q", name, err, c.code)
		}
	}
	wrong := saysOf(daniel)
	wrong.BirthDate = wrong.BirthDate.Add(1)
	if err := w.SetPIN(t.Context(), w.Actor(t, "sam.carter"), wrong, "739184"); !fault.Is(err, "not_on_list") {
		t.Errorf("another birth date: %v", err)
	}
	if err := w.SetPIN(t.Context(), w.Actor(t, "sam.carter"), patients.Given{NHSNumber: daniel.NHSNumber}, "739184"); !fault.Is(err, "pin_person") {
		t.Errorf("no birth date: %v", err)
	}
}

func TestPINsThatAnybodyWouldGuessAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sam, daniel := w.Actor(t, "sam.carter"), w.Patients[0]
	born := daniel.BirthDate.Midnight(time.UTC)
	for pin, code := range map[string]string{
		"111111": "pin_easy", "123456": "pin_easy", "654321": "pin_easy", "121212": "pin_easy", "407407": "pin_easy",
		born.Format("020106"): "pin_easy", born.Format("060102"): "pin_easy", string(daniel.NHSNumber[2:8]): "pin_easy",
		"12345": "pin_format", "1234567": "pin_format", "12a456": "pin_format", "": "pin_format", "１２３７８９": "pin_format",
		"739184": "",
	} {
		if err := w.SetPIN(t.Context(), sam, saysOf(daniel), pin); fault.As(err).Code != code && (err != nil || code != "") {
			t.Errorf("%q: %v, want %q", pin, err, code)
		}
	}
}

// book is a system that tells appointments.
type book struct {
	clinical.System
	list  []clinical.Appointment
	err   error
	asked nhs.Number
}

func (b *book) Appointments(_ context.Context, patient nhs.Number, _ time.Time, most int) ([]clinical.Appointment, error) {
	b.asked = patient
	return b.list[:min(most, len(b.list))], b.err
}

func TestAppointmentsAreToldWhereThePracticesSystemOffersThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	call := w.call(t, riverside)
	if err := w.SendCode(t.Context(), riverside, call, saysOf(w.Patients[0]), "en"); err != nil {
		t.Fatal(err)
	}
	proof, err := w.Prove(t.Context(), riverside, call, saysOf(w.Patients[0]), w.lastCode(t))
	if err != nil {
		t.Fatal(err)
	}
	offered := &book{list: []clinical.Appointment{{With: "Dr Aisha Rahman"}}}
	for name, c := range map[string]struct {
		systems systems
		code    string
	}{
		"a system that tells them":      {systems{system: offered}, ""},
		"a system that only files":      {systems{system: struct{ clinical.System }{}}, "appointments_not_offered"},
		"no system":                     {systems{err: &clinical.Refused{Says: "none"}}, "appointments_not_offered"},
		"a system that refuses":         {systems{system: &book{err: &clinical.Refused{Says: "no such thing"}}}, "appointments_not_offered"},
		"a system that is paused":       {systems{err: clinical.ErrPaused}, "appointments_not_offered"},
		"a system that does not answer": {systems{system: &book{err: errors.New("timeout")}}, "appointments_unavailable"},
	} {
		*w.systems = c.systems
		list, err := w.Appointments(t.Context(), proof)
		if c.code != "" && !fault.Is(err, c.code) || c.code == "" && (err != nil || len(list) != 1) {
			t.Errorf("%s: %v, %v", name, list, err)
		}
	}
	if offered.asked != w.Patients[0].NHSNumber {
		t.Error("it was asked for another person")
	}
}

func TestAnotherTenantCannot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, daniel := t.Context(), w.Patients[0]
	if err := w.SetPIN(ctx, w.Actor(t, "sam.carter"), saysOf(daniel), "739184"); err != nil {
		t.Fatal(err)
	}
	call := w.call(t, riverside)
	if err := w.SendCode(ctx, riverside, call, saysOf(daniel), "en"); err != nil {
		t.Fatal(err)
	}
	proof, err := w.Prove(ctx, riverside, call, saysOf(daniel), "739184")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.SendCode(ctx, riverside, call, saysOf(daniel), "en"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Prove(ctx, hillside, w.call(t, hillside), saysOf(daniel), "739184"); !fault.Is(err, "not_proved") {
		t.Errorf("another neighbourhood's line knows the person: %v", err)
	}
	if pin, err := w.store.PIN(ctx, hillside, daniel.ID); err != nil || pin.Hash != "" {
		t.Errorf("another neighbourhood reads the PIN: %v", err)
	}
	if code, err := w.store.Code(ctx, hillside, call); err != nil || code.Hash != nil {
		t.Errorf("another neighbourhood reads the code: %v", err)
	}
	if _, err := w.store.Proof(ctx, callers.Proof{ID: proof.ID, NeighbourhoodID: hillside, CallID: call}); !fault.Is(err, "not_found") {
		t.Errorf("another neighbourhood reads the proof: %v", err)
	}
	if _, err := w.store.Patient(ctx, hillside, daniel.ID); !fault.Is(err, "not_found") {
		t.Errorf("another neighbourhood reads the person: %v", err)
	}
	if list, err := w.store.Candidates(ctx, hillside, saysOf(daniel)); err != nil || len(list) != 0 {
		t.Errorf("another neighbourhood finds the person: %v", err)
	}
	if n, err := w.store.Sharing(ctx, hillside, daniel.Mobile); err != nil || n != 0 {
		t.Errorf("another neighbourhood counts the number: %d, %v", n, err)
	}
	if err := w.store.Missed(ctx, hillside, daniel.ID); err != nil {
		t.Fatal(err)
	}
	if n := w.count(t, "select wrong from caller_pins where patient_id = $1", daniel.ID); n != 0 {
		t.Error("another neighbourhood counts against the PIN")
	}
	subject := []callers.Count{{Subject: []byte("x"), What: "try", Window: time.Unix(0, 0)}}
	for range 2 {
		if _, err := w.store.Add(ctx, hillside, subject); err != nil {
			t.Fatal(err)
		}
	}
	if made, err := w.store.Add(ctx, riverside, subject); err != nil || made[0] != 1 {
		t.Errorf("counts are shared: %v, %v", made, err)
	}
	keys := map[string][]byte{}
	for name, id := range map[string]uuid.UUID{"riverside": riverside, "hillside": hillside} {
		key, err := w.store.Key(ctx, id, func() ([]byte, error) { return []byte(name), nil })
		if err != nil {
			t.Fatal(err)
		}
		keys[name] = key
	}
	if string(keys["riverside"]) == string(keys["hillside"]) {
		t.Error("the key is shared")
	}
	if n, err := w.store.RemoveExpired(ctx, hillside, w.Now().AddDate(1, 0, 0)); err != nil || n == 0 {
		t.Errorf("%d, %v", n, err)
	}
	if n := w.count(t, "select count(*) from caller_proofs"); n != 1 {
		t.Error("removing another neighbourhood's removed ours")
	}
	// Staff of another practice, even in the same neighbourhood, see no PIN of people who are not on their list.
	kelly, sam := w.Actor(t, "kelly.wood"), w.Actor(t, "sam.carter")
	for name, c := range map[string]struct {
		scope tenants.Scope
		sees  int
	}{"their own practice": {sam.Scope, 1}, "another practice": {kelly.Scope, 0}} {
		var n int
		if err := w.DB.InTx(ctx, c.scope, func(tx *database.Tx) error {
			return tx.Pgx().QueryRow(ctx, "select count(*) from caller_pins").Scan(&n)
		}); err != nil || n != c.sees {
			t.Errorf("%s sees %d (%v), want %d", name, n, err, c.sees)
		}
	}
	if err := w.store.SetPIN(ctx, kelly.Scope, callers.PIN{PatientID: daniel.ID, Hash: "x", SetAt: w.Now()}, audit.Entry{}); err == nil {
		t.Error("another practice sets the PIN")
	}
	if err := w.store.RemovePIN(ctx, kelly.Scope, daniel.ID, audit.Entry{}); err != nil {
		t.Error(err)
	}
	if n := w.count(t, "select count(*) from caller_pins where hash like '$argon2id$%'"); n != 1 {
		t.Error("another practice changed or removed the PIN")
	}
}

func TestSendingAndProvingTakeAtLeastTheirFloor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const floor = 300 * time.Millisecond
	slow := callers.New(callers.Options{Store: w.store, Texts: w.phone, Requests: w.World.Requests, Calls: w.calls, Sealer: newBox(t), Now: w.Now, Floor: floor})
	call, nobody := w.call(t, riverside), patients.Given{}
	for name, do := range map[string]func() error{
		"sending to nobody": func() error { return slow.SendCode(t.Context(), riverside, call, nobody, "en") },
		"proving nobody": func() error {
			if _, err := slow.Prove(t.Context(), riverside, call, nobody, "000000"); !fault.Is(err, "not_proved") {
				return err
			}
			return nil
		},
	} {
		began := time.Now()
		if err := do(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(began); took < floor {
			t.Errorf("%s took %s", name, took)
		}
	}
}

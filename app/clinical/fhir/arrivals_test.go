package fhir_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/fhir"
	"onedoor/app/clinical/simulator"
	"onedoor/app/nhs"
)

// arrival is a request that comes to a practice; from another organisation where one is named.
func arrival(from nhs.ODSCode) clinical.Delivery {
	id := uuid.New()
	return clinical.Delivery{ID: id, CorrelationID: id, State: clinical.Pending, Purpose: clinical.Arrival, Document: clinical.Document{
		DeliveryID: id, Reference: "4820017365", Purpose: clinical.Arrival,
		Kind:    clinical.Coded{Code: "symptoms", Title: "Help with symptoms"},
		Patient: clinical.Patient{NHSNumber: ada, GivenName: "Ada", FamilyName: "Moor", Phone: "+447700900123"}, RecordedAt: now,
		From: clinical.Party{ODS: from, Name: "The sender"}, For: clinical.Party{ODS: "A81001", Name: "Mill Lane Surgery"},
		Asked: &clinical.Asked{
			Lines:   []clinical.Said{{Question: "What is the problem?", Answers: []string{"Sore throat"}}},
			Urgency: clinical.Coded{Code: "urgent", Title: "Urgent"}, DueAt: now.Add(6 * time.Hour), At: now, Channel: "web",
		},
	}}
}

// withdrawal takes an arrival back.
func withdrawal(of clinical.Delivery) clinical.Delivery {
	d := of
	d.ID, d.Purpose = uuid.New(), clinical.Withdrawal
	d.Document.DeliveryID, d.Document.Purpose = d.ID, clinical.Withdrawal
	asked := *of.Document.Asked
	asked.Withdrawn = "It is dealt with elsewhere."
	d.Document.Asked = &asked
	return d
}

func TestAnArrivalIsATaskWhoseStandingIsReadBack(t *testing.T) {
	t.Parallel()
	p := play(t, false)
	s := p.system(nil)
	d := arrival("A81001")
	if _, found, err := s.Standing(t.Context(), d); err != nil || found {
		t.Errorf("there before: %v, %v", found, err)
	}
	receipt, err := s.File(t.Context(), d)
	again, err2 := s.File(t.Context(), d)
	if err != nil || err2 != nil || receipt.ExternalID != again.ExternalID || p.effects() != 1 {
		t.Fatalf("%+v %v, %v, %d effects", receipt, err, err2, p.effects())
	}
	task := p.get(receipt.ExternalID)
	if task["status"] != "requested" || task["priority"] != "asap" || task["basedOn"] != nil {
		t.Errorf("%v", task)
	}
	focus, _ := task["focus"].(map[string]any)
	document := p.get(focus["reference"].(string))
	content := document["content"].([]any)[0].(map[string]any)["attachment"].(map[string]any)
	text, _ := base64.StdEncoding.DecodeString(content["data"].(string))
	if !strings.Contains(string(text), "Sore throat") || !strings.Contains(string(text), "999 000 0018") {
		t.Errorf("the document says %s", text)
	}
	for _, step := range []struct {
		status, says string
		want         clinical.Stage
	}{
		{"received", "", clinical.StageWaiting},
		{"accepted", "", clinical.StageInHand},
		{"on-hold", "Waiting for a result", clinical.StageInHand},
		{"rejected", "Not ours", clinical.StageRefused},
		{"completed", "", clinical.StageDone},
	} {
		changes := map[string]any{"status": step.status}
		if step.says != "" {
			changes["statusReason"] = map[string]any{"text": step.says}
		}
		p.staff(receipt.ExternalID, changes)
		got, found, err := s.Standing(t.Context(), d)
		if err != nil || !found || got.Stage != step.want || got.ETag == "" || (step.says != "" && got.Says != step.says) {
			t.Errorf("%s: %+v %v, %v", step.status, got, found, err)
		}
	}
	p.kept()
}

func TestAReferralIsAServiceRequestToo(t *testing.T) {
	t.Parallel()
	p := play(t, false)
	receipt, err := p.system(nil).File(t.Context(), arrival("FRV01"))
	if err != nil {
		t.Fatal(err)
	}
	based, _ := p.get(receipt.ExternalID)["basedOn"].([]any)
	if len(based) != 1 {
		t.Fatalf("%v", p.get(receipt.ExternalID))
	}
	referral := p.get(based[0].(map[string]any)["reference"].(string))
	if referral["resourceType"] != "ServiceRequest" || referral["status"] != "active" || referral["occurrencePeriod"] == nil {
		t.Errorf("%v", referral)
	}
	p.kept()
}

func TestAnArrivalIsTakenBack(t *testing.T) {
	t.Parallel()
	p := play(t, false)
	s := p.system(nil)
	never := withdrawal(arrival("A81001"))
	if receipt, err := s.File(t.Context(), never); err != nil || receipt.State != clinical.Filed || p.effects() != 0 {
		t.Errorf("what never arrived: %+v, %v, %d effects", receipt, err, p.effects())
	}
	if _, found, err := s.Find(t.Context(), never); err != nil || !found {
		t.Errorf("what never arrived, read back: %v, %v", found, err)
	}
	d := arrival("A81001")
	arrived, err := s.File(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if _, found, err := s.Find(t.Context(), withdrawal(d)); err != nil || found {
		t.Errorf("not taken back yet: %v, %v", found, err)
	}
	p.staff(arrived.ExternalID, map[string]any{"status": "received", "instantiatesUri": "urn:kept"})
	back := withdrawal(d)
	for range 2 {
		if receipt, err := s.File(t.Context(), back); err != nil || receipt.ExternalID != arrived.ExternalID {
			t.Fatalf("%+v, %v", receipt, err)
		}
	}
	task := p.get(arrived.ExternalID)
	if reason, _ := task["statusReason"].(map[string]any); task["status"] != "cancelled" || reason["text"] != "It is dealt with elsewhere." || task["instantiatesUri"] != "urn:kept" {
		t.Errorf("%v", task)
	}
	if receipt, found, err := s.Find(t.Context(), back); err != nil || !found || receipt.ExternalID != arrived.ExternalID {
		t.Errorf("read back: %+v %v, %v", receipt, found, err)
	}
	if got, _, _ := s.Standing(t.Context(), d); got.Stage != clinical.StageCancelled {
		t.Errorf("%+v", got)
	}
	if p.effects() != 3 {
		t.Errorf("%d effects", p.effects())
	}
	done := arrival("A81001")
	finished, err := s.File(t.Context(), done)
	if err != nil {
		t.Fatal(err)
	}
	p.staff(finished.ExternalID, map[string]any{"status": "completed"})
	if _, err := s.File(t.Context(), withdrawal(done)); err != nil || p.get(finished.ExternalID)["status"] != "completed" {
		t.Errorf("what was done meanwhile: %v, %v", err, p.get(finished.ExternalID)["status"])
	}
	if _, found, err := s.Find(t.Context(), withdrawal(done)); err != nil || !found {
		t.Errorf("what was done meanwhile, read back: %v, %v", found, err)
	}
	p.kept()
}

func TestDocumentsInTheFormThatWasSetUp(t *testing.T) {
	t.Parallel()
	for form, kinds := range map[string]string{"": "text/plain", "text": "text/plain", "pdf": "application/pdf", "both": "text/plain application/pdf"} {
		p := play(t, false)
		receipt, err := p.system(map[string]string{fhir.SettingDocuments: form}).File(t.Context(), arrival("A81001"))
		if err != nil {
			t.Fatal(err)
		}
		focus, _ := p.get(receipt.ExternalID)["focus"].(map[string]any)
		var got []string
		for _, c := range p.get(focus["reference"].(string))["content"].([]any) {
			kind, _, _ := strings.Cut(c.(map[string]any)["attachment"].(map[string]any)["contentType"].(string), ";")
			got = append(got, kind)
		}
		if strings.Join(got, " ") != kinds {
			t.Errorf("%q: %v", form, got)
		}
		p.kept()
	}
}

func TestWhatWasSaidToThePatientIsACommunication(t *testing.T) {
	t.Parallel()
	for code, status := range map[string]string{"advice-given": "completed", "no-contact": "not-done", "medicine-supplied": ""} {
		p := play(t, false)
		d := outcome(code)
		if _, err := p.system(map[string]string{fhir.SettingCommunications: "yes"}).File(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		got := ""
		if entries, _ := p.get("Communication")["entry"].([]any); len(entries) == 1 {
			got, _ = entries[0].(map[string]any)["resource"].(map[string]any)["status"].(string)
		}
		if got != status {
			t.Errorf("%s: %q", code, got)
		}
		p.kept()
	}
}

func outcome(code string) clinical.Delivery {
	id := uuid.New()
	return clinical.Delivery{ID: id, CorrelationID: id, State: clinical.Pending, Purpose: clinical.OwnRecord, Document: clinical.Document{
		DeliveryID: id, Reference: "4820017365", Purpose: clinical.OwnRecord, Kind: clinical.Coded{Code: "symptoms", Title: "Help with symptoms"},
		Outcome: clinical.Coded{Code: code, Title: "The outcome"}, Patient: patient(ada), RecordedBy: "Priya Shah", RecordedAt: now, Note: "Drink enough.",
		From: clinical.Party{ODS: "A81001", Name: "Mill Lane Surgery"}, For: clinical.Party{ODS: "A81001", Name: "Mill Lane Surgery"},
	}}
}

// Each operation meets each fault, and is asked again as its caller would until it is done: one effect at the receiver, always, and the
// error of the first try says what is known.
func TestEachOperationMeetsEachFault(t *testing.T) {
	t.Parallel()
	type try struct {
		effects int // that were there before
		do      func() error
	}
	operations := map[string]func(t *testing.T, p *practice, s *fhir.System) try{
		"file an outcome": func(t *testing.T, _ *practice, s *fhir.System) try {
			d := outcome("done")
			return try{0, deliver(t, s, d)}
		},
		"file an arrival": func(t *testing.T, _ *practice, s *fhir.System) try { return try{0, deliver(t, s, arrival("FRV01"))} },
		"take it back": func(t *testing.T, _ *practice, s *fhir.System) try {
			d := arrival("A81001")
			if _, err := s.File(t.Context(), d); err != nil {
				t.Fatal(err)
			}
			return try{1, deliver(t, s, withdrawal(d))}
		},
		"book": func(t *testing.T, _ *practice, s *fhir.System) try {
			b := bookingOf(clinical.Slot{ID: "Slot/s0"})
			return try{0, func() error { _, err := s.Book(t.Context(), b); return err }}
		},
		"move": func(t *testing.T, _ *practice, s *fhir.System) try {
			booked, err := s.Book(t.Context(), bookingOf(clinical.Slot{ID: "Slot/s0"}))
			if err != nil {
				t.Fatal(err)
			}
			b := bookingOf(clinical.Slot{ID: "Slot/s1"})
			return try{1, func() error { _, err := s.Move(t.Context(), b, booked); return err }}
		},
		"cancel": func(t *testing.T, _ *practice, s *fhir.System) try {
			booked, err := s.Book(t.Context(), bookingOf(clinical.Slot{ID: "Slot/s0"}))
			if err != nil {
				t.Fatal(err)
			}
			c := clinical.Cancellation{ID: uuid.New(), Appointment: booked, Patient: patient(ada), At: now}
			return try{1, func() error { _, err := s.Cancel(t.Context(), c); return err }}
		},
		"ask for medicines": func(t *testing.T, _ *practice, s *fhir.System) try {
			o := clinical.MedicineOrder{ID: uuid.New(), Reference: "4820017365", Patient: patient(ada), Medicines: []clinical.Medicine{{ID: "MedicationRequest/m0", Name: "x"}}, At: now}
			return try{0, func() error { _, err := s.Ask(t.Context(), o); return err }}
		},
	}
	var kept, cells atomic.Int64
	t.Cleanup(func() { t.Logf("%d of %d: each operation at each fault had one effect", kept.Load(), cells.Load()) })
	for _, mode := range simulator.Modes() {
		if slices.Contains([]simulator.Mode{simulator.NeverArrives, simulator.NeverAnswers, simulator.Malformed}, mode) {
			continue // the matrix of package systems has them, with what the product makes of each
		}
		for name, prepare := range operations {
			// These two take seconds for each call: some operations are enough.
			if (mode == simulator.TimeoutAfterCommit || mode == simulator.Slow) && name != "book" && name != "file an outcome" {
				continue
			}
			cells.Add(1)
			t.Run(fmt.Sprintf("%s, %s", mode, name), func(t *testing.T) {
				t.Parallel()
				p := play(t, false)
				p.diary(2)
				p.medicines()
				s := p.system(nil)
				if _, err := s.Capabilities(t.Context()); err != nil {
					t.Fatal(err)
				}
				op := prepare(t, p, s)
				p.fault(mode)
				err := op.do()
				if ok := expected(mode, err); !ok {
					t.Errorf("the first try: %T %v", err, err)
				}
				if err != nil && strings.Contains(err.Error(), "Ada") {
					t.Errorf("the error names the patient: %v", err)
				}
				p.fault(simulator.OK)
				for range 2 {
					if err := op.do(); err != nil {
						t.Fatalf("when all is well: %T %v", err, err)
					}
				}
				if n := p.effects() - op.effects; n != 1 {
					t.Errorf("%d effects", n)
				}
				p.kept()
				if !t.Failed() {
					kept.Add(1)
				}
			})
		}
	}
}

// deliver makes one try after the other at a delivery, as a drain would.
func deliver(t *testing.T, s *fhir.System, d clinical.Delivery) func() error {
	return func() error {
		if !d.State.Open() {
			_, err := clinical.Deliver(t.Context(), s, d)
			return err
		}
		receipt, err := clinical.Deliver(t.Context(), s, d)
		if d = d.After(receipt, err, now, 0); d.State == clinical.NeedsAttention {
			d.State = clinical.Pending // replayed by a person
		}
		return err
	}
}

// expected is what a caller has to hear at the first try.
func expected(mode simulator.Mode, err error) bool {
	switch mode {
	case simulator.OK, simulator.Slow:
		return err == nil
	case simulator.TimeoutAfterCommit, simulator.DropAfterCommit, simulator.ErrorAfterCommit:
		return is[*clinical.Unknown](err)
	case simulator.Refuses:
		return is[*clinical.Refused](err)
	case simulator.Down, simulator.Conflict, simulator.RateLimit, simulator.Stale, simulator.TooEarly:
	}
	return is[*clinical.Unavailable](err)
}

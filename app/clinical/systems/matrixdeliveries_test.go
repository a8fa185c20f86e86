package systems_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/clinical/bars"
	"onedoor/app/clinical/fhir"
	"onedoor/app/clinical/mesh"
	"onedoor/app/clinical/simulator"
	"onedoor/app/nhs"
)

// filers are the adapters that take deliveries, each for a system that the simulator plays, and what they take.
func filers(f *far) map[string]struct {
	make     func(ods nhs.ODSCode) (clinical.System, error)
	purposes []clinical.Purpose
} {
	return map[string]struct {
		make     func(ods nhs.ODSCode) (clinical.System, error)
		purposes []clinical.Purpose
	}{
		"FHIR R4": {func(ods nhs.ODSCode) (clinical.System, error) {
			return fhir.New(fhir.Options{BaseURL: f.server.URL + simulator.BasePath(ods), Transport: &http.Transport{}, Now: f.Now})
		}, []clinical.Purpose{clinical.OwnRecord, clinical.RegisteredPractice, clinical.Arrival, clinical.Withdrawal}},
		"BaRS": {func(ods nhs.ODSCode) (clinical.System, error) { return newBaRS(f, ods, &http.Transport{}) }, []clinical.Purpose{clinical.Arrival, clinical.Withdrawal}},
		"MESH": {func(ods nhs.ODSCode) (clinical.System, error) {
			return mesh.New(mesh.Options{
				Integration: clinical.Integration{Kind: clinical.MESH, BaseURL: f.server.URL + simulator.MeshPath(ods), Settings: map[string]string{mesh.SettingMailbox: "X26ABC1", mesh.SettingRecipient: "X26ABC2"}},
				Secrets:     map[string][]byte{mesh.SecretPassword: []byte(simulator.MeshPassword), mesh.SecretSharedKey: []byte(simulator.MeshSharedKey)},
				Transport:   &http.Transport{}, Now: f.Now, Random: rand.Reader,
			})
		}, []clinical.Purpose{clinical.OwnRecord, clinical.RegisteredPractice}},
	}
}

func newBaRS(f *far, ods nhs.ODSCode, transport http.RoundTripper) (*bars.System, error) {
	return bars.New(bars.Options{
		Integration: clinical.Integration{Kind: clinical.BaRS, BaseURL: f.server.URL + simulator.BaRSPath(ods), Settings: map[string]string{bars.SettingService: simulator.BaRSService(ods), bars.SettingODS: "A81002"}},
		Transport:   transport, Now: f.Now,
	})
}

var delivered = map[clinical.Purpose]string{
	clinical.OwnRecord: "file own outcome", clinical.RegisteredPractice: "file another's outcome", clinical.Arrival: "file a request", clinical.Withdrawal: "take a request back",
}

// deliveriesMatrix are the cells of what goes by the drain, and of reading back how a request stands.
func deliveriesMatrix(f *far) ([]*row, func()) {
	type cell struct {
		*row
		make    func(nhs.ODSCode) (clinical.System, error)
		purpose clinical.Purpose
		stands  bool
		mode    simulator.Mode
	}
	var cells []cell
	var rows []*row
	for name, filer := range filers(f) {
		for _, mode := range simulator.Modes() {
			for _, purpose := range filer.purposes {
				cells = append(cells, cell{&row{adapter: name, operation: delivered[purpose], fault: string(mode)}, filer.make, purpose, false, mode})
			}
			if name != "MESH" {
				c := cell{&row{adapter: name, operation: "how a request stands", fault: string(mode)}, filer.make, clinical.Arrival, true, mode}
				if meetsWritesOnly(mode) {
					c.cannot = onlyAsks
				}
				cells = append(cells, c)
			}
		}
	}
	for _, c := range cells {
		rows = append(rows, c.row)
	}
	return rows, func() {
		atOnce(cells, func(c cell) bool { return hurries(c.mode) }, func(c cell) {
			if c.cannot != "" {
				return
			}
			ods := f.organisation()
			system, err := c.make(ods)
			switch {
			case err != nil:
			case c.stands:
				err = standingCell(f, c.row, system, ods, c.mode)
			default:
				err = deliveryCell(f, c.row, system, ods, c.purpose, c.mode)
			}
			if err != nil {
				c.errorf("%v", err)
			}
		})
	}
}

// deliveryCell tries as the drain does until it has no more work with a delivery. The fault stands for two tries: what was
// lost is read back under it.
func deliveryCell(f *far, r *row, system clinical.System, ods nhs.ODSCode, purpose clinical.Purpose, mode simulator.Mode) error {
	var earlier *clinical.Delivery
	if purpose == clinical.Withdrawal {
		arrived, err := settled(system, matrixDelivery(ods, clinical.Arrival, nil), nil)
		if err != nil {
			return err
		}
		earlier = &arrived
	}
	already, err := f.effects(ods)
	if err != nil {
		return err
	}
	d, err := settled(system, matrixDelivery(ods, purpose, earlier), func(try int, d clinical.Delivery) error {
		switch try {
		case 0:
			return f.fault(ods, mode)
		case 2:
			return f.fault(ods, simulator.OK)
		case 1:
			r.says(d.LastError)
		}
		return nil
	})
	if err != nil {
		return err
	}
	effects, err := f.effects(ods)
	if err != nil {
		return err
	}
	effects -= already
	r.came(effects, fmt.Sprintf("%s after %d tries", d.State, d.Attempts))
	if r.told == "" {
		r.says(map[bool]string{true: d.LastError, false: "done"}[d.State == clinical.NeedsAttention])
	}
	want := 1
	if d.State == clinical.NeedsAttention {
		want = 0
	}
	if effects != want {
		r.errorf("%d effects, and it is %s: %s", effects, d.State, d.LastError)
	}
	refused := mode == simulator.Refuses || (mode == simulator.Stale && r.adapter != "FHIR R4") // to a message, 412 is a refusal for good
	if refused != (d.State == clinical.NeedsAttention) || (refused && d.LastError == "") {
		r.errorf("it is %s: %q", d.State, d.LastError)
	}
	if r.adapter == "MESH" && d.State == clinical.Filed {
		r.errorf("a mailbox took it, and nobody has said that it is filed")
	}
	return nil
}

// standingCell asks how a request stands that has arrived: under a fault nobody says that it is not there.
func standingCell(f *far, r *row, system clinical.System, ods nhs.ODSCode, mode simulator.Mode) error {
	d, err := settled(system, matrixDelivery(ods, clinical.Arrival, nil), nil)
	if err != nil {
		return err
	}
	if err := f.fault(ods, mode); err != nil {
		return err
	}
	board, ok := system.(clinical.TaskBoard)
	if !ok {
		return errors.New("it has no task board")
	}
	first, found, err := board.Standing(context.Background(), d)
	r.says(words(err))
	if err == nil && (!found || first.Stage != clinical.StageWaiting) {
		r.errorf("it is said to stand %q, there %v", first.Stage, found)
	}
	if err := f.fault(ods, simulator.OK); err != nil {
		return err
	}
	again, found, err := board.Standing(context.Background(), d)
	if err != nil || !found || again.Stage != clinical.StageWaiting {
		r.errorf("when all is well it stands %q, there %v: %v", again.Stage, found, err)
	}
	effects, err := f.effects(ods)
	if effects != 1 {
		r.errorf("%d effects of one request", effects)
	}
	r.came(effects-1, "waiting, as the system says")
	return err
}

// settled tries until nothing is left to do; before, which may be nil, is asked ahead of each try.
func settled(system clinical.System, d clinical.Delivery, before func(try int, d clinical.Delivery) error) (clinical.Delivery, error) {
	for try := range 12 {
		if before != nil {
			if err := before(try, d); err != nil {
				return d, err
			}
		}
		receipt, err := clinical.Deliver(context.Background(), system, d)
		if d = d.After(receipt, err, time.Now(), 0); !d.State.Open() {
			return d, nil
		}
		var begun *clinical.Begun
		if d.LastError == "" && err != nil && !errors.As(err, &begun) {
			return d, fmt.Errorf("after try %d nothing is said: %w", try+1, err)
		}
	}
	return d, fmt.Errorf("still %s after 12 tries: %s", d.State, d.LastError)
}

// matrixDelivery is a delivery for a purpose; an earlier one is what a withdrawal takes back.
func matrixDelivery(to nhs.ODSCode, purpose clinical.Purpose, earlier *clinical.Delivery) clinical.Delivery {
	now := time.Now()
	target := clinical.Target{NeighbourhoodID: uuid.New(), OrganisationID: uuid.New(), RecordedByID: uuid.New(), RequestID: uuid.New()}
	doc := clinical.Document{
		Reference: "2143658709", Purpose: purpose, Kind: clinical.Coded{Code: "symptoms", Title: "Help with a symptom"},
		Patient: clinical.Patient{
			NHSNumber: "9990000018", GivenName: "Jack", FamilyName: "Example", BirthDate: nhs.Date{Year: 1996, Month: 4, Day: 18}, Sex: "male",
			Postcode: "RS2 3CH", Phone: "+447700900123", OnRegister: true,
		},
		RecordedAt: now, From: clinical.Party{ODS: "FRV01", Name: "Quayside Pharmacy", Kind: "pharmacy"}, For: clinical.Party{ODS: to, Name: "The receiver"},
	}
	switch purpose {
	case clinical.OwnRecord, clinical.RegisteredPractice:
		doc.Outcome, doc.RecordedBy = clinical.Coded{Code: "done", Title: "Done"}, "Grace Example"
	case clinical.Arrival, clinical.Withdrawal:
		doc.From = clinical.Party{ODS: "A81002", Name: "The sender"}
		doc.Asked = &clinical.Asked{
			Lines:   []clinical.Said{{Question: "What do you need help with?", Answers: []string{"Sore throat"}}, {Question: "Tell us about the problem", Answers: []string{"It hurts to swallow."}}},
			Urgency: clinical.Coded{Code: "routine", Title: "Routine"}, DueAt: now.Add(24 * time.Hour), At: now.Add(-time.Hour), Channel: "web", ConfirmedBy: "Amina Example",
		}
	}
	if earlier != nil {
		target.RequestID, target.CorrelationID = earlier.RequestID, earlier.ID
		doc.Asked.Withdrawn = "The patient is seen elsewhere."
	}
	d, err := clinical.NewDelivery(uuid.Must(uuid.NewV7()), target, doc, now)
	if err != nil {
		panic(err) // it is written here
	}
	return d
}

package callerstore_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/callers"
	"onedoor/app/calls"
	"onedoor/app/clinical"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/messages"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/store/callerstore"
	"onedoor/app/store/callstore"
	"onedoor/app/store/patientstore"
)

var (
	riverside = demo.NeighbourhoodID("riverside")
	hillside  = demo.NeighbourhoodID("hillside")
)

// box seals with a key of the test's own.
type box struct{ cipher.AEAD }

func newBox(t testing.TB) box {
	t.Helper()
	key := make([]byte, 16)
	_, _ = rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return box{sealed}
}

func (b box) Seal(_ context.Context, nb uuid.UUID, plain, about []byte) ([]byte, error) {
	nonce := make([]byte, b.NonceSize())
	_, _ = rand.Read(nonce)
	return b.AEAD.Seal(nonce, nonce, plain, append(nb[:], about...)), nil
}

func (b box) Open(_ context.Context, nb uuid.UUID, sealed, about []byte) ([]byte, error) {
	if len(sealed) < b.NonceSize() {
		return nil, errors.New("too short")
	}
	return b.AEAD.Open(nil, sealed[:b.NonceSize()], sealed[b.NonceSize():], append(nb[:], about...))
}

// text is a code that was sent.
type text struct {
	to       nhs.Phone
	code     string
	language string
}

type phone struct {
	mu    sync.Mutex
	texts []text
}

func (p *phone) Queue(_ context.Context, m messages.Message) (uuid.UUID, error) {
	if _, err := m.Text.Words(); err != nil || m.Text.Template != messages.CodeText {
		return uuid.Nil, errors.Join(err, errors.New("not a code"))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.texts = append(p.texts, text{m.To, m.Text.Code, m.Text.Language})
	return uuid.New(), nil
}

func (p *phone) sent() []text {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.texts)
}

// book is a clinical system that tells appointments, or none.
type systems struct {
	system clinical.System
	err    error
}

func (s *systems) For(_ context.Context, _, _ uuid.UUID, use clinical.Use, _ string) (clinical.System, clinical.Integration, error) {
	if use != clinical.UseAppointments {
		return nil, clinical.Integration{}, errors.New("asked for another use")
	}
	return s.system, clinical.Integration{}, s.err
}

// world is the demonstration with a telephone.
type world struct {
	*demotest.World
	*callers.Service
	store   *callerstore.Store
	calls   *calls.Service
	phone   *phone
	systems *systems
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{World: demotest.New(t), phone: &phone{}, systems: &systems{err: &clinical.Refused{Says: "none"}}}
	sealer := newBox(t)
	w.store = callerstore.New(w.DB, w.Now)
	w.calls = calls.NewService(calls.Options{Store: callstore.New(w.DB), Sealer: sealer, Now: w.Now})
	w.Service = callers.New(callers.Options{
		Store: w.store, Texts: w.phone, Requests: w.World.Requests, Calls: w.calls, Systems: w.systems, Sealer: sealer, Now: w.Now, Floor: -1,
	})
	return w
}

// call begins one.
func (w *world) call(t testing.TB, neighbourhood uuid.UUID) uuid.UUID {
	t.Helper()
	c, err := w.calls.Begin(t.Context(), calls.New{NeighbourhoodID: neighbourhood, Line: "riverside", Via: calls.TwiML, Caller: "+447700900999"})
	if err != nil {
		t.Fatal(err)
	}
	return c.ID
}

func saysOf(p patients.Patient) patients.Given {
	return patients.Given{NHSNumber: p.NHSNumber, BirthDate: p.BirthDate}
}

// change brings one person up to date.
func (w *world) change(t testing.TB, p patients.Patient) {
	t.Helper()
	if err := patientstore.New(w.DB).Import(t.Context(), p.NeighbourhoodID, []patients.Patient{p}); err != nil {
		t.Fatal(err)
	}
}

// lastCode is the code of the newest text.
func (w *world) lastCode(t testing.TB) string {
	t.Helper()
	sent := w.phone.sent()
	if len(sent) == 0 {
		t.Fatal("no text was sent")
	}
	return sent[len(sent)-1].code
}

// other is a code that is not the one given.
func other(code string) string {
	b := bytes.Clone([]byte(code))
	b[0] = '0' + (b[0]-'0'+1)%10
	return string(b)
}

package identitystore_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/database"
	"onedoor/app/database/testdb"
	"onedoor/app/fault"
	"onedoor/app/identity"
	"onedoor/app/nhs"
	"onedoor/app/store/identitystore"
	"onedoor/tenants"
)

var by = audit.Actor{Kind: audit.System, Name: "test"}

// world is two neighbourhoods with one organisation each, and a clock.
type world struct {
	db                  *database.DB
	store               *identitystore.Store
	door                *identity.Door
	riverside, hillside uuid.UUID
	practice, other     uuid.UUID

	mu  sync.Mutex
	now time.Time
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db := testdb.New(t)
	w := &world{
		db: db, store: identitystore.New(db), now: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC),
		riverside: uuid.New(), hillside: uuid.New(), practice: uuid.New(), other: uuid.New(),
	}
	w.door = identity.NewDoor(w.store, w.clock, nil)
	err := db.Global(t.Context(), func(tx *database.Tx) error {
		g := tx.Gorm()
		for i, o := range []uuid.UUID{w.practice, w.other} {
			nb, slug, ods := w.riverside, "riverside", "A81001"
			if i == 1 {
				nb, slug, ods = w.hillside, "hillside", "B82001"
			}
			if err := g.Exec("insert into organisations (id, ods_code, name, kind) values (?, ?, ?, 'practice')", o, ods, ods).Error; err != nil {
				return err
			}
			if err := g.Exec("insert into neighbourhoods (id, slug, name, desk_organisation_id, created_at) values (?, ?, ?, ?, ?)", nb, slug, slug, o, w.now).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) person(t *testing.T, subject string, memberships ...tenants.Membership) identity.Person {
	t.Helper()
	p := identity.Person{ID: uuid.New(), Issuer: "https://id.example", Subject: subject, Name: "Person " + subject, CreatedAt: w.clock()}
	if err := w.store.AddPerson(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	for _, m := range memberships {
		if err := w.store.AddMembership(t.Context(), by, uuid.New(), p.ID, m, w.clock()); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (w *world) works(at uuid.UUID, role tenants.Role, from, until string) tenants.Membership {
	m := tenants.Membership{NeighbourhoodID: w.riverside, OrganisationID: at, Role: role}
	if at == w.other {
		m.NeighbourhoodID = w.hillside
	}
	m.From, _ = nhs.ParseDate(from)
	m.Until, _ = nhs.ParseDate(until)
	return m
}

func claims(p identity.Person) identity.Claims {
	return identity.Claims{Issuer: p.Issuer, Subject: p.Subject, Name: p.Name, AuthenticatedAt: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
}

func TestSignInGivesTheMembershipsOfToday(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.person(t, "ann",
		w.works(w.practice, tenants.Receptionist, "2026-01-01", ""),
		w.works(w.practice, tenants.Clinician, "2026-01-01", "2026-11-01"), // ended yesterday
		w.works(w.practice, tenants.OrgAdmin, "2026-11-03", ""),            // begins tomorrow
		w.works(w.other, tenants.Receptionist, "2026-02-01", ""),           // in another neighbourhood
	)
	token, err := w.door.SignIn(t.Context(), claims(p), "", uuid.Nil)
	if err != nil {
		t.Fatal(err)
	}
	who, err := w.door.BySession(t.Context(), token, true)
	if err != nil {
		t.Fatal(err)
	}
	if who.ID != p.ID || who.Name != p.Name || who.Kind != audit.Person || who.NeighbourhoodID != w.riverside {
		t.Errorf("%+v", who)
	}
	if roles := who.RolesIn(w.practice); len(roles) != 1 || roles[0] != tenants.Receptionist {
		t.Errorf("roles %v", roles)
	}
	scope := who.Scope()
	if !scope.Includes(w.practice) || scope.Includes(w.other) || scope.NeighbourhoodID != w.riverside {
		t.Errorf("scope %+v", scope)
	}
	if !who.MayIn(w.practice, "request", "claim") || who.MayIn(w.other, "request", "claim") || who.May("request", "lower") {
		t.Error("what they may do does not follow their memberships")
	}
	fresh, err := w.door.Switch(t.Context(), token, w.hillside)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.door.BySession(t.Context(), token, true); !fault.Is(err, "not_signed_in") {
		t.Errorf("the old token works after the switch: %v", err)
	}
	there, err := w.door.BySession(t.Context(), fresh, true)
	if err != nil || there.NeighbourhoodID != w.hillside || there.Scope().Includes(w.practice) {
		t.Errorf("%+v %v", there, err)
	}
	if _, err := w.door.Switch(t.Context(), fresh, uuid.New()); fault.As(err).Kind != fault.NotFound {
		t.Errorf("switched to a neighbourhood of others: %v", err)
	}
}

func TestWhoWorksNowhereIsNotLetIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	gone := w.person(t, "gone", w.works(w.practice, tenants.Receptionist, "2025-01-01", "2026-10-31"))
	for name, c := range map[string]identity.Claims{
		"left":           claims(gone),
		"never heard of": {Issuer: "https://id.example", Subject: "nobody"},
		"other issuer":   {Issuer: "https://elsewhere.example", Subject: "gone"},
	} {
		if _, err := w.door.SignIn(t.Context(), c, "", uuid.Nil); !fault.Is(err, "no_membership") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Somebody whose last membership ends while they are signed in can do nothing more.
func TestMembershipThatEndsDuringASession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = time.Date(2026, 11, 2, 23, 50, 0, 0, time.UTC)
	p := w.person(t, "late", w.works(w.practice, tenants.Receptionist, "2026-01-01", "2026-11-02"))
	token, err := w.door.SignIn(t.Context(), claims(p), "", uuid.Nil)
	if err != nil {
		t.Fatal(err)
	}
	w.pass(11 * time.Minute)
	if _, err := w.door.BySession(t.Context(), token, true); !fault.Is(err, "no_membership") {
		t.Errorf("%v", err)
	}
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.person(t, "ann", w.works(w.practice, tenants.Receptionist, "2026-01-01", ""))
	in := func(before identity.Token) identity.Token {
		token, err := w.door.SignIn(t.Context(), claims(p), before, uuid.Nil)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	use := func(token identity.Token, active bool) error {
		_, err := w.door.BySession(t.Context(), token, active)
		return err
	}
	locked := in("")
	w.pass(14 * time.Minute)
	if err := use(locked, false); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Minute)
	if err := use(locked, true); !fault.Is(err, "session_locked") {
		t.Errorf("unattended for 15 minutes, though its page refreshed itself: %v", err)
	}
	rotated := in(locked)
	if err := use(locked, true); !fault.Is(err, "not_signed_in") {
		t.Errorf("the token before signing in again: %v", err)
	}
	for range 12*60/10 - 1 {
		w.pass(10 * time.Minute)
		if err := use(rotated, true); err != nil {
			t.Fatal(err)
		}
	}
	w.pass(10 * time.Minute)
	if err := use(rotated, true); !fault.Is(err, "session_ended") {
		t.Errorf("after 12 hours: %v", err)
	}
	out := in("")
	if err := w.door.SignOut(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	if err := use(out, true); !fault.Is(err, "not_signed_in") {
		t.Errorf("after signing out: %v", err)
	}
	if err := w.door.SignOut(t.Context(), out); err != nil {
		t.Errorf("signing out twice: %v", err)
	}
	w.pass(24 * time.Hour)
	if n, err := w.store.DropEnded(t.Context(), w.clock()); err != nil || n != 1 {
		t.Errorf("dropped %d, %v", n, err)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.person(t, "ann")
	key, err := identity.NewKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := identity.Client{
		ID: uuid.New(), NeighbourhoodID: w.riverside, OrganisationID: w.practice, Role: tenants.Receptionist, Label: "desk",
		PersonID: ann.ID, PersonName: ann.Name, CreatedAt: w.clock(),
	}
	if err := w.store.AddClient(t.Context(), by, c, key); err != nil {
		t.Fatal(err)
	}
	if err := w.store.AddClient(t.Context(), by, c, key); err != nil {
		t.Errorf("seeding again: %v", err)
	}
	who, err := w.door.ByKey(t.Context(), key)
	if err != nil || who.ID != ann.ID || who.Name != ann.Name || who.Client != c.ID || !who.RoleIn(w.practice, tenants.Receptionist) {
		t.Errorf("%+v %v", who, err)
	}
	program := identity.Client{ID: uuid.New(), NeighbourhoodID: w.riverside, Role: tenants.App, Label: "app", CreatedAt: w.clock()}
	programKey := identity.SeededKey("riverside app")
	if err := w.store.AddClient(t.Context(), by, program, programKey); err != nil {
		t.Fatal(err)
	}
	if who, err := w.door.ByKey(t.Context(), programKey); err != nil || who.Kind != audit.Client || len(who.Scope().Organisations) != 0 {
		t.Errorf("%+v %v", who, err)
	}
	stranger, err := identity.NewKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.door.ByKey(t.Context(), stranger); !fault.Is(err, "unknown_key") {
		t.Errorf("unknown: %v", err)
	}
	if err := w.store.RevokeClient(t.Context(), by, w.hillside, c.ID, w.clock()); fault.As(err).Kind != fault.NotFound {
		t.Errorf("another neighbourhood withdrew it: %v", err)
	}
	if err := w.store.RevokeClient(t.Context(), by, w.riverside, c.ID, w.clock()); err != nil {
		t.Fatal(err)
	}
	w.pass(6 * time.Second)
	if _, err := w.door.ByKey(t.Context(), key); !fault.Is(err, "unknown_key") {
		t.Errorf("withdrawn: %v", err)
	}
	for name, bad := range map[string]identity.Client{
		"nowhere":              {ID: uuid.New(), Role: tenants.App},
		"work in no place":     {ID: uuid.New(), NeighbourhoodID: w.riverside, Role: tenants.Clinician},
		"an app in a practice": {ID: uuid.New(), NeighbourhoodID: w.riverside, OrganisationID: w.practice, Role: tenants.App},
	} {
		if err := w.store.AddClient(t.Context(), by, bad, stranger); !fault.Is(err, "key_place") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNotASecret(t *testing.T) {
	t.Parallel()
	token, err := identity.NewToken(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"", "od_", "od_" + string(token)[:42], string(token), "od_" + string(token) + "A", "od_" + strings.Repeat("!", 43)} {
		if _, err := identity.ParseKey(s); !fault.Is(err, "unknown_key") {
			t.Errorf("%q: %v", s, err)
		}
	}
	if _, err := identity.ParseToken(string(token)); err != nil {
		t.Error(err)
	}
	if first := identity.SeededKey("a"); first != identity.SeededKey("a") || first == identity.SeededKey("b") {
		t.Error("seeded keys are not fixed, or not their own")
	}
	if _, err := identity.ParseKey(string(identity.SeededKey("a"))); err != nil {
		t.Error(err)
	}
}

// No column of the database holds a token or a key, and what was done stands in the trail.
func TestSecretsAreHashedAndTheTrailIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.person(t, "ann", w.works(w.practice, tenants.Receptionist, "2026-01-01", ""))
	token, err := w.door.SignIn(t.Context(), claims(p), "", uuid.Nil)
	if err != nil {
		t.Fatal(err)
	}
	var found, entries int
	err = w.db.InTx(t.Context(), tenants.JobOf(w.riverside), func(tx *database.Tx) error {
		row := tx.Pgx().QueryRow(context.Background(), `select
			(select count(*) from sessions s where s::text like '%' || $1 || '%'),
			(select count(*) from audit_entries where neighbourhood_id = $2 and action in ('session.start', 'membership.add') and subject = $3)`,
			string(token), w.riverside, p.ID)
		return row.Scan(&found, &entries)
	})
	if err != nil {
		t.Fatal(err)
	}
	if found != 0 || entries != 2 {
		t.Errorf("the token stands in %d sessions; %d entries", found, entries)
	}
}

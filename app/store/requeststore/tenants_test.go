package requeststore_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/database"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/policy"
	"onedoor/tenants"
)

// Every way in, given by somebody who has no part in the request: the answer is the same as if it did not exist.
func TestAnotherTenantCannot(t *testing.T) {
	t.Parallel()
	w, ok := demotest.New(t), must(t)
	ctx := t.Context()
	ours := submit(t, w, soreThroat(w))
	offered := submit(t, w, soreThroat(w))
	ok(w.Requests.Verify(ctx, w.Actor(t, "sam.carter"), offered))
	nowhere := requests.Command{Reference: "1234567894"}

	commands := map[string]func(by requests.Actor, c requests.Command) error{
		"get": func(by requests.Actor, c requests.Command) error {
			_, err := w.Requests.Get(ctx, by, c.Reference)
			return err
		},
		"explain": func(by requests.Actor, c requests.Command) error {
			_, err := w.Requests.Explain(ctx, by, c.Reference)
			return err
		},
		"verify": func(by requests.Actor, c requests.Command) error { _, err := w.Requests.Verify(ctx, by, c); return err },
		"accept": func(by requests.Actor, c requests.Command) error { _, err := w.Requests.Accept(ctx, by, c); return err },
		"decline": func(by requests.Actor, c requests.Command) error {
			_, err := w.Requests.Decline(ctx, by, c, "no")
			return err
		},
		"claim": func(by requests.Actor, c requests.Command) error { _, err := w.Requests.Claim(ctx, by, c); return err },
		"release": func(by requests.Actor, c requests.Command) error {
			_, err := w.Requests.Release(ctx, by, c)
			return err
		},
		"transfer": func(by requests.Actor, c requests.Command) error {
			_, err := w.Requests.Transfer(ctx, by, c, "A81002", "", "no")
			return err
		},
		"outcome": func(by requests.Actor, c requests.Command) error {
			_, err := w.Requests.Record(ctx, by, c, requests.NewOutcome{Code: "done"})
			return err
		},
		"tool-accept": func(by requests.Actor, c requests.Command) error {
			_, err := w.Requests.ToolAccept(ctx, by, c)
			return err
		},
		"tool-decline": func(by requests.Actor, c requests.Command) error {
			_, err := w.Requests.ToolDecline(ctx, by, c, "no")
			return err
		},
		"close": func(by requests.Actor, c requests.Command) error {
			_, err := w.Requests.Close(ctx, by, c, "no")
			return err
		},
		"raise": func(by requests.Actor, c requests.Command) error {
			_, err := w.Requests.Raise(ctx, by, c, policy.Urgent, "no")
			return err
		},
		"lower": func(by requests.Actor, c requests.Command) error {
			_, err := w.Requests.Lower(ctx, by, c, policy.Routine, "no")
			return err
		},
	}
	program := requests.Actor{Actor: audit.Actor{Kind: audit.Client, ID: uuid.New()}, Scope: tenants.IntakeOf(riverside)}
	for name, command := range commands {
		absent := command(w.Actor(t, "ben.osei"), nowhere)
		wantCode(t, absent, "not_found")
		for _, subject := range []string{"ben.osei", "li.wei", "carys.evans", "neil.hart", "omar.khan"} {
			for state, c := range map[string]requests.Command{"standing with the practice": ours, "on offer": offered} {
				err := command(w.Actor(t, subject), c)
				if err == nil || err.Error() != absent.Error() {
					t.Errorf("%s of a request %s by %s: %v; want %v", name, state, subject, err, absent)
				}
			}
		}
		if name == "get" || name == "explain" {
			wantCode(t, command(program, ours), "not_found")
		}
	}
	for _, subject := range []string{"ben.osei", "carys.evans", "neil.hart"} {
		by := w.Actor(t, subject)
		_, err := w.Requests.List(ctx, by, requests.PageQuery{Queue: demo.QueueID("A81001", "to-verify")}, nil)
		wantCode(t, err, "not_found")
		_, err = w.Requests.TakeNext(ctx, by, demo.QueueID("A81001", "to-verify"))
		wantCode(t, err, "queue_empty")
		queues, err := w.Requests.Queues(ctx, by)
		for _, q := range queues {
			if q.Open != 0 || q.Offers != 0 || q.Organisation.ODS == "A81001" {
				t.Errorf("%s sees %+v", subject, q)
			}
		}
		if err != nil {
			t.Error(err)
		}
	}
	_, err := w.Requests.Track(ctx, demo.NeighbourhoodID("hillside"), ours.Reference, w.Patients[0].BirthDate, "en")
	wantCode(t, err, "not_found")
	for name, c := range map[string]requests.Command{"first": ours, "second": offered} {
		if v := ok(w.Requests.Get(ctx, w.Actor(t, "sam.carter"), c.Reference)); v.Urgency != policy.Soon {
			t.Errorf("the %s request was changed: %+v", name, v)
		}
	}
}

// The same by row-level security alone: statements without a where clause, as if the domain had forgotten everything.
func TestRowLevelSecurityAlone(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	ok := must(t)
	ctx, hillside := t.Context(), demo.NeighbourhoodID("hillside")
	asking := soreThroat(w)
	asking.Needs = &patients.KeptNeeds{About: uuid.New(), Told: true, Sealed: []byte("sealed")}
	submit(t, w, asking)
	offered := submit(t, w, asking)
	ok(w.Requests.Verify(ctx, w.Actor(t, "sam.carter"), offered))
	practice, pharmacy, other := demo.OrganisationID("A81001"), demo.OrganisationID("FRV01"), demo.OrganisationID("A81003")

	visible := func(scope tenants.Scope, table string) (n int) {
		err := w.DB.InTx(ctx, scope, func(tx *database.Tx) error { return tx.Gorm().Raw("select count(*) from " + table).Scan(&n).Error })
		if err != nil {
			t.Fatal(table, err)
		}
		return n
	}
	people := len(w.Patients)
	atPractice := 0
	for _, p := range w.Patients {
		if p.PracticeID == practice {
			atPractice++
		}
	}
	for _, c := range []struct {
		who   string
		scope tenants.Scope
		want  map[string]int
	}{
		{"the practice", tenants.StaffOf(riverside, practice), map[string]int{"requests": 2, "decisions": 2, "custody": 2, "request_needs": 2, "patients": atPractice, "conversations": 0, "idempotency_keys": 0}},
		{"the pharmacy that one is offered to", tenants.StaffOf(riverside, pharmacy), map[string]int{"requests": 1, "decisions": 1, "custody": 1, "request_needs": 1, "patients": 0}},
		{"another practice", tenants.StaffOf(riverside, other), map[string]int{"requests": 0, "decisions": 0, "custody": 0, "request_needs": 0, "audit_entries": 0}},
		{"staff of nowhere", tenants.StaffOf(riverside), map[string]int{"requests": 0, "decisions": 0, "custody": 0, "request_needs": 0, "patients": 0, "audit_entries": 0}},
		{"the practice's id in another neighbourhood", tenants.StaffOf(hillside, practice, pharmacy), map[string]int{"requests": 0, "decisions": 0, "custody": 0, "request_needs": 0, "patients": 0, "audit_entries": 0}},
		{"intake elsewhere", tenants.IntakeOf(hillside), map[string]int{"requests": 0, "decisions": 0, "custody": 0, "request_needs": 0}},
		{"a job elsewhere", tenants.JobOf(hillside), map[string]int{"requests": 0, "decisions": 0, "custody": 0, "request_needs": 0}},
		{"a job", tenants.JobOf(riverside), map[string]int{"requests": 2, "decisions": 2, "custody": 2, "request_needs": 2, "patients": people}},
	} {
		for table, want := range c.want {
			if got := visible(c.scope, table); got != want {
				t.Errorf("%s sees %d rows of %s; want %d", c.who, got, table, want)
			}
		}
	}

	writes := func(scope tenants.Scope, statement string, args ...any) (changed int64, err error) {
		err = w.DB.InTx(ctx, scope, func(tx *database.Tx) error {
			done := tx.Gorm().Exec(statement, args...)
			changed = done.RowsAffected
			return done.Error
		})
		return changed, err
	}
	for _, scope := range []tenants.Scope{tenants.StaffOf(riverside, other), tenants.StaffOf(hillside, practice), tenants.IntakeOf(riverside), tenants.JobOf(hillside)} {
		if n, err := writes(scope, "update requests set message = 'changed'"); n != 0 || err != nil {
			t.Errorf("%s changed %d requests, %v", scope.Kind, n, err)
		}
		if n, err := writes(scope, "update request_needs set sealed = ''"); n != 0 || err != nil {
			t.Errorf("%s changed what %d people need, %v", scope.Kind, n, err)
		}
		if n, err := writes(scope, "update custody set until_at = now()"); n != 0 || err != nil {
			t.Errorf("%s changed %d custodies, %v", scope.Kind, n, err)
		}
	}
	refused := map[string]string{
		"deleting what people need":                 "delete from request_needs",
		"moving a request to another neighbourhood": "update requests set neighbourhood_id = '" + hillside.String() + "'",
		"deleting requests":                         "delete from requests",
		"deleting decisions":                        "delete from decisions",
		"changing decisions":                        "update decisions set rule = 'x'",
		"changing the trail":                        "update audit_entries set action = 'x'",
		"deleting from the trail":                   "delete from audit_entries",
		"changing a published directory":            "update directory_versions set document = ''",
		"importing patients as staff":               "insert into patients (neighbourhood_id, id, given_name, family_name, birth_date, postcode, registration) values ('" + riverside.String() + "', gen_random_uuid(), 'x', 'y', '2000-01-01', 'z', 'none')",
		"an entry in another's trail":               "insert into audit_entries (neighbourhood_id, id, at, actor_kind, actor_name, action, subject_kind, subject, details) values ('" + hillside.String() + "', gen_random_uuid(), now(), 'person', '', 'x', 'x', gen_random_uuid(), '{}')",
	}
	for what, statement := range refused {
		if _, err := writes(tenants.StaffOf(riverside, practice), statement); err == nil {
			t.Errorf("%s was allowed", what)
		}
	}
	if err := w.DB.Global(context.WithoutCancel(ctx), func(tx *database.Tx) error {
		var n int
		err := tx.Gorm().Raw("select count(*) from requests").Scan(&n).Error
		if n != 0 {
			t.Errorf("%d requests without a scope", n)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

package rulestore_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"onedoor/app/alarms"
	"onedoor/app/audit"
	"onedoor/app/catalogue"
	"onedoor/app/database"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/directory"
	"onedoor/app/publishing"
	"onedoor/app/requests"
	"onedoor/app/store/alarmstore"
	"onedoor/app/store/deliverystore"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/publishingstore"
	"onedoor/app/store/requeststore"
	"onedoor/app/store/rulestore"
	"onedoor/jobs"
	"onedoor/policy"
	"onedoor/tenants"
)

var (
	riverside = demo.NeighbourhoodID("riverside")
	lead      = audit.Actor{Kind: audit.Person, Name: "Neil Hart"}
)

// node is one process of several on a database: what it has parsed is its own.
type node struct {
	rules    *rulestore.Store
	watch    *rulestore.Watch
	requests *requests.Service
	alarms   *alarms.Service
}

func newNode(t *testing.T, w *demotest.World) node {
	t.Helper()
	inserter, err := jobs.NewInserter(w.DB)
	if err != nil {
		t.Fatal(err)
	}
	kinds, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	n := node{rules: rulestore.New(directorystore.New(w.DB)), alarms: alarms.New(alarmstore.New(w.DB), w.Now, nil)}
	n.watch = rulestore.NewWatch(w.DB, n.rules, rulestore.WatchOptions{Alarms: n.alarms, Now: w.Now, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	n.requests = requests.New(requeststore.New(w.DB, n.rules, deliverystore.New(w.DB, inserter)), kinds, w.Now, rand.Reader)
	return n
}

// running is a node whose watch looks by itself until the test ends.
func running(t *testing.T, w *demotest.World) node {
	t.Helper()
	n := newNode(t, w)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.watch.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return n
}

func (n node) ask(t *testing.T) requests.Receipt {
	t.Helper()
	receipt, err := n.requests.Submit(t.Context(), requests.Submission{
		NeighbourhoodID: riverside, Channel: requests.App, Kind: "admin", By: audit.Actor{Kind: audit.Client},
		Answers: map[string]json.RawMessage{"red-flags-adult": json.RawMessage(`["none"]`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

func (n node) open(t *testing.T) []alarms.Alarm {
	t.Helper()
	open, err := n.alarms.Open(t.Context(), riverside)
	if err != nil {
		t.Fatal(err)
	}
	return open
}

// soon waits until something holds.
func soon(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("within a minute it did not come about that %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func publish(t *testing.T, w *demotest.World, note string, from time.Time) publishing.Version {
	t.Helper()
	s := publishing.New(publishing.Options{Store: publishingstore.New(w.DB), Directories: directorystore.New(w.DB), Now: w.Now})
	document := strings.Replace(string(demo.Riverside), "policy: riverside", "policy: "+note, 1)
	if _, err := s.Save(t.Context(), lead, riverside, note, "", []byte(document)); err != nil {
		t.Fatal(err)
	}
	v, err := s.Publish(t.Context(), lead, riverside, note, publishing.Publication{Note: note, From: from})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// asOwner changes what the product itself may not.
func asOwner(t *testing.T, url, query string, args ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	done, err := conn.Exec(t.Context(), query, args...)
	if err != nil || done.RowsAffected() == 0 {
		t.Fatalf("%s: %d rows, %v", query, done.RowsAffected(), err)
	}
}

func TestAVersionPublishedOnOneNodeIsSoonLoadedOnAnother(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	one, other := running(t, w), running(t, w)
	soon(t, "both have looked", func() bool { return one.watch.Ready(t.Context()) == nil && other.watch.Ready(t.Context()) == nil })
	v := publish(t, w, "newer", time.Time{})
	if other.rules.Has(v.Hash) {
		t.Fatal("it was loaded before it was published")
	}
	w.Pass(time.Millisecond)
	published := time.Now()
	soon(t, "the other node has loaded it, though nobody asked", func() bool { return other.rules.Has(v.Hash) })
	t.Logf("loaded by the other node after %s", time.Since(published).Round(time.Millisecond))
	if got := other.ask(t).Decision.PolicyVersion; got != v.Hash {
		t.Errorf("decided by %s", got)
	}
	if got := newNode(t, w).ask(t).Decision.PolicyVersion; got != v.Hash {
		t.Errorf("a node without a watch decided by %s", got)
	}
}

func TestAVersionThatCannotBeLoadedLeavesTheLastGoodOne(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		table  string
		spoilt []byte
	}{
		"a policy that does not parse":       {"policy_versions", []byte("policy: riverside\ntables: [")},
		"a policy that is another's":         {"policy_versions", demo.Hillside},
		"a directory that cannot be read":    {"directory_versions", []byte("{")},
		"a directory that is not the hashed": {"directory_versions", []byte("{}")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, owner := demotest.NewOwner(t)
			n := running(t, w)
			soon(t, "it has looked", func() bool { return n.watch.Ready(t.Context()) == nil })
			before := stored(t, w, n.ask(t))
			hash, good := scheduled(t, w, c.table)
			put := "update " + c.table + " set document = $1 where neighbourhood_id = $2 and hash = $3"
			asOwner(t, owner, put, as(c.table, c.spoilt), riverside, hash)
			w.Pass(2 * time.Minute)

			soon(t, "the node says so", func() bool { return len(n.watch.Degraded(t.Context())) == 1 })
			if says := n.watch.Degraded(t.Context())[0]; !strings.Contains(says, "riverside") || !strings.Contains(says, hash) {
				t.Errorf("/readyz says %q", says)
			}
			if err := n.watch.Ready(t.Context()); err != nil {
				t.Errorf("the node gave up: %v", err)
			}
			if got := n.watch.Count()["riverside"]; got != 1 {
				t.Errorf("the gauge stands at %d", got)
			}
			d := stored(t, w, n.ask(t))
			if d.PolicyHash != before.PolicyHash || d.DirectoryHash != before.DirectoryHash {
				t.Errorf("decided by %s and %s, want the last good ones", d.PolicyHash, d.DirectoryHash)
			}
			if d.Unloaded == nil || !strings.Contains(d.Because[len(d.Because)-1], hash[:12]) {
				t.Errorf("the decision says %q, %+v", d.Because, d.Unloaded)
			}
			if again := replay(t, w, d); !again.Equal(d) {
				t.Errorf("replay gives\n%+v, want\n%+v", again, d)
			}
			soon(t, "an alarm stands", func() bool { return len(n.open(t)) == 1 })
			if a := n.open(t)[0]; a.Kind != alarms.PolicyLoad || !strings.Contains(a.Says, hash[:12]) {
				t.Errorf("the alarm is %+v", a)
			}
			// A node that begins only now finds the last good one too.
			if late := stored(t, w, newNode(t, w).ask(t)); late.PolicyHash != before.PolicyHash || late.Unloaded == nil {
				t.Errorf("a new node decided by %s, %+v", late.PolicyHash, late.Unloaded)
			}

			asOwner(t, owner, put, as(c.table, good), riverside, hash)
			soon(t, "it is over", func() bool { return len(n.watch.Degraded(t.Context())) == 0 && len(n.open(t)) == 0 })
			if d := stored(t, w, n.ask(t)); d.Unloaded != nil || (d.PolicyHash != hash && d.DirectoryHash != hash) {
				t.Errorf("mended, and decided by %s and %s, %+v", d.PolicyHash, d.DirectoryHash, d.Unloaded)
			}
		})
	}
}

// as is a document as its table's column holds it.
func as(table string, document []byte) any {
	if table == "policy_versions" {
		return string(document)
	}
	return document
}

// scheduled is a version that is live in a minute, so that nobody has loaded it yet.
func scheduled(t *testing.T, w *demotest.World, table string) (hash string, document []byte) {
	t.Helper()
	later := w.Now().Add(time.Minute)
	if table == "policy_versions" {
		v := publish(t, w, "later", later)
		return v.Hash, v.Document
	}
	d, err := directory.New(directorystore.New(w.DB), func() time.Time { return later }).Change(t.Context(), lead, riverside, "directory.capacity", nil, func(c *tenants.Contents) error {
		c.Services[0].Capacity.Daily++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return d.Hash(), d.Document()
}

func TestANewProcessClearsTheAlarmOfOneThatHasGone(t *testing.T) {
	t.Parallel()
	w := demotest.New(t)
	n := newNode(t, w)
	err := n.alarms.Raise(t.Context(), alarms.Alarm{NeighbourhoodID: riverside, Kind: alarms.PolicyLoad, Subject: "policy 0123456789ab", Says: "A node could not load it."})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.watch.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if open := n.open(t); len(open) != 0 {
		t.Errorf("there still stand %+v", open)
	}
}

// stored is the decision that a receipt is of.
func stored(t *testing.T, w *demotest.World, receipt requests.Receipt) policy.Decision {
	t.Helper()
	var raw json.RawMessage
	err := w.DB.InTx(t.Context(), tenants.JobOf(riverside), func(tx *database.Tx) error {
		return tx.Pgx().QueryRow(t.Context(), `select d.decision from decisions d join requests r on r.neighbourhood_id = d.neighbourhood_id and r.id = d.request_id
			where d.neighbourhood_id = $1 and r.reference = $2`, riverside, string(receipt.Reference)).Scan(&raw)
	})
	if err != nil {
		t.Fatal(err)
	}
	var d policy.Decision
	if err := json.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// replay decides again by the versions that the decision names, read from where they are kept.
func replay(t *testing.T, w *demotest.World, d policy.Decision) policy.Decision {
	t.Helper()
	store := directorystore.New(w.DB)
	var again policy.Decision
	err := w.DB.Global(t.Context(), func(tx *database.Tx) error {
		var document string
		if err := tx.Pgx().QueryRow(t.Context(), "select document from policy_versions where neighbourhood_id = $1 and hash = $2 limit 1", riverside, d.PolicyHash).Scan(&document); err != nil {
			return err
		}
		p, err := policy.Parse([]byte(document))
		if err != nil {
			return err
		}
		directory, err := store.Version(tx, riverside, d.DirectoryHash)
		if err != nil {
			return err
		}
		again, err = policy.Replay(policy.Safety(), p, directory, d)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return again
}

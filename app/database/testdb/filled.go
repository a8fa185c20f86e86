package testdb

import (
	"context"
	"sync"
	"testing"

	"onedoor/app/database"
)

// Filled is a database that a test process fills once, with what many of its tests begin from; each gets a copy, in the
// time that an empty one takes. The process's end leaves it to the next, like those of tests that were killed.
type Filled struct {
	fill func(context.Context, *database.DB) error
	once sync.Once
	name string
	err  error
}

// Fill says what is put into an empty, migrated database. Every copy holds the same, so nothing in it may be secret to a test.
func Fill(fill func(context.Context, *database.DB) error) *Filled { return &Filled{fill: fill} }

// NewURLs is a copy of the test's own.
func (f *Filled) NewURLs(t testing.TB) URLs {
	t.Helper()
	shared, err := sharedServer()
	if err != nil {
		t.Fatalf("start the test database: %v", err)
	}
	f.once.Do(func() { f.name, f.err = shared.filled(f.fill) })
	if f.err != nil {
		t.Fatalf("fill the database that tests copy: %v", f.err)
	}
	return shared.give(t, func(ctx context.Context) (string, error) { return shared.copyOf(ctx, f.name) })
}

// filled makes the database that is copied. Nobody may be connected to it then.
func (s *server) filled(fill func(context.Context, *database.DB) error) (string, error) {
	ctx := context.Background()
	name, err := s.clone(ctx)
	if err != nil {
		return "", err
	}
	db, err := database.Open(ctx, database.Options{URL: s.urls(name).App, MaxConns: 8})
	if err != nil {
		return "", err
	}
	err = fill(ctx, db)
	db.Close()
	if err != nil {
		return "", err
	}
	return name, s.untilLeft(ctx, name)
}

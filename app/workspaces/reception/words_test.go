package reception

import (
	"testing"
	"time"

	"onedoor/app/nhs"
	"onedoor/app/requests"
	"onedoor/tenants"

	"github.com/google/uuid"
)

func TestWhenItIsDue(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, tenants.London())
	for _, c := range []struct {
		at             time.Time
		says, relative string
		overdue        bool
	}{
		{now.Add(8*time.Hour + 30*time.Minute), "18:30 today", "in 8 h 30 min", false},
		{now.Add(time.Hour), "11:00 today", "in 1 h", false},
		{now.Add(59 * time.Minute), "10:59 today", "in 59 min", false},
		{now.Add(30 * time.Second), "10:00 today", "in less than a minute", false},
		{now, "10:00 today", "less than a minute overdue", true},
		{now.Add(-25 * time.Minute), "09:35 today", "25 min overdue", true},
		{now.Add(-24 * time.Hour), "10:00 yesterday", "1 day overdue", true},
		{now.Add(32*time.Hour + 30*time.Minute), "18:30 tomorrow", "in 1 day 8 h", false},
		{now.AddDate(0, 0, 9), "10:00 Wed 2 Dec", "in 9 days", false},
		{now.AddDate(0, 2, 0), "10:00 Sat 23 Jan 2027", "in 61 days", false},
	} {
		if d := dueOf(c.at, now); d.Says != c.says || d.Relative != c.relative || d.Overdue != c.overdue {
			t.Errorf("%s: %+v; want %q, %q", c.at, d, c.says, c.relative)
		}
	}
}

func TestHowOld(t *testing.T) {
	t.Parallel()
	today := nhs.Date{Year: 2026, Month: time.November, Day: 23}
	for birth, want := range map[nhs.Date]string{
		{Year: 2026, Month: time.November, Day: 1}: "newborn", {Year: 2026, Month: time.October, Day: 23}: "1 month",
		{Year: 2024, Month: time.November, Day: 24}: "23 months", {Year: 2024, Month: time.November, Day: 23}: "2 years",
	} {
		if got := age(birth, today); got != want {
			t.Errorf("born %s: %s; want %s", birth, got, want)
		}
	}
}

func TestListsAreForgotten(t *testing.T) {
	t.Parallel()
	s, now := newShownLists(), time.Unix(0, 0)
	sam, aisha := uuid.New(), uuid.New()
	id, err := s.open(sam, now)
	if err != nil {
		t.Fatal(err)
	}
	s.add(id, []requests.Row{{Reference: "1234567894"}})
	if shown, ok := s.of(id, sam, now.Add(shownFor)); !ok || !shown["1234567894"] {
		t.Error("what was shown is not known")
	}
	if _, ok := s.of(id, aisha, now); ok {
		t.Error("another person's list is known")
	}
	if _, ok := s.of(id, sam, now.Add(3*shownFor)); ok {
		t.Error("a list is known for ever")
	}
	for range shownMost + 10 {
		if _, err := s.open(aisha, now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.lists) > shownMost {
		t.Errorf("%d lists are kept", len(s.lists))
	}
}

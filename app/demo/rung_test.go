package demo_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"onedoor/app/calls"
	"onedoor/app/demo"
	"onedoor/app/nhs"
)

func TestMadeUpCallsHoldTogetherAndAreTheSameEachTime(t *testing.T) {
	t.Parallel()
	today := nhs.Date{Year: 2026, Month: 11, Day: 23}
	list := demo.Calls(today)
	if !reflect.DeepEqual(list, demo.Calls(today)) {
		t.Fatal("the same day has other calls")
	}
	starts, endings := map[uuid.UUID]time.Time{}, map[calls.Ending]int{}
	for _, c := range list {
		if _, twice := starts[c.ID]; twice {
			t.Errorf("%s stands twice", c.ID)
		}
		starts[c.ID] = c.StartedAt
		endings[c.End]++
		if !c.Ended() || c.EndedAt.Before(c.StartedAt) || !nhs.DateOf(c.StartedAt).Before(today) || (c.End == calls.Person) != !c.PersonAt.IsZero() {
			t.Errorf("%+v", c)
		}
	}
	repeats := 0
	for _, c := range list {
		if c.Repeats == uuid.Nil {
			continue
		}
		repeats++
		if before := c.StartedAt.Sub(starts[c.Repeats]); before <= 0 || before >= calls.Again {
			t.Errorf("a call repeats one of %s before", before)
		}
	}
	for _, e := range calls.Endings() {
		if endings[e] == 0 {
			t.Errorf("no call ended as %s", e)
		}
	}
	if len(list) < 1500 || repeats < 50 {
		t.Errorf("%d calls, %d of them repeats", len(list), repeats)
	}
}

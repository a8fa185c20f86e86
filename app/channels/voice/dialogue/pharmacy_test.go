package dialogue

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"onedoor/app/nhs"
	"onedoor/tenants"
)

// Every pharmacy of a list of any length is reached by keys 1 to 4, and soon.
func TestEveryPharmacyIsReachedByKeys(t *testing.T) {
	t.Parallel()
	for n := range 120 {
		list := make([]tenants.Organisation, n)
		for i := range list {
			list[i].ODS = nhs.ODSCode(fmt.Sprintf("F%04d", i))
		}
		var reached []nhs.ODSCode
		var walk func(path string, open []tenants.Organisation)
		walk = func(path string, open []tenants.Organisation) {
			if len(path) > 4 {
				t.Fatalf("%d pharmacies need more than 4 keys", n)
			}
			for i, group := range groups(open) {
				if len(group) == 1 {
					reached = append(reached, group[0].ODS)
					continue
				}
				next := path + strconv.Itoa(i+1)
				if got := within(list, next); !slices.Equal(got, group) {
					t.Fatalf("%s opens %v, want %v", next, got, group)
				}
				walk(next, group)
			}
		}
		walk("", list)
		want := make([]nhs.ODSCode, n)
		for i := range want {
			want[i] = list[i].ODS
		}
		if !slices.Equal(reached, want) {
			t.Fatalf("of %d, %v are reached", n, reached)
		}
	}
}

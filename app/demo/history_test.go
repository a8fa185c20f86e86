package demo_test

import (
	"slices"
	"testing"
	"time"

	"onedoor/app/demo"
	"onedoor/policy/simulate"
	"onedoor/tenants"
)

func TestPastRequestsAreSpreadAsPublished(t *testing.T) {
	t.Parallel()
	side, err := demo.RiversideSide()
	if err != nil {
		t.Fatal(err)
	}
	until := time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC)
	from := until.AddDate(0, 0, -31)
	const n = 6000
	var list []simulate.Request
	morning, monday, answered := 0, 0, 0
	channels, kinds := map[string]int{}, map[string]int{}
	for r, rule := range demo.History(side, from, until, n) {
		if r.At.Before(from) || !r.At.Before(until) || (len(list) > 0 && r.At.Before(list[len(list)-1].At)) {
			t.Fatalf("a request at %v", r.At)
		}
		if rule.Rule == "" || r.Place.Organisation == r.ID || !slices.Contains(simulate.AgeBands(), r.AgeBand) || !slices.Contains(simulate.DeprivationBands(), r.Deprivation) {
			t.Fatalf("%+v by %+v", r, rule)
		}
		local := r.At.In(tenants.London())
		if local.Hour() == 8 || local.Hour() == 9 {
			morning++
		}
		if local.Weekday() == time.Monday {
			monday++
		}
		if !r.AnsweredAt.IsZero() {
			answered++
		}
		channels[r.Channel]++
		kinds[r.Facts["kind"].String()]++
		list = append(list, r)
	}
	share := func(count int) int { return (count*100 + n/2) / n }
	if len(list) != n || share(morning) < 25 || share(morning) > 31 || share(monday) < 22 || share(monday) > 30 || share(answered) < 90 || answered == n {
		t.Errorf("%d requests: %d in 100 in the morning, %d on Mondays, %d answered", len(list), share(morning), share(monday), share(answered))
	}
	if share(channels["phone"]) < 59 || share(channels["phone"]) > 65 || share(channels["web"]) < 20 || share(channels["web"]) > 24 || share(channels["in-person"]) < 12 || share(channels["in-person"]) > 16 {
		t.Errorf("channels: %v", channels)
	}
	if len(kinds) != 10 {
		t.Errorf("kinds: %v", kinds)
	}
	i := 0
	for r := range demo.History(side, from, until, n) {
		if r.ID != list[i].ID || simulate.EncodeFacts(r.Facts) != simulate.EncodeFacts(list[i].Facts) {
			t.Fatal("the second history is another")
		}
		i++
	}
}

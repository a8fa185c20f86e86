package simulate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"onedoor/policy"
)

// findings are what needs a written reason, the most serious kind first and then the most requests.
func (t *tally) findings(r *Result) []Finding {
	list := append([]Finding{}, slices.Concat(t.lessUrgent(), t.late(), groupWaits(r.Groups))...)
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(order(a.Kind), order(b.Kind)), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Key, b.Key))
	})
	return list
}

func order(k FindingKind) int { return slices.Index([]FindingKind{LessUrgent, Late, GroupWaits}, k) }

// lessUrgent tells apart which rule of the draft it is, from what to what.
func (t *tally) lessUrgent() []Finding {
	type change struct {
		from, to policy.Urgency
		rule     RuleName
	}
	found := map[change]int{}
	for key, c := range t.cells {
		if key.to.urgency.Rank() >= key.from.urgency.Rank() {
			continue
		}
		for pair, n := range c.rules {
			found[change{key.from.urgency, key.to.urgency, pair[1]}] += n
		}
	}
	var list []Finding
	for ch, n := range found {
		list = append(list, Finding{
			Key: fmt.Sprintf("less-urgent/%s-%s/%s", ch.from, ch.to, ch.rule), Kind: LessUrgent, Count: n,
			Says: fmt.Sprintf("%s %s now and would be %s, by the rule %s of %s.", requests(n), isAre(n)+" "+string(ch.from), ch.to, ch.rule.Rule, ch.rule.Table),
		})
	}
	return list
}

// late tells the queues apart to which the draft sends what becomes late.
func (t *tally) late() []Finding {
	found := map[policy.Place]int{}
	for key, c := range t.cells {
		if c.newlyLate > 0 {
			found[policy.Place{Organisation: key.to.place.Organisation, Queue: key.to.place.Queue}] += c.newlyLate
		}
	}
	var list []Finding
	for place, n := range found {
		o, _ := t.draft.Directory.Organisation(place.Organisation)
		q, _ := t.draft.Directory.Queue(place.Queue)
		list = append(list, Finding{
			Key: fmt.Sprintf("late/%s/%s", o.ODS, q.Slug), Kind: Late, Count: n,
			Says: fmt.Sprintf("%s would be answered late in the queue %s of %s and %s not now.", requests(n), q.Name, o.Name, isAre(n)),
		})
	}
	return list
}

// groupWaits tells the groups whose mean or median wait becomes longer by a minute or more.
func groupWaits(groups []GroupWait) []Finding {
	var list []Finding
	for _, g := range groups {
		mean := time.Duration(g.Draft.Mean-g.Live.Mean) * time.Second
		median := time.Duration(g.Draft.Median-g.Live.Median) * time.Second
		if mean < longerBy && median < longerBy {
			continue
		}
		what, by, now, then := "on average", mean, g.Live.Mean, g.Draft.Mean
		if mean < longerBy {
			what, by, now, then = "in the middle of the group", median, g.Live.Median, g.Draft.Median
		}
		list = append(list, Finding{
			Key: "group-waits/" + g.By + "/" + g.Group, Kind: GroupWaits, Count: g.Longer,
			Says: fmt.Sprintf("%s would wait %s longer %s: %s in place of %s.", upper(groupWords(g.By, g.Group)), spoken(by), what, spoken(seconds(then)), spoken(seconds(now))),
		})
	}
	return list
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }

func requests(n int) string {
	if n == 1 {
		return "1 request"
	}
	return fmt.Sprintf("%d requests", n)
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// groupWords names a group for a sentence.
func groupWords(by, group string) string {
	switch {
	case by == ByChannel:
		return "people who ask by " + map[string]string{"web": "web page", "in-person": "coming in person", "link": "a link to an own online tool"}[group] + blankIf(group, "web", "in-person", "link")
	case by == ByAge && group == NotKnown:
		return "people whose age is not known"
	case by == ByAge:
		return "people aged " + strings.ReplaceAll(strings.Replace(group, "-and-over", " and over", 1), "-", " to ")
	case by == ByDeprivation && group == NotKnown:
		return "people whose area’s deprivation is not known"
	case by == ByDeprivation:
		return "people in fifth " + group + " of areas by deprivation (1 is the most deprived)"
	case group == NotSaid:
		return "people whose language is not recorded"
	}
	return "people whose language is " + group
}

func blankIf(s string, any ...string) string {
	if slices.Contains(any, s) {
		return ""
	}
	return s
}

// spoken is a duration in days, hours and minutes.
func spoken(d time.Duration) string {
	minutes := int(d.Round(time.Minute) / time.Minute)
	var parts []string
	for _, unit := range []struct {
		name    string
		minutes int
	}{{"day", 24 * 60}, {"hour", 60}, {"minute", 1}} {
		if n := minutes / unit.minutes; n > 0 {
			minutes -= n * unit.minutes
			name := unit.name
			if n > 1 {
				name += "s"
			}
			parts = append(parts, fmt.Sprintf("%d %s", n, name))
		}
	}
	if len(parts) == 0 {
		return "less than a minute"
	}
	return strings.Join(parts[:min(2, len(parts))], " ")
}

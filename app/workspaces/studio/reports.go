package studio

import (
	"slices"
	"sync"

	"onedoor/app/nhs"
	"onedoor/policy"
	"onedoor/policy/analysis"
	"onedoor/tenants"
)

// reports keeps what analysis found lately, so that opening a page does not look for it again and an edit of one rule is
// looked at alone. It is a convenience of this process: what it has forgotten is found anew.
type reports struct {
	mu   sync.Mutex
	kept map[reportKey]found
	used []reportKey // the one used last stands last
}

// found is a report with what else was known for it. A recheck knows the same, or it would have to look at everything.
type found struct {
	report  *analysis.Report
	options analysis.Options
}

type reportKey struct {
	policy, directory string
	on                nhs.Date
}

const reportsKept = 24

func (r *reports) get(key reportKey) (found, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, ok := r.kept[key]
	if ok {
		r.touch(key)
	}
	return f, ok
}

func (r *reports) put(key reportKey, f found) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil {
		r.kept = map[reportKey]found{}
	}
	r.kept[key] = f
	r.touch(key)
	if len(r.used) > reportsKept {
		delete(r.kept, r.used[0])
		r.used = slices.Delete(r.used, 0, 1)
	}
}

func (r *reports) touch(key reportKey) {
	r.used = append(slices.DeleteFunc(r.used, func(k reportKey) bool { return k == key }), key)
}

func (k *call) reportKey(p *policy.Policy) reportKey {
	return reportKey{p.Hash(), k.directory.Hash(), k.today()}
}

func (k *call) today() nhs.Date { return nhs.DateOf(k.now.In(tenants.London())) }

// known is what an analysis is told besides the policy: where rules lead today, and what was asked in the last month.
func (w *Workspace) known(k *call) (analysis.Options, error) {
	o := analysis.Options{Directory: k.directory, On: k.today()}
	if w.Traffic == nil {
		return o, nil
	}
	past, err := w.Traffic.Past(k.ctx(), k.who.NeighbourhoodID, k.now.AddDate(0, -1, 0))
	for _, p := range past {
		o.Past = append(o.Past, analysis.Past{Facts: p.Facts, Count: p.Count})
	}
	return o, err
}

// report is what is wrong with a policy.
func (w *Workspace) report(k *call, p *policy.Policy) (*analysis.Report, error) {
	if f, ok := w.reports.get(k.reportKey(p)); ok {
		return f.report, nil
	}
	o, err := w.known(k)
	if err != nil {
		return nil, err
	}
	report, err := analysis.Check(k.ctx(), p, o)
	if err != nil {
		return nil, err
	}
	w.reports.put(k.reportKey(p), found{report, o})
	return report, nil
}

// recheck is the same after an edit of one rule, found sooner when the policy before it was looked at.
func (w *Workspace) recheck(k *call, before, after *policy.Policy, changed analysis.RuleRef) error {
	if _, ok := w.reports.get(k.reportKey(after)); ok {
		return nil
	}
	f, ok := w.reports.get(k.reportKey(before))
	if !ok {
		return nil // the page looks at all of it
	}
	report, err := f.report.Recheck(k.ctx(), after, changed, f.options)
	if err != nil {
		return err
	}
	w.reports.put(k.reportKey(after), found{report, f.options})
	return nil
}

// findingsOf are the findings that concern a rule: what was found in it, and what it does to others.
func findingsOf(report *analysis.Report, table, rule string) []analysis.Finding {
	var list []analysis.Finding
	for _, f := range report.Findings {
		if f.Table == table && f.Rule == rule {
			list = append(list, f)
		}
	}
	return list
}

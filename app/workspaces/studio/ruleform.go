package studio

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"onedoor/app/fault"
	"onedoor/policy"
	"onedoor/ui/components"
	"onedoor/ui/locales"
)

// How the form of a rule says what a fact may be.
const (
	modeThese = "these" // only what is ticked; with nothing ticked, anything
	modeNot   = "not"   // what is known, and not ticked
	modeAny   = "any"   // numbers: anything
	modeRange = "range" // numbers: from one to another
	modeKnown = "known" // numbers: any that is known
	modeOnly  = "only"  // numbers: only when not known
	modeAsIs  = "as-is" // numbers: what the rule says and this form cannot
)

const notKnown = "unknown"

// formOfRule fills in the form of a rule.
func formOfRule(p *policy.Policy, r policy.Rule) url.Values {
	form := url.Values{
		"to": {placeValue(r.Then.To, r.Then.Service)}, "urgency": {string(r.Then.Urgency)}, "message": {r.Then.Message}, "tags": {strings.Join(r.Then.Tags, ", ")},
		"drift": {string(r.IfDrifts)}, "note": {r.Note},
	}
	set := func(name string, yes bool) {
		if yes {
			form.Set(name, "yes")
		}
	}
	set("nearest", r.Then.To.Nearest)
	set("open", r.Then.To.Open)
	set("off", r.Disabled)
	for _, d := range r.Then.Overflow {
		form.Add("overflow", d.String()) // nearest and open stay as they are
	}
	setSpan(form, "answer", r.Then.AnswerWithin)
	setSpan(form, "care", r.Then.CareWithin)
	for _, f := range p.Facts() {
		i := slices.IndexFunc(r.When, func(c policy.Condition) bool { return c.Fact == f.Name })
		switch {
		case i >= 0 && f.Numeric():
			setNumbers(form, f, r.When[i].Cell)
		case i >= 0:
			setValues(form, f, r.When[i].Cell)
		case f.Numeric():
			form.Set("when."+f.Name, modeAny)
		default:
			form.Set("when."+f.Name, modeThese)
		}
	}
	return form
}

func setSpan(form url.Values, name string, d time.Duration) {
	minutes := int(d / time.Minute)
	switch {
	case minutes == 0:
	case minutes%(24*60) == 0:
		form.Set(name, strconv.Itoa(minutes/(24*60)))
		form.Set(name+"-unit", "d")
	case minutes%60 == 0:
		form.Set(name, strconv.Itoa(minutes/60))
		form.Set(name+"-unit", "h")
	default:
		form.Set(name, strconv.Itoa(minutes))
		form.Set(name+"-unit", "m")
	}
}

func setValues(form url.Values, f policy.Fact, c policy.Cell) {
	not := strings.HasPrefix(c.String(), "not(")
	form.Set("when."+f.Name, modeThese)
	if not {
		form.Set("when."+f.Name, modeNot)
	}
	for _, v := range f.Values {
		if c.Matches(&f, policy.Text(v)) != not {
			form.Add("value."+f.Name, v)
		}
	}
	if !not && c.Matches(&f, policy.Value{}) {
		form.Add("value."+f.Name, notKnown)
	}
}

func setNumbers(form url.Values, f policy.Fact, c policy.Cell) {
	set := c.Set()
	unknown := len(set) > 0 && set[0].Low == 0
	if unknown {
		if set[0].High == 0 {
			set = set[1:]
		} else {
			set[0].Low = 1
		}
	}
	mode := modeRange
	switch {
	case len(set) == 0:
		mode = modeOnly
	case len(set) > 1:
		mode = modeAsIs
		form.Set("as-is."+f.Name, c.String())
	default:
		low, high := f.Min+int(set[0].Low)-1, f.Min+int(set[0].High)-1
		if low == f.Min && high == f.Max && !unknown {
			mode = modeKnown
			break
		}
		if low > f.Min {
			form.Set("from."+f.Name, strconv.Itoa(low))
		}
		if high < f.Max {
			form.Set("until."+f.Name, strconv.Itoa(high))
		}
		if unknown {
			form.Set("or-unknown."+f.Name, "yes")
		}
	}
	form.Set("when."+f.Name, mode)
}

// readRule reads the form into a rule. Before is what the rule says so far, so that what means the same stays as it is
// written. What is wrong is told all at once.
func readRule(p *policy.Policy, before policy.Rule, form url.Values) (policy.Rule, []components.Problem) {
	r := policy.Rule{ID: before.ID, Disabled: form.Get("off") == "yes", IfDrifts: policy.DestinationKind(form.Get("drift"))}
	r.Note = strings.TrimSpace(strings.ReplaceAll(form.Get("note"), "\r\n", "\n"))
	if r.Note == strings.TrimSpace(before.Note) {
		r.Note = before.Note
	}
	in := &ruleReader{form: form}
	known := map[string]policy.Condition{}
	var order []string
	for _, c := range before.When {
		order = append(order, c.Fact)
	}
	for _, f := range p.Facts() {
		if c, ok := in.condition(f); ok {
			known[f.Name] = c
		}
		if !slices.Contains(order, f.Name) {
			order = append(order, f.Name)
		}
	}
	for _, name := range order {
		c, ok := known[name]
		if !ok {
			continue
		}
		i := slices.IndexFunc(before.When, func(o policy.Condition) bool { return o.Fact == name })
		if i >= 0 && slices.Equal(before.When[i].Cell.Set(), c.Cell.Set()) {
			c = before.When[i]
		}
		r.When = append(r.When, c)
	}
	r.Then = in.outcome(before.Then)
	return r, in.wrong
}

// ruleReader gathers what is wrong.
type ruleReader struct {
	form  url.Values
	wrong []components.Problem
}

func (in *ruleReader) add(target, says string) {
	in.wrong = append(in.wrong, components.Problem{Target: target, Says: locales.Plain(says)})
}

// condition is what the form says of one fact; false when it may be anything.
func (in *ruleReader) condition(f policy.Fact) (policy.Condition, bool) {
	test := ""
	if f.Numeric() {
		test = in.numbers(f)
	} else {
		test = in.values(f)
	}
	if test == "" {
		return policy.Condition{}, false
	}
	c, err := policy.ParseCell(f, test)
	if err != nil {
		_, says, _ := strings.Cut(fault.As(err).Says, ": ")
		in.add("when-"+f.Name, factTitle(f.Name)+": "+says)
		return policy.Condition{}, false
	}
	return policy.Condition{Fact: f.Name, Cell: c}, !c.Anything()
}

func (in *ruleReader) values(f policy.Fact) string {
	ticked := in.form["value."+f.Name]
	var tests []string
	for _, v := range append(slices.Clone(f.Values), notKnown) {
		switch {
		case !slices.Contains(ticked, v):
		case v == notKnown:
			tests = append(tests, v)
		default:
			tests = append(tests, quote(v))
		}
	}
	if in.form.Get("when."+f.Name) == modeNot {
		if !slices.Contains(ticked, notKnown) && len(tests) == 0 {
			tests = []string{notKnown}
		}
		if len(tests)-count(tests, notKnown) == len(f.Values) {
			in.add("when-"+f.Name, factTitle(f.Name)+": leave at least one answer that the rule takes")
			return ""
		}
		return "not(" + strings.Join(tests, ", ") + ")"
	}
	if len(tests) == len(f.Values)+1 {
		return "" // every answer, and none: anything
	}
	return strings.Join(tests, ", ")
}

func count(list []string, s string) (n int) {
	for _, item := range list {
		if item == s {
			n++
		}
	}
	return n
}

// quote writes a value as a cell does.
func quote(s string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), `"`, `\"`) + `"`
}

func (in *ruleReader) numbers(f policy.Fact) string {
	from, until := strings.TrimSpace(in.form.Get("from."+f.Name)), strings.TrimSpace(in.form.Get("until."+f.Name))
	mode := in.form.Get("when." + f.Name)
	if from == "" && until == "" {
		switch mode {
		case modeKnown:
			return "not(" + notKnown + ")"
		case modeOnly:
			return notKnown
		case modeAsIs:
			return in.form.Get("as-is." + f.Name)
		case modeRange:
			in.add("from-"+f.Name, factTitle(f.Name)+": enter the lowest, the highest, or both")
		}
		return ""
	}
	low, high := in.bound(f, "from", from), in.bound(f, "until", until)
	if low == nil || high == nil {
		return ""
	}
	test := ""
	switch {
	case until == "":
		test = ">= " + strconv.Itoa(*low)
	case from == "":
		test = "<= " + strconv.Itoa(*high)
	case *low > *high:
		in.add("from-"+f.Name, factTitle(f.Name)+": the lowest must not be above the highest")
		return ""
	case *low == *high:
		test = strconv.Itoa(*low)
	default:
		test = "[" + strconv.Itoa(*low) + ".." + strconv.Itoa(*high) + "]"
	}
	if in.form.Get("or-unknown."+f.Name) == "yes" {
		test += ", " + notKnown
	}
	return test
}

// bound reads one end of a range; an empty one is no limit, and nil is wrong.
func (in *ruleReader) bound(f policy.Fact, name, text string) *int {
	n := f.Min
	if name == "until" {
		n = f.Max
	}
	if text == "" {
		return &n
	}
	typed, err := number(text)
	if err != nil || typed < f.Min || typed > f.Max {
		in.add(name+"-"+f.Name, factTitle(f.Name)+" must be "+f.Domain())
		return nil
	}
	return &typed
}

func number(text string) (int, error) { return strconv.Atoi(strings.TrimSpace(text)) }

func (in *ruleReader) outcome(before policy.Outcome) policy.Outcome {
	var o policy.Outcome
	to, service, ok := readPlace(in.form.Get("to"))
	if !ok {
		in.add("to", "Select where these requests go")
	}
	if to.Kind == policy.ToCapability || to.Kind == policy.ToService {
		to.Nearest, to.Open = in.form.Get("nearest") == "yes", in.form.Get("open") == "yes"
	}
	o.To, o.Service, o.Urgency = to, service, policy.Urgency(in.form.Get("urgency"))
	switch {
	case o.Urgency.Rank() == 0:
		in.add("urgency", "Select how soon somebody must answer")
	case o.Urgency == policy.Emergency && ok && (to.Kind != policy.ToRegisteredPractice || to.Queue != "safety"):
		in.add("to", "An emergency goes to the registered practice, queue safety, where a person checks it")
	}
	seen := []policy.Destination{o.To}
	for _, text := range in.form["overflow"] {
		if text == "" {
			continue
		}
		d, err := policy.ParseDestination(text)
		switch {
		case err != nil:
			in.add("overflow", "Select a place from the list")
		case slices.Contains(seen, d):
			in.add("overflow", "Name each place once")
		default:
			o.Overflow = append(o.Overflow, d)
		}
		seen = append(seen, d)
	}
	o.AnswerWithin, o.CareWithin = in.span("answer"), in.span("care")
	o.Message = in.form.Get("message")
	for _, tag := range strings.Split(in.form.Get("tags"), ",") {
		if slug := slugOf(tag); slug != "" {
			o.Tags = append(o.Tags, slug)
		}
	}
	if slices.Equal(o.Tags, before.Tags) {
		o.Tags = before.Tags
	}
	return o
}

// span reads a length of time; nothing is none.
func (in *ruleReader) span(name string) time.Duration {
	text := strings.TrimSpace(in.form.Get(name))
	if text == "" {
		return 0
	}
	n, err := number(text)
	length := time.Duration(n) * map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[in.form.Get(name+"-unit")]
	const most = 30 * 24 * time.Hour
	if err != nil || n < 1 || length <= 0 || length > most {
		in.add(name, "Enter a whole number of minutes, hours or days, and no more than 30 days")
		return 0
	}
	return length
}

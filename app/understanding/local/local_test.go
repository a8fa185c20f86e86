package local

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"onedoor/app/catalogue"
	"onedoor/app/understanding"
)

// loaded is the model that tests share: it is trained once for all of them.
var loaded = sync.OnceValues(fresh)

func fresh() (*Model, error) {
	c, err := catalogue.Load()
	if err != nil {
		return nil, err
	}
	return New(c)
}

func load(t testing.TB) *Model {
	t.Helper()
	m, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func heldOut(t testing.TB, language string) []Saying {
	t.Helper()
	list, err := os.ReadFile("testdata/heldout-" + language + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	sayings, err := ReadSayings(string(list))
	if err != nil {
		t.Fatal(err)
	}
	return sayings
}

// tally counts what a model made of sayings.
type tally struct {
	all, right           int // the likeliest class is the right one
	accepted, acceptedOK int // proposals, and those that were right
	logLoss              float64
	bins                 [10]struct {
		n     int
		sure  float64
		right int
	}
}

func (t *tally) add(m *classifier, s Saying, sharpness float64) (kind string, confidence float64) {
	chances := m.chances(m.features(s.Words), sharpness)
	best := 0
	for y := range chances {
		if chances[y] > chances[best] {
			best = y
		}
	}
	kind, confidence = m.classes[best], chances[best]
	t.all++
	ok := kind == s.Kind
	if ok {
		t.right++
	}
	if kind != "" && confidence >= Floor {
		t.accepted++
		if ok {
			t.acceptedOK++
		}
	}
	t.logLoss -= math.Log(math.Max(chances[slices.Index(m.classes, s.Kind)], 1e-9))
	bin := &t.bins[min(9, int(confidence*10))]
	bin.n, bin.sure = bin.n+1, bin.sure+confidence
	if ok {
		bin.right++
	}
	return kind, confidence
}

// off is by how much chances and shares differ on average: the expected calibration error.
func (t *tally) off() float64 {
	sum := 0.0
	for _, b := range t.bins {
		if b.n > 0 {
			sum += math.Abs(b.sure - float64(b.right))
		}
	}
	return sum / float64(t.all)
}

func (t *tally) String() string {
	return fmt.Sprintf("%3d sayings, %3.0f%% likeliest right; proposed %3.0f%%, %3.0f%% of these right", t.all, share(t.right, t.all), share(t.accepted, t.all), share(t.acceptedOK, t.accepted))
}

func share(n, of int) float64 {
	if of == 0 {
		return math.NaN()
	}
	return 100 * float64(n) / float64(of)
}

func TestHeldOutSayings(t *testing.T) {
	t.Parallel()
	began := time.Now()
	m := load(t).trained()
	t.Logf("trained in %v: %d features, %d classes", time.Since(began), len(m.vocabulary), len(m.classes))
	floors := map[string]struct{ right, proposed, proposedRight float64 }{"en": {75, 60, 85}, "cy": {70, 60, 85}, "long": {60, 25, 85}}
	for _, language := range []string{"en", "cy", "long"} {
		var all tally
		byKind := map[string]*tally{}
		for _, s := range heldOut(t, language) {
			if byKind[s.Kind] == nil {
				byKind[s.Kind] = &tally{}
			}
			kind, confidence := all.add(m, s, sharpness)
			byKind[s.Kind].add(m, s, sharpness)
			if kind != s.Kind {
				t.Logf("  %s: %-20s taken for %-20s %.2f %q", language, s.Kind, kind, confidence, s.Words)
			}
		}
		for _, kind := range slices.Sorted(maps.Keys(byKind)) {
			t.Logf("%s %-20s %s", language, kind, byKind[kind])
		}
		t.Logf("%s all: %s; confidence is off by %.3f", language, &all, all.off())
		want := floors[language]
		if share(all.right, all.all) < want.right || share(all.accepted, all.all) < want.proposed || share(all.acceptedOK, all.accepted) < want.proposedRight {
			t.Errorf("%s: below the floors %+v: %s", language, want, &all)
		}
		if all.off() > 0.2 {
			t.Errorf("%s: confidence is off by %.3f", language, all.off())
		}
	}
}

// folds are parts of the training sayings, each of which a model is tried on that was trained on the others.
func folds(t testing.TB, try func(fold int, m *classifier, left []Saying)) {
	t.Helper()
	var all []Saying
	for _, list := range []string{phrasesEnglish, phrasesWelsh} {
		sayings, err := ReadSayings(list)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, sayings...)
	}
	const parts = 4
	random := rand.New(rand.NewPCG(7, 7))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for fold := range parts {
		var taught, left []Saying
		for i, s := range all {
			if i%parts == fold {
				left = append(left, s)
			} else {
				taught = append(taught, s)
			}
		}
		try(fold, train(taught), left)
	}
}

func TestConfidenceIsAsSureAsItIsRight(t *testing.T) {
	t.Parallel()
	sharpnesses := []float64{0.6, 0.8, 1, 1.2, 1.4, 1.7, 2, 2.5}
	tallies := make([]tally, len(sharpnesses))
	folds(t, func(_ int, m *classifier, left []Saying) {
		for i := range sharpnesses {
			for _, s := range left {
				tallies[i].add(m, s, sharpnesses[i])
			}
		}
	})
	best := 0
	for i := range tallies {
		t.Logf("sharpness %.1f: loss %.4f, off by %.3f; %s", sharpnesses[i], tallies[i].logLoss/float64(tallies[i].all), tallies[i].off(), &tallies[i])
		if tallies[i].logLoss < tallies[best].logLoss {
			best = i
		}
	}
	if math.Abs(sharpnesses[best]-sharpness) > 0.25 {
		t.Errorf("chances are best at a sharpness of %.1f, and it is %.1f", sharpnesses[best], sharpness)
	}
}

func TestNoHeldOutSayingIsTrainedOn(t *testing.T) {
	t.Parallel()
	for language, list := range map[string]string{"en": phrasesEnglish, "cy": phrasesWelsh} {
		taught, err := ReadSayings(list)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]string{}
		for _, s := range taught {
			key := strings.Join(fold(s.Words), " ")
			if other, twice := seen[key]; twice {
				t.Errorf("%q stands twice, for %q and %q", s.Words, other, s.Kind)
			}
			seen[key] = s.Kind
		}
		for _, s := range slices.Concat(heldOut(t, language), heldOut(t, "long")) {
			if _, known := seen[strings.Join(fold(s.Words), " ")]; known {
				t.Errorf("%q is held out and trained on", s.Words)
			}
		}
	}
}

func TestTrainingIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	a := load(t)
	b, err := fresh()
	if err != nil {
		t.Fatal(err)
	}
	if a.version != b.version || !slices.Equal(a.trained().weights, b.trained().weights) || !slices.Equal(a.trained().biases, b.trained().biases) {
		t.Error("two models from the same sayings differ")
	}
}

func TestWordsThatSayNothingAreNotUnderstood(t *testing.T) {
	t.Parallel()
	m := load(t)
	for _, words := range []string{"", "   ", "...", "xqzt wvpl", "żółta łódź podwodna płynie", "\xff\xfe", "1234567890"} {
		p, err := m.Understand(t.Context(), understanding.Text{Words: words})
		if err != nil || p.Kind != "" {
			t.Errorf("%q: %+v, %v", words, p, err)
		}
	}
}

func TestAnswersThatWereSaidAreProposed(t *testing.T) {
	t.Parallel()
	m := load(t)
	for words, want := range map[string]string{
		"symptoms: my ear hurts and it's been for three days":                  `{"condition":"earache","duration":"1-to-3-days"}`,
		"symptoms: no earache, just a sore throat":                             `{"condition":"sore-throat"}`,
		"symptoms: earache and a sore throat":                                  `{}`,
		"symptoms: ma llwnc tost da fi ers wythnos":                            `{"condition":"sore-throat","duration":"4-to-7-days"}`,
		"test-results: are my bloods back from the hospital":                   `{"test-place":"hospital","test-type":"blood"}`,
		"appointment-book: can I see a nurse tomorrow, morning or afternoon":   `{"how-soon":"within-a-week","times-that-suit":["morning","afternoon"],"with-whom":"nurse"}`,
		"repeat-prescription: my usual tablets, and one gives me side effects": `{"medicines":"usual","side-effects":true}`,
		"admin: dw i wedi symud tŷ":                                            `{"admin-topic":"details"}`,
		"self-referral: physiotherapy":                                         `{"self-referral-service":"physiotherapy"}`,
		"fit-note: my sick note runs out on friday":                            `{"fit-note-type":"extension"}`,
		"callback: about my tablets, please not in the morning":                `{"callback-topic":"medicines"}`,
	} {
		kind, said, _ := strings.Cut(words, ": ")
		got, err := json.Marshal(m.answersIn(kind, said))
		if err != nil || string(got) != want {
			t.Errorf("%q: %s, want %s", words, got, want)
		}
	}
}

func TestListsThatCannotBeReadAreRefused(t *testing.T) {
	t.Parallel()
	c, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	for name, list := range map[string]string{
		"no kind": "[nothing]", "no heading": "condition=earache: earache", "no question": "[symptoms]\nnothing=x: y", "no code": "[symptoms]\ncondition=x: y",
		"a safety question": "[symptoms]\nred-flags-adult=none: fine", "an age": "[symptoms]\nage-band=under-5: baby", "free words": "[symptoms]\ndescribe=x: y",
		"an empty phrase": "[symptoms]\ncondition=earache: earache |", "no phrase": "[symptoms]\ncondition=earache",
	} {
		if _, err := readAnswers(c, list); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for _, list := range []string{"", "# only this", "a saying"} {
		if _, err := ReadSayings(list); err == nil {
			t.Errorf("%q: accepted", list)
		}
	}
}

func BenchmarkUnderstand(b *testing.B) {
	m := load(b)
	m.trained()
	for b.Loop() {
		_, _ = m.Understand(b.Context(), understanding.Text{Words: "hiya could I get in to see a doctor sometime this week"})
	}
}

func BenchmarkTrain(b *testing.B) {
	for b.Loop() {
		m, err := fresh()
		if err != nil {
			b.Fatal(err)
		}
		m.trained()
	}
}

func FuzzUnderstand(f *testing.F) {
	for _, s := range []string{"", "book an appointment", "dw i'n sâl", "\xff"} {
		f.Add(s)
	}
	m := load(f)
	f.Fuzz(func(t *testing.T, words string) {
		p, err := m.Understand(t.Context(), understanding.Text{Words: words})
		if err != nil || math.IsNaN(p.Confidence) || p.Confidence < 0 || p.Confidence > 1 {
			t.Errorf("%q: %+v, %v", words, p, err)
		}
	})
}

// What the rules take for an emergency never reaches a model: a saying that they would stop teaches nothing and tests nothing.
func TestNoSayingIsAnEmergency(t *testing.T) {
	t.Parallel()
	c, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Concat(heldOut(t, "en"), heldOut(t, "cy"), heldOut(t, "long"))
	for _, list := range []string{phrasesEnglish, phrasesWelsh} {
		sayings, err := ReadSayings(list)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, sayings...)
	}
	for _, s := range all {
		if found := c.Screen().Read(s.Words, true); found.Level == catalogue.Emergency {
			t.Errorf("%q is an emergency by %q", s.Words, found.Phrases)
		}
	}
}

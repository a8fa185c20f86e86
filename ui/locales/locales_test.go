package locales_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"

	"onedoor/app/nhs"
	"onedoor/ui/locales"
)

// notTranslated is every message that may be without Welsh. Keep it empty where you can: each is English on a Welsh page.
var notTranslated = []string{}

func messages(t *testing.T, name string) map[string]string {
	t.Helper()
	var m map[string]string
	if _, err := toml.DecodeFile(name, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEveryMessageHasWelsh(t *testing.T) {
	t.Parallel()
	blanks := regexp.MustCompile(`\{\{[^}]*\}\}|%\{[a-z]+\}`)
	for _, file := range []string{"active", "safety"} {
		english, welsh := messages(t, file+".en.toml"), messages(t, file+".cy.toml")
		for id, says := range english {
			translated, ok := welsh[id]
			if !ok {
				if !slices.Contains(notTranslated, id) {
					t.Errorf("%s has no Welsh in %s.cy.toml", id, file)
				}
				continue
			}
			want, got := blanks.FindAllString(says, -1), blanks.FindAllString(translated, -1)
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(want, got) && !strings.HasPrefix(id, "characters-at") {
				t.Errorf("%s: English has blanks %v, Welsh %v", id, want, got)
			}
		}
		for id := range welsh {
			if _, ok := english[id]; !ok {
				t.Errorf("%s is only in Welsh", id)
			}
		}
	}
}

func TestEveryMessageThatPagesSayExists(t *testing.T) {
	t.Parallel()
	known := messages(t, "active.en.toml")
	for id := range messages(t, "safety.en.toml") {
		known[id] = ""
	}
	said := regexp.MustCompile(`(?:@Say|components\.Say|locales\.Say|locales\.T|\bsay|\bword|problemAt)\((?:ctx, |lang, |locales\.Of\(ctx\), |v\.lang, |"[a-z-]+", |part\.name, )?"([a-z0-9-]+)"`)
	for _, root := range []string{"../components", "../pages", "../../app/channels/web"} {
		err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			if os.IsNotExist(err) || (err == nil && (entry.IsDir() || strings.HasSuffix(name, "_templ.go") || strings.HasSuffix(name, "_test.go"))) {
				return nil
			}
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			for _, m := range said.FindAllStringSubmatch(string(text), -1) {
				if _, ok := known[m[1]]; !ok && !strings.HasSuffix(m[1], "-") {
					t.Errorf("%s says %q, which is no message", name, m[1])
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestAMessageKnowsItsLanguage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, lang, id string
		args           locales.Args
		want           locales.Text
	}{
		{"English", "en", "continue", nil, locales.Text{Says: "Continue", Lang: "en"}},
		{"Welsh", "cy", "continue", nil, locales.Text{Says: "Parhau", Lang: "cy"}},
		{"a language that we lack is English", "fr", "continue", nil, locales.Text{Says: "Continue", Lang: "en"}},
		{"blanks are filled", "cy", "pharmacy-open-now", locales.Args{"Time": "6pm"}, locales.Text{Says: "Ar agor nawr, tan 6pm.", Lang: "cy"}},
		{"a message that nobody wrote is shown as it stands", "cy", "no-such-message", nil, locales.Text{Says: "no-such-message", Lang: "en"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := locales.T(c.lang, c.id, c.args); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestTheBrowsersLanguageIsHonoured(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]string{
		"":                        "en",
		"cy":                      "cy",
		"cy-GB,cy;q=0.9,en;q=0.8": "cy",
		"fr,pl;q=0.9":             "en",
		"en-GB,cy;q=0.5":          "en",
		"\x00;;q=zz":              "en",
	} {
		if got := locales.Best(accept); got != want {
			t.Errorf("%q gave %s, want %s", accept, got, want)
		}
	}
}

func TestDatesAndTimesReadAsTheServiceManualSays(t *testing.T) {
	t.Parallel()
	at := func(hour, minute int) time.Time { return time.Date(2026, 11, 23, hour, minute, 0, 0, time.UTC) }
	for _, c := range []struct{ got, want string }{
		{locales.Clock("en", at(9, 0)), "9am"},
		{locales.Clock("en", at(18, 30)), "6:30pm"},
		{locales.Clock("en", at(12, 0)), "midday"},
		{locales.Clock("en", at(0, 0)), "midnight"},
		{locales.Clock("en", at(0, 5)), "12:05am"},
		{locales.Clock("cy", at(12, 0)), "hanner dydd"},
		{locales.Moment("en", at(18, 30)), "6:30pm on Monday 23 November"},
		{locales.Moment("cy", at(18, 30)), "6:30pm ddydd Llun 23 Tachwedd"},
		{locales.Day("en", nhs.Date{Year: 1980, Month: 3, Day: 31}), "31 March 1980"},
		{locales.Day("cy", nhs.Date{Year: 1980, Month: 3, Day: 31}), "31 Mawrth 1980"},
		{locales.Day("en", nhs.Date{}), ""},
		{locales.Spaced("1234567890"), "123 456 7890"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

package operations_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/channels/voice/media"
	"onedoor/app/channels/voice/prompts"
	"onedoor/app/demo"
	"onedoor/app/demo/demotest"
	"onedoor/app/directory"
	"onedoor/app/identity"
	"onedoor/app/routes"
	"onedoor/app/speech/espeak"
	"onedoor/app/store/directorystore"
	"onedoor/app/store/identitystore"
	"onedoor/app/store/promptstore"
	"onedoor/app/workspaces/operations"
	"onedoor/ui/browsertest"
	"onedoor/ui/static"
)

// studio is the pages of prompts over the demonstration, with the real engine.
type studio struct {
	*demotest.World
	url  string
	door *identity.Door
}

func openStudio(t *testing.T) *studio {
	t.Helper()
	w := demotest.New(t)
	engine, err := espeak.New(t.Context(), espeak.Options{Within: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	phrases := append(prompts.Characters(),
		dialogue.Phrase{ID: "welcome", Text: "Hello.", Language: "en"}, dialogue.Phrase{ID: "welcome", Text: "Helo.", Language: "cy"},
		dialogue.Phrase{ID: "title.symptoms", Text: "Get help with symptoms", Language: "en"},
		dialogue.Phrase{ID: "question.symptoms.duration", Text: "How long has this been going on?", Language: "en"},
		dialogue.Phrase{ID: "question.symptoms.duration", Text: "Ers faint mae hyn wedi bod yn digwydd?", Language: "cy"},
		dialogue.Phrase{ID: "text.question.safety.age-band", Text: "How old is the person who needs help?", Language: "en"},
	)
	said, err := prompts.New(prompts.Options{Engine: engine, Store: promptstore.New(w.DB), Phrases: phrases, Now: w.Now, Within: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	s := &studio{World: w, door: identity.NewDoor(identitystore.New(w.DB), w.Now, nil)}
	server := routes.New(routes.Options{Doors: s.door, Development: true, Now: w.Now})
	all := directory.New(directorystore.New(w.DB), w.Now)
	operations.New(operations.Options{Directories: all, Neighbourhoods: all, Prompts: said, Now: w.Now}).Add(server)
	server.AddHTTP(http.MethodGet, static.Root+"*", routes.Public, static.Handler())
	listening := httptest.NewServer(server.Handler())
	t.Cleanup(listening.Close)
	s.url = listening.URL
	return s
}

func (s *studio) token(t *testing.T, subject string) string {
	t.Helper()
	token, err := s.door.SignIn(t.Context(), identity.Claims{Issuer: demo.Issuer, Subject: subject, AuthenticatedAt: s.Now(), Development: true}, "", uuid.Nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(token)
}

// reader is somebody signed in, in a browser without scripts.
type reader struct {
	t      *testing.T
	client *http.Client
	base   string
}

func (s *studio) as(t *testing.T, subject string) *reader {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(at, []*http.Cookie{{Name: "onedoor-session", Value: s.token(t, subject)}})
	return &reader{t, &http.Client{Jar: jar}, s.url}
}

func (r *reader) do(method, path, contentType string, body io.Reader) (status int, at, text string) {
	r.t.Helper()
	q, err := http.NewRequestWithContext(r.t.Context(), method, r.base+path, body)
	if err != nil {
		r.t.Fatal(err)
	}
	if contentType != "" {
		q.Header.Set("Content-Type", contentType)
	}
	answer, err := r.client.Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer.StatusCode, answer.Request.URL.RequestURI(), string(b)
}

func (r *reader) get(path string) (int, string, string) {
	r.t.Helper()
	return r.do(http.MethodGet, path, "", nil)
}

func (r *reader) upload(path string, file []byte) (int, string, string) {
	r.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("recording", "Mrs Somebody.wav")
	if err != nil {
		r.t.Fatal(err)
	}
	_, _ = part.Write(file)
	_ = w.Close()
	return r.do(http.MethodPost, path, w.FormDataContentType(), &b)
}

const (
	ourLine = "/operations/prompts/A81001"
	hello   = ourLine + "/welcome"
)

func tone(length time.Duration) []byte { return media.Tone(300, length).WAV() }

func length(t *testing.T, wav string) time.Duration {
	t.Helper()
	sound, err := media.FromWAV([]byte(wav))
	if err != nil {
		t.Fatal(err)
	}
	return sound.Length()
}

func TestAnAdministratorHearsRecordsAndRemovesWhatTheirLineSays(t *testing.T) {
	t.Parallel()
	s := openStudio(t)
	jo := s.as(t, "jo.bennett")
	status, at, body := jo.get("/operations/prompts")
	if status != http.StatusOK || at != ourLine {
		t.Fatalf("%d at %s", status, at)
	}
	holds(t, body, "Weir Lane Surgery", "Hello.", "Helo.", `lang="cy"`, "Computer voice", "Get help with symptoms</a>", "Letters and digits", "0 of 2 recorded", "not Ers faint")
	_, _, body = jo.get(ourLine + "?part=symptoms")
	holds(t, body, "How long has this been going on?", "Ers faint mae hyn wedi bod yn digwydd?", `aria-current="page"`, "not Hello.")
	_, _, body = jo.get(ourLine + "?part=safety")
	holds(t, body, "How old is the person who needs help?")

	_, _, body = jo.get(hello)
	holds(t, body, "A computer voice says it", `src="`+hello+`/en/sound"`, `action="`+hello+`/cy"`, "not /remove")
	_, _, spoken := jo.get(hello + "/en/sound")
	if got := length(t, spoken); got > 1500*time.Millisecond {
		t.Errorf("the computer voice takes %s", got)
	}

	status, at, body = jo.upload(hello+"/en", tone(3*time.Second))
	if status != http.StatusOK || at != hello+"?done=uploaded" {
		t.Fatalf("%d at %s: %s", status, at, body)
	}
	holds(t, body, "The recording is kept.", "Uploaded by Jo Bennett", `/en/remove"`, "not /cy/remove", "not Mrs Somebody")
	if _, _, sound := jo.get(hello + "/en/sound"); length(t, sound) != 3*time.Second {
		t.Errorf("heard is %s", length(t, sound))
	}
	_, _, body = jo.get(ourLine)
	holds(t, body, "1 of 2 recorded", ">Recorded<")

	status, _, body = jo.upload(hello+"/cy", []byte("not a recording"))
	if status != http.StatusUnprocessableEntity {
		t.Errorf("a text: %d", status)
	}
	holds(t, body, "There is a problem", "The file is neither a WAV nor an MP3 recording.", `href="#file-cy"`, "nhsuk-file-upload--error")
	status, _, body = jo.upload(hello+"/cy", nil)
	if status != http.StatusUnprocessableEntity {
		t.Errorf("no file: %d", status)
	}
	holds(t, body, "Choose a file.")
	if status, _, _ = jo.upload(hello+"/cy", make([]byte, 12<<20)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("12 MB: %d", status)
	}

	status, at, body = jo.do(http.MethodPost, hello+"/en/remove", "application/x-www-form-urlencoded", strings.NewReader(""))
	if status != http.StatusOK || at != hello+"?done=removed" {
		t.Errorf("%d at %s", status, at)
	}
	holds(t, body, "The recording is removed.", "A computer voice says it", "not /en/remove")
}

func TestALeadRecordsForEveryLineAndAnOrganisationsOwnComesFirst(t *testing.T) {
	t.Parallel()
	s := openStudio(t)
	neil, jo := s.as(t, "neil.hart"), s.as(t, "jo.bennett")
	const all = "/operations/prompts/neighbourhood/welcome"
	if status, at, _ := neil.get("/operations/prompts"); status != http.StatusOK || at != "/operations/prompts/neighbourhood" {
		t.Fatalf("%d at %s", status, at)
	}
	if status, _, body := neil.upload(all+"/en", tone(2*time.Second)); status != http.StatusOK {
		t.Fatalf("%d: %s", status, body)
	}
	_, _, body := jo.get(hello)
	holds(t, body, "The neighbourhood’s recording is played", "not /en/remove")
	if _, _, sound := jo.get(hello + "/en/sound"); length(t, sound) != 2*time.Second {
		t.Errorf("the practice's line says %s", length(t, sound))
	}
	jo.upload(hello+"/en", tone(4*time.Second))
	if _, _, sound := jo.get(hello + "/en/sound"); length(t, sound) != 4*time.Second {
		t.Errorf("the practice's line says %s", length(t, sound))
	}
	if _, _, sound := neil.get(all + "/en/sound"); length(t, sound) != 2*time.Second {
		t.Errorf("the neighbourhood's line says %s", length(t, sound))
	}
}

func TestNobodyReachesAnothersLine(t *testing.T) {
	t.Parallel()
	s := openStudio(t)
	jo, neil, sam := s.as(t, "jo.bennett"), s.as(t, "neil.hart"), s.as(t, "sam.carter")
	for name, tt := range map[string]struct {
		who  *reader
		path string
		want int
	}{
		"an administrator, another organisation's": {jo, "/operations/prompts/FRV01/welcome", http.StatusNotFound},
		"an administrator, the neighbourhood's":    {jo, "/operations/prompts/neighbourhood/welcome", http.StatusNotFound},
		"a lead, an organisation's":                {neil, hello, http.StatusNotFound},
		"no such phrase":                           {jo, ourLine + "/nowhere", http.StatusNotFound},
		"no such place":                            {jo, "/operations/prompts/-/welcome", http.StatusNotFound},
		"a receptionist":                           {sam, hello, http.StatusForbidden},
	} {
		if status, _, _ := tt.who.get(tt.path); status != tt.want {
			t.Errorf("%s: %d", name, status)
		}
		if status, _, _ := tt.who.upload(tt.path+"/en", tone(time.Second)); status != tt.want {
			t.Errorf("%s uploads: %d", name, status)
		}
		if status, _, _ := tt.who.get(tt.path + "/en/sound"); status != tt.want {
			t.Errorf("%s hears: %d", name, status)
		}
	}
	if status, _, _ := jo.get(hello + "/fr/sound"); status != http.StatusNotFound {
		t.Errorf("in French: %d", status)
	}
}

func TestThePagesOfPromptsAreAccessible(t *testing.T) {
	t.Parallel()
	s := openStudio(t)
	s.as(t, "jo.bennett").upload(hello+"/en", tone(time.Second))
	for name, size := range map[string]browsertest.Size{"desktop": browsertest.Desktop, "phone": browsertest.Phone} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tab := browsertest.Open(t)
			if _, err := chromedp.Call(tab.Context(), network.SetCookie, network.SetCookieParams{Name: "onedoor-session", Value: s.token(t, "jo.bennett"), URL: s.url}); err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{ourLine, ourLine + "?part=characters", hello, ourLine + "/question.symptoms.duration"} {
				tab.Size(size)
				tab.Go(s.url + path)
				tab.Await(`document.body.classList.contains("nhsuk-frontend-supported")`)
				browsertest.Axe(t, tab)
				browsertest.Reflows(t, tab)
				tab.Size(browsertest.Zoomed)
				browsertest.Reflows(t, tab)
			}
			tab.Size(size)
			tab.Go(s.url + hello)
			// The policy of the page lets its own sound in.
			tab.Await(`(() => { const a = document.querySelector("audio"); if (!a.dataset.asked) { a.dataset.asked = 1; a.load(); a.preload = "auto" } return a.readyState > 0 && a.duration > 0.9 })()`)
		})
	}
}

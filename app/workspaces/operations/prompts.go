package operations

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/identity"
	"onedoor/app/routes"
	"onedoor/app/speech"
	"onedoor/ui/components"
	"onedoor/ui/locales"
	"onedoor/ui/pages"
)

const (
	promptsPath      = root + "/prompts"
	promptsOfPath    = promptsPath + "/:place"
	promptPath       = promptsOfPath + "/:phrase"
	promptSoundPath  = promptPath + "/:language/sound"
	promptUploadPath = promptPath + "/:language"
	promptRemovePath = promptPath + "/:language/remove"

	promptField = "recording"
	// promptBody is the largest file of prompts, and what a form adds to it.
	promptBody = 10<<20 + 64<<10
)

// Prompts are what the telephone says. It is prompts.Prompts.
type Prompts interface {
	Lines() []speech.Line
	Recorded(ctx context.Context, neighbourhood, organisation uuid.UUID) ([]speech.Prompt, error)
	Hear(ctx context.Context, neighbourhood, organisation uuid.UUID, id, language string) ([]byte, error)
	Upload(ctx context.Context, by identity.Principal, neighbourhood, organisation uuid.UUID, id, language string, file []byte) error
	Remove(ctx context.Context, by identity.Principal, neighbourhood, organisation uuid.UUID, id, language string) error
}

// addPrompts registers the pages where organisations hear what their line says, and say it themselves.
func (w *Workspace) addPrompts(s *routes.Server) {
	s.Add(http.MethodGet, promptsPath, routes.Need("prompt", "read"), w.promptPlaces)
	s.Add(http.MethodGet, promptsOfPath, routes.Need("prompt", "read"), w.prompts)
	s.Add(http.MethodGet, promptPath, routes.Need("prompt", "read"), w.prompt)
	s.Add(http.MethodGet, promptSoundPath, routes.Need("prompt", "read"), w.promptSound)
	s.AddBounded(http.MethodPost, promptUploadPath, routes.Need("prompt", "write"), routes.Bounds{Body: promptBody, Time: 20 * time.Second}, w.uploadPrompt)
	s.Add(http.MethodPost, promptRemovePath, routes.Need("prompt", "write"), w.removePrompt)
}

// promptPlaces lists whose lines there are; where there is one alone it is shown at once.
func (w *Workspace) promptPlaces(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	list := k.places("prompt", "read")
	if len(list) == 1 {
		return c.Redirect(http.StatusSeeOther, routes.Address(promptsOfPath, list[0].slug))
	}
	page := pages.PromptPlaces{Operations: k.page("What the line says", promptsPath)}
	for _, p := range list {
		page.Places = append(page.Places, pages.PromptPlace{Name: p.name, Href: routes.Address(promptsOfPath, p.slug)})
	}
	return routes.Render(c, http.StatusOK, pages.PromptPlacesPage(page))
}

// prompts lists one part of what a line says.
func (w *Workspace) prompts(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	p, err := k.place("prompt", "read")
	if err != nil {
		return err
	}
	said, err := w.saidAt(k, p)
	if err != nil {
		return err
	}
	lines := w.Prompts.Lines()
	parts := promptParts(lines)
	chosen := parts[0]
	if i := slices.IndexFunc(parts, func(part promptPart) bool { return part.slug == c.QueryParam("part") }); i >= 0 {
		chosen = parts[i]
	}
	page := pages.PromptList{Operations: k.page("What the line says: "+p.name, promptsPath), Name: p.name, Part: chosen.text}
	for _, part := range parts {
		entry := pages.PromptPart{Text: part.text, Href: routes.Address(promptsOfPath, p.slug) + "?part=" + part.slug, Current: part.slug == chosen.slug}
		for _, line := range part.lines {
			for _, language := range speech.Languages() {
				if said[promptKey{line.Phrase, language}].own {
					entry.Recorded++
				}
			}
			entry.Of += len(line.Texts)
		}
		page.Parts = append(page.Parts, entry)
	}
	for _, line := range chosen.lines {
		row := pages.PromptRow{ID: line.Phrase, Href: routes.Address(promptPath, p.slug, line.Phrase)}
		for _, language := range speech.Languages() {
			if text := line.Texts[language]; text != "" {
				row.Said = append(row.Said, pages.PromptSaid{
					Lang: language, Language: languageName(language), Words: text, State: said[promptKey{line.Phrase, language}].label(),
				})
			}
		}
		page.Rows = append(page.Rows, row)
	}
	return routes.Render(c, http.StatusOK, pages.PromptListPage(page))
}

// prompt shows one phrase in each language: to hear, to record, to remove.
func (w *Workspace) prompt(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	p, err := k.place("prompt", "read")
	if err != nil {
		return err
	}
	return w.showPrompt(k, p, promptDone(c.QueryParam("done")), "", locales.Text{})
}

func promptDone(code string) string {
	switch code {
	case "uploaded":
		return "The recording is kept. Callers hear it within ten seconds."
	case "removed":
		return "The recording is removed."
	}
	return ""
}

// showPrompt shows a phrase; wrong is what is the matter with the file for one language.
func (w *Workspace) showPrompt(k *call, p place, notice, language string, wrong locales.Text) error {
	line, part, err := w.lineAt(k)
	if err != nil {
		return err
	}
	said, err := w.saidAt(k, p)
	if err != nil {
		return err
	}
	page := pages.Prompt{Operations: k.page("What the line says: "+line.Phrase, promptsPath), Name: p.name, ID: line.Phrase, Part: part.text}
	page.Page.Back = routes.Address(promptsOfPath, p.slug) + "?part=" + part.slug
	page.Notice = notice
	writes := slices.ContainsFunc(k.places("prompt", "write"), func(x place) bool { return x == p })
	for _, lang := range speech.Languages() {
		text := line.Texts[lang]
		if text == "" {
			continue
		}
		how := said[promptKey{line.Phrase, lang}]
		said := pages.PromptLanguage{
			PromptSaid: pages.PromptSaid{Lang: lang, Language: languageName(lang), Words: text, State: how.label()},
			Sound:      routes.Address(promptSoundPath, p.slug, line.Phrase, lang), How: how.words(k.now),
		}
		if how.own {
			said.Sound += "?of=" + how.prompt.ID.String() // another recording is another address, so that no page plays an old one
		}
		if writes {
			said.Upload = routes.Address(promptUploadPath, p.slug, line.Phrase, lang)
			if how.own || how.stale {
				said.Remove = routes.Address(promptRemovePath, p.slug, line.Phrase, lang)
			}
		}
		if lang == language && !wrong.Empty() {
			said.Error = wrong
			page.Wrong = []components.Problem{{Target: "file-" + lang, Says: wrong}}
			page.Page.Problems = true
		}
		page.Languages = append(page.Languages, said)
	}
	status := http.StatusOK
	if len(page.Wrong) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return routes.Render(k.c, status, pages.PromptPage(page))
}

// promptSound is what a caller of this line hears now.
func (w *Workspace) promptSound(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	p, err := k.place("prompt", "read")
	if err != nil {
		return err
	}
	wav, err := w.Prompts.Hear(k.ctx(), k.who.NeighbourhoodID, p.organisation, c.Param("phrase"), c.Param("language"))
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, "audio/wav")
	h.Set(echo.HeaderCacheControl, "no-store")
	// A player asks for parts of it, to begin somewhere else than at the beginning.
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, bytes.NewReader(wav))
	return nil
}

func (w *Workspace) uploadPrompt(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	p, err := k.place("prompt", "write")
	if err != nil {
		return err
	}
	upload, err := routes.ReadUpload(c, promptField)
	if err != nil {
		return err
	}
	language := c.Param("language")
	if len(upload.File) == 0 {
		return w.showPrompt(k, p, "", language, locales.Plain("Choose a file."))
	}
	err = w.Prompts.Upload(k.ctx(), k.who, k.who.NeighbourhoodID, p.organisation, c.Param("phrase"), language, upload.File)
	if e := fault.As(err); err != nil && refusesFile(e) {
		return w.showPrompt(k, p, "", language, locales.Plain(e.Says))
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, routes.Address(promptPath, p.slug, c.Param("phrase"))+"?done=uploaded")
}

// refusesFile tells a file that cannot be used from everything else that can go wrong.
func refusesFile(e *fault.Error) bool {
	return strings.HasPrefix(e.Code, "prompt_") || strings.HasPrefix(e.Code, "audio_")
}

func (w *Workspace) removePrompt(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	p, err := k.place("prompt", "write")
	if err != nil {
		return err
	}
	if _, err := routes.ReadForm(c); err != nil {
		return err
	}
	err = w.Prompts.Remove(k.ctx(), k.who, k.who.NeighbourhoodID, p.organisation, c.Param("phrase"), c.Param("language"))
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, routes.Address(promptPath, p.slug, c.Param("phrase"))+"?done=removed")
}

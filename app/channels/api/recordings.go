package api

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/recordings"
	"onedoor/app/requests"
	"onedoor/app/routes"
)

// Recordings are what callers said in place of writing. It is recordings.Service.
type Recordings interface {
	OfRequest(ctx context.Context, by requests.Actor, reference requests.Reference) ([]recordings.Recording, error)
	Audio(ctx context.Context, by requests.Actor, reference requests.Reference, id uuid.UUID) ([]byte, error)
}

// recordingView is a recording without its sound.
type recordingView struct {
	ID        uuid.UUID `json:"id"`
	LinkID    string    `json:"link_id"`
	At        time.Time `json:"at"`
	Seconds   float64   `json:"seconds"`
	KeptUntil time.Time `json:"kept_until"`
	Gone      bool      `json:"gone"`
	Heard     *hearing  `json:"heard,omitempty"`
	Machine   *machine  `json:"transcript,omitempty"`
}

type hearing struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
}

// machine is what a machine wrote down.
type machine struct {
	Text string `json:"text"`
	By   string `json:"by"`
}

func (a *API) listRecordings(c echo.Context) error {
	ref, err := reference(c)
	if err != nil {
		return err
	}
	list, err := a.o.Recordings.OfRequest(c.Request().Context(), readerOf(routes.Principal(c)), ref)
	if err != nil {
		return err
	}
	views := make([]recordingView, len(list))
	for i, r := range list {
		views[i] = recordingView{ID: r.ID, LinkID: r.LinkID, At: r.At, Seconds: r.Length.Seconds(), KeptUntil: r.KeptUntil, Gone: r.Gone}
		if !r.HeardAt.IsZero() {
			views[i].Heard = &hearing{r.HeardBy, r.HeardAt}
		}
		if r.Transcript != "" {
			views[i].Machine = &machine{r.Transcript, r.TranscriptBy}
		}
	}
	return routes.WriteJSON(c, http.StatusOK, views)
}

func (a *API) playRecording(c echo.Context) error {
	ref, err := reference(c)
	if err != nil {
		return err
	}
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return fault.Absent()
	}
	wav, err := a.o.Recordings.Audio(c.Request().Context(), readerOf(routes.Principal(c)), ref, id)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Type", "audio/wav")
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, bytes.NewReader(wav))
	return nil
}

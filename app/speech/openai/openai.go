// Package openai is both ports of speech by the HTTP calls that OpenAI published: POST {base}/audio/speech and POST
// {base}/audio/transcriptions. Many servers understand them, some of which run on a neighbourhood's own machines. Where the
// server is, which model it runs and what it may be given is the operator's to say.
//
// It sends the words or the recording, a model and a language, and nothing of whom they concern. Calls go through
// app/outbound's guard, once each, with a deadline and a bound on the answer. Nothing of a request, an answer or an address is
// ever in an error.
package openai

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"onedoor/app/outbound"
)

// Server is where the calls go.
type Server struct {
	// Base is the address before /audio, such as https://speech.example/v1.
	Base string
	// Key is the bearer token; empty for a server that asks for none.
	Key    string
	Client outbound.Client
}

// check refuses a server that cannot be called.
func (s Server) check() error {
	u, err := url.Parse(s.Base)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("openai: the address of a speech server is like https://speech.example/v1, without a password")
	}
	if s.Client == nil {
		return errors.New("openai: a client is needed")
	}
	return nil
}

// errStatus is an answer of another status than 200.
type errStatus int

func (e errStatus) Error() string { return fmt.Sprintf("status %d", int(e)) }

// permanent reports whether the same request would be answered so again: what the server thinks of us or of what was sent.
// Being asked to wait is not.
func (e errStatus) permanent() bool {
	return e >= 400 && e < 500 && e != http.StatusRequestTimeout && e != http.StatusConflict && e != http.StatusTooEarly && e != http.StatusTooManyRequests
}

// post makes one call and reads the whole of an answer of at most so many bytes.
func (s Server) post(ctx context.Context, within time.Duration, path, contentType, accept string, body []byte, most int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(s.Base, "/")+path, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the address is not one")
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Accept", accept)
	if s.Key != "" {
		r.Header.Set("Authorization", "Bearer "+s.Key)
	}
	response, err := s.Client.Do(r)
	if err != nil {
		return nil, ended(ctx, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, errStatus(response.StatusCode)
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, most+1))
	if err != nil {
		return nil, ended(ctx, err)
	}
	if int64(len(answer)) > most {
		return nil, errors.New("the answer is too long")
	}
	return answer, nil
}

// ended tells what the clock ended from what the server did.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func late(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

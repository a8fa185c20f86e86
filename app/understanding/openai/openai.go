// Package openai asks a language model behind an endpoint that speaks OpenAI's chat completions, somebody's service or one in
// the house, what a person may have meant. Words leave this machine: package understanding takes out what can identify somebody
// first, unless the organisation agreed otherwise.
//
// What a person said is data to the model and never an instruction, and the model is asked for JSON by a schema of the
// catalogue's own codes. Neither is relied on: whatever comes back is read as if an enemy had written it. Anything but a kind
// of the catalogue, a confidence and answers that its questions take, an urgency or a word more, is no answer at all, and the
// person goes on by the menus. No safety question is ever named to the model.
package openai

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"

	"onedoor/app/catalogue"
	"onedoor/app/outbound"
	"onedoor/app/understanding"
)

// Name is what a setting chooses it by.
const Name = "endpoint"

// Floor is the confidence below which nothing is proposed. What a language model says of its own confidence is not calibrated:
// agreement in the shadow says how often it is right.
const Floor = 0.7

const (
	answersMost = 8   // answers that are read of one proposal
	tokensMost  = 600 // of the model's answer
)

// Options say which model, and how it is reached.
type Options struct {
	// URL is the endpoint's base, to which /chat/completions is added: https://models.example/v1.
	URL string
	// Model is the exact version, as the endpoint names it in its answers. An answer that another model gave is refused: agreement
	// was not seen with that one.
	Model string
	// Key is sent as a bearer token; empty for an endpoint in the house without one.
	Key    string
	Client outbound.Client
}

// Model implements understanding.Model.
type Model struct {
	options   Options
	catalogue *catalogue.Catalogue
	url       string
	task      string
	format    json.RawMessage
	version   string
}

// New makes a model.
func New(c *catalogue.Catalogue, o Options) (*Model, error) {
	base, err := url.Parse(o.URL)
	if err != nil || base.Host == "" || base.RawQuery != "" || base.User != nil {
		return nil, errors.New("openai: the endpoint's address must be a URL without a query or a password, such as https://models.example/v1")
	}
	if o.Model == "" || o.Client == nil {
		return nil, errors.New("openai: a model and a client are needed")
	}
	m := &Model{options: o, catalogue: c, url: base.JoinPath("chat", "completions").String(), task: task(c)}
	if m.format, err = json.Marshal(format(c)); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append([]byte(m.task), m.format...))
	m.version = hex.EncodeToString(sum[:4])
	return m, nil
}

// About implements understanding.Model. The version is that of the task and the catalogue.
func (m *Model) About() understanding.About {
	return understanding.About{Name: Name, Model: m.options.Model, Version: m.version, Outside: true}
}

// Understand implements understanding.Model. Its errors hold no words.
func (m *Model) Understand(ctx context.Context, t understanding.Text) (understanding.Proposal, error) {
	ctx, stop := context.WithTimeout(ctx, understanding.Deadline)
	defer stop()
	said, err := json.Marshal(said{Words: t.Words, Language: t.Language, Today: t.Today.String()})
	if err != nil {
		return understanding.Proposal{}, err
	}
	body, err := json.Marshal(question{
		Model: m.options.Model, Messages: []message{{"system", m.task}, {"user", string(said)}}, Format: m.format, Tokens: tokensMost,
	})
	if err != nil {
		return understanding.Proposal{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, m.url, bytes.NewReader(body))
	if err != nil {
		return understanding.Proposal{}, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	if m.options.Key != "" {
		r.Header.Set("Authorization", "Bearer "+m.options.Key)
	}
	raw, _, err := outbound.Read(m.options.Client, r)
	if err != nil {
		return understanding.Proposal{}, err
	}
	return m.read(raw)
}

// said is what the model is given of a person: as a JSON text, so that nothing in it can pass for a message of ours.
type said struct {
	Words    string `json:"said"`
	Language string `json:"language"`
	Today    string `json:"today"`
}

type question struct {
	Model       string          `json:"model"`
	Messages    []message       `json:"messages"`
	Format      json.RawMessage `json:"response_format"`
	Temperature float64         `json:"temperature"`
	Tokens      int             `json:"max_tokens"`
}

type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// completion is the part of an endpoint's answer that is read. Endpoints add members of their own around it.
type completion struct {
	Model   string `json:"model"`
	Choices []struct {
		Finish  string `json:"finish_reason"`
		Message struct {
			Content string          `json:"content"`
			Refusal *string         `json:"refusal"`
			Tools   json.RawMessage `json:"tool_calls"`
		} `json:"message"`
	} `json:"choices"`
}

// proposal is what the schema asks for, and nothing besides.
type proposal struct {
	Kind       *string  `json:"kind"`
	Confidence *float64 `json:"confidence"`
	Answers    []answer `json:"answers"`
}

type answer struct {
	Question string `json:"question"`
	Value    string `json:"value"`
}

// read takes a proposal out of an answer.
func (m *Model) read(raw []byte) (understanding.Proposal, error) {
	var c completion
	if err := json.Unmarshal(raw, &c); err != nil {
		return understanding.Proposal{}, errors.New("openai: the answer is not JSON")
	}
	if c.Model != m.options.Model {
		return understanding.Proposal{}, errors.New("openai: another model answered")
	}
	if len(c.Choices) != 1 || c.Choices[0].Finish != "stop" || c.Choices[0].Message.Refusal != nil {
		return understanding.Proposal{}, errors.New("openai: the model did not answer to the end")
	}
	if tools := c.Choices[0].Message.Tools; len(tools) > 0 && !bytes.Equal(tools, []byte("null")) && !bytes.Equal(tools, []byte("[]")) {
		return understanding.Proposal{}, errors.New("openai: the model asked for a tool")
	}
	var p proposal
	decoder := json.NewDecoder(strings.NewReader(c.Choices[0].Message.Content))
	decoder.DisallowUnknownFields() // an urgency, an explanation, a link
	if err := decoder.Decode(&p); err != nil || decoder.More() {
		return understanding.Proposal{}, errors.New("openai: the proposal is not in the form that was asked for")
	}
	if p.Kind == nil || p.Confidence == nil || math.IsNaN(*p.Confidence) || *p.Confidence < 0 || *p.Confidence > 1 || len(p.Answers) > answersMost {
		return understanding.Proposal{}, errors.New("openai: the proposal is not in the form that was asked for")
	}
	if *p.Kind == noKind || *p.Confidence < Floor {
		return understanding.Proposal{Confidence: *p.Confidence}, nil
	}
	kind, ok := m.catalogue.Kind(*p.Kind)
	if !ok {
		return understanding.Proposal{}, errors.New("openai: the proposal is of no kind that there is")
	}
	answers, err := answersOf(kind, p.Answers)
	return understanding.Proposal{Kind: kind.Code, Confidence: *p.Confidence, Answers: answers}, err
}

// answersOf reads answers as a form's fields are read. One that its question does not take spoils the proposal: a model that
// says what it was not asked for has not understood.
func answersOf(kind *catalogue.Kind, given []answer) (catalogue.Answers, error) {
	fields := make(map[string][]string, len(given))
	for _, a := range given {
		fields[a.Question] = append(fields[a.Question], a.Value)
	}
	answers := make(catalogue.Answers, len(fields))
	for id, values := range fields {
		it, ok := kind.Questionnaire.Item(id)
		if !ok || !understanding.Proposable(it) {
			return nil, fmt.Errorf("openai: an answer to what was not asked")
		}
		read, err := it.ParseForm(values)
		if err != nil || len(read) == 0 {
			return nil, fmt.Errorf("openai: an answer that its question does not take")
		}
		answers[id] = read
	}
	return answers, nil
}

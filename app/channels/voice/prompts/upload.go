package prompts

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/channels/voice/media"
	"onedoor/app/fault"
	"onedoor/app/identity"
	"onedoor/app/speech"
	"onedoor/policy/access"
)

// What an upload may be.
const (
	LargestFile = 10 << 20
	shortest    = 200 * time.Millisecond
	longest     = 2 * time.Minute
	loudEnough  = 500 // of 32,767: below that there is nothing to hear
)

// Lines are the phrases that can be recorded, with their words.
func (p *Prompts) Lines() []speech.Line { return slices.Clone(p.lines) }

// MayChange reports whether somebody may change the recordings of an organisation or, with a zero organisation, of their
// neighbourhood: administrators their own organisation's, leads the neighbourhood's.
func MayChange(by identity.Principal, organisation uuid.UUID) bool {
	if organisation == uuid.Nil {
		return slices.Contains(by.Reaches("prompt", "write"), access.Neighbourhood)
	}
	return by.MayIn(organisation, "prompt", "write")
}

// Recorded are the recordings of an organisation, or of the neighbourhood for a zero one.
func (p *Prompts) Recorded(ctx context.Context, neighbourhood, organisation uuid.UUID) ([]speech.Prompt, error) {
	if p.store == nil {
		return nil, nil
	}
	list, err := p.store.Prompts(ctx, neighbourhood)
	return slices.DeleteFunc(list, func(x speech.Prompt) bool { return x.OrganisationID != organisation }), err
}

// Hear is how a phrase sounds now on the line of an organisation, as a WAV file.
func (p *Prompts) Hear(ctx context.Context, neighbourhood, organisation uuid.UUID, id, language string) ([]byte, error) {
	text, err := p.wordsOf(id, language)
	if err != nil {
		return nil, err
	}
	sound, err := p.Audio(ctx, neighbourhood, organisation, dialogue.Phrase{ID: id, Text: text, Language: language})
	if err != nil {
		return nil, err
	}
	return sound.WAV(), nil
}

// Upload puts a person's recording in the place of the engine's, at once on this process and within ten seconds on others. A
// file is WAV or MP3; its level and band are made those of a telephone. It refuses with a sentence: prompt_format,
// prompt_too_large, prompt_too_short, prompt_too_long, prompt_silent, and audio_… for what cannot be read.
func (p *Prompts) Upload(ctx context.Context, by identity.Principal, neighbourhood, organisation uuid.UUID, id, language string, file []byte) error {
	text, err := p.wordsOf(id, language)
	if err != nil {
		return err
	}
	if p.store == nil || by.NeighbourhoodID != neighbourhood || !MayChange(by, organisation) {
		return fault.Absent()
	}
	sound, err := fromFile(file)
	if err != nil {
		return err
	}
	key, err := uuid.NewV7()
	if err != nil {
		return err
	}
	prompt := speech.Prompt{
		ID: key, NeighbourhoodID: neighbourhood, OrganisationID: organisation, Phrase: id, Language: language,
		Of: speech.WordsHash(text, language), By: by.Actor(), At: p.now(),
	}
	entry, err := p.entry(by, neighbourhood, organisation, "prompt.upload", id, language)
	if err != nil {
		return err
	}
	entry.Subject = key
	if err := p.store.SavePrompt(ctx, prompt, sound, entry); err != nil {
		return err
	}
	p.changed(neighbourhood)
	return nil
}

// Remove lets the engine speak again, or the neighbourhood's recording in place of an organisation's.
func (p *Prompts) Remove(ctx context.Context, by identity.Principal, neighbourhood, organisation uuid.UUID, id, language string) error {
	if p.store == nil || by.NeighbourhoodID != neighbourhood || !MayChange(by, organisation) {
		return fault.Absent()
	}
	entry, err := p.entry(by, neighbourhood, organisation, "prompt.remove", id, language)
	if err != nil {
		return err
	}
	if err := p.store.RemovePrompt(ctx, neighbourhood, organisation, id, language, entry); err != nil {
		return err
	}
	p.changed(neighbourhood)
	return nil
}

func (p *Prompts) entry(by identity.Principal, neighbourhood, organisation uuid.UUID, action, id, language string) (audit.Entry, error) {
	key, err := uuid.NewV7()
	return audit.Entry{
		ID: key, NeighbourhoodID: neighbourhood, OrganisationID: organisation, At: p.now(), Actor: by.Actor(),
		Action: action, SubjectKind: "prompt", Details: map[string]any{"phrase": id, "language": language},
	}, err
}

func (p *Prompts) wordsOf(id, language string) (string, error) {
	i := slices.IndexFunc(p.lines, func(l speech.Line) bool { return l.Phrase == id })
	if i < 0 || p.lines[i].Texts[language] == "" {
		return "", fault.Absent()
	}
	return p.lines[i].Texts[language], nil
}

// fromFile reads an upload by what it holds, not by what it is called.
func fromFile(file []byte) (media.Audio, error) {
	if len(file) > LargestFile {
		return nil, fault.New(fault.TooLarge, "prompt_too_large", "The file is larger than 10 MB. Choose a smaller one.")
	}
	var sound media.Audio
	var err error
	switch {
	case bytes.HasPrefix(file, []byte("RIFF")):
		sound, err = media.FromWAV(file)
	case bytes.HasPrefix(file, []byte("ID3")), len(file) > 1 && file[0] == 0xff && file[1]&0xe0 == 0xe0:
		sound, err = media.FromMP3(file)
	default:
		return nil, fault.New(fault.Unsupported, "prompt_format", "The file is neither a WAV nor an MP3 recording.")
	}
	switch {
	case err != nil:
		return nil, err
	case sound.Length() < shortest:
		return nil, fault.New(fault.Invalid, "prompt_too_short", "The recording is too short to hold any words.")
	case sound.Length() > longest:
		return nil, fault.New(fault.TooLarge, "prompt_too_long", "The recording is longer than 2 minutes.")
	case !audible(sound):
		return nil, fault.New(fault.Invalid, "prompt_silent", "There is nothing to hear in the recording.")
	}
	return sound, nil
}

func audible(sound media.Audio) bool {
	return slices.ContainsFunc(sound.PCM(), func(s int16) bool { return s > loudEnough || s < -loudEnough })
}

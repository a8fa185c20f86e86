package prompts

import (
	"context"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/channels/voice/media"
	"onedoor/app/speech"
)

// Numbers, references and postcodes are said one character at a time. Each character is a phrase of its own, so that a person
// can record it, an engine makes it once, and nothing of a caller is ever given to an engine for it.

// The pauses after a character, and after a group of them.
const (
	afterCharacter = 220 * time.Millisecond
	afterGroup     = 650 * time.Millisecond
	// afterPhrase is what a caller with more time has to take in one phrase before the next.
	afterPhrase = 900 * time.Millisecond
)

const characters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// Characters are the phrases of all characters, in each language.
func Characters() []dialogue.Phrase {
	list := make([]dialogue.Phrase, 0, len(characters)*2)
	for _, language := range speech.Languages() {
		for _, c := range characters {
			list = append(list, character(c, language))
		}
	}
	return list
}

func character(c rune, language string) dialogue.Phrase {
	return dialogue.Phrase{ID: "character." + strings.ToLower(string(c)), Text: string(c) + ".", Language: language}
}

// spelling is a text as groups of characters; it reports false for one that holds words.
func spelling(text string) (groups [][]rune, ok bool) {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",.;:-/+", r) }) {
		var group []rune
		letters := 0
		for _, r := range strings.ToUpper(word) {
			if !strings.ContainsRune(characters, r) {
				return nil, false
			}
			if unicode.IsLetter(r) {
				letters++
			}
			group = append(group, r)
		}
		if letters > 2 && letters == len(group) {
			return nil, false
		}
		groups = append(groups, group)
	}
	return groups, len(groups) > 0
}

// spelt puts characters together. Characters apart, such as "R S 1", are one group.
func (p *Prompts) spelt(ctx context.Context, neighbourhood, organisation uuid.UUID, groups [][]rune, language string) (media.Audio, error) {
	var sound media.Audio
	for i, group := range groups {
		for j, c := range group {
			said, err := p.Audio(ctx, neighbourhood, organisation, character(c, language))
			if err != nil {
				return nil, err
			}
			sound = append(sound, said...)
			pause := afterCharacter
			if j == len(group)-1 && (len(group) > 1 || (i+1 < len(groups) && len(groups[i+1]) > 1)) {
				pause = afterGroup
			}
			sound = append(sound, media.Silence(pause)...)
		}
	}
	return sound, nil
}

// quiet is the loudest that counts as silence: about 50 dB below the loudest sample there is.
const quiet = 100

// trim takes silence from both ends of what an engine made, all but a breath: phrases follow each other without a gap that a
// caller would take for the end.
func trim(sound media.Audio) media.Audio {
	pcm := sound.PCM()
	first, last := 0, len(pcm)
	for first < last && pcm[first] < quiet && pcm[first] > -quiet {
		first++
	}
	for last > first && pcm[last-1] < quiet && pcm[last-1] > -quiet {
		last--
	}
	if first == last {
		return sound
	}
	const before, after = media.Rate / 50, media.Rate / 5
	return sound[max(0, first-before):min(len(sound), last+after)]
}

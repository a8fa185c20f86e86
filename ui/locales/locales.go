// Package locales holds what pages say, in English and Welsh: page furniture in active.*.toml and what is said in an
// emergency in safety.*.toml, apart, so that it is reviewed apart. A message without a translation is said in English
// and knows that it is, so that a page marks it lang="en". NHS and telephone numbers are never formatted by language.
//
// The texts of questions are not here: they come from the catalogue.
package locales

import (
	"context"
	"embed"
	"fmt"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed *.toml
var files embed.FS

// Languages that a patient can choose, the fallback first.
const (
	English = "en"
	Welsh   = "cy"
)

// Text is words in one language. Lang is theirs, not the page's; empty means the page's.
type Text struct {
	Says string
	Lang string
}

// Plain is words in the page's own language: names, numbers, and everything on staff pages.
func Plain(says string) Text { return Text{Says: says} }

// In is words in a known language, such as a question of the catalogue.
func In(lang, says string) Text { return Text{Says: says, Lang: lang} }

// Empty reports whether there is nothing to say.
func (t Text) Empty() bool { return t.Says == "" }

// Args fill a message's blanks. Count, where a message has plurals, chooses the form.
type Args map[string]any

var localizers = mustLoad()

func mustLoad() map[string]*i18n.Localizer {
	out := make(map[string]*i18n.Localizer, 2)
	for _, lang := range []string{English, Welsh} {
		// A bundle for each language: go-i18n would fall back by itself, and not say that it did.
		bundle := i18n.NewBundle(language.Make(lang))
		bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
		for _, name := range []string{"active." + lang + ".toml", "safety." + lang + ".toml"} {
			if _, err := bundle.LoadMessageFileFS(files, name); err != nil {
				panic("messages are linked in, and yet: " + err.Error())
			}
		}
		out[lang] = i18n.NewLocalizer(bundle, lang)
	}
	return out
}

// T is a message in a language, or in English when that language lacks it. A test keeps unknown ids out of the
// product; at run time one is shown as it stands.
func T(lang, id string, args ...Args) Text {
	config := &i18n.LocalizeConfig{MessageID: id}
	if len(args) > 0 {
		config.TemplateData = args[0]
		if n, ok := args[0]["Count"]; ok {
			config.PluralCount = n
		}
	}
	for _, l := range []string{Known(lang), English} {
		if says, err := localizers[l].Localize(config); err == nil {
			return Text{says, l}
		}
	}
	return Text{id, English}
}

// Known is the language itself when pages can be had in it, and English otherwise.
func Known(lang string) string {
	if _, ok := localizers[lang]; ok {
		return lang
	}
	return English
}

// Best chooses from an Accept-Language header.
func Best(accept string) string {
	wanted, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return English
	}
	for _, tag := range wanted {
		base, _ := tag.Base()
		if _, ok := localizers[base.String()]; ok {
			return base.String()
		}
	}
	return English
}

type contextKey struct{}

// With gives the language in which a page is rendered.
func With(ctx context.Context, lang string) context.Context {
	return context.WithValue(ctx, contextKey{}, Known(lang))
}

// Of is the language in which a page is rendered; English unless With said otherwise.
func Of(ctx context.Context) string {
	if lang, ok := ctx.Value(contextKey{}).(string); ok {
		return lang
	}
	return English
}

// Say is a message in the language of the page being rendered.
func Say(ctx context.Context, id string, args ...Args) Text { return T(Of(ctx), id, args...) }

// Spaced groups ten digits 3, 3 and 4, as references and NHS numbers are read in every language.
func Spaced(digits string) string {
	if len(digits) != 10 {
		return digits
	}
	return fmt.Sprintf("%s %s %s", digits[:3], digits[3:6], digits[6:])
}

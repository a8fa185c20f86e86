package pages

import (
	"context"
	"io"

	"github.com/a-h/templ"

	"onedoor/ui/locales"
)

// inEnglish renders a component in English whatever the page's language.
func inEnglish(c templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return c.Render(locales.With(ctx, locales.English), w)
	})
}

// Package components is nhsuk-frontend's components as templ, and the two page layouts built from them. Each renders the
// HTML of the official fixtures (testdata/nhsuk-frontend), which a test compares. A component takes a plain struct,
// decides nothing about the product, holds no inline style or event handler, and works without JavaScript.
//
// The language comes with the context (locales.With); words in another language are marked with their own.
//
// *_templ.go files are made by `go tool templ generate` and committed; a test fails when they are stale.
package components

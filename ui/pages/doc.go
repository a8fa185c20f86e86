// Package pages is the pages that patients see, as templ over plain view structs. A page decides nothing: a handler says
// what stands on it, in which language each text is, and where its form goes. Every page works without JavaScript, and
// carries the quick exit, since a page may be read by someone who is watched.
package pages

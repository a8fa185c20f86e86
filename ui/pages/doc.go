// Package pages is the pages that patients and staff see, as templ over plain view structs. A page decides nothing: a
// handler says what stands on it, in which language each text is, and where its form goes. Every page works without
// JavaScript. Patients' pages carry the quick exit, since a page may be read by someone who is watched; staff's are in
// English and say what can be done, never who may do it.
package pages

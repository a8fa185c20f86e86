package itk3

import (
	"bytes"
	"encoding/xml"
)

// element is a part of a FHIR resource in XML: most hold their value in an attribute. encoding/xml would need a struct for
// each of some forty elements to say the same.
type element struct {
	name     string
	attr     [2]string
	text     string
	children []element
}

// of is an element of others; those without anything in them are left out, as FHIR asks.
func of(name string, children ...element) element {
	e := element{name: name}
	for _, c := range children {
		if c.attr[0] != "" || c.text != "" || len(c.children) > 0 {
			e.children = append(e.children, c)
		}
	}
	return e
}

// value is a primitive, or nothing.
func value(name, v string) element {
	if v == "" {
		return element{name: name}
	}
	return element{name: name, attr: [2]string{"value", v}}
}

func meta(profile string) element { return of("meta", value("profile", profile)) }

func identifier(system, v string) element {
	if v == "" {
		return element{}
	}
	return of("identifier", value("system", system), value("value", v))
}

func coding(system, code, display string) []element {
	return []element{value("system", system), value("code", code), value("display", display)}
}

func entry(id string, resource element) element {
	return of("entry", value("fullUrl", "urn:uuid:"+id), of("resource", resource))
}

func narrative(says string) element {
	div := of("div", element{name: "p", text: says})
	div.attr = [2]string{"xmlns", "http://www.w3.org/1999/xhtml"}
	return of("text", value("status", "generated"), div)
}

func (e element) xml() []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	e.write(&b)
	return b.Bytes()
}

func (e element) write(b *bytes.Buffer) {
	b.WriteString("<" + e.name)
	if e.attr[0] != "" {
		b.WriteString(" " + e.attr[0] + `="`)
		_ = xml.EscapeText(b, []byte(e.attr[1])) // a buffer takes everything
		b.WriteByte('"')
	}
	if e.text == "" && len(e.children) == 0 {
		b.WriteString("/>")
		return
	}
	b.WriteByte('>')
	_ = xml.EscapeText(b, []byte(e.text))
	for _, c := range e.children {
		c.write(b)
	}
	b.WriteString("</" + e.name + ">")
}

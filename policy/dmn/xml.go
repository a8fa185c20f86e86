package dmn

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"onedoor/app/fault"
)

// Limits of a file.
const (
	MaxBytes    = 32 << 20
	maxDepth    = 200
	maxElements = 3_000_000
)

// element is one element of an XML document.
type element struct {
	space, name string
	attributes  []xml.Attr
	text        string // the character data directly within, when the element has ended
	data        []byte
	children    []*element
	line        int
}

func refuse(code, format string, args ...any) *fault.Error {
	return fault.New(fault.Invalid, code, format, args...)
}

// readXML reads a document as a tree. It knows no document types and no entities but XML's own five.
func readXML(data []byte) (*element, error) {
	if len(data) > MaxBytes {
		return nil, fault.New(fault.TooLarge, "dmn_too_large", "The file has more than %d megabytes.", MaxBytes>>20)
	}
	r := &xmlReader{d: xml.NewDecoder(bytes.NewReader(data))}
	r.d.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		if strings.EqualFold(charset, "us-ascii") {
			return in, nil
		}
		return nil, refuse("dmn_charset", "The file says that it is written in %s: only UTF-8 is read.", shorten(charset))
	}
	for {
		token, err := r.d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, r.broken(err)
		}
		if err := r.take(token); err != nil {
			return nil, err
		}
	}
	if len(r.open) > 0 {
		return nil, refuse("dmn_xml", "Line %d: the element %s has no end.", r.open[len(r.open)-1].line, r.open[len(r.open)-1].name)
	}
	if r.root == nil {
		return nil, refuse("dmn_xml", "The file holds no XML element.")
	}
	return r.root, nil
}

// xmlReader builds the tree, and resolves prefixes: encoding/xml's own end tags would not notice that they differ.
type xmlReader struct {
	d      *xml.Decoder
	root   *element
	open   []*element
	scopes []map[string]string // prefixes declared by each open element
	raw    []xml.Name
	count  int
}

func (r *xmlReader) broken(err error) error {
	if f := new(fault.Error); errors.As(err, &f) {
		return f
	}
	line, _ := r.d.InputPos()
	var syntax *xml.SyntaxError
	says := err.Error()
	if errors.As(err, &syntax) {
		says, line = syntax.Msg, syntax.Line
	}
	if strings.Contains(says, "entity") {
		return refuse("dmn_entity", "Line %d: the file uses an entity that XML itself does not have. Entities are not read.", line)
	}
	return refuse("dmn_xml", "Line %d: this is not well-formed XML: %s.", line, says)
}

func (r *xmlReader) take(token xml.Token) error {
	line, _ := r.d.InputPos()
	switch t := token.(type) {
	case xml.Directive:
		return refuse("dmn_doctype", "Line %d: the file has a document type definition. Those can name other files and swell without limit, and are not read.", line)
	case xml.StartElement:
		return r.start(t, line)
	case xml.EndElement:
		return r.end(t, line)
	case xml.CharData:
		if len(r.open) > 0 {
			e := r.open[len(r.open)-1]
			e.data = append(e.data, t...)
		} else if len(bytes.TrimSpace(bytes.TrimPrefix(t, []byte("\uFEFF")))) > 0 {
			return refuse("dmn_xml", "Line %d: there is text outside the XML element.", line)
		}
	}
	return nil
}

func (r *xmlReader) start(t xml.StartElement, line int) error {
	r.count++
	if len(r.open) >= maxDepth {
		return refuse("dmn_too_deep", "Line %d: elements nest more than %d deep.", line, maxDepth)
	}
	if r.count > maxElements {
		return fault.New(fault.TooLarge, "dmn_too_large", "The file has more than %d elements.", maxElements)
	}
	if len(r.open) == 0 && r.root != nil {
		return refuse("dmn_xml", "Line %d: there is a second XML element after the first.", line)
	}
	e := &element{name: t.Name.Local, line: line}
	declared := map[string]string(nil)
	for _, a := range t.Attr {
		switch {
		case a.Name.Space == "" && a.Name.Local == "xmlns":
			declared = with(declared, "", a.Value)
		case a.Name.Space == "xmlns":
			declared = with(declared, a.Name.Local, a.Value)
		default:
			e.attributes = append(e.attributes, a)
		}
	}
	r.scopes = append(r.scopes, declared)
	space, ok := r.resolve(t.Name.Space)
	if !ok {
		return refuse("dmn_xml", "Line %d: nothing says which namespace %s: stands for.", line, shorten(t.Name.Space))
	}
	e.space = space
	for i, a := range e.attributes {
		if a.Name.Space != "" {
			e.attributes[i].Name.Space, _ = r.resolve(a.Name.Space)
		}
	}
	if len(r.open) == 0 {
		r.root = e
	} else {
		parent := r.open[len(r.open)-1]
		parent.children = append(parent.children, e)
	}
	r.open = append(r.open, e)
	r.raw = append(r.raw, t.Name)
	return nil
}

func (r *xmlReader) end(t xml.EndElement, line int) error {
	last := len(r.open) - 1
	if last < 0 || r.raw[last] != t.Name {
		return refuse("dmn_xml", "Line %d: the end of %s has no beginning.", line, shorten(t.Name.Local))
	}
	e := r.open[last]
	e.text, e.data = string(e.data), nil
	r.open, r.raw, r.scopes = r.open[:last], r.raw[:last], r.scopes[:last]
	return nil
}

func with(m map[string]string, prefix, space string) map[string]string {
	if m == nil {
		m = map[string]string{}
	}
	m[prefix] = space
	return m
}

func (r *xmlReader) resolve(prefix string) (string, bool) {
	if prefix == "xml" {
		return "http://www.w3.org/XML/1998/namespace", true
	}
	for i := len(r.scopes) - 1; i >= 0; i-- {
		if space, ok := r.scopes[i][prefix]; ok {
			return space, true
		}
	}
	return "", prefix == ""
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:57]) + "..."
	}
	return s
}

// attribute is an attribute without a namespace.
func (e *element) attribute(name string) string {
	for _, a := range e.attributes {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// child is the first element of a name in the model's own namespace.
func (e *element) child(name string) *element {
	for _, c := range e.children {
		if c.name == name && c.space == e.space {
			return c
		}
	}
	return nil
}

func (e *element) all(name string) []*element {
	var found []*element
	for _, c := range e.children {
		if c.name == name && c.space == e.space {
			found = append(found, c)
		}
	}
	return found
}

// textOf is the text of a child, or nothing.
func (e *element) textOf(name string) string {
	if c := e.child(name); c != nil {
		return c.text
	}
	return ""
}

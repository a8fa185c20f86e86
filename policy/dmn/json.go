package dmn

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"onedoor/app/fault"
	"onedoor/policy/dmn/feel"
)

const maxInputDepth = 100

// ReadInputs reads a JSON object of inputs by name. Numbers keep their digits; text becomes a date, time or duration
// where the model says that the input is one. The notes name what the model has no input for.
func (m *Model) ReadInputs(document []byte) (inputs *feel.Context, notes []string, err error) {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	v, err := readJSON(d, 0)
	if err != nil {
		return nil, nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, malformed("there is more after the object")
	}
	given, is := v.(*feel.Context)
	if !is {
		return nil, nil, malformed("they are not one object of inputs by name")
	}
	inputs = feel.NewContext()
	for _, key := range given.Keys() {
		v, _ := given.Get(key)
		known := false
		for _, in := range m.inputs {
			if in.name == feel.Tidy(key) {
				inputs.Put(in.name, typed(v, in.of))
				known = true
			}
		}
		if !known && m.parameter(feel.Tidy(key)) {
			inputs.Put(feel.Tidy(key), v)
			known = true
		}
		if !known {
			notes = append(notes, "The model has no input "+strconv.Quote(shorten(key))+"; it was left out.")
		}
	}
	return inputs, notes, nil
}

// parameter reports whether a decision service or a business knowledge model takes something of that name.
func (m *Model) parameter(name string) bool {
	for _, s := range m.services {
		for _, id := range s.inputs {
			if m.variableOf(id).name == name {
				return true
			}
		}
	}
	for _, k := range m.knowledge {
		if k.logic == nil {
			continue
		}
		for _, p := range k.logic.params {
			if p.Name == name {
				return true
			}
		}
	}
	return false
}

func malformed(says string) error {
	return fault.New(fault.Malformed, "dmn_inputs", "The inputs cannot be read: %s.", says)
}

func readJSON(d *json.Decoder, depth int) (feel.Value, error) {
	if depth > maxInputDepth {
		return nil, malformed("they nest more than " + itoa(maxInputDepth) + " deep")
	}
	token, err := d.Token()
	if err != nil {
		return nil, broken(err, d)
	}
	switch t := token.(type) {
	case json.Number:
		n, ok := feel.ParseNumber(t.String())
		if !ok {
			return nil, malformed(shorten(t.String()) + " is no number of 34 digits")
		}
		return n, nil
	case json.Delim:
		if t == '[' {
			return readArray(d, depth)
		}
		return readObject(d, depth)
	case string:
		return t, nil
	case bool:
		return t, nil
	}
	return nil, nil
}

func broken(err error, d *json.Decoder) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return malformed("the JSON ends too early")
	}
	return malformed("at byte " + strconv.FormatInt(d.InputOffset(), 10) + ", " + err.Error())
}

func readArray(d *json.Decoder, depth int) (feel.Value, error) {
	l := feel.List{}
	for d.More() {
		v, err := readJSON(d, depth+1)
		if err != nil {
			return nil, err
		}
		l = append(l, v)
	}
	if _, err := d.Token(); err != nil {
		return nil, broken(err, d)
	}
	return l, nil
}

func readObject(d *json.Decoder, depth int) (feel.Value, error) {
	c := feel.NewContext()
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, broken(err, d)
		}
		v, err := readJSON(d, depth+1)
		if err != nil {
			return nil, err
		}
		name, _ := key.(string)
		if _, twice := c.Get(name); twice {
			return nil, malformed("the name " + strconv.Quote(shorten(name)) + " stands twice in one object")
		}
		c.Put(name, v)
	}
	if _, err := d.Token(); err != nil {
		return nil, broken(err, d)
	}
	return c, nil
}

// typed turns text into dates, times and durations where a type asks for them. Text that is none stays as it is, and does
// not fit the type then.
func typed(v feel.Value, of *feel.Type) feel.Value {
	if of == nil {
		return v
	}
	switch x := v.(type) {
	case string:
		return typedText(x, of)
	case feel.List:
		item := of
		if of.Kind == feel.ListKind {
			item = of.Of
		}
		l := make(feel.List, len(x))
		for i, e := range x {
			l[i] = typed(e, item)
		}
		return l
	case *feel.Context:
		c := feel.NewContext()
		for _, key := range x.Keys() {
			e, _ := x.Get(key)
			var field *feel.Type
			for _, f := range of.Fields {
				if f.Name == key {
					field = f.Type
				}
			}
			c.Put(key, typed(e, field))
		}
		return c
	}
	if of.Kind == feel.ListKind {
		return typed(v, of.Of)
	}
	return v
}

func typedText(s string, of *feel.Type) feel.Value {
	if of.Kind == feel.ListKind && of.Of != nil {
		return typedText(s, of.Of)
	}
	wanted := false
	switch of.Kind {
	case feel.DateKind, feel.TimeKind, feel.DateTimeKind, feel.DaysKind, feel.MonthsKind:
		wanted = true
	}
	if !wanted {
		return s
	}
	if of.Kind == feel.DaysKind {
		if d, ok := feel.ParseDays(s); ok {
			return d
		}
	}
	if of.Kind == feel.MonthsKind {
		if m, ok := feel.ParseMonths(s); ok {
			return m
		}
	}
	if v, ok := feel.ParseTemporal(s); ok {
		return v
	}
	return s
}

// JSON writes a value: numbers with every digit and no exponent, dates, times, durations and ranges as FEEL writes them.
// A function is null.
func JSON(v feel.Value) []byte {
	var b bytes.Buffer
	writeJSON(&b, v)
	return b.Bytes()
}

func writeJSON(b *bytes.Buffer, v feel.Value) {
	switch x := v.(type) {
	case nil, *feel.Function:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(x))
	case *feel.Number:
		b.WriteString(feel.FormatNumber(x))
	case feel.List:
		b.WriteByte('[')
		for i, item := range x {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSON(b, item)
		}
		b.WriteByte(']')
	case *feel.Context:
		b.WriteByte('{')
		for i, key := range x.Keys() {
			if i > 0 {
				b.WriteByte(',')
			}
			writeText(b, key)
			b.WriteByte(':')
			item, _ := x.Get(key)
			writeJSON(b, item)
		}
		b.WriteByte('}')
	default:
		writeText(b, feel.Text(v))
	}
}

func writeText(b *bytes.Buffer, s string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // text always encodes
	b.Truncate(b.Len() - 1)
}

package feel

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// primary reads what binds tightest.
func (p *parser) primary() node {
	p.space()
	if p.err != nil || !p.deeper() {
		return literal{}
	}
	defer p.shallower()
	if p.pos >= len(p.src) {
		return p.fail("expected an expression, found the end")
	}
	c := p.src[p.pos]
	switch {
	case c >= '0' && c <= '9' || c == '.' && p.pos+1 < len(p.src) && p.src[p.pos+1] >= '0' && p.src[p.pos+1] <= '9':
		return p.number()
	case c == '"':
		return literal{p.text()}
	case c == '@':
		p.pos++
		if !p.at(`"`) {
			return p.fail("expected text in quotes after @, found %s", p.next())
		}
		return atLiteral{p.text()}
	case c == '(':
		return p.group()
	case c == '[':
		return p.square()
	case c == ']':
		p.pos++
		low := p.sum()
		p.want("..", "in the range")
		return p.rangeFrom(low, false)
	case c == '{':
		return p.context()
	}
	return p.word()
}

func (p *parser) word() node {
	word := p.peekWord()
	if word == "" {
		return p.fail("expected an expression, found %s", p.next())
	}
	start := p.pos
	name, _ := p.name()
	if name != word {
		return variable{name}
	}
	p.pos = start + len(word)
	switch word {
	case "true", "false":
		return literal{word == "true"}
	case "null":
		return literal{}
	case "if":
		return p.conditional()
	case "for":
		return p.loop()
	case "some", "every":
		return p.quantified(word == "every")
	case "function":
		if p.at("(") {
			return p.function()
		}
	case "then", "else", "return", "satisfies", "between", "and", "or", "in", "instance":
		p.pos = start
		return p.fail("expected an expression, found %s", quoted(word))
	}
	return variable{word}
}

func (p *parser) number() node {
	start := p.pos
	digit := func() bool { return p.pos < len(p.src) && p.src[p.pos] >= '0' && p.src[p.pos] <= '9' }
	for digit() {
		p.pos++
	}
	if p.pos+1 < len(p.src) && p.src[p.pos] == '.' && p.src[p.pos+1] >= '0' && p.src[p.pos+1] <= '9' {
		p.pos++
		for digit() {
			p.pos++
		}
	}
	p.exponentPart()
	n, ok := ParseNumber(p.src[start:p.pos])
	if !ok {
		return p.fail("%s is not a number that has 34 digits", quoted(p.src[start:p.pos]))
	}
	return literal{n}
}

func (p *parser) exponentPart() {
	rest := strings.TrimLeft(p.src[p.pos:], "eE")
	if len(p.src)-p.pos-len(rest) != 1 {
		return
	}
	sign := len(rest)
	rest = strings.TrimPrefix(strings.TrimPrefix(rest, "+"), "-")
	if sign-len(rest) > 1 || rest == "" || rest[0] < '0' || rest[0] > '9' {
		return
	}
	p.pos = len(p.src) - len(strings.TrimLeft(rest, "0123456789"))
}

// text reads a string in quotes.
func (p *parser) text() string {
	p.pos++
	var b strings.Builder
	for p.pos < len(p.src) {
		c, size := utf8.DecodeRuneInString(p.src[p.pos:])
		p.pos += size
		switch c {
		case '"':
			return b.String()
		case '\\':
			p.escape(&b)
		default:
			b.WriteRune(c)
		}
	}
	p.fail("the text in quotes has no end")
	return ""
}

func (p *parser) escape(b *strings.Builder) {
	if p.pos >= len(p.src) {
		return
	}
	c := p.src[p.pos]
	p.pos++
	switch c {
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case '"', '\'', '\\':
		b.WriteByte(c)
	case 'u', 'U':
		p.unicode(b, c)
	default:
		b.WriteByte('\\')
		p.pos--
	}
}

func (p *parser) unicode(b *strings.Builder, kind byte) {
	length := 4
	if kind == 'U' {
		length = 6
	}
	code, ok := p.hex(p.pos, length)
	if !ok {
		p.fail("expected %d hexadecimal digits after \\%c", length, kind)
		return
	}
	p.pos += length
	if code >= 0xD800 && code <= 0xDBFF && strings.HasPrefix(p.src[p.pos:], `\u`) {
		if low, is := p.hex(p.pos+2, 4); is && low >= 0xDC00 && low <= 0xDFFF {
			p.pos += 6
			code = 0x10000 + (code-0xD800)<<10 + low - 0xDC00
		}
	}
	b.WriteRune(code)
}

func (p *parser) hex(at, length int) (rune, bool) {
	if at+length > len(p.src) {
		return 0, false
	}
	n, err := strconv.ParseInt(p.src[at:at+length], 16, 32)
	return rune(n), err == nil && n >= 0
}

func (p *parser) conditional() node {
	var n conditional
	n.test = p.expression()
	p.wantKeyword("then", "after the condition")
	n.yes = p.expression()
	p.wantKeyword("else", "after the first result")
	n.no = p.expression()
	return n
}

// iterators read "x in list, y in other".
func (p *parser) iterators(end string) []iterator {
	var all []iterator
	for p.err == nil {
		name, ok := p.until(func(rest string) bool { return unicode.IsSpace(firstRune(rest)) && keywordNext(rest, "in") })
		if !ok {
			p.fail("expected a name and the word in, found %s", p.next())
			return nil
		}
		p.wantKeyword("in", "after the name")
		it := iterator{name: name, from: p.expression()}
		if p.take("..") {
			it.to = p.expression()
		}
		p.bring(name)
		all = append(all, it)
		if !p.take(",") {
			break
		}
	}
	p.wantKeyword(end, "after the lists")
	return all
}

func keywordNext(rest, word string) bool {
	rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
	return strings.HasPrefix(rest, word) && (len(rest) == len(word) || !namePart(firstRune(rest[len(word):])))
}

func (p *parser) loop() node {
	held := len(p.local)
	n := loop{iterators: p.iterators("return")}
	n.result = p.expression()
	p.unbring(held)
	return n
}

func (p *parser) quantified(every bool) node {
	held := len(p.local)
	n := quantified{every: every, iterators: p.iterators("satisfies")}
	n.condition = p.expression()
	p.unbring(held)
	return n
}

func (p *parser) unbring(held int) { p.local = p.local[:min(held, len(p.local))] }

func (p *parser) function() node {
	p.take("(")
	held := len(p.local)
	var n function
	for p.err == nil && !p.take(")") {
		name, ok := p.until(func(rest string) bool { return rest != "" && strings.ContainsRune(":,)", rune(rest[0])) })
		if !ok {
			return p.fail("expected the name of a parameter, found %s", p.next())
		}
		param := Param{Name: name}
		if p.take(":") {
			param.Type = p.typeName()
		}
		p.bring(name)
		n.params = append(n.params, param)
		if !p.take(",") && !p.at(")") {
			return p.fail("expected , or ) after the parameter, found %s", p.next())
		}
	}
	n.external = p.keyword("external")
	n.body = p.expression()
	p.unbring(held)
	return n
}

// context reads { name: expression, ... }. What it names stays known: a path may name it later.
func (p *parser) context() node {
	p.take("{")
	var n context
	seen := map[string]bool{}
	for p.err == nil && !p.take("}") {
		var key string
		if p.at(`"`) {
			key = p.text()
		} else if name, ok := p.until(atSign(':')); ok {
			key = name
		} else {
			return p.fail("expected the name of an entry, found %s", p.next())
		}
		p.want(":", "after the entry's name")
		n.duplicate = n.duplicate || seen[key]
		seen[key] = true
		value := p.expression()
		p.bring(key)
		n.entries = append(n.entries, entry{key, value})
		if !p.take(",") && !p.at("}") {
			return p.fail("expected , or } after the entry, found %s", p.next())
		}
	}
	return n
}

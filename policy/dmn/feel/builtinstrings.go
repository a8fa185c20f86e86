package feel

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

func stringFunctions() map[string]*builtin {
	return map[string]*builtin{
		"substring":     takes("string, start position, length?", substring),
		"string length": takes("string", of(func(_ *Run, s string) Value { return NewNumber(int64(utf8.RuneCountInString(s))) })),
		"upper case":    takes("string", of(func(_ *Run, s string) Value { return strings.ToUpper(s) })),
		"lower case":    takes("string", of(func(_ *Run, s string) Value { return strings.ToLower(s) })),
		"substring before": takes("string, match", ofTwo(func(_ *Run, s, match string) Value {
			before, _, found := strings.Cut(s, match)
			if !found {
				return ""
			}
			return before
		})),
		"substring after": takes("string, match", ofTwo(func(_ *Run, s, match string) Value {
			_, after, found := strings.Cut(s, match)
			if !found {
				return ""
			}
			return after
		})),
		"contains":    takes("string, match", ofTwo(func(_ *Run, s, match string) Value { return strings.Contains(s, match) })),
		"starts with": takes("string, match", ofTwo(func(_ *Run, s, match string) Value { return strings.HasPrefix(s, match) })),
		"ends with":   takes("string, match", ofTwo(func(_ *Run, s, match string) Value { return strings.HasSuffix(s, match) })),
		"matches":     takes("input, pattern, flags?", matches),
		"replace":     takes("input, pattern, replacement, flags?", replace),
		"split":       takes("string, delimiter", ofTwo(splitBy)),
		"string join": takes("list, delimiter?", stringJoin),
	}
}

func substring(r *Run, a []Value) Value {
	s, ok := as[string](a[0])
	start, ok2 := truncated(first(as[*Number](a[1])))
	if !ok || !ok2 || start == 0 {
		return r.null("substring takes a string and a position that is not 0")
	}
	runes := []rune(s)
	if start < 0 {
		start += len(runes) + 1
	}
	if start < 1 || start > len(runes) {
		return r.null("the string has %d characters", len(runes))
	}
	end := len(runes)
	if length := optional(a, 2); length != nil {
		n, ok := truncated(first(as[*Number](length)))
		if !ok || n < 1 {
			return r.null("the length of a substring is at least 1")
		}
		end = min(end, start-1+min(n, len(runes)))
	} else if len(a) > 2 {
		return r.null("the length of a substring is a number")
	}
	return string(runes[start-1 : end])
}

func first(n *Number, ok bool) Value {
	if !ok {
		return nil
	}
	return n
}

func matches(r *Run, a []Value) Value {
	input, ok := as[string](a[0])
	re, ok2 := pattern3(r, a[1], optional(a, 2))
	if !ok || !ok2 {
		return r.null("matches takes a string and a pattern that is understood here")
	}
	return re.MatchString(input)
}

func replace(r *Run, a []Value) Value {
	input, ok := as[string](a[0])
	re, ok2 := pattern3(r, a[1], optional(a, 3))
	replacement, ok3 := as[string](a[2])
	if !ok || !ok2 || !ok3 {
		return r.null("replace takes a string, a pattern that is understood here, and a replacement")
	}
	if re.MatchString("") {
		return r.null("the pattern of replace matches nothing at all")
	}
	return re.ReplaceAllString(input, template(replacement, re.NumSubexp()))
}

// template turns XPath's $1 into the form of this language's regular expressions.
func template(s string, groups int) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			if s[i] == '$' {
				b.WriteString("$$")
			} else {
				b.WriteByte(s[i])
			}
		case s[i] == '$' && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9':
			n, j := 0, i+1
			for ; j < len(s) && s[j] >= '0' && s[j] <= '9'; j++ {
				if next := n*10 + int(s[j]-'0'); j > i+1 && next > groups {
					break
				} else {
					n = next
				}
			}
			b.WriteString("${" + s[i+1:j] + "}")
			i = j - 1
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// pattern3 compiles a regular expression of XPath with its flags.
func pattern3(r *Run, pattern, flags Value) (*regexp.Regexp, bool) {
	source, ok := as[string](pattern)
	if !ok || len(source) > 10_000 {
		return nil, false
	}
	marks, isString := flags.(string)
	if flags != nil && !isString {
		return nil, false
	}
	set := ""
	for _, f := range marks {
		switch f {
		case 's', 'm', 'i':
			set += string(f)
		case 'x':
			source = withoutSpace(source)
		case 'q':
			source = regexp.QuoteMeta(source)
		default:
			return nil, false
		}
	}
	source = xmlClasses(source, strings.Contains(set, "s"))
	if set != "" {
		source = "(?" + set + ")" + source
	}
	re, err := regexp.Compile(source)
	if err != nil {
		r.null("the pattern is not understood here: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		return nil, false
	}
	return re, true
}

// withoutSpace drops the white space outside classes, as the flag x says.
func withoutSpace(source string) string {
	var b strings.Builder
	class := 0
	for i := 0; i < len(source); i++ {
		c := source[i]
		switch {
		case c == '[':
			class++
		case c == ']':
			class--
		case class == 0 && strings.IndexByte(" \t\r\n", c) >= 0:
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// xmlClasses writes out what only XML's regular expressions have: classes of name characters, and a full stop that takes
// no carriage return either.
func xmlClasses(source string, dotAll bool) string {
	names := map[byte]string{'i': "[_:A-Za-z]", 'c': "[-._:A-Za-z0-9]", 'I': "[^_:A-Za-z]", 'C': "[^-._:A-Za-z0-9]"}
	var b strings.Builder
	class := 0
	for i := 0; i < len(source); i++ {
		c := source[i]
		switch {
		case c == '\\' && i+1 < len(source):
			i++
			if name, is := names[source[i]]; is {
				b.WriteString(name)
				continue
			}
			b.WriteByte(c)
			c = source[i]
			if c == '0' {
				c = 'y' // no escape of XML's, and none of this language's either: the pattern is refused
			}
		case c == '[':
			class++
		case c == ']':
			class--
		case c == '.' && class == 0 && !dotAll:
			b.WriteString(`[^\n\r]`)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

func splitBy(r *Run, s, delimiter string) Value {
	re, ok := pattern3(r, delimiter, nil)
	if !ok {
		return nil
	}
	parts := List{}
	for _, p := range re.Split(s, -1) {
		parts = append(parts, p)
	}
	return parts
}

func stringJoin(r *Run, a []Value) Value {
	l, ok := as[List](a[0])
	delimiter, isString := optional(a, 1).(string)
	if !ok || len(a) > 1 && a[1] != nil && !isString {
		return r.null("string join takes a list and a string")
	}
	var parts []string
	for _, v := range l {
		s, is := v.(string)
		if !is && v != nil {
			return r.null("string join takes strings")
		}
		if is {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, delimiter)
}

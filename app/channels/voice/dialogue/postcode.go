package dialogue

import (
	"context"
	"strconv"
	"strings"

	"onedoor/app/intake"
	"onedoor/app/nhs"
)

// letterKeys are the letters of a keypad, as ITU-T E.161 prints them on every telephone.
var letterKeys = [10]string{2: "ABC", 3: "DEF", 4: "GHI", 5: "JKL", 6: "MNO", 7: "PQRS", 8: "TUV", 9: "WXYZ"}

// noAddressKeys stand for no fixed address in place of a postcode, which is never so short.
const noAddressKeys = "1"

// PostcodeOf reads a postcode keyed as two keys for a letter, its key and its place there, and one for a digit.
//
// How the keys divide follows from the shapes that a postcode can have. The last five keys are always a digit and two
// letters. What stands before them is told apart by its length: A9 has 3 keys, A99 4, AA99 6 and AA9A 7. Two shapes have 5:
// AA9, and A9A, whose digit is always 1 (E1W, N1C, N1P, W1A to W1W): no letter is on key 1, so the third key tells.
func PostcodeOf(keys string) (nhs.Postcode, bool) {
	if len(keys) < 8 || len(keys) > 12 {
		return "", false
	}
	out, in := keys[:len(keys)-5], keys[len(keys)-5:]
	shape := map[int]string{3: "A9", 4: "A99", 5: "AA9", 6: "AA99", 7: "AA9A"}[len(out)]
	if len(out) == 5 && out[2] == '1' {
		shape = "A9A"
	}
	text, ok := spell(shape+"9AA", out+in)
	if !ok {
		return "", false
	}
	postcode, err := nhs.ParsePostcode(text)
	return postcode, err == nil
}

// spell reads keys in a shape: two for each A, one for each 9.
func spell(shape, keys string) (string, bool) {
	var b strings.Builder
	for _, r := range shape {
		if r == '9' {
			b.WriteByte(keys[0])
			keys = keys[1:]
			continue
		}
		letters, place := letterKeys[keys[0]-'0'], int(keys[1]-'1')
		if place < 0 || place >= len(letters) {
			return "", false
		}
		b.WriteByte(letters[place])
		keys = keys[2:]
	}
	return b.String(), keys == ""
}

// PostcodeKeys is what a caller keys for a postcode: the reverse.
func PostcodeKeys(p nhs.Postcode) string {
	if p == nhs.NoFixedAbode {
		return noAddressKeys
	}
	var b strings.Builder
	for _, r := range string(p) {
		for key, letters := range letterKeys {
			if place := strings.IndexRune(letters, r); place >= 0 {
				b.WriteString(strconv.Itoa(key*10 + place + 1))
			}
		}
		if r >= '0' && r <= '9' {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// keyPostcode takes a postcode and says it back at once: it is the hardest thing to key.
func (d *Driver) keyPostcode(ctx context.Context, s *State, keys string) (Turn, error) {
	if keys == "" {
		return d.give(ctx, s, intake.Postcode, "wrong-postcode")
	}
	if keys == noAddressKeys {
		return d.give(ctx, s, intake.Postcode, "wrong-postcode", string(nhs.NoFixedAbode))
	}
	postcode, ok := PostcodeOf(keys)
	if !ok {
		return Turn{}, refusal("wrong-postcode")
	}
	s.Pending = string(postcode)
	return d.enter(ctx, s, stepPostcodeRight)
}

func (d *Driver) askPostcodeRight(_ context.Context, s *State) (Turn, error) {
	return Turn{
		Say:    []Phrase{d.say(s, "postcode-have"), s.spelt(spelled(s.Pending)), d.say(s, "right-or-again")},
		Expect: s.keys(1),
	}, nil
}

func (d *Driver) keyPostcodeRight(ctx context.Context, s *State, keys string) (Turn, error) {
	switch keys {
	case "1":
		return d.give(ctx, s, intake.Postcode, "wrong-postcode", s.Pending)
	case "2":
		s.Pending = ""
		return d.enter(ctx, s, stepDetail)
	}
	return Turn{}, refusal("wrong-key")
}

// spelled puts the characters of a code apart: R S 1, 1 A D.
func spelled(code string) string {
	parts := strings.Fields(code)
	for i, part := range parts {
		parts[i] = strings.Join(strings.Split(part, ""), " ")
	}
	return strings.Join(parts, ", ")
}

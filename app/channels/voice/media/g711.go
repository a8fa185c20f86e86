package media

// The two laws of ITU-T G.711, as tables. They are made once and only read.
var (
	muLawLinear = table(muLawToLinear)
	aLawLinear  = table(aLawToLinear)
	muLawToALaw = table(func(b byte) byte { return linearToALaw(muLawToLinear(b)) })
	aLawToMuLaw = table(func(b byte) byte { return linearToMuLaw(aLawToLinear(b)) })
)

// Silence in either law.
const (
	muLawSilence = 0xff
	aLawSilence  = 0xd5
)

func table[T any](of func(byte) T) (t [256]T) {
	for i := range t {
		t[i] = of(byte(i))
	}
	return t
}

// linear is the table that makes a codec's bytes 16-bit samples.
func (c Codec) linear() *[256]int16 {
	if c == ALaw {
		return &aLawLinear
	}
	return &muLawLinear
}

// silence is the byte that is heard as nothing.
func (c Codec) silence() byte {
	if c == ALaw {
		return aLawSilence
	}
	return muLawSilence
}

func muLawToLinear(u byte) int16 {
	u = ^u
	t := (int16(u&0x0f)<<3 + 0x84) << (u >> 4 & 7)
	if u&0x80 != 0 {
		return 0x84 - t
	}
	return t - 0x84
}

func linearToMuLaw(sample int16) byte {
	s, sign := int(sample), byte(0)
	if s < 0 {
		s, sign = -s, 0x80
	}
	s = min(s, 32635) + 0x84
	exponent := byte(7)
	for mask := 0x4000; s&mask == 0 && exponent > 0; mask >>= 1 {
		exponent--
	}
	return ^(sign | exponent<<4 | byte(s>>(exponent+3)&0x0f))
}

func aLawToLinear(a byte) int16 {
	a ^= 0x55
	t, segment := int16(a&0x0f)<<4, a>>4&7
	if segment == 0 {
		t += 8
	} else {
		t = (t + 0x108) << (segment - 1)
	}
	if a&0x80 != 0 {
		return t
	}
	return -t
}

func linearToALaw(sample int16) byte {
	s, sign := int(sample), byte(0x80)
	if s < 0 {
		s, sign = -s-1, 0
	}
	s = min(s, 32635)
	law := byte(s >> 4 & 0x0f)
	if s >= 256 {
		exponent := byte(7)
		for mask := 0x4000; s&mask == 0 && exponent > 1; mask >>= 1 {
			exponent--
		}
		law = exponent<<4 | byte(s>>(exponent+3)&0x0f)
	}
	return (law | sign) ^ 0x55
}

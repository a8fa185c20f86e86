package analysis

// point is the facts of some past requests as codes, and how many had them.
type point struct {
	codes []int64 // by domain; -1 for what the moment would have told
	count int
}

// points are the past as codes of domains.
func points(domains []domain, past []Past) []point {
	byText := make([]map[string]uint32, len(domains))
	for i := range domains {
		byText[i] = make(map[string]uint32, len(domains[i].texts))
		for j, v := range domains[i].texts {
			byText[i][v] = uint32(j) + 1
		}
	}
	list := make([]point, len(past))
	codes := make([]int64, len(past)*len(domains))
	for i, known := range past {
		list[i] = point{codes[i*len(domains) : (i+1)*len(domains)], known.Count}
		for f := range domains {
			d := &domains[f]
			v := known.Facts[d.name]
			_, numeric := v.Number()
			switch {
			case !v.Known() && fromMoment(d.name):
				list[i].codes[f] = -1
			case !v.Known():
			case numeric:
				list[i].codes[f] = int64(d.code(v))
			case byText[f][v.String()] != 0:
				list[i].codes[f] = int64(byText[f][v.String()])
			default:
				list[i].codes[f] = int64(d.foreign())
			}
		}
	}
	return list
}

// met counts the past requests that a region holds, at some moment.
func (m *model) met(region box) int {
	return m.count(region, m.past)
}

func (l *layout) count(region box, past []point) int {
	n := 0
	for i := range past {
		if l.holds(region, &past[i]) {
			n += past[i].count
		}
	}
	return n
}

func (l *layout) holds(region box, p *point) bool {
	for i := range l.columns {
		c := &l.columns[i]
		code := p.codes[c.fact]
		if code < 0 {
			continue
		}
		class := c.class(uint32(code)) //nolint:gosec // a code
		if region[c.first+class>>6]>>(class&63)&1 == 0 {
			return false
		}
	}
	return true
}

package analysis

// search looks for what is left of a box when others are taken away. It splits the box along one of them at a time: first along
// any that leaves a single piece, else along the one that leaves fewest.
type search struct {
	*layout
	steps int // comparisons of two boxes, so far
	limit int
	skip  int // a column that does not count, or -1

	boxes []box
	used  []bool // which of boxes the proof that nothing is left needs; nil when nobody asks
	lists []int32
	rooms []box // pieces that are not in use now
}

// outcome is how a search ended.
type outcome uint8

const (
	nothing outcome = iota // every point is taken
	stopped                // the caller has seen enough
	open                   // the limit came first
)

// left yields disjoint boxes that together are what boxes leave of a region, until yield has seen enough. What it yields is good
// until it returns.
func (s *search) left(region box, boxes []box, yield func(box) bool) outcome {
	s.boxes = boxes
	s.lists = s.lists[:0]
	for i := range boxes {
		s.lists = append(s.lists, int32(i))
	}
	piece := s.room()
	copy(piece, region)
	ended := s.split(piece, 0, yield)
	s.rooms = append(s.rooms, piece)
	return ended
}

// split works on a piece of which the boxes in lists[from:] are not yet taken away. The piece is its to change.
func (s *search) split(piece box, from int, yield func(box) bool) outcome {
	until := len(s.lists)
	defer func() { s.lists = s.lists[:until] }()
	best := -1
	for again := true; again; {
		again, best = false, -1
		fewest := len(s.columns) + 1
		start := len(s.lists)
		for _, i := range s.lists[from:start] {
			s.steps++
			b := s.boxes[i]
			sticks, column, meets := s.outside(piece, b)
			switch {
			case !meets:
				continue
			case sticks == 0:
				s.note(i)
				return nothing
			case sticks == 1:
				s.note(i)
				c := &s.columns[column]
				for w := c.first; w < c.last; w++ {
					piece[w] &^= b[w]
				}
				again = true // the piece is smaller: what was looked at before may now leave one piece too
				continue
			case sticks < fewest:
				best, fewest = int(i), sticks
			}
			s.lists = append(s.lists, i)
		}
		from = start
		if s.steps > s.limit {
			return open
		}
	}
	if best < 0 {
		if yield(piece) {
			return nothing
		}
		return stopped
	}
	s.note(int32(best))
	rest := s.room()
	defer func() { s.rooms = append(s.rooms, rest) }()
	copy(rest, piece)
	b := s.boxes[best]
	for i := range s.columns {
		c := &s.columns[i]
		out := false
		if i == s.skip {
			continue
		}
		for w := c.first; w < c.last; w++ {
			out = out || rest[w]&^b[w] != 0
		}
		if !out {
			continue
		}
		part := s.room()
		copy(part, rest)
		for w := c.first; w < c.last; w++ {
			part[w] &^= b[w]
			rest[w] &= b[w]
		}
		ended := s.split(part, from, yield)
		s.rooms = append(s.rooms, part)
		if ended != nothing {
			return ended
		}
	}
	return nothing
}

// outside counts the columns in which a piece sticks out of a box, and names the last of them.
func (s *search) outside(piece, b box) (sticks, column int, meets bool) {
	for i := range s.columns {
		if i == s.skip {
			continue
		}
		c := &s.columns[i]
		in, out := uint64(0), uint64(0)
		for w := c.first; w < c.last; w++ {
			in |= piece[w] & b[w]
			out |= piece[w] &^ b[w]
		}
		if in == 0 {
			return 0, 0, false
		}
		if out != 0 {
			sticks++
			column = i
		}
	}
	return sticks, column, true
}

func (s *search) note(i int32) {
	if s.used != nil {
		s.used[i] = true
	}
}

func (s *search) room() box {
	if n := len(s.rooms); n > 0 {
		b := s.rooms[n-1]
		s.rooms = s.rooms[:n-1]
		return b
	}
	return make(box, s.words)
}

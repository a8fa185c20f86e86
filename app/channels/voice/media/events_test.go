package media

import (
	"testing"
	"time"
)

// eventPacket is one as it comes.
type eventPacket struct {
	key       byte
	timestamp uint32
	sequence  uint16
	duration  uint16
	marker    bool
	end       bool
}

// press is all packets of one press, as a telephone sends them.
func press(key byte, timestamp uint32, sequence uint16) []eventPacket {
	var all []eventPacket
	for i := range uint16(5) {
		all = append(all, eventPacket{key: key, timestamp: timestamp, sequence: sequence + i, duration: 160 * (i + 1), marker: i == 0})
	}
	for i := range uint16(3) {
		all = append(all, eventPacket{key: key, timestamp: timestamp, sequence: sequence + 5 + i, duration: 960, end: true})
	}
	return all
}

func join(parts ...[]eventPacket) (all []eventPacket) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func TestKeysAreReadFromEvents(t *testing.T) {
	t.Parallel()
	one, two := press('1', 1000, 10), press('2', 3000, 30)
	again := press('1', 3000, 30)
	for name, c := range map[string]struct {
		packets []eventPacket
		want    string
	}{
		"one press":                                             {one, "1"},
		"two keys":                                              {join(one, two), "12"},
		"the same key twice":                                    {join(one, again), "11"},
		"the first packets are lost":                            {join(one[3:], two[4:]), "12"},
		"all ends are lost":                                     {join(one[:5], again[:5]), "11"},
		"only ends come":                                        {join(one[5:], again[5:]), "11"},
		"only one packet of each comes":                         {join(one[2:3], again[7:]), "11"},
		"every packet comes twice":                              {join(one, one, two, two), "12"},
		"an end comes after the next key":                       {join(one[:7], two[:2], one[7:], two[2:]), "12"},
		"packets change places":                                 {[]eventPacket{one[1], one[0], one[5], one[3], one[7], one[6], two[1], two[0]}, "12"},
		"a press that the next overtook is not told late":       {join(two, one), "2"},
		"a timestamp is used again after an end, with a marker": {join(one, press('1', 1000, 30)), "11"},
		"a marker comes again late":                             {join(one, one[:1]), "1"},
		"a timestamp is used again for another key":             {join(one, press('2', 1000, 30)), "12"},
		"a key is held for longer than a duration can say": {[]eventPacket{
			{key: '5', timestamp: 1000, sequence: 1, duration: 0xff00, marker: true},
			{key: '5', timestamp: 1000 + 0xffff, sequence: 2, duration: 160},
			{key: '5', timestamp: 1000 + 0xffff, sequence: 3, duration: 960, end: true},
		}, "5"},
		"a sender moves the timestamp along": {[]eventPacket{
			{key: '5', timestamp: 1000, sequence: 1, duration: 160, marker: true},
			{key: '5', timestamp: 1160, sequence: 2, duration: 320},
			{key: '5', timestamp: 1320, sequence: 3, duration: 480},
			{key: '5', timestamp: 1320, sequence: 4, duration: 480, end: true},
		}, "5"},
		"sequence and timestamp go round": {join(press('9', 0xffffff00, 0xfffc), press('#', 0x00000800, 0x0010)), "9#"},
		"every key there is":              {join(press('*', 1, 1), press('#', 2000, 20), press('0', 4000, 40), press('A', 6000, 60), press('D', 8000, 80)), "*#0AD"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r eventReader
			got := ""
			for _, p := range c.packets {
				code := byte(0)
				for i := range len(eventKeys) {
					if eventKeys[i] == p.key {
						code = byte(i)
					}
				}
				if key, verdict := r.read([]byte{code, map[bool]byte{true: 0x80}[p.end] | 10, byte(p.duration >> 8), byte(p.duration)}, p.timestamp, p.sequence, p.marker, false); verdict == eventPress {
					got += string(key)
				}
			}
			if got != c.want {
				t.Errorf("read %q, want %q", got, c.want)
			}
		})
	}
}

func TestWhatIsNoKeyIsNotRead(t *testing.T) {
	t.Parallel()
	var r eventReader
	for _, payload := range [][]byte{nil, {1}, {1, 0, 0}, {16, 0, 0, 1}, {255, 255, 255, 255}} {
		if key, verdict := r.read(payload, 1, 1, true, false); verdict != eventNoKey {
			t.Errorf("%v was read as %c (%d)", payload, key, verdict)
		}
	}
}

func TestAKeyByTwoWaysIsOne(t *testing.T) {
	t.Parallel()
	d := func(key byte, by Source, ms int64) Digit {
		return Digit{Key: key, By: by, At: fixed().Add(time.Duration(ms) * time.Millisecond)}
	}
	for name, c := range map[string]struct {
		presses []Digit
		want    string
	}{
		"an event and its INFO":                      {[]Digit{d('1', ByEvent, 0), d('1', ByInfo, 90)}, "1"},
		"an INFO and its event":                      {[]Digit{d('1', ByInfo, 0), d('1', ByEvent, 90)}, "1"},
		"the same key twice by one way":              {[]Digit{d('1', ByEvent, 0), d('1', ByEvent, 200)}, "11"},
		"the same key twice by both ways":            {[]Digit{d('1', ByEvent, 0), d('1', ByInfo, 50), d('1', ByEvent, 200), d('1', ByInfo, 250)}, "11"},
		"both twice, the second way late":            {[]Digit{d('1', ByEvent, 0), d('1', ByEvent, 200), d('1', ByInfo, 300), d('1', ByInfo, 350)}, "11"},
		"two keys, the second way late":              {[]Digit{d('1', ByTone, 0), d('2', ByTone, 150), d('1', ByInfo, 200), d('2', ByInfo, 300)}, "12"},
		"the other way, too late for the same press": {[]Digit{d('1', ByEvent, 0), d('1', ByInfo, 1500)}, "11"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var k keypad
			got := ""
			for _, p := range c.presses {
				if !k.twin(p) {
					got += string(p.Key)
				}
			}
			if got != c.want {
				t.Errorf("heard %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte{1, 0, 0, 160, 0, 1, 1, 0x81, 0x80, 2, 0, 0, 3, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		var r eventReader
		pressed, packets := 0, 0
		for ; len(raw) >= 8; raw = raw[8:] {
			packets++
			if key, verdict := r.read(raw[:4], uint32(raw[4])<<8|uint32(raw[5]), uint16(raw[6]), raw[7]&1 != 0, raw[7]&2 != 0); verdict == eventPress {
				pressed++
				if key == 0 {
					t.Fatal("a press without a key")
				}
			}
		}
		if pressed > packets {
			t.Fatal("more presses than packets")
		}
	})
}

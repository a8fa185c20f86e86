package media

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"onedoor/app/fault"
)

// Why an offer or an answer is refused. A SIP line answers the first with 400 and the others with 488.
const (
	CodeSDPMalformed = "sdp_malformed"
	CodeSDPNoAudio   = "sdp_no_audio"   // no stream of sound, or only on transports that we do not speak
	CodeSDPNoCodec   = "sdp_no_codec"   // neither PCMA nor PCMU at 8 kHz
	CodeSDPNotSecure = "sdp_not_secure" // SRTP is required and not offered with keys that we can use; or offered, and never used here
	CodeSDPAddress   = "sdp_address"    // an address that sound cannot or must not be sent to
)

// largestSDP bounds what is read; the largest that telephones send are a few kilobytes.
const largestSDP = 16 << 10

// mostStreams bounds the streams in one offer, because an answer repeats them all.
const mostStreams = 32

// Offer is what the other side proposes: parsed, and found to have sound in a form that we speak.
type Offer struct {
	origin  string // who and which version: the same again changes nothing
	streams []stream
}

// stream is one m= line, and what we make of it.
type stream struct {
	kind, proto string
	formats     []string
	sound       agreement
	refused     error // why this one cannot be the call's sound; nil when it can
}

// agreement is what one side's description means for us.
type agreement struct {
	origin  string
	to      netip.AddrPort // where they listen; may be unspecified while they hold
	proto   string
	codec   Codec
	payload uint8 // their number for the codec
	events  uint8 // their number for telephone events
	keyed   bool  // events were agreed
	listens bool  // they want to hear us
	speaks  bool  // they may be heard
	crypto  *cryptoLine
}

// ParseOffer reads an SDP offer. It is refused with a code when nothing in it could be a call's sound.
func ParseOffer(body []byte) (Offer, error) {
	if len(body) > largestSDP {
		return Offer{}, fault.New(fault.TooLarge, CodeSDPMalformed, "The session description is too large.")
	}
	var d sdp.SessionDescription
	if err := d.Unmarshal(body); err != nil || d.Origin.Username == "" { // what is empty parses
		return Offer{}, fault.New(fault.Malformed, CodeSDPMalformed, "The session description cannot be read.") // the cause would quote it
	}
	if len(d.MediaDescriptions) > mostStreams {
		return Offer{}, fault.New(fault.TooLarge, CodeSDPMalformed, "The session description has too many streams.")
	}
	o := Offer{origin: d.Origin.String()}
	var refused error
	usable := false
	for _, m := range d.MediaDescriptions {
		st := stream{kind: m.MediaName.Media, proto: strings.Join(m.MediaName.Protos, "/"), formats: m.MediaName.Formats}
		st.sound, st.refused = soundOf(&d, m, st.proto)
		st.sound.origin = o.origin
		usable = usable || st.refused == nil
		if refused == nil || moreTelling(st.refused, refused) {
			refused = st.refused
		}
		o.streams = append(o.streams, st)
	}
	if usable {
		return o, nil
	}
	if refused == nil {
		refused = noAudio()
	}
	return Offer{}, refused
}

// moreTelling prefers the reason of a stream of sound to that of any other stream.
func moreTelling(a, b error) bool {
	return a != nil && fault.As(b).Code == CodeSDPNoAudio && fault.As(a).Code != CodeSDPNoAudio
}

func noAudio() error {
	return fault.New(fault.Invalid, CodeSDPNoAudio, "The offer has no stream of sound that this line can carry.")
}

// Held says that who offers does not want to hear us: a call on hold.
func (o Offer) Held() bool {
	return !slices.ContainsFunc(o.streams, func(s stream) bool { return s.refused == nil && s.sound.listens })
}

// Secure says that encrypted sound is offered in a form that we speak.
func (o Offer) Secure() bool {
	return slices.ContainsFunc(o.streams, func(s stream) bool { return s.refused == nil && s.sound.crypto != nil })
}

// soundOf reads a stream as telephone sound.
func soundOf(d *sdp.SessionDescription, m *sdp.MediaDescription, proto string) (agreement, error) {
	var a agreement
	secure := false
	switch proto {
	case "RTP/AVP", "RTP/AVPF":
	case "RTP/SAVP", "RTP/SAVPF":
		secure = true
	default:
		return a, noAudio()
	}
	if m.MediaName.Media != "audio" || m.MediaName.Port.Value == 0 {
		return a, noAudio()
	}
	a.proto = proto
	if err := a.address(d, m); err != nil {
		return a, err
	}
	if !a.formats(m) {
		return a, fault.New(fault.Invalid, CodeSDPNoCodec, "The offer has neither PCMA nor PCMU.")
	}
	a.direction(d, m)
	if secure {
		if a.crypto = chooseCrypto(m.Attributes); a.crypto == nil {
			return a, fault.New(fault.Invalid, CodeSDPNotSecure, "The offer of encrypted sound has no key that this line can use.")
		}
	}
	return a, nil
}

// address reads where they listen. A name is refused, because looking it up would let a stranger choose our questions.
func (a *agreement) address(d *sdp.SessionDescription, m *sdp.MediaDescription) error {
	c := m.ConnectionInformation
	if c == nil {
		c = d.ConnectionInformation
	}
	wrong := fault.New(fault.Invalid, CodeSDPAddress, "Sound cannot be sent to the address in the session description.")
	if c == nil || c.Address == nil || c.NetworkType != "IN" || c.Address.TTL != nil || c.Address.Range != nil {
		return wrong
	}
	ip, err := netip.ParseAddr(c.Address.Address)
	port := m.MediaName.Port.Value
	if err != nil || ip.Zone() != "" || port < 1024 || port > 65535 { // below 1024 is no telephone, and may be somebody's DNS
		return wrong
	}
	ip = ip.Unmap()
	if ip.IsMulticast() || ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return wrong
	}
	a.to = netip.AddrPortFrom(ip, uint16(port))
	return nil
}

// formats takes the first codec of theirs that we speak, and telephone events at its clock rate under whatever number.
func (a *agreement) formats(m *sdp.MediaDescription) bool {
	names := map[string]string{"0": "pcmu/8000", "8": "pcma/8000"} // static numbers need no map (RFC 3551)
	for _, at := range m.Attributes {
		if number, name, ok := strings.Cut(at.Value, " "); ok && at.Key == "rtpmap" {
			names[number] = strings.TrimSuffix(strings.ToLower(strings.TrimSpace(name)), "/1") // one channel
		}
	}
	found := false
	for _, f := range m.MediaName.Formats {
		number, err := strconv.ParseUint(f, 10, 8)
		if err != nil || number > 127 {
			continue
		}
		switch name := names[f]; {
		case !found && (name == "pcmu/8000" || name == "pcma/8000"):
			found, a.payload, a.codec = true, uint8(number), MuLaw
			if name == "pcma/8000" {
				a.codec = ALaw
			}
		case !a.keyed && name == "telephone-event/8000":
			a.keyed, a.events = true, uint8(number)
		}
	}
	return found
}

// direction reads who wants to hear whom: the stream's own word before the session's; without one, both. An address of
// zeros is how hold was said before there were words for it (RFC 2543).
func (a *agreement) direction(d *sdp.SessionDescription, m *sdp.MediaDescription) {
	word := "sendrecv"
	for _, attributes := range [][]sdp.Attribute{d.Attributes, m.Attributes} {
		for _, at := range attributes {
			switch at.Key {
			case "sendrecv", "sendonly", "recvonly", "inactive":
				word = at.Key
			}
		}
	}
	a.listens = (word == "sendrecv" || word == "recvonly") && !a.to.Addr().IsUnspecified()
	a.speaks = word == "sendrecv" || word == "sendonly"
}

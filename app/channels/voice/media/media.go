// Package media is the sound of a call: it agrees with the other side what is sent (SDP offer and answer, G.711, SRTP
// where it is asked for), sends prompts and receives speech and keys over UDP, and records. Every call is one [Session];
// one [Pacer] moves the packets of all calls, so that a call costs no goroutine of its own; [Ports] lends each its port.
//
// It knows no SIP, no dialogue and no patient, and never writes a file or a log. Its packets come from networks that it
// does not trust: what is malformed, forged, from elsewhere or too much is counted in [Stats] and does nothing else.
// Prompts come in as [Audio]; keys go out by [Session.Digits]; recordings go out as bytes to whoever asked for them.
package media

import "time"

const (
	// Rate is the samples in a second of everything here: telephone speech.
	Rate = 8000
	// FrameLength is the speech in each packet that we send.
	FrameLength = 20 * time.Millisecond
	// frameSamples is the same in samples, and in G.711 in bytes.
	frameSamples = Rate / 1000 * 20
)

// Codec is how a sample becomes a byte. Both are ITU-T G.711.
type Codec uint8

const (
	MuLaw Codec = iota // PCMU, RTP payload type 0
	ALaw               // PCMA, RTP payload type 8: what British networks use
)

// String is the codec's name in SDP (RFC 3551).
func (c Codec) String() string {
	if c == ALaw {
		return "PCMA"
	}
	return "PCMU"
}

// Package dialogue is a telephone call as a conversation: what is said, what is expected, and what an answer by key or by
// speech means. It walks the catalogue's questions by package intake, as the pages do, and hands in the same request.
// Every telephone channel drives it with events and does what its turns say: a SIP line, a platform's webhook, a test with
// a clock of its own.
//
// It knows nothing of SIP, audio, HTTP or storage, and waits for nothing: waiting is the channel's part, and silence is an
// event. What it keeps between two events is State, which can be stored and taken up on another node.
package dialogue

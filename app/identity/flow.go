package identity

// Flow is what a sign-in on its way must remember between leaving for the provider and coming back. The browser that
// began it keeps it, in a cookie that scripts cannot read; nothing in it is of use without the provider's answer.
type Flow struct {
	State    string // comes back in the answer: the answer is to our question
	Nonce    string // comes back inside the signed token: the token was made for it
	Verifier string // proves to the provider, with the code, that the code was asked for here (PKCE)
}

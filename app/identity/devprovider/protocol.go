package devprovider

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer": p.o.Issuer, "authorization_endpoint": p.o.Issuer + "/authorize", "token_endpoint": p.o.Issuer + "/token",
		"userinfo_endpoint": p.o.Issuer + "/userinfo", "jwks_uri": p.o.Issuer + "/keys",
		"response_types_supported": []string{"code"}, "grant_types_supported": []string{"authorization_code"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{string(jose.RS256)},
		"code_challenge_methods_supported": []string{"S256"}, "token_endpoint_auth_methods_supported": []string{"none"},
		"scopes_supported": []string{"openid", "profile"}, "acr_values_supported": []string{developmentACR},
		"authorization_response_iss_parameter_supported": true,
	})
}

// developmentACR says that nothing was proved at all.
const developmentACR = "urn:onedoor:acr:development"

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{p.key.Public()}})
}

// wish is an authorization request. Only wishes that pass check are answered, and only to the one registered address.
type wish struct {
	ClientID, RedirectURI, ResponseType, Scope, State, Nonce, Challenge, Method string
}

func readWish(v url.Values) wish {
	return wish{
		v.Get("client_id"), v.Get("redirect_uri"), v.Get("response_type"), v.Get("scope"), v.Get("state"), v.Get("nonce"),
		v.Get("code_challenge"), v.Get("code_challenge_method"),
	}
}

func (p *Provider) check(a wish) bool {
	return a.ClientID == p.o.ClientID && a.RedirectURI == p.o.RedirectURL && a.ResponseType == "code" &&
		strings.Contains(" "+a.Scope+" ", " openid ") && a.State != "" && a.Nonce != "" && a.Method == "S256" && len(a.Challenge) == 43
}

// choose answers the page: the browser goes back with a code for the person who was chosen.
func (p *Provider) choose(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "This form could not be read.", http.StatusBadRequest)
		return
	}
	a := readWish(r.PostForm)
	if !p.check(a) {
		http.Error(w, "This sign-in was not asked for properly. Start again from Onedoor.", http.StatusBadRequest)
		return
	}
	answer := url.Values{"state": {a.State}, "iss": {p.o.Issuer}}
	if r.PostForm.Has("cancel") {
		answer.Set("error", "access_denied")
		p.sendBack(w, r, answer)
		return
	}
	person, ok := p.person(r.PostForm.Get("subject"))
	if !ok {
		http.Error(w, "There is no such person.", http.StatusBadRequest)
		return
	}
	now := p.o.Now()
	answer.Set("code", p.keep(p.codes, grant{person: person, nonce: a.Nonce, challenge: a.Challenge, at: now, until: now.Add(codeLife)}))
	p.sendBack(w, r, answer)
}

func (p *Provider) sendBack(w http.ResponseWriter, r *http.Request, answer url.Values) {
	http.Redirect(w, r, p.o.RedirectURL+"?"+answer.Encode(), http.StatusSeeOther)
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		writeError(w, "invalid_request")
		return
	}
	f := r.PostForm
	if f.Get("grant_type") != "authorization_code" {
		writeError(w, "unsupported_grant_type")
		return
	}
	g, ok := p.take(p.codes, f.Get("code"), true)
	sum := sha256.Sum256([]byte(f.Get("code_verifier")))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	proved := subtle.ConstantTimeCompare([]byte(challenge), []byte(g.challenge)) == 1
	if !ok || !proved || f.Get("client_id") != p.o.ClientID || f.Get("redirect_uri") != p.o.RedirectURL {
		writeError(w, "invalid_grant")
		return
	}
	now := p.o.Now()
	g.until = now.Add(tokenLife)
	access := p.keep(p.tokens, g)
	half := sha256.Sum256([]byte(access))
	idToken, err := jwt.Signed(p.signer).Claims(map[string]any{
		"iss": p.o.Issuer, "sub": g.person.Subject, "aud": p.o.ClientID, "iat": now.Unix(), "exp": now.Add(tokenLife).Unix(),
		"auth_time": g.at.Unix(), "nonce": g.nonce, "acr": developmentACR, "name": g.person.Name,
		"at_hash": base64.RawURLEncoding.EncodeToString(half[:16]),
	}).Serialize()
	if err != nil {
		writeError(w, "server_error")
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": access, "token_type": "Bearer", "expires_in": int(tokenLife.Seconds()), "id_token": idToken, "scope": "openid profile",
	})
}

func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) {
	secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	g, known := p.take(p.tokens, secret, false)
	if !ok || !known {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token"})
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"sub": g.person.Subject, "name": g.person.Name})
}

func writeError(w http.ResponseWriter, code string) {
	writeJSON(w, http.StatusBadRequest, map[string]string{"error": code})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "internal", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

package clinical

import (
	"net/url"
	"slices"
	"strings"

	"onedoor/app/fault"
)

// Description is what an administrator has to know of a kind of integration, and what they fill in.
type Description struct {
	Kind  IntegrationKind
	Title string
	Says  string // what it is for, in a sentence or two
	// Address is the label of the system's address, and AddressHint an example.
	Address, AddressHint string
	Settings             []Setting
	Secrets              []Secret
	// Offers are what a system of this kind can have; what one has is asked of itself.
	Offers []Capability
	// Uses are those that can be switched on, and Defaults those that are to begin with.
	Uses, Defaults []Use
	// The three questions that are asked of every integration.
	Programme string // is there an official partner programme?
	Supported string // is it a supported API?
	Assured   string // is it assured, and by whom?
	// Source is the public specification that it is built to.
	Source string
	// InDevelopment says that it is in development nationally: it can be switched on only where an operator allows that.
	InDevelopment bool
	// Needs are what has to be had before anything can be sent by it. Where there is any, nothing can be switched on.
	Needs []string
}

// Setting is something that a kind needs besides its address.
type Setting struct {
	Name, Label, Hint string
	Required          bool
	Options           []Option // one of these; none is any text
	Address           bool     // a further address that is called, such as the one that gives tokens
	PerSecond         bool     // a rate, from one call in 100 seconds to 10,000 in one
	Most              int      // characters; zero is 200
}

// Option is one value of a setting.
type Option struct{ Value, Text string }

// Secret is a credential: it is sealed when it comes in and never shown again.
type Secret struct {
	Name, Label, Hint string
	Form              SecretForm
}

// SecretForm is what a credential has to look like.
type SecretForm string

const (
	SecretText        SecretForm = "text"        // a password or a shared key: one line
	SecretKey         SecretForm = "key"         // a private key in PEM
	SecretCertificate SecretForm = "certificate" // one certificate or a chain in PEM
)

// Settings and secrets that several kinds share, by the names that package authorise reads. An adapter's package names its
// own besides; a test of package systems holds all of them against the descriptions.
const (
	SettingSignIn       = "sign-in"   // how calls are authorised: none, smart or nhs
	SettingClientID     = "client-id" // as the system's owner registered it
	SettingKeyID        = "key-id"    // kid of the key whose public half was registered
	SettingTokenAddress = "token-url" // where tokens are given
	SettingScope        = "scope"
	SecretPrivateKey    = "private-key" // signs the assertion that asks for a token

	// The certificate and key that this product shows when a system asks for one (mutual TLS), and the authorities that the
	// system's own certificate is checked against where it is not a public one.
	SecretClientCertificate = "client-certificate"
	SecretClientKey         = "client-certificate-key"
	SecretAuthorities       = "authorities"
)

// Describe is the description of a kind; false for one that there is none of.
func Describe(kind IntegrationKind) (Description, bool) {
	all := Descriptions()
	if i := slices.IndexFunc(all, func(d Description) bool { return d.Kind == kind }); i >= 0 {
		return all[i], true
	}
	return Description{}, false
}

// Descriptions are those of all kinds, in the order that a page offers them.
func Descriptions() []Description {
	all := []Description{fhirDescription(), barsDescription(), gpConnectDescription(), meshDescription(), patientFacingDescription(), im1Description()}
	for i := range all {
		if len(all[i].Needs) == 0 { // what can be called can be called too often
			all[i].Settings = append(all[i].Settings, Setting{
				Name: CallsPerSecondSetting, Label: "Calls a second that the system allows", Hint: "Such as 5, or 0.5 for one in two seconds. Leave it empty where there is no limit", PerSecond: true,
			})
		}
	}
	return all
}

// Fits refuses an integration whose settings or uses its kind does not have. Fields say which, by their names.
func (d Description) Fits(i Integration) error {
	var wrong []fault.Field
	refuse := func(pointer, code, says string) {
		wrong = append(wrong, fault.Field{Pointer: pointer, Code: code, Says: says})
	}
	for name := range i.Settings {
		if !slices.ContainsFunc(d.Settings, func(s Setting) bool { return s.Name == name }) {
			refuse("/settings/"+name, "unknown", "This kind of connection has no such setting.")
		}
	}
	for _, s := range d.Settings {
		if says := s.wrong(i.Settings[s.Name]); says != "" {
			refuse("/settings/"+s.Name, "setting", says)
		}
	}
	for _, s := range i.Uses {
		if !slices.Contains(d.Uses, s.Use) {
			refuse("/uses", "use", "This kind of connection cannot be used for "+string(s.Use)+".")
		}
	}
	if len(wrong) > 0 {
		slices.SortFunc(wrong, func(a, b fault.Field) int { return strings.Compare(a.Pointer, b.Pointer) })
		return fault.InvalidFields(wrong)
	}
	return nil
}

func (s Setting) wrong(value string) string {
	most := s.Most
	if most == 0 {
		most = 200
	}
	switch {
	case value == "" && s.Required:
		return "Enter: " + lowerFirst(s.Label) + "."
	case value == "":
		return ""
	case len(value) > most || strings.ContainsAny(value, "\r\n\x00"):
		return s.Label + " is too long, or of more than one line."
	case s.PerSecond && !isRate(value):
		return s.Label + " is a number from 0.01 to 10000, such as 5 or 0.5."
	case s.Address && !isAddress(value):
		return s.Label + " is an address such as https://example.nhs.uk/token, without a name, password or query."
	case len(s.Options) > 0 && !slices.ContainsFunc(s.Options, func(o Option) bool { return o.Value == value }):
		return "Choose: " + lowerFirst(s.Label) + "."
	}
	return ""
}

func isAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
}

// lowerFirst is a label in the middle of a sentence. What begins with two capitals is a name.
func lowerFirst(s string) string {
	if len(s) > 1 && s[1] >= 'A' && s[1] <= 'Z' {
		return s
	}
	return strings.ToLower(s[:min(1, len(s))]) + s[min(1, len(s)):]
}

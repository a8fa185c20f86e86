package app

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config is everything that can be set from outside, by flag or by environment.
type Config struct {
	DatabaseURL      string    `name:"database-url" env:"ONEDOOR_DATABASE_URL" help:"PostgreSQL, as the role onedoor_app. Absent: a private one in the data folder."`
	OwnerDatabaseURL string    `name:"owner-database-url" env:"ONEDOOR_OWNER_DATABASE_URL" help:"The same database as the role onedoor_owner, for migrating."`
	Data             string    `name:"data" env:"ONEDOOR_DATA" default:".data" help:"The folder for the private database and the demonstration's files."`
	HTTP             string    `name:"http" env:"ONEDOOR_HTTP" default:"127.0.0.1:8080" help:"Where pages and the API listen."`
	Metrics          string    `name:"metrics" env:"ONEDOOR_METRICS" default:"127.0.0.1:9090" help:"Where /metrics listens."`
	SIP              string    `name:"sip" env:"ONEDOOR_SIP" default:"127.0.0.1:5080" help:"Where the telephone line listens."`
	Simulator        string    `name:"simulator" env:"ONEDOOR_SIMULATOR" default:"127.0.0.1:8090" help:"Where the demonstration's clinical systems listen."`
	PublicURL        string    `name:"public-url" env:"ONEDOOR_PUBLIC_URL" help:"The address that people use, such as https://onedoor.example. Absent: http and the address of --http."`
	Mode             string    `name:"mode" env:"ONEDOOR_MODE" default:"dev" enum:"dev,production" help:"dev or production; production refuses what is only for development."`
	Clock            time.Time `name:"clock" env:"ONEDOOR_CLOCK" help:"Development only: the product's clock starts here (RFC 3339)."`
	PostgresBin      string    `name:"postgres-bin" env:"ONEDOOR_POSTGRES_BIN" help:"Where PostgreSQL's programs are, if nowhere usual."`

	OIDCIssuer       string `name:"oidc-issuer" env:"ONEDOOR_OIDC_ISSUER" help:"The identity provider of staff. Absent in dev: an embedded one that asks no password."`
	OIDCClientID     string `name:"oidc-client-id" env:"ONEDOOR_OIDC_CLIENT_ID"`
	OIDCClientSecret string `name:"oidc-client-secret" env:"ONEDOOR_OIDC_CLIENT_SECRET"`

	MasterKey      string `name:"master-key" env:"ONEDOOR_MASTER_KEY" help:"The file with the master key of what is kept encrypted. Absent in dev: one in the data folder, made at the first start."`
	NotifyKey      string `name:"notify-key" env:"ONEDOOR_NOTIFY_KEY" help:"The API key of GOV.UK Notify, for text messages. Absent in dev: texts stand in /operations/outbox and are not sent; in production: none are offered."`
	NotifyTemplate string `name:"notify-template" env:"ONEDOOR_NOTIFY_TEMPLATE" help:"The id of the template at GOV.UK Notify whose whole text is ((text))."`
	NotifySender   string `name:"notify-sender" env:"ONEDOOR_NOTIFY_SENDER" help:"The id of a text message sender at GOV.UK Notify. Absent: the service's usual one."`
	NotifyURL      string `name:"notify-url" env:"ONEDOOR_NOTIFY_URL" help:"Where GOV.UK Notify is, if not at its public address." hidden:""`

	SpeechProgram string `name:"speech-program" env:"ONEDOOR_SPEECH_PROGRAM" default:"espeak-ng" help:"The program that speaks without a network."`
	SpeechURL     string `name:"speech-url" env:"ONEDOOR_SPEECH_URL" help:"A server that speaks, by the calls of OpenAI's API, such as https://speech.example/v1. The program speaks while it does not answer, and always says what is one caller's own: where there is no such program, the server is given that too."`
	SpeechKey     string `name:"speech-key" env:"ONEDOOR_SPEECH_KEY" help:"The key for that server."`
	SpeechModel   string `name:"speech-model" env:"ONEDOOR_SPEECH_MODEL" help:"Its model."`
	SpeechVoices  string `name:"speech-voices" env:"ONEDOOR_SPEECH_VOICES" help:"Its voices by language, such as en=emma,cy=nia. The program speaks a language that has none."`
	SpeechWarm    bool   `name:"speech-warm" env:"ONEDOOR_SPEECH_WARM" default:"true" negatable:"" help:"Make every phrase into sound after the start, so that the first callers wait for none."`

	TranscriberURL     string `name:"transcriber-url" env:"ONEDOOR_TRANSCRIBER_URL" help:"A server that writes down what callers say, by the calls of OpenAI's API. Absent: staff hear recordings."`
	TranscriberKey     string `name:"transcriber-key" env:"ONEDOOR_TRANSCRIBER_KEY" help:"The key for that server."`
	TranscriberModel   string `name:"transcriber-model" env:"ONEDOOR_TRANSCRIBER_MODEL" help:"Its model."`
	TranscriberVersion string `name:"transcriber-version" env:"ONEDOOR_TRANSCRIBER_VERSION" help:"The model's version, which stands with each transcript."`

	Lines          string        `name:"lines" env:"ONEDOOR_LINES" help:"The file of telephone lines. Absent: each neighbourhood's slug and each organisation's ODS code is a line for calls from this machine."`
	RTP            string        `name:"rtp" env:"ONEDOOR_RTP" help:"The UDP ports for calls' sound, such as 20000-20999, two for each call. Absent: any."`
	SRTP           string        `name:"srtp" env:"ONEDOOR_SRTP" default:"offered" enum:"offered,required,never" help:"Whether calls' sound is encrypted: where it is offered, always, or never."`
	SIPCalls       int           `name:"sip-calls" env:"ONEDOOR_SIP_CALLS" default:"500" help:"Telephone calls at once; more are told that the line is busy."`
	SIPAddress     string        `name:"sip-address" env:"ONEDOOR_SIP_ADDRESS" help:"The address that telephone systems reach this machine by, where it is not the machine's own."`
	SIPTLS         string        `name:"sip-tls" env:"ONEDOOR_SIP_TLS" help:"Where the telephone line listens for TLS, such as 192.0.2.10:5061."`
	SIPCertificate string        `name:"sip-tls-cert" env:"ONEDOOR_SIP_TLS_CERT" help:"The file with its certificate."`
	SIPKey         string        `name:"sip-tls-key" env:"ONEDOOR_SIP_TLS_KEY" help:"The file with its key."`
	SIPAuthority   string        `name:"sip-tls-ca" env:"ONEDOOR_SIP_TLS_CA" help:"The file with who vouches for registrars that are reached over TLS. Absent: whom the machine trusts."`
	SIPDrain       time.Duration `name:"sip-drain" env:"ONEDOOR_SIP_DRAIN" default:"10m" help:"How long a process that stops lets calls finish."`

	UnderstandingURL   string `name:"understanding-url" env:"ONEDOOR_UNDERSTANDING_URL" help:"The base of an endpoint that speaks OpenAI's chat completions, such as https://models.example/v1. Absent: only the model on this machine can be chosen."`
	UnderstandingModel string `name:"understanding-model" env:"ONEDOOR_UNDERSTANDING_MODEL" help:"The exact version of the model there, as its answers name it."`
	UnderstandingKey   string `name:"understanding-key" env:"ONEDOOR_UNDERSTANDING_KEY" help:"The endpoint's key, if it wants one."`

	PDSURL        string `name:"pds-url" env:"ONEDOOR_PDS_URL" help:"The Personal Demographics Service's FHIR API, such as https://api.service.nhs.uk/personal-demographics/FHIR/R4. Absent: nobody is traced (the demonstration plays one)."`
	NHSTokenURL   string `name:"nhs-token-url" env:"ONEDOOR_NHS_TOKEN_URL" help:"Where NHS England's API platform gives tokens, such as https://api.service.nhs.uk/oauth2/token."`
	NHSAPIKey     string `name:"nhs-api-key" env:"ONEDOOR_NHS_API_KEY" help:"The API key of this product at NHS England's API platform."`
	NHSKeyID      string `name:"nhs-key-id" env:"ONEDOOR_NHS_KEY_ID" help:"The id of the key that signs for tokens there."`
	NHSPrivateKey string `name:"nhs-private-key" env:"ONEDOOR_NHS_PRIVATE_KEY" help:"The file with that key, as PEM."`
	FlagsURL      string `name:"flags-url" env:"ONEDOOR_FLAGS_URL" help:"The Patient Flags API. Absent: reasonable adjustments are not read."`
	ODTURL        string `name:"odt-url" env:"ONEDOOR_ODT_URL" help:"The Organisation Data Terminology API, such as https://api.service.nhs.uk/organisation-data-terminology-api/fhir. Absent: organisations come from files (onedoor directory import)."`

	AlarmTexts string `name:"alarm-texts" env:"ONEDOOR_ALARM_TEXTS" help:"Telephone numbers of who is on call, with commas between: each is texted when an alarm rises. Absent: nobody is."`

	OutboundAllow string `name:"outbound-allow" env:"ONEDOOR_OUTBOUND_ALLOW" help:"Addresses that are not public and that the product may call all the same, with commas between: 10.1.2.0/24, 127.0.0.1:8090."`

	InDevelopmentNationally bool `name:"in-development-nationally" env:"ONEDOOR_IN_DEVELOPMENT_NATIONALLY" help:"Let organisations set up what is in development nationally: GP Connect Patient Facing Services. Not for real patients."`

	// Roles are web, voice and jobs: which parts of the product this process is.
	Roles []string `kong:"-"`
	// Demonstration seeds the demonstration and runs its clinical systems.
	Demonstration bool `kong:"-"`
	// KeyRate is how many calls a second an API key may make; zero for the product's own limit.
	KeyRate int `kong:"-"`
}

// Roles of a process.
const (
	RoleWeb   = "web"
	RoleVoice = "voice"
	RoleJobs  = "jobs"
)

// Check refuses a configuration that cannot work, or that production must not have.
func (c Config) Check() error {
	for _, role := range c.Roles {
		if role != RoleWeb && role != RoleVoice && role != RoleJobs {
			return fmt.Errorf("there is no role %q: choose among web, voice and jobs", role)
		}
	}
	for name, address := range map[string]string{"http": c.HTTP, "metrics": c.Metrics, "simulator": c.Simulator} {
		if _, _, err := net.SplitHostPort(address); err != nil {
			return fmt.Errorf("--%s wants host:port, such as 127.0.0.1:8080", name)
		}
	}
	if !c.production() {
		return nil
	}
	var missing []string
	for name, value := range map[string]string{"--database-url": c.DatabaseURL, "--public-url": c.PublicURL, "--oidc-issuer": c.OIDCIssuer, "--oidc-client-id": c.OIDCClientID, "--master-key": c.MasterKey} {
		if value == "" {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	switch {
	case len(missing) > 0:
		return fmt.Errorf("production needs %s", strings.Join(missing, ", "))
	case c.Demonstration:
		return errors.New("production does not run the demonstration")
	case !c.Clock.IsZero():
		return errors.New("production has no clock but the machine's")
	case !strings.HasPrefix(c.PublicURL, "https://"):
		return errors.New("production is reached over https: --public-url must begin with https://")
	}
	return nil
}

func (c Config) production() bool { return c.Mode == "production" }

// base is the address that people use, without a slash at its end.
func (c Config) base() string {
	if c.PublicURL != "" {
		return strings.TrimRight(c.PublicURL, "/")
	}
	return "http://" + c.HTTP
}

func (c Config) secure() bool {
	u, err := url.Parse(c.base())
	return err == nil && u.Scheme == "https"
}

// clock is the machine's, or one that started at a set moment. PostgreSQL keeps microseconds, and so does the clock: what
// is stored reads back the same.
func (c Config) clock() func() time.Time {
	if c.Clock.IsZero() {
		return func() time.Time { return time.Now().Truncate(time.Microsecond) }
	}
	started := time.Now()
	return func() time.Time { return c.Clock.Add(time.Since(started)).Truncate(time.Microsecond) }
}

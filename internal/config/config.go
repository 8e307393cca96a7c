// Package config is every setting of the product. One struct is the flags, the
// environment variables, the keys of the settings file and, through its tags,
// docs/configuration.md. A value is taken from the first of: flag, environment,
// file, default.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// DefaultListen is the address of the site unless a setting says otherwise.
const DefaultListen = "localhost:8080"

// A Secret is a value that is never printed.
type Secret string

// String says only whether there is one.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "(set)"
}

// A Config is the settings. Tags: name is the flag and the file's key, env the
// variable, default what holds without one, help the sentence in the manual.
type Config struct {
	Listen      string `name:"listen" env:"KINPICT_LISTEN" default:"localhost:8080" help:"Address of the site and the API. On one that other machines reach, such as 0.0.0.0:8080, set the public URL too; kept mail is then read with kinpict mail, not at /outbox."`
	PublicURL   string `name:"public-url" env:"KINPICT_PUBLIC_URL" default:"http://localhost:8080" help:"Where people reach the site: links in mails, returns from checkout. Left out, it follows a listen address on this machine. With https cookies are secure and HSTS is on."`
	Data        string `name:"data" env:"KINPICT_DATA" default:"./kinpict-data" help:"Folder of the embedded database, the pictures and the generated secret."`
	DatabaseURL Secret `name:"database-url" env:"KINPICT_DATABASE_URL" help:"postgres://… for a fleet. Empty: SQLite in the data folder."`
	SecretKey   Secret `name:"secret-key" env:"KINPICT_SECRET_KEY" help:"Master secret of cookies and signatures, at least 32 characters. Empty: made once in the data folder. Required beside PostgreSQL."`
	Engines     string `name:"engines" env:"KINPICT_ENGINES" default:"studio" help:"Engines in the order they are tried, with commas: studio, openai."`

	OpenAIKey     Secret `name:"openai-api-key" env:"KINPICT_OPENAI_API_KEY" help:"Key of the OpenAI Images protocol. May be empty for a server of your own."`
	OpenAIBaseURL string `name:"openai-base-url" env:"KINPICT_OPENAI_BASE_URL" help:"Address up to and including /v1. Empty: the vendor's."`
	OpenAIModel   string `name:"openai-model" env:"KINPICT_OPENAI_MODEL" help:"Model to ask for. Models come and go, so there is no default."`
	OpenAIDialect string `name:"openai-dialect" env:"KINPICT_OPENAI_DIALECT" default:"openai" help:"openai, litellm or sdcpp."`

	Payments string `name:"payments" env:"KINPICT_PAYMENTS" default:"sandbox" help:"sandbox: every outcome of a payment, no money. stripe: see docs/payments.md."`

	StripeKey     Secret `name:"stripe-secret-key" env:"KINPICT_STRIPE_SECRET_KEY" help:"Secret or restricted key of the Stripe account: sk_test_…, rk_test_…, sk_live_… or rk_live_…."`
	StripeSecrets Secret `name:"stripe-webhook-secret" env:"KINPICT_STRIPE_WEBHOOK_SECRET" help:"Signing secret of the webhook endpoint, whsec_…; two with a comma while it rotates."`
	StripeMode    string `name:"stripe-mode" env:"KINPICT_STRIPE_MODE" default:"test" help:"test or live. The key must be of this mode, and nothing of the other mode is ever granted."`
	StripeBaseURL string `name:"stripe-api-base" env:"KINPICT_STRIPE_API_BASE" help:"Address of the API, for tests. Empty: Stripe's own."`
	Tax           bool   `name:"tax" env:"KINPICT_TAX" help:"Have the payment provider add tax to prices: Stripe Tax, or 10 % in the sandbox."`

	SMTPURL  Secret `name:"smtp-url" env:"KINPICT_SMTP_URL" help:"Server that takes mail: smtp://user:password@host:587 with STARTTLS, which is left out only on this machine, or smtps://…:465. Empty: mail is kept here, to be read at /outbox or by kinpict mail."`
	MailFrom string `name:"mail-from" env:"KINPICT_MAIL_FROM" help:"Who mails come from, such as Kinpict <hello@example.org>. Required beside KINPICT_SMTP_URL."`

	SafetyHold string `name:"safety-hold" env:"KINPICT_SAFETY_HOLD" default:"off" help:"off: words that can be read two ways are advice. on: a paid request with such words waits, unpaid, until staff have read them; it needs somebody who looks every day. See docs/wording.md."`

	Limits string `name:"limits" env:"KINPICT_LIMITS" default:"default" help:"relaxed lifts rate limits for load tests; never where real money moves."`
	Clock  string `name:"clock" env:"KINPICT_CLOCK" help:"File whose content shifts the product's clock, such as +25h; never where real money moves."`

	Proxies string `name:"trusted-proxies" env:"KINPICT_TRUSTED_PROXIES" help:"Networks whose X-Forwarded-For is believed, with commas, such as 10.0.0.0/8. Empty: nobody's."`
	Workers int    `name:"workers" env:"KINPICT_WORKERS" default:"1" help:"Pictures drawn at once by this process, 1 to 64. An Enhanced one needs about 400 MiB."`
	// Languages are those of the site; internal/lang knows which there are.
	Languages string `name:"languages" env:"KINPICT_LANGUAGES" default:"en,de" help:"Languages of the site with commas, the first for who reads none of them: en, de. ar has headings only, and shows a page from right to left."`

	OperatorName    string `name:"operator-name" env:"KINPICT_OPERATOR_NAME" help:"Who runs the site and sells on it: a person or a company, up to 100 characters. It stands in the imprint, the terms, the privacy page and on receipts; where real money moves the server warns without it."`
	OperatorAddress string `name:"operator-address" env:"KINPICT_OPERATOR_ADDRESS" help:"Postal address of the operator, its lines with ; between, such as Lindenweg 3; 48683 Ahaus; Germany."`
	OperatorContact string `name:"operator-contact" env:"KINPICT_OPERATOR_CONTACT" help:"How the operator is reached: a mail address, or an https address of a page. Required beside KINPICT_OPERATOR_NAME."`

	BrandName   string `name:"brand-name" env:"KINPICT_BRAND_NAME" default:"Kinpict" help:"What the site is called on its pages, in its mail and on a home screen; up to 40 characters. See docs/theming.md."`
	BrandAccent string `name:"brand-accent" env:"KINPICT_BRAND_ACCENT" help:"Colour of what can be pressed, for light and dark, such as #1d4a3d,#f0b35a. A pair that is hard to read refuses to start and names one that is not."`
	BrandLogo   string `name:"brand-logo" env:"KINPICT_BRAND_LOGO" help:"SVG of up to 64 KiB or PNG of up to 256 KiB in place of the mark."`
	CustomDir   string `name:"custom-dir" env:"KINPICT_CUSTOM_DIR" help:"Folder with templates, css, img and messages that are laid over the site's own. Every page is tried with them before anything is served."`

	LogJSON bool `name:"log-json" env:"KINPICT_LOG_JSON" help:"Write the log as JSON lines."`
}

// FollowListen makes the public URL that of a listen address on this machine,
// for when nobody set one. Port 0, which the machine chooses later, and addresses
// others may reach under another name leave it as it is.
func (c *Config) FollowListen() {
	host, port, err := net.SplitHostPort(c.Listen)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n == 0 || !loopback(host) {
		return
	}
	c.PublicURL = "http://" + net.JoinHostPort(host, port)
}

// Sandbox reports whether no real money moves: sandbox payments, or Stripe's test mode.
func (c *Config) Sandbox() bool { return !c.Live() }

// Live reports whether real money moves.
func (c *Config) Live() bool { return c.Payments == "stripe" && c.StripeMode == "live" }

// WebhookSecrets are the secrets of Stripe's webhooks, any of which is believed.
func (c *Config) WebhookSecrets() []string { return list(string(c.StripeSecrets)) }

// Local reports whether the site is for this machine alone: nobody else reaches
// the address it listens on, and the public URL names no other.
func (c *Config) Local() bool {
	u, err := url.Parse(c.PublicURL)
	return err == nil && !c.Reached() && loopback(u.Hostname())
}

// Reached reports whether other machines may reach the address it listens on.
func (c *Config) Reached() bool {
	host, _, err := net.SplitHostPort(c.Listen)
	return err != nil || !loopback(host)
}

// EngineNames is the list of engines, in order.
func (c *Config) EngineNames() []string { return list(c.Engines) }

// ProxyPrefixes are the networks of trusted proxies. Validate has checked them.
func (c *Config) ProxyPrefixes() []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list(c.Proxies) {
		if p, err := netip.ParsePrefix(s); err == nil {
			out = append(out, p)
		}
	}
	return out
}

func list(s string) []string {
	var out []string
	for p := range strings.SplitSeq(s, ",") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// LanguageCodes are the languages of the site, the first one being for who reads
// none of them.
func (c *Config) LanguageCodes() []string { return list(c.Languages) }

// Validate reports every problem at once, each with what to do about it.
func (c *Config) Validate() error {
	var errs []error
	bad := func(name, format string, a ...any) {
		errs = append(errs, fmt.Errorf("KINPICT_%s: %s", name, fmt.Sprintf(format, a...)))
	}
	if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.Path != "" && u.Path != "/" {
		bad("PUBLIC_URL", "%q is not an address such as https://photos.example.org", c.PublicURL)
	}
	db := string(c.DatabaseURL)
	if db != "" && !strings.HasPrefix(db, "postgres://") && !strings.HasPrefix(db, "postgresql://") {
		bad("DATABASE_URL", "begins with neither postgres:// nor postgresql://; leave it empty for SQLite")
	}
	if db != "" && c.SecretKey == "" {
		bad("SECRET_KEY", "is required beside PostgreSQL, and must be the same in every process")
	}
	if c.SecretKey != "" && len(c.SecretKey) < 32 {
		bad("SECRET_KEY", "has %d characters, at least 32 are needed", len(c.SecretKey))
	}
	names := c.EngineNames()
	if len(names) == 0 {
		bad("ENGINES", "names no engine; studio is always there")
	}
	for i, n := range names {
		if n != "studio" && n != "openai" {
			bad("ENGINES", "%q is not an engine; choose among studio, openai", n)
		}
		if slices.Contains(names[:i], n) {
			bad("ENGINES", "%q stands twice", n)
		}
	}
	if slices.Contains(names, "openai") && c.OpenAIModel == "" {
		bad("OPENAI_MODEL", "is required for the engine openai")
	}
	c.validatePayments(bad)
	c.validateMail(bad)
	c.validateOperator(bad)
	if c.Limits != "default" && c.Limits != "relaxed" {
		bad("LIMITS", "%q is neither default nor relaxed", c.Limits)
	}
	if h := c.SafetyHold; h != "" && h != "off" && h != "on" {
		bad("SAFETY_HOLD", "%q is neither off nor on", c.SafetyHold)
	}
	if len(c.LanguageCodes()) == 0 {
		bad("LANGUAGES", "names no language; en is always there")
	}
	if c.Workers < 1 || c.Workers > 64 {
		bad("WORKERS", "%d is not between 1 and 64", c.Workers)
	}
	for _, s := range list(c.Proxies) {
		if _, err := netip.ParsePrefix(s); err != nil {
			bad("TRUSTED_PROXIES", "%q is not a network such as 10.0.0.0/8", s)
		}
	}
	return errors.Join(errs...)
}

// Strangers are the names in an environment that begin as ours do and are none
// of ours: mistyped, most likely, and otherwise passed over in silence.
func Strangers(environ []string) []string {
	known := map[string]bool{"KINPICT_CONFIG": true}
	for _, s := range (&Config{}).Settings() {
		known[s.Env] = true
	}
	var out []string
	for _, e := range environ {
		if name, _, _ := strings.Cut(e, "="); strings.HasPrefix(name, "KINPICT_") && !known[name] {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// A Setting is one line of the manual.
type Setting struct{ Flag, Env, Default, Help, Value string }

// Settings lists every setting with its present value, secrets hidden.
func (c *Config) Settings() []Setting {
	v := reflect.ValueOf(c).Elem()
	out := make([]Setting, v.NumField())
	for i := range out {
		tag := v.Type().Field(i).Tag
		out[i] = Setting{Flag: tag.Get("name"), Env: tag.Get("env"), Default: tag.Get("default"), Help: tag.Get("help"), Value: fmt.Sprint(v.Field(i).Interface())}
	}
	return out
}

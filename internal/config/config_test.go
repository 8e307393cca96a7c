package config

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/configuration.md")

// manual is docs/configuration.md, made from the tags of the one struct.
func manual() string {
	var b strings.Builder
	b.WriteString(`# Configuration

Generated from internal/config; do not edit. Each setting is a flag of every command, an environment variable, and a key of a YAML file named with
` + "`--config` or `KINPICT_CONFIG`" + `. A flag wins over the environment, the environment over the file, the file over the default. ` + "`kinpict config`" + `
prints what holds, with secrets hidden. A contradiction refuses to start and says what to do.

| flag and key | environment | default | means |
| --- | --- | --- | --- |
`)
	for _, s := range (&Config{}).Settings() {
		def := "none"
		if s.Default != "" {
			def = "`" + s.Default + "`"
		}
		fmt.Fprintf(&b, "| `--%s` | `%s` | %s | %s |\n", s.Flag, s.Env, def, s.Help)
	}
	return b.String()
}

func TestDocsMatchTheSettings(t *testing.T) {
	const path = "../../docs/configuration.md"
	if *update {
		if err := os.WriteFile(path, []byte(manual()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != manual() {
		t.Error("docs/configuration.md is not what the settings say; run `make golden`")
	}
}

// usual is a configuration as it comes without any setting.
func usual() *Config {
	c := &Config{}
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		def := v.Type().Field(i).Tag.Get("default")
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString(def)
		case reflect.Int:
			f.SetInt(1)
		}
	}
	return c
}

// stripe is a change that takes payments by Stripe's test mode, and then more.
func stripe(more func(*Config)) func(*Config) {
	return func(c *Config) {
		c.Payments, c.StripeKey, c.StripeSecrets = "stripe", "sk_test_1", "whsec_1"
		if more != nil {
			more(c)
		}
	}
}

func live(c *Config) {
	c.StripeMode, c.StripeKey, c.PublicURL = "live", "sk_live_1", "https://photos.example.org"
	mailed(c)
}

// mailed is a change that sends mail.
func mailed(c *Config) {
	c.SMTPURL, c.MailFrom = "smtp://ann:s3cret@mail.example.org:587", "Kinpict <hello@example.org>"
}

func TestValidateNamesEveryProblem(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Config)
		want   []string // settings the error must name; none: it is fine
	}{
		{"as it comes", func(*Config) {}, nil},
		{"behind TLS", func(c *Config) { c.PublicURL = "https://photos.example.org" }, nil},
		{"an address without a host", func(c *Config) { c.PublicURL = "photos" }, []string{"PUBLIC_URL"}},
		{"another database", func(c *Config) { c.DatabaseURL = "mysql://x"; c.SecretKey = Secret(strings.Repeat("k", 32)) }, []string{"DATABASE_URL"}},
		{"PostgreSQL without a secret", func(c *Config) { c.DatabaseURL = "postgres://x" }, []string{"SECRET_KEY"}},
		{"PostgreSQL with one", func(c *Config) { c.DatabaseURL = "postgres://x"; c.SecretKey = Secret(strings.Repeat("k", 32)) }, nil},
		{"a short secret", func(c *Config) { c.SecretKey = "short" }, []string{"SECRET_KEY"}},
		{"no engine", func(c *Config) { c.Engines = " , " }, []string{"ENGINES"}},
		{"an unknown engine", func(c *Config) { c.Engines = "studio,dalle" }, []string{"ENGINES"}},
		{"one engine twice", func(c *Config) { c.Engines = "studio,studio" }, []string{"ENGINES"}},
		{"a model nobody named", func(c *Config) { c.Engines = "openai,studio" }, []string{"OPENAI_MODEL"}},
		{"another provider", func(c *Config) { c.Payments = "cash" }, []string{"PAYMENTS"}},
		{"Stripe's test mode", stripe(nil), nil},
		{"Stripe's live mode", stripe(live), nil},
		{"restricted keys", stripe(func(c *Config) { c.StripeKey = "rk_test_1" }), nil},
		{"a secret that rotates", stripe(func(c *Config) { c.StripeSecrets = "whsec_1, whsec_2" }), nil},
		{"a stand-in on this machine", stripe(func(c *Config) { c.StripeBaseURL = "http://127.0.0.1:12111" }), nil},
		{"test mode with a clock and without limits", stripe(func(c *Config) { c.Clock, c.Limits = "f", "relaxed" }), nil},
		{"sandbox beside a live key", func(c *Config) { c.StripeKey = "sk_live_1" }, []string{"PAYMENTS"}},
		{"sandbox beside a test key", func(c *Config) { c.StripeKey = "sk_test_1" }, nil},
		{"Stripe without anything", func(c *Config) { c.Payments = "stripe" }, []string{"STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"}},
		{"a publishable key", stripe(func(c *Config) { c.StripeKey = "pk_test_1" }), []string{"STRIPE_SECRET_KEY"}},
		{"a live key in test mode", stripe(func(c *Config) { c.StripeKey = "sk_live_1" }), []string{"STRIPE_MODE"}},
		{"a restricted live key in test mode", stripe(func(c *Config) { c.StripeKey = "rk_live_1" }), []string{"STRIPE_MODE"}},
		{"a test key in live mode", stripe(func(c *Config) { live(c); c.StripeKey = "sk_test_1" }), []string{"STRIPE_MODE"}},
		{"a mode nobody knows", stripe(func(c *Config) { c.StripeMode = "dry" }), []string{"STRIPE_MODE"}},
		{"three webhook secrets", stripe(func(c *Config) { c.StripeSecrets = "whsec_1,whsec_2,whsec_3" }), []string{"STRIPE_WEBHOOK_SECRET"}},
		{"a key for a webhook secret", stripe(func(c *Config) { c.StripeSecrets = "whsec_1,sk_test_1" }), []string{"STRIPE_WEBHOOK_SECRET"}},
		{"an API elsewhere in the clear", stripe(func(c *Config) { c.StripeBaseURL = "http://stripe.example" }), []string{"STRIPE_API_BASE"}},
		{"live mode with sandbox features", stripe(func(c *Config) { live(c); c.Clock, c.Limits = "f", "relaxed" }), []string{"CLOCK", "LIMITS"}},
		{"live mode in the clear", stripe(func(c *Config) { live(c); c.PublicURL = "http://localhost:8080" }), []string{"PUBLIC_URL"}},
		{"live mode without mail", stripe(func(c *Config) { live(c); c.SMTPURL, c.MailFrom = "", "" }), []string{"SMTP_URL"}},
		{"mail", mailed, nil},
		{"mail with TLS from the first byte", func(c *Config) { mailed(c); c.SMTPURL = "smtps://mail.example.org" }, nil},
		{"mail by another protocol", func(c *Config) { mailed(c); c.SMTPURL = "https://ann:s3cret@mail.example.org" }, []string{"SMTP_URL"}},
		{"a mail server without a name", func(c *Config) { mailed(c); c.SMTPURL = "smtp://:587" }, []string{"SMTP_URL"}},
		{"a mail server's port", func(c *Config) { mailed(c); c.SMTPURL = "smtp://mail.example.org:0" }, []string{"SMTP_URL"}},
		{"a mail user without a password", func(c *Config) { mailed(c); c.SMTPURL = "smtp://s3cret@mail.example.org" }, []string{"SMTP_URL"}},
		{"a mail password with a slash in it", func(c *Config) { mailed(c); c.SMTPURL = "smtp://ann:s3/cret@mail.example.org" }, []string{"SMTP_URL"}},
		{"options behind the port", func(c *Config) { mailed(c); c.SMTPURL = "smtp://mail.example.org:587?tls=off" }, []string{"SMTP_URL"}},
		{"mail from nobody", func(c *Config) { mailed(c); c.MailFrom = "" }, []string{"MAIL_FROM"}},
		{"mail from two", func(c *Config) { mailed(c); c.MailFrom = "a@example.org, b@example.org" }, []string{"MAIL_FROM"}},
		{"a sender whose mail goes nowhere", func(c *Config) { c.MailFrom = "hello@example.org" }, []string{"MAIL_FROM"}},
		{"an operator who is named and reached", func(c *Config) {
			c.OperatorName, c.OperatorAddress, c.OperatorContact = "Müller & Söhne", "Lindenweg 3; 48683 Ahaus", "hello@example.org"
		}, nil},
		{"an operator with a page", func(c *Config) { c.OperatorName, c.OperatorContact = "Ann Example", "https://example.org/contact" }, nil},
		{"an operator nobody reaches", func(c *Config) { c.OperatorName = "Ann Example" }, []string{"OPERATOR_CONTACT"}},
		{"a contact in the clear", func(c *Config) { c.OperatorName, c.OperatorContact = "Ann Example", "http://example.org" }, []string{"OPERATOR_CONTACT"}},
		{"a contact that runs", func(c *Config) { c.OperatorName, c.OperatorContact = "Ann Example", "javascript:alert(1)" }, []string{"OPERATOR_CONTACT"}},
		{"a contact of nobody", func(c *Config) { c.OperatorContact = "hello@example.org" }, []string{"OPERATOR_NAME"}},
		{"an operator of two lines", func(c *Config) { c.OperatorName, c.OperatorContact = "Ann\nExample", "hello@example.org" }, []string{"OPERATOR_NAME"}},
		{"strange limits", func(c *Config) { c.Limits = "none" }, []string{"LIMITS"}},
		{"words held for a person", func(c *Config) { c.SafetyHold = "on" }, nil},
		{"words held by and by", func(c *Config) { c.SafetyHold = "maybe" }, []string{"SAFETY_HOLD"}},
		{"no workers", func(c *Config) { c.Workers = 0 }, []string{"WORKERS"}},
		{"no language", func(c *Config) { c.Languages = " , " }, []string{"LANGUAGES"}},
		{"a proxy that is no network", func(c *Config) { c.Proxies = "10.0.0.1" }, []string{"TRUSTED_PROXIES"}},
		{"three at once", func(c *Config) { c.Engines, c.Limits, c.Workers = "", "x", 99 }, []string{"ENGINES", "LIMITS", "WORKERS"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := usual()
			c.change(cfg)
			err := cfg.Validate()
			if (err == nil) != (c.want == nil) {
				t.Fatalf("validate: %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "s3") {
				t.Errorf("the error tells a password: %v", err)
			}
			for _, name := range c.want {
				if !strings.Contains(err.Error(), "KINPICT_"+name+":") {
					t.Errorf("%v does not name KINPICT_%s", err, name)
				}
			}
		})
	}
}

func TestMistypedNamesAreNoticed(t *testing.T) {
	got := Strangers([]string{"KINPICT_LISTEN=x", "KINPICT_CONFIG=y", "KINPICT_PUBLICURL=z", "PATH=/bin", "KINPICT_BRAND=b"})
	if !slices.Equal(got, []string{"KINPICT_BRAND", "KINPICT_PUBLICURL"}) {
		t.Errorf("strangers are %q", got)
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	cfg := usual()
	cfg.StripeKey, cfg.StripeSecrets = "sk_live_canary", "whsec_canary"
	cfg.SecretKey, cfg.OpenAIKey, cfg.DatabaseURL = "canary-one", "canary-two", "postgres://u:canary-three@h/d"
	var all string
	for _, s := range cfg.Settings() {
		all += s.Value
	}
	all += fmt.Sprintf("%v %+v", *cfg, cfg)
	if strings.Contains(all, "canary") {
		t.Errorf("a secret is printed: %s", all)
	}
}

func TestOnlyThisMachineIsLocal(t *testing.T) {
	for address, want := range map[string]bool{
		"http://localhost:8080": true, "http://LOCALHOST": true, "http://127.0.0.1:8080": true, "http://127.9.8.7": true, "http://[::1]:8080": true,
		"http://[::ffff:127.0.0.1]": true, "https://kinpict.example": false, "http://localhost.example": false, "http://127.0.0.1.example": false,
		"http://0.0.0.0:8080": false, "http://192.168.1.4": false, "http://[::2]": false, "http://kinpict.example@10.0.0.1": false,
		"http://127.0.0.1@kinpict.example": false, "": false, "%": false,
	} {
		cfg := usual()
		cfg.PublicURL = address
		if got := cfg.Local(); got != want {
			t.Errorf("%q is local: %t, want %t", address, got, want)
		}
	}
	for listen, want := range map[string]bool{
		DefaultListen: true, "localhost:0": true, "127.0.0.1:9": true, "127.9.8.7:9": true, "[::1]:9": true, "LOCALHOST:9": true, "[::ffff:127.0.0.1]:9": true,
		":9": false, "0.0.0.0:9": false, "[::]:9": false, "192.168.1.4:9": false, "localhost.example:9": false, "localhost": false, "": false,
	} {
		cfg := usual()
		cfg.Listen = listen
		if got := cfg.Local(); got != want {
			t.Errorf("listening on %q it is local: %t, want %t", listen, got, want)
		}
	}
}

func TestThePublicURLFollowsALocalListen(t *testing.T) {
	const unmoved = "http://localhost:8080"
	for listen, want := range map[string]string{
		DefaultListen: unmoved, "localhost:18999": "http://localhost:18999", "127.0.0.1:9": "http://127.0.0.1:9", "[::1]:18999": "http://[::1]:18999",
		"localhost:0": unmoved, "0.0.0.0:18999": unmoved, ":18999": unmoved, "192.168.1.4:80": unmoved, "[::]:80": unmoved, "localhost": unmoved,
		"localhost:http": unmoved, "localhost:70000": unmoved, "": unmoved,
	} {
		cfg := usual()
		cfg.Listen = listen
		if cfg.FollowListen(); cfg.PublicURL != want {
			t.Errorf("listening on %q it is %s, want %s", listen, cfg.PublicURL, want)
		}
	}
}

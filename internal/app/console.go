package app

import (
	"kinpict/internal/console"
	"kinpict/internal/engine"
	"kinpict/internal/httpd"
)

// console is the operators' pages, dressed as the site is.
func (a *App) console(dress console.Dress, identity *httpd.Identity) (*console.Console, error) {
	return console.New(console.Console{
		Office:   a.Office,
		People:   a.People,
		Support:  a.Support,
		Studio:   a.Studio,
		Shop:     a.Shop,
		Identity: identity,
		Now:      a.now,
		Dress:    dress,
		Services: a.services,
		Settings: a.settings(),
		Payments: console.Payments{Provider: a.Config.Payments, Live: a.Config.Live(), Tax: a.Config.Tax},
		Test:     a.Config.Sandbox(),
	})
}

// services are the picture services as this process knows them.
func (a *App) services() []console.Service {
	var out []console.Service
	for _, s := range a.Engines.States() {
		out = append(out, console.Service{Name: s.Info.Name, Generative: s.Info.Generative, Preview: s.Preview, Only: s.Only, MaxPhotos: s.Info.MaxPhotos, Timeout: s.Info.Timeout,
			Condition: string(s.Condition), Ready: s.Condition == engine.Ready, Failures: s.Failures, Until: s.Until, Last: s.Last, Verified: s.Info.Verified})
	}
	return out
}

// settings are those in force, secrets hidden.
func (a *App) settings() []console.Setting {
	var out []console.Setting
	for _, s := range a.Config.Settings() {
		out = append(out, console.Setting{Env: s.Env, Value: s.Value, Help: s.Help})
	}
	return out
}

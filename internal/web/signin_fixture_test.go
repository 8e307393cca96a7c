package web

import (
	"kinpict"
	"kinpict/internal/billing"
)

// doorSpecimens are the pages of signing in, of kept mail and of the payment that
// is none.
func doorSpecimens(guest Page) map[string]specimen {
	say := guest.language()
	titled := func(title string) Page {
		p := guest
		p.Title = title
		return p
	}
	wrong := func(message, hint string) Faults {
		return Faults{[]Problem{{"email", say.Told(message) + " " + say.Told(hint)}}}
	}
	spoiled := func(message, hint string) Faults {
		return Faults{[]Problem{{"token", say.Told(message) + " " + say.Told(hint)}}}
	}
	sent := func(how, title string) specimen {
		p := titled(title)
		p.Outbox = how == "outbox"
		return specimen{"sign-in", SignInView{Page: p, Sent: how, Address: "ann@example.com", Minutes: 15, Next: "/create", Keeps: true}}
	}
	return map[string]specimen{
		"sign-in":           {"sign-in", SignInView{Page: titled(say.Say("Sign in"))}},
		"sign-in, kept":     {"sign-in", SignInView{Page: titled(say.Say("Sign in")), Next: "/create", Keeps: true}},
		"sign-in wrong":     {"sign-in", SignInView{Page: titled(say.Say("Sign in")), Address: "ann", Faults: wrong("This is not an e-mail address.", "")}},
		"sign-in too often": {"sign-in", SignInView{Page: titled(say.Say("Sign in")), Address: "ann@example.com", Faults: wrong("Too many sign-in links were asked for.", "Open the newest one in the browser where you asked for it, use a browser you signed in with before, or ask again in 42 minutes.")}},
		"sign-in sent":      sent("mail", say.Say("Look in your mail")),
		"sign-in outbox":    sent("outbox", say.Say("Look in your mail")),
		"sign-in unsent":    sent("kept", say.Say("Your link is kept for you")),
		"confirm":           {"sign-in-confirm", ConfirmView{Page: titled(say.Say("Sign in")), Token: "t"}},
		"confirm, spent":    {"sign-in-confirm", ConfirmView{Page: titled(say.Say("Sign in")), Faults: spoiled("This link has been used already or is too old.", "Ask for a new link; it works once, and not for long.")}},
		"confirm elsewhere": {"sign-in-confirm", ConfirmView{Page: titled(say.Say("Sign in")), Elsewhere: true, Faults: spoiled("This link belongs to another browser.", "Open the link in the browser where you asked for it, or ask for a new one here.")}},
		"outbox": {"outbox", OutboxView{Page: titled(say.Say("Outbox")), Mails: []Mail{{To: "a@b.c", Subject: "Your sign-in link", At: someDay,
			Body: pieces("Open this:\n\nhttp://localhost/sign-in/confirm?token=abc\n\nIt works once.")}}}},
		"outbox empty": {"outbox", OutboxView{Page: titled(say.Say("Outbox"))}},
		"sandbox": {"sandbox", sandboxView(say, &billing.SandboxSession{ID: "cs_1", Title: "80 credits", Price: kinpict.Money{Amount: 1200, Currency: "eur"}, Tax: 50,
			Status: "open", Outcomes: []string{"paid", "declined", "delayed"}, ReturnURL: "/checkout/return?id=pur_1"}, "/sandbox/checkout/cs_1", say.Say("The card was declined. Try again, or go back to the shop."))},
		"sandbox paid": {"sandbox", sandboxView(say, &billing.SandboxSession{ID: "cs_1", Title: "80 credits", Price: kinpict.Money{Amount: 1200, Currency: "eur"},
			Status: "paid", Outcomes: []string{"refund", "dispute", "fraud_warning", "dispute_prevented"}}, "/sandbox/checkout/cs_1", "")},
	}
}

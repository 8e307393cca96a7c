package keeping

import (
	"context"
	"strings"

	"kinpict/internal/lang"
)

// contents are the files of an archive and what is in each, in their order.
var contents = [][2]string{
	{"account.json", lang.N("your address, since when you are here, and how much we keep of you")},
	{"sign-ins.json", lang.N("the browsers you are signed in with")},
	{"tokens.json", lang.N("your API tokens, without their secrets")},
	{"consents.json", lang.N("what you confirmed about the people in your photos, and when")},
	{"photos.json, photos/", lang.N("your photos as we keep them: upright and without what cameras write into them")},
	{"pictures.json, pictures/", lang.N("every picture you asked for, your words, and the finished files")},
	{"drafts.json, held-requests.json", lang.N("what you began and did not send, and requests that wait")},
	{"shares.json", lang.N("your private links, without the secret part")},
	{"purchases.json, receipts/", lang.N("what you bought, and a signed receipt of each payment")},
	{"statement.csv, statement.json", lang.N("every change of your credits: for a spreadsheet, and for programs")},
	{"credits.json", lang.N("where your credits come from and how many are left of each")},
	{"reviews.json, reviews/", lang.N("what you wrote to us about your balance, our answers, and the books as they stood then")},
	{"mails.json", lang.N("mail we sent you and still keep")},
	{"manifest.json", lang.N("a list of all files with their SHA-256, and the counts")},
}

// readme says in the person's language what is in the archive.
func (a *archive) readme(context.Context) error {
	p := a.k.Languages.For(a.account.Language)
	var b strings.Builder
	say := func(s string) { b.WriteString(s + "\r\n") } // read by Windows, too
	say(p.Say("Everything Kinpict keeps of you"))
	say("")
	say(p.Say("Made on %s for %s.", p.Date(a.at), a.account.Email))
	say(p.Say("Texts end in .json and can be opened with any editor; times are in UTC."))
	say("")
	for _, c := range contents {
		say(c[0])
		say("    " + p.Told(c[1]))
	}
	say("")
	say(p.Say("Photos and pictures that you deleted are not in here, because we do not have them any more."))
	say(p.Say("A receipt can be checked without us: kinpict verify-receipt FILE."))
	return a.bytes("README.txt", []byte(b.String()))
}

package web

import (
	"time"

	"kinpict"
	"kinpict/internal/people"
)

// personSpecimens are the account and its end.
func personSpecimens(guest, ann Page) map[string]specimen {
	say := ann.language()
	here := people.SignIn{ID: "ses_1", Browser: "Firefox", System: "Linux", Begun: someDay, Seen: someDay.Add(time.Hour), Here: true}
	kept := kinpict.Kept{Photos: 14, PhotoBytes: 23_400_000, Pictures: 9, PictureBytes: 41_000_000, Requests: 11, Drafts: 1, Shares: 2, Purchases: 3, Lines: 27, Reviews: 1,
		Consents: 6, Mails: 8, Credits: 32}
	account := func(f func(*AccountView)) specimen {
		v := AccountView{Page: ann, Since: someDay.AddDate(0, -4, 0), SignIns: []people.SignIn{here}, MaxTokens: people.MaxTokens, Fresh: true, Minutes: 15, Kept: keptLines(say, &kept)}
		f(&v)
		return specimen{"account", v}
	}
	farewell := func(f func(*FarewellView)) specimen {
		v := FarewellView{Page: ann, Kept: kept, GivenUp: 32, Fresh: true, Minutes: 15}
		f(&v)
		return specimen{"account-delete", v}
	}
	some := []people.Token{{ID: "tok_1", Name: "<b>photo frame</b>", Made: someDay, Used: someDay.Add(time.Hour)}, {ID: "tok_2", Name: "a script", Made: someDay}}
	nothing := kinpict.Kept{Lines: 1}
	return map[string]specimen{
		"account fresh": account(func(v *AccountView) { v.Kept = keptLines(say, &kinpict.Kept{SignIns: 1}) }),
		"account, many sign-ins": account(func(v *AccountView) {
			v.Tokens = some
			v.SignIns = append(v.SignIns, people.SignIn{ID: "ses_2", Browser: "Safari", System: "iPhone", Begun: someDay, Seen: someDay},
				people.SignIn{ID: "ses_3", System: "Windows", Begun: someDay, Seen: someDay}, people.SignIn{ID: "ses_4", Browser: "Chrome", Begun: someDay, Seen: someDay},
				people.SignIn{ID: "ses_5", Begun: someDay, Seen: someDay})
		}),
		"account, token made":                 account(func(v *AccountView) { v.Tokens, v.Secret = some, "kp_3yT1mB0s9n2Qm4Zc8vLx7RkWpEdJfHgUaNqSoXiVtYl" }),
		"account, token nameless":             account(func(v *AccountView) { v.Problems = []Problem{{"token-name", say.Told("A token needs a name.")}} }),
		"account, a token asks for a sign-in": account(func(v *AccountView) { v.Tokens, v.Fresh = some, false }),
		"account, pressed too late": account(func(v *AccountView) {
			v.Fresh, v.Problems = false, []Problem{{"token-name", say.Told("Making a token needs a fresh sign-in.") + " " + say.Told("Sign in again, then come back within 15 minutes.")}}
		}),
		"account of staff":        account(func(v *AccountView) { v.Staff = true }),
		"account, full of tokens": account(func(v *AccountView) { v.MaxTokens, v.Tokens = 2, some }),
		"leaving":                 farewell(func(*FarewellView) {}),
		"leaving, a lot under way": farewell(func(v *FarewellView) {
			v.Kept.OnTheWay, v.Kept.Reserved, v.Kept.Debt, v.Kept.Open, v.GivenUp = 2, 8, 4, 1, 40
		}),
		"leaving, nothing there": farewell(func(v *FarewellView) { v.Kept, v.GivenUp = nothing, 0 }),
		"leaving, sign in first": farewell(func(v *FarewellView) { v.Fresh = false }),
		"leaving, not confirmed": farewell(func(v *FarewellView) {
			v.Problems = []Problem{{"agree", say.Say("Please confirm that you want this.")}}
		}),
		"leaving, on hold":        farewell(func(v *FarewellView) { v.Held = true }),
		"left":                    {"account-deleted", LeftView{guest, kinpict.Deletion{ID: "del_1k2m3n4p5q6r7s8t9v0w1x2y3z4a5b6c7", Gone: kept, Returned: 8, Forfeited: 40, At: someDay, EmptiedAt: someDay}, goneLines(say, &kept)}},
		"left, files still going": {"account-deleted", LeftView{guest, kinpict.Deletion{ID: "del_1", Gone: nothing, At: someDay}, goneLines(say, &nothing)}},
	}
}

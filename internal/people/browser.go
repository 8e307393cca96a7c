package people

import "strings"

// browsers and systems are looked for in a User-Agent in this order: most
// browsers also name those whose pages they can show, and Android names Linux.
var (
	browsers = []struct{ mark, name string }{
		{"Edg/", "Edge"}, {"EdgiOS/", "Edge"}, {"EdgA/", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Vivaldi/", "Vivaldi"},
		{"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Version/", "Safari"},
	}
	systems = []struct{ mark, name string }{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Macintosh", "Mac"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
	}
)

// Browser is what a User-Agent says in two words: the browser and what it runs
// on, each "" where it is none we know. No more of it is kept.
func Browser(userAgent string) (browser, system string) {
	for _, b := range browsers {
		if strings.Contains(userAgent, b.mark) {
			browser = b.name
			break
		}
	}
	if open := strings.IndexByte(userAgent, '('); open >= 0 {
		about, _, _ := strings.Cut(userAgent[open:], ")")
		for _, s := range systems {
			if strings.Contains(about, s.mark) {
				return browser, s.name
			}
		}
	}
	return browser, ""
}

package web

import (
	"fmt"
	"html/template"
)

// icons are drawn with 1.8 px strokes on a 24 px square.
var icons = map[string]string{
	"coin":   `<circle cx="12" cy="12" r="9" fill="currentColor" stroke="none"/><path d="M8.5 8.5h7v7h-7z" stroke="var(--mat)" stroke-width="1.6"/>`,
	"check":  `<path d="m5 12.5 4.5 4.5L19 7.5"/>`,
	"x":      `<path d="M6 6l12 12M18 6 6 18"/>`,
	"upload": `<path d="M12 16V4m0 0L7.5 8.5M12 4l4.5 4.5M4 15v4a1.5 1.5 0 0 0 1.5 1.5h13A1.5 1.5 0 0 0 20 19v-4"/>`,
	"down":   `<path d="M12 4v12m0 0 4.5-4.5M12 16l-4.5-4.5M4 20h16"/>`,
	"trash":  `<path d="M5 7h14M10 7V4.500h4V7m-7 0 .8 12.500h8.400L17 7"/>`,
	"chev":   `<path d="m6 9.500 6 6 6-6"/>`,
	"next":   `<path d="M5 12h14m0 0-5.500-5.500M19 12l-5.500 5.500"/>`,
	"clock":  `<circle cx="12" cy="12" r="8.500"/><path d="M12 7.500V12l3 2"/>`,
	"return": `<path d="M9 14 4.500 9.500 9 5M4.500 9.500H14a5.500 5.500 0 0 1 0 11h-3"/>`,
	"shield": `<path d="M12 3.500 5 6v6c0 4.500 3 7.500 7 9 4-1.500 7-4.500 7-9V6z"/><path d="m9 12 2.200 2.200L15.200 10"/>`,
	"menu":   `<path d="M4 7.500h16M4 12h16M4 16.500h16"/>`,
	"alert":  `<path d="M12 4 2.800 19.500h18.400zM12 10v4.500M12 17v.1"/>`,
	"info":   `<circle cx="12" cy="12" r="8.500"/><path d="M12 11v5M12 8v.1"/>`,
	"moon":   `<path d="M19.500 14A8 8 0 0 1 10 4.500a8 8 0 1 0 9.500 9.500z"/>`,
	"sun":    `<circle cx="12" cy="12" r="4"/><path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.600 5.600 7 7M17 17l1.400 1.400M18.400 5.600 17 7M7 17l-1.400 1.400"/>`,
	"photo":  `<rect x="3.500" y="5" width="17" height="14" rx="2"/><circle cx="9" cy="10" r="1.700"/><path d="m4 17 5-4.500 3.500 3L16 12l4.500 4"/>`,
	"mail":   `<rect x="3.500" y="5.500" width="17" height="13" rx="2"/><path d="m4 7 8 6 8-6"/>`,
	"heart":  `<path d="M12 19.500 5 12.600a4.300 4.300 0 0 1 6.100-6.100l.900.900.900-.900a4.300 4.300 0 0 1 6.100 6.100z"/>`,
	"loved":  `<path d="M12 19.500 5 12.600a4.300 4.300 0 0 1 6.100-6.100l.900.900.900-.900a4.300 4.300 0 0 1 6.100 6.100z" fill="currentColor"/>`,
	"copy":   `<rect x="8.500" y="8.500" width="11" height="11" rx="2"/><path d="M15.500 8.500V6a1.500 1.500 0 0 0-1.500-1.500H6A1.500 1.500 0 0 0 4.500 6v8A1.500 1.500 0 0 0 6 15.500h2.500"/>`,
}

// pointing are the icons that show a way, which leads the other way where a
// language is read from right to left.
var pointing = map[string]string{"next": " flip", "return": " flip"}

const iconFrame = `<svg class="ico%s" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">%s</svg>`

// icon panics on a name that is not there, because only our own templates ask.
func icon(name string) template.HTML {
	shape, ok := icons[name]
	if !ok {
		panic("web: there is no icon " + name)
	}
	return template.HTML(fmt.Sprintf(iconFrame, pointing[name], shape))
}

// mark is two overlapping frames, the product's sign.
const mark = template.HTML(`<svg viewBox="0 0 32 28" aria-hidden="true" focusable="false"><rect x="1.500" y="6.500" width="18" height="20" rx="2.500" fill="none" stroke="currentColor" stroke-width="3"/><rect x="12.500" y="1.500" width="18" height="20" rx="2.500" fill="none" stroke="currentColor" stroke-width="3"/><rect x="14" y="8" width="4" height="12" fill="var(--amber)"/></svg>`)

package web

import (
	"html"
	"html/template"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"kinpict/internal/lang"
)

// What people and operators wrote, names of languages, and what no language
// writes in another way.
var unsaid = regexp.MustCompile(`[\w.]+@[\w.]+|https?://\S+|/[a-z][\w/-]*|\b(?:gen|pho|pur|rcp|rev|hld|lot|txn|ses|tok|acc|key|req|img)_[\w…]*|\b(?:UTC|JPEG|PNG|WebP|HEIC|HEIF|PDF|CSV|JSON|MB|MiB|KB|cm|mm|dpi|px|USD|EUR|GBP|CHF|Kinpict|Standard|Enhanced|English|Deutsch|API|A4|A5|C2PA|sha256)\b|العربية|\x{00a0}`)

// written is what the specimens say that no catalogue holds, whole: scenarios
// bring their own languages, a person wrote the rest, or a use case said it.
var written = strings.NewReplacer(func() []string {
	var out []string
	for _, s := range []string{
		"Autumn, all together", "Leaves, washes of colour and everyone in them.", "Beach evening", "Taped prints over painted sea and sand.",
		"Holiday cards", "Gold frames, fir and foil lettering.", "Gallery wall", "Frames with mats on a plaster wall.", "One face each is fine", "The Morenos, 2026", "The Morenos",
		"Nana's eightieth, <b>at the lake</b>", "My balance was 80.", "Something is missing here.", "Standard costs 5 credits instead of 4.",
		"Enough for 14 x 14 cm.", "A larger one prints larger.", "This photo is small. Faces may come out soft.", "Use the original.", "Photo 1 is small.", "Photo 1", "Photo 2", "Choose Standard.",
		"Photos 1 and 2 are nearly the same.", "Keep one.", "Not made.", "Say something else.", "Long.", "Shorten it.", "Used", "Sign in.",
	} {
		out = append(out, s, " ")
	}
	return out
}()...)

// month is written by the date of a specimen.
var month = regexp.MustCompile(`\b(?:September|October|November) 2026\b`)

var (
	hiddenText = regexp.MustCompile(`(?s)<!doctype html>|<template.*?</template>|<(?:q|bdi)[^>]*>.*?</(?:q|bdi)>|<[^>]*(?:translate="no"|dir="auto")[^>]*>[^<]*`)
	aloud      = regexp.MustCompile(`\s(?:alt|aria-label|placeholder|title|name="description" content|property="og:(?:title|description)" content|data-say-[a-z-]+)="([^"]*)"`)
	anyTag     = regexp.MustCompile(`(?s)<[^>]*>`)
	said       = regexp.MustCompile(`⟦[^⟦⟧]*⟧`)
)

// Every word of every page is said through the catalogue: rendered in a pseudo
// language, nothing that reads like a word stands outside its brackets. What a
// person wrote is in <bdi>, <q> or an element with dir="auto", or is translate="no".
func TestNoWordStandsOutsideTheCatalogue(t *testing.T) {
	d, err := dress()
	if err != nil {
		t.Fatal(err)
	}
	pseudo := lang.Pseudo()
	files, err := pageFiles(nil)
	if err != nil {
		t.Fatal(err)
	}
	pages, err := d.parse(files, pseudo)
	if err != nil {
		t.Fatal(err)
	}
	d = &dressing{assets: d.assets, pages: map[string]map[string]*template.Template{pseudo.Code: pages}}
	for name, s := range specimensIn(d, pseudo) {
		t.Run(name, func(t *testing.T) {
			b, err := d.render(s.page, s.view)
			if err != nil {
				t.Fatal(err)
			}
			page := string(b)
			var texts []string
			for _, m := range aloud.FindAllStringSubmatch(page, -1) {
				texts = append(texts, m[1])
			}
			texts = append(texts, anyTag.ReplaceAllString(hiddenText.ReplaceAllString(page, " "), " "))
			var found []string
			for _, text := range texts {
				text = month.ReplaceAllString(written.Replace(html.UnescapeString(text)), " ")
				for said.MatchString(text) {
					text = said.ReplaceAllString(text, " ")
				}
				for _, w := range strings.FieldsFunc(unsaid.ReplaceAllString(text, " "), func(r rune) bool { return !unicode.IsLetter(r) }) {
					if len([]rune(w)) > 1 && !slices.Contains(found, w) {
						found = append(found, w)
					}
				}
			}
			if len(found) > 0 {
				t.Errorf("not said through the catalogue: %s", strings.Join(found, " "))
			}
		})
	}
}

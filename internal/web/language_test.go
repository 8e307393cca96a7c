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
var unsaid = regexp.MustCompile(`[\w.]+@[\w.]+|https?://\S+|/[a-z][\w/-]*|\b(?:gen|pho|pur|rcp|rev|hld|lot|txn|ses|tok|acc|key|req|img)_[\w…]*|\b(?:UTC|JPEG|PNG|WebP|HEIC|HEIF|PDF|CSV|JSON|MB|MiB|KB|cm|mm|dpi|px|USD|EUR|GBP|CHF|Kinpict|English|Deutsch|API|A4|A5|C2PA|sha256)\b|العربية|\x{00a0}`)

// Words of the specimens themselves: titles and texts of scenarios, names, messages.
var ours = strings.Fields(`April August Autumn Beach Choose December Enhanced Enough Faces February Frames Gallery Gold Holiday January July June Keep Leaves Long March May Morenos My Nana Not November October One Photo Photos Say September Shorten Sign Something Standard Taped The This Use Used all and are at balance cards colour come costs credits each eightieth else evening everyone face fine fir foil for frames here in instead is it lake larger lettering made mats may missing nearly of on one original out over painted photo plaster prints same sand sea small soft something the them together wall was washes with`)

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
				text = html.UnescapeString(text)
				for said.MatchString(text) {
					text = said.ReplaceAllString(text, " ")
				}
				for _, w := range strings.FieldsFunc(unsaid.ReplaceAllString(text, " "), func(r rune) bool { return !unicode.IsLetter(r) }) {
					if len([]rune(w)) > 1 && !slices.Contains(ours, w) && !slices.Contains(found, w) {
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

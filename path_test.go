package kinpict

import (
	"strings"
	"testing"
)

func TestLocalPath(t *testing.T) {
	for p, want := range map[string]bool{
		"/": true, "/create": true, "/held/hld_1?x=1#y": true, "/a//b": true,
		"": false, "create": false, "//evil.example": false, "///evil.example": false, `/\evil.example`: false, "/\t/evil.example": false,
		"/\n/evil.example": false, "https://evil.example": false, "javascript:alert(1)": false, "/a b": false, "/%zz": false,
		"/" + strings.Repeat("a", MaxPath): false,
	} {
		if got := LocalPath(p); got != want {
			t.Errorf("LocalPath(%q) is %v", p, got)
		}
	}
}

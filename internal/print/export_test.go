package print

// Profile is the sheet's colour profile.
var Profile = sRGB

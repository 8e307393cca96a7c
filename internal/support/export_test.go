package support

// CheckAtMost lowers the limit of a check until it is called back.
func CheckAtMost(n int64) (back func()) {
	was := maxChecked
	maxChecked = n
	return func() { maxChecked = was }
}

// Kinpict makes family photos and keeps honest books. See README.md.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"kinpict/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks; a second one ends even what does not listen.
	context.AfterFunc(ctx, stop)
	code := cli.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

package stripe

import (
	sdk "github.com/stripe/stripe-go/v85"
)

// RetryAtOnce has the library not sleep before it tries again.
func (p *Provider) RetryAtOnce() {
	p.client.V1Refunds.B.(interface{ SetNetworkRetriesSleep(bool) }).SetNetworkRetriesSleep(false)
}

var (
	OrderParams  = orderParams
	RefundParams = refundParams
	Version      = sdk.APIVersion
)

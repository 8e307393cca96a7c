package web

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"kinpict"
	"kinpict/internal/lang"
)

// Pages are made once before they are shown when an operator changed templates,
// so that a field that does not exist or a picture that is not there refuses to
// start rather than to show somebody a page.

// views are what the pages are given, by their names.
var views = map[string]any{
	"books": BooksView{}, "checkout": CheckoutView{}, "compare": CompareView{}, "create": CreateView{}, "credits": CreditsView{}, "error": ErrorView{},
	"generation": GenerationView{}, "generations": GenerationsView{}, "held": HeldView{}, "help-balance": BalanceView{}, "home": HomeView{},
	"offline": OfflineView{}, "outbox": OutboxView{}, "policy-acceptable-use": PricingView{}, "policy-credits": PricingView{}, "policy-imprint": PricingView{},
	"policy-privacy": PricingView{}, "policy-terms": PricingView{}, "pricing": PricingView{}, "pricing-history": HistoryView{}, "purchases": PurchasesView{},
	"receipt": ReceiptView{}, "review": ReviewView{}, "sandbox": SandboxView{}, "scenario": SceneView{}, "scenarios": ScenesView{}, "shared": SharedView{},
	"account": AccountView{}, "account-delete": FarewellView{}, "account-deleted": LeftView{}, "sign-in": SignInView{}, "sign-in-confirm": ConfirmView{}, "statement": SheetView{}, "verify": VerifyView{},
}

// try renders every page twice in each language: with everything there is and
// true, and with nothing true.
func (d *dressing) try(said *lang.Set) error {
	for _, p := range said.All() {
		for _, name := range slices.Sorted(maps.Keys(d.pages[p.Code])) {
			view, ok := views[name]
			if !ok {
				return fmt.Errorf("web: nothing is known of what the page %q is given", name)
			}
			for _, all := range []bool{true, false} {
				v := reflect.New(reflect.TypeOf(view)).Elem()
				fill(v, all, 0)
				if page := v.FieldByName("Page"); page.IsValid() {
					page.Set(reflect.ValueOf(pageOf(page.Interface().(Page), p, all)))
				}
				if _, err := d.renderIn(p, name, v.Interface()); err != nil {
					return fmt.Errorf("%w (tried in %s)", err, p.Name)
				}
			}
		}
	}
	return nil
}

func pageOf(p Page, say *lang.Printer, all bool) Page {
	p.say = say
	if !all {
		p.Path = "/"
	}
	return p
}

// deepest is how far views are filled, which ends with those that hold themselves.
const deepest = 8

var aDay = time.Date(2026, 11, 21, 18, 40, 0, 0, time.UTC)

// fill gives every field something: numbers 3, texts one that is also the name of
// an icon, lists one of each. Unless it is to be all, numbers are 0 and nothing is
// true.
func fill(v reflect.Value, all bool, depth int) {
	if depth > deepest || !v.CanSet() {
		return
	}
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		*x = aDay
		return
	case *kinpict.Money:
		*x = kinpict.Money{Amount: 1200, Currency: "usd"}
		return
	}
	switch kind := v.Kind(); {
	case kind == reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), all, depth+1)
		}
	case kind == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), all, depth+1)
	case kind == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), all, depth+1)
	case kind == reflect.String:
		v.SetString("info")
	case !all:
	case kind == reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, all, depth+1)
		fill(value, all, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case kind == reflect.Bool:
		v.SetBool(true)
	case v.CanInt():
		v.SetInt(3)
	case v.CanFloat():
		v.SetFloat(0.5)
	}
}

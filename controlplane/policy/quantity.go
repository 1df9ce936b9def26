package policy

import (
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// quantity is a number with a unit.
type quantity struct {
	what    string
	example string
	most    string // that there can be, "" when it is said of the field
	pattern string // for JSON Schema
	parse   func(string) (int64, error)
}

var quantities = map[reflect.Type]quantity{
	reflect.TypeFor[model.Duration](): {"duration", "250ms, 2s or 5m", "", `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`, parseDuration},
	reflect.TypeFor[model.Percent]():  {"percentage", "10% or 0.5%", "100%", `^(100(\.0{1,4})?|[0-9]{1,2}(\.[0-9]{1,4})?)%$`, parsePercent},
	reflect.TypeFor[model.Size]():     {"size", "64KiB or 1MiB", "", `^[0-9]+(B|KB|MB|GB|KiB|MiB|GiB)$`, parseSize},
}

var errQuantity = errors.New("a number and a unit are needed")

func parseDuration(text string) (int64, error) {
	if strings.HasPrefix(text, "-") || strings.HasPrefix(text, "+") || text == "0" {
		return 0, errQuantity
	}
	d, err := time.ParseDuration(text)
	return int64(d), err
}

// parsePercent reads 0% to 100%, with at most four digits behind the point.
func parsePercent(text string) (int64, error) {
	digits, ok := strings.CutSuffix(text, "%")
	if !ok {
		return 0, errQuantity
	}
	whole, fraction, _ := strings.Cut(strings.TrimSpace(digits), ".")
	if whole == "" || len(fraction) > 4 {
		return 0, errQuantity
	}
	v, err := strconv.ParseUint(whole+fraction+strings.Repeat("0", 4-len(fraction)), 10, 32)
	if err != nil || v > uint64(model.FullPercent) {
		return 0, errQuantity
	}
	return int64(v), nil
}

func parseSize(text string) (int64, error) {
	for _, u := range model.SizeUnits {
		digits, ok := strings.CutSuffix(text, u.Name)
		if !ok {
			continue
		}
		v, err := strconv.ParseUint(strings.TrimSpace(digits), 10, 63)
		if err != nil || v > math.MaxInt64/u.Bytes {
			return 0, errQuantity
		}
		return int64(v * u.Bytes), nil
	}
	return 0, errQuantity
}

func itoa(n int) string { return strconv.Itoa(n) }

package blame

import (
	"strings"
	"unicode"
)

// envoys are the words of Envoy for what a field of a policy is called otherwise.
var envoys = map[string][]string{
	"ejection":            {"outlier", "detection"},
	"limits":              {"circuit", "breakers", "thresholds"},
	"loadBalancing":       {"lb", "balancing", "maglev", "ring"},
	"healthCheck":         {"health", "checks"},
	"backoff":             {"back", "off", "interval"},
	"rateLimit":           {"ratelimit", "rate", "limit", "bucket", "descriptor"},
	"adaptiveConcurrency": {"adaptive", "concurrency", "gradient"},
	"admissionControl":    {"admission"},
	"jwt":                 {"jwks", "jwt", "authn", "issuer"},
	"to":                  {"weighted", "clusters"},
	"mirror":              {"mirror", "shadow"},
	"respond":             {"direct", "response"},
	"redirect":            {"redirect"},
	"match":               {"match", "matcher", "regex"},
	"headers":             {"header", "headers", "prefixed"},
	"fallback":            {"custom", "response", "local", "reply"},
	"maxRequestSize":      {"buffer", "bytes"},
	"tls":                 {"tls", "certificate", "chain", "key", "ssl"},
	"accessLog":           {"access", "log", "file", "format", "formatter", "command", "operator"},
	"tracing":             {"tracer", "tracing", "opentelemetry", "trace"},
	"listeners":           {"listener", "bind", "address", "port"},
	"rules":               {"rbac", "policies"},
	"hosts":               {"domain", "domains", "virtual"},
}

// split takes a text apart into its words, written small: RetryPolicy and retry_policy are the same two.
func split(text string) map[string]bool {
	out := map[string]bool{}
	word := strings.Builder{}
	end := func() {
		if word.Len() > 1 {
			out[strings.ToLower(word.String())] = true
		}
		word.Reset()
	}
	small := false
	for _, r := range text {
		switch {
		case !unicode.IsLetter(r):
			end()
		case unicode.IsUpper(r) && small:
			end()
			word.WriteRune(r)
		default:
			word.WriteRune(r)
		}
		small = unicode.IsLower(r)
	}
	end()
	return out
}

// inCommon counts the parts of a field's path that Envoy's words speak of. The last part, which says most, counts twice.
func inCommon(said map[string]bool, path string) (n int) {
	parts := strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' || unicode.IsDigit(r) })
	for i, part := range parts {
		names := []string{}
		for name := range split(part) {
			names = append(names, name)
		}
		for _, name := range append(names, envoys[part]...) {
			if !said[name] {
				continue
			}
			if n++; i == len(parts)-1 {
				n++
			}
		}
	}
	return n
}

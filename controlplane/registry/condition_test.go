package registry

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestParseCondition(t *testing.T) {
	for text, want := range map[string]string{
		"method=find* => host=10.0.0.*": "method[find*] => host[10.0.0.*]",
		"=> host = 10.20.153.11":        "=> host[10.20.153.11]",
		"host = 10.20.153.11":           "=> host[10.20.153.11]",
		"true => a=b":                   "=> a[b]",
		"host != 10.0.0.1,10.0.0.2 =>":  "host[!10.0.0.1 !10.0.0.2] => nobody",
		"a=b => false":                  "a[b] => nobody",
		"method = find*,list*,get*,is* & method!=findAll => x=y": "method[find* list* get* is* !findAll] => x[y]",
		"consumer.host = 1.1.1.1 => provider.cluster = failback": "host[1.1.1.1] => cluster[failback]",
		"a=1!=2 => b=3": "a[1 !2] => b[3]",
		"arguments[0]=tom & attachments[user]=ann => x=y": "arguments[0][tom] attachments[user][ann] => x[y]",
	} {
		c, err := parseCondition(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := strings.TrimSpace(pairs(c.when) + " => " + pairs(c.then))
		if c.none {
			got += " nobody"
		}
		if got = strings.TrimSpace(got); strings.Join(strings.Fields(got), " ") != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"":                        "the condition is empty",
		" ":                       "the condition is empty",
		"method => host=1":        `before the arrow: "method" has no value`,
		"=a => host=1":            `before the arrow: a key is missing at "=a"`,
		"a=b & => c=d":            "a key is missing",
		"a= => c=d":               "is empty",
		"a=b,,c => c=d":           "is empty",
		"a=b c=d => e=f":          "has a blank",
		"a b=c => e=f":            "has a blank or a comma",
		"a!b => c=d":              "is no comparison",
		"a=b => c":                `behind the arrow: "c" has no value`,
		strings.Repeat("a", 5000): "at most 4096",
	} {
		if _, err := parseCondition(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.50s: %v, want %s", text, err, want)
		}
	}
}

// pairs is a side of a condition in one order.
func pairs(m map[string]values) string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		var list []string
		for _, p := range m[key].match {
			list = append(list, p.String())
		}
		for _, p := range m[key].mismatch {
			list = append(list, "!"+p.String())
		}
		out = append(out, fmt.Sprint(key, list))
	}
	return strings.Join(out, " ")
}

func TestConditionsThatCannotBeHonoured(t *testing.T) {
	for text, want := range map[string]string{
		"region=a => host=1":              `the parameter "region" of a consumer is not known`,
		"host=$host => host=1":            "begins with $",
		"=> host=$host":                   "begins with $",
		"host=10.2* => host=1":            `the host "10.2*" is no address and no network`,
		"host=db1 => host=1":              `the host "db1"`,
		"host=*.5 => host=1":              `the host "*.5"`,
		"application=shop* => host=1":     "by whole names",
		"arguments[x]=a => host=1":        "no index",
		"arguments[0]=1~100 => host=1":    "match.arguments and a range",
		"attachments[a b]=a => host=1":    "has a blank",
		"attachments[a:b]=a => host=1":    "no key of an attachment",
		"arguments[0].name=tom => host=1": `"arguments[0].name" of a consumer is not known`,
	} {
		c, err := parseCondition(text)
		if err == nil {
			err = c.check()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	for _, text := range []string{
		"interface=com.example.* & methods=a => host=1", "host=10.0.* => a=b", "host=* => a=b", "host!=10.0.0.1 => a=b",
		"application=a,b => c=d", "arguments[0]=a*b => c=d", "attachments[x-user]=* => c=d",
	} {
		if c, err := parseCondition(text); err != nil || c.check() != nil {
			t.Errorf("%s: %v, %v", text, err, c.check())
		}
	}
}

func TestPatterns(t *testing.T) {
	list := []string{"a", "abc", "a*", "*c", "a*c", "ab*bc", "*", "b*", "ab*", "*bc"}
	texts := []string{"a", "abc", "abbc", "ac", "c", "b", "abx", "xbc", "axc", "zz"}
	for _, x := range list {
		for _, y := range list {
			p, q := parsePattern(x), parsePattern(y)
			both, some := p.meet(q)
			for _, text := range texts {
				if want := p.fits(text) && q.fits(text); want != (some && both.fits(text)) {
					t.Errorf("%s and %s meet in %s %t, which is wrong for %s", x, y, both, some, text)
				}
				if p.within(q) && p.fits(text) && !q.fits(text) {
					t.Errorf("%s is not within %s: %s", x, y, text)
				}
			}
			if p != q && p.within(q) && p.compare(q) >= 0 {
				t.Errorf("%s comes before %s", y, x)
			}
		}
	}
}

// FuzzCondition looks for conditions that crash the parser, or that are another one when they are written out and read again.
func FuzzCondition(f *testing.F) {
	for _, seed := range []string{
		"method=find* => host=10.0.0.*", "host != 10.0.0.1,10.0.0.2 =>", "=> false", "true=>a=b", "a=b&a!=c,d => e=f!=g", "=>=>", "a!==b", "consumer.=provider.=>",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCondition(text)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error of several lines: %q", err)
			}
			return
		}
		again, err := parseCondition(c.text)
		if err != nil || pairs(again.when) != pairs(c.when) || pairs(again.then) != pairs(c.then) || again.none != c.none {
			t.Fatalf("%q is another when it is read again: %v", c.text, err)
		}
		if c.check() != nil {
			return
		}
		r := &router{conditions: []condition{c}, group: "*", version: "*"}
		in := candidate{in: instanceAt("10.0.0.1")}
		if _, _, problems := routesOf("hello", []routed{{r, r.conditions, "key"}}, []candidate{in}); len(problems) > 1 {
			t.Fatalf("problems: %v", problems)
		}
	})
}

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/gofilter/callers"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

const shopsKey = "shops key, 0123456789"

// judged is what the filter makes of a request with a header line, and a body.
func judged(t *testing.T, keyFile string, signedHeaders []string, line, body string, fields ...string) string {
	t.Helper()
	k := callers.NewKeeper(func(m string) { t.Error(m) })
	set, err := k.Load(config.Callers{Policies: []config.CallerPolicy{{Name: "p", HMAC: &config.CallerHMAC{
		Keys: map[string]string{"shop": keyFile}, Header: config.DefaultSignatureHeader, WindowSeconds: 60, SignedHeaders: signedHeaders,
	}}}}.Text())
	if err != nil {
		t.Fatal(err)
	}
	name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
	var c callers.Check
	c.Begin(set)
	fields = append(fields, name, value)
	for i := 0; i < len(fields); i += 2 {
		c.Header([]byte(fields[i]), []byte(fields[i+1]))
	}
	v := c.Decide(time.Now())
	if v.Wait {
		v = c.Finish([][]byte{[]byte(body)}, time.Now())
	}
	if v.Refusal != nil {
		return v.Refusal.Outcome.String()
	}
	return v.Facts[0].Caller
}

func TestSign(t *testing.T) {
	file := write(t, "\n"+shopsKey+"\nthe next key, 0123456789\n")
	base := []string{"sign", "--caller", "shop", "--key-file", file}
	line := want(t, 0, "x-dubbomesh-signature: caller=shop,time=[0-9]+,nonce=[0-9a-f]{24},signature=[0-9a-f]{64}\n", "", append(base, "http://h:8080/a?b=c")...)
	if got := judged(t, file, nil, line, "", ":method", "GET", ":path", "/a?b=c"); got != "shop" {
		t.Errorf("a GET is %s", got)
	}
	body := write(t, "a body")
	line = want(t, 0, "x-dubbomesh-signature: .*nonce=n,.*\n", "", append(base, "--data", "@"+body, "--signed-header", "X-Tenant=gold", "--signed-header", "host", "--nonce", "n", "http://h:8080")...)
	if got := judged(t, file, []string{"x-tenant", "host"}, line, "a body", ":method", "POST", ":path", "/", ":authority", "h:8080", "x-tenant", "gold"); got != "shop" {
		t.Errorf("a POST is %s", got)
	}
	want(t, 2, "", "dubbomesh: --caller and --key-file are needed\n", "sign", "/")
	want(t, 2, "", `dubbomesh: "a" is neither a URL nor a path.*`+"\n", append(base, "a")...)
	want(t, 2, "", `dubbomesh: --signed-header host has no value.*`+"\n", append(base, "--signed-header", "host", "/a")...)
	want(t, 2, "", `dubbomesh: caller "a b".*`+"\n", "sign", "--caller", "a b", "--key-file", file, "/a")
	want(t, 1, "", "dubbomesh: .*no such file.*\n", "sign", "--caller", "a", "--key-file", file+"x", "/a")
	want(t, 1, "", "dubbomesh: .*has no key.*\n", "sign", "--caller", "a", "--key-file", write(t, "\n"), "/a")
}

// The recipe in the documentation signs as the filter checks.
func TestSigningRecipe(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "access.md"))
	if err != nil {
		t.Fatal(err)
	}
	recipe := regexp.MustCompile("(?s)```sh\n(sign\\(\\) \\{\n.*?\n\\}\n)").FindSubmatch(text)
	if recipe == nil {
		t.Fatal("docs/access.md has no shell function sign()")
	}
	file := write(t, shopsKey+"\n")
	script := string(recipe[1]) + `sign shop "$0" POST '/orders/?a=b' '{"id": 7}'`
	out, err := exec.CommandContext(t.Context(), "bash", "-c", script, file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := judged(t, file, nil, string(out), `{"id": 7}`, ":method", "POST", ":path", "/orders/?a=b"); got != "shop" {
		t.Errorf("%s is %s", out, got)
	}
}

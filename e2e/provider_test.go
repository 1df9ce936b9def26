package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
)

const (
	helloService = "com.alibaba.dubbo.performance.demo.provider.IHelloService"
	echoService  = "org.dubbomesh.demo.Echo"
)

// provider is a running dubbo-go example service.
type provider struct {
	*process
	name, address string
}

// startProvider starts a dubbo-go provider that answers after the delay and registers nowhere by itself.
func startProvider(t *testing.T, name string, delay time.Duration, flags ...string) *provider {
	t.Helper()
	p := &provider{name: name, address: testenvoy.FreeAddress(t)}
	args := append([]string{"--listen", p.address, "--name", name, "--delay", delay.String()}, flags...)
	p.process = start(t, "provider "+name, repository("bin", "demo-provider"), args...)
	p.waitOutput(t, "listening")
	return p
}

// gatewayClient keeps its connections; every call is bounded.
var gatewayClient = &http.Client{
	Timeout:   30 * time.Second,
	Transport: &http.Transport{MaxIdleConnsPerHost: 256},
}

// call posts JSON to a method through the gateway and returns status, headers and body.
func (m *mesh) call(ctx context.Context, service, method, body string, headers ...string) (int, http.Header, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.gatewayURL+"/"+service+"/"+method, bytes.NewBufferString(body))
	if err != nil {
		return 0, nil, nil, err
	}
	req.Header.Set("content-type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := gatewayClient.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, answer, err
}

// whoami calls Echo.whoami: the answer is the provider's name.
func (m *mesh) whoami(ctx context.Context) (string, error) {
	status, _, body, err := m.call(ctx, echoService, "whoami", "[]")
	if err != nil {
		return "", err
	}
	var name string
	if status != http.StatusOK {
		return "", fmt.Errorf("whoami: %d %s", status, body)
	}
	if err := json.Unmarshal(body, &name); err != nil {
		return "", fmt.Errorf("whoami: %q: %w", body, err)
	}
	return name, nil
}

// hash calls IHelloService.hash with a random string and checks the answer against Java's String.hashCode.
func (m *mesh) hash(ctx context.Context) (string, error) {
	word := randomWord()
	status, _, body, err := m.call(ctx, helloService, "hash", fmt.Sprintf("[%q]", word))
	if err != nil {
		return "", err
	}
	if want := fmt.Sprint(javaHash(word)); status != http.StatusOK || string(body) != want {
		return "", fmt.Errorf("hash of %q: %d %s, want 200 %s", word, status, body, want)
	}
	return "", nil
}

func randomWord() string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	word := make([]byte, 1+rand.IntN(64))
	for i := range word {
		word[i] = letters[rand.IntN(len(letters))]
	}
	return string(word)
}

// javaHash is String.hashCode for ASCII text.
func javaHash(s string) int32 {
	var h int32
	for i := range len(s) {
		h = 31*h + int32(s[i])
	}
	return h
}

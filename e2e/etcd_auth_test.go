package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/dubbomesh/dubbomesh/controlplane/testenvoy"
)

// authority signs certificates for one test.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	a := &authority{dir: t.TempDir()}
	a.cert, a.key = a.sign(t, "ca", nil)
	return a
}

// sign writes <name>.pem and <name>-key.pem; the first certificate signs itself and all others.
func (a *authority) sign(t *testing.T, name string, usage []x509.ExtKeyUsage) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: usage,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: a.cert == nil, BasicConstraintsValid: true,
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	a.write(t, name+".pem", "CERTIFICATE", der)
	a.write(t, name+"-key.pem", "EC PRIVATE KEY", secret)
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func (a *authority) write(t *testing.T, name, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(a.file(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

// TestEtcdWithTLSAndPassword runs a control plane and a registration against an etcd that wants both.
func TestEtcdWithTLSAndPassword(t *testing.T) {
	a := newAuthority(t)
	a.sign(t, "server", []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth})
	a.sign(t, "client", []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth})
	endpoint, peer := "https://"+testenvoy.FreeAddress(t), "http://"+testenvoy.FreeAddress(t)
	start(t, "etcd", repository("bin", "etcd"), "--name", "e2e", "--data-dir", t.TempDir(), "--log-level", "error", "--unsafe-no-fsync",
		"--listen-client-urls", endpoint, "--advertise-client-urls", endpoint, "--listen-peer-urls", peer,
		"--initial-advertise-peer-urls", peer, "--initial-cluster", "e2e="+peer, "--client-cert-auth",
		"--trusted-ca-file", a.file("ca.pem"), "--cert-file", a.file("server.pem"), "--key-file", a.file("server-key.pem"))
	enableAuth(t, a, endpoint)

	password := a.file("password")
	if err := os.WriteFile(password, []byte("correct horse\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	api := testenvoy.FreeAddress(t)
	access := []string{"--etcd", endpoint, "--etcd-ca", a.file("ca.pem"), "--etcd-cert", a.file("client.pem"), "--etcd-key", a.file("client-key.pem"), "--etcd-username", "root"}
	control := start(t, "control plane", repository("bin", "race", "dubbomesh"),
		append([]string{"controlplane", "--xds", testenvoy.FreeAddress(t), "--api", api, "--etcd-password-file", password}, access...)...)
	eventually(t, "the control plane is ready", func() error { return get("http://"+api+"/readyz", nil) })
	m := &mesh{apiAddress: api}
	start(t, "register", repository("bin", "race", "dubbomesh"),
		append([]string{"register", echoService, "--address", "127.0.0.1:20880", "--etcd-password-file", password}, access...)...)
	eventually(t, "the instance is known", func() error {
		if n := len(m.instances(t, echoService)); n != 1 {
			return fmt.Errorf("%d instances", n)
		}
		return nil
	})
	if strings.Contains(control.out.String(), "correct horse") {
		t.Error("the password is in the log")
	}

	// With a wrong password it says so, and is not ready.
	wrong := a.file("wrong")
	if err := os.WriteFile(wrong, []byte("battery staple"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused := start(t, "control plane with a wrong password", repository("bin", "race", "dubbomesh"),
		append([]string{"controlplane", "--xds", testenvoy.FreeAddress(t), "--api", testenvoy.FreeAddress(t), "--etcd-password-file", wrong}, access...)...)
	refused.waitOutput(t, "authentication failed")
}

// enableAuth gives etcd a root user and switches authentication on.
func enableAuth(t *testing.T, a *authority, endpoint string) {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(a.file("client.pem"), a.file("client-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	c, err := clientv3.New(clientv3.Config{
		Endpoints: []string{endpoint}, Logger: zap.NewNop(),
		TLS: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	eventually(t, "etcd has authentication", func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if _, err := c.UserAdd(ctx, "root", "correct horse"); err != nil && !strings.Contains(err.Error(), "already exists") {
			return err
		}
		if _, err := c.UserGrantRole(ctx, "root", "root"); err != nil {
			return err
		}
		_, err := c.AuthEnable(ctx)
		return err
	})
}

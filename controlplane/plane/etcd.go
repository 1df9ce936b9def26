package plane

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/dubbomesh/dubbomesh/controlplane/settings"
)

// Keep-alive notices an etcd that vanished without closing its connections.
const (
	keepAlive        = 5 * time.Second
	keepAliveTimeout = 3 * time.Second
)

// Dial returns an etcd client. Without a user it does not wait for etcd, which may come later; with one it has to log
// in first. The caller closes it.
func Dial(ctx context.Context, c settings.Etcd) (*clientv3.Client, error) {
	secure, err := tlsConfig(c.TLS)
	if err != nil {
		return nil, err
	}
	return clientv3.New(clientv3.Config{
		Context:              context.WithoutCancel(ctx), // what is taken back at the end still needs the client
		Endpoints:            c.Endpoints,
		DialTimeout:          c.DialTimeout,
		DialKeepAliveTime:    keepAlive,
		DialKeepAliveTimeout: keepAliveTimeout,
		Username:             c.Username,
		Password:             string(c.Password),
		TLS:                  secure,
		Logger:               zap.NewNop(), // what matters comes back as errors
	})
}

// tlsConfig reads the PEM files; nil when none is given.
func tlsConfig(c settings.TLS) (*tls.Config, error) {
	if c == (settings.TLS{}) {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CA != "" {
		pem, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, fmt.Errorf("etcd.tls.ca: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("etcd.tls.ca: %s holds no certificate in PEM form", c.CA)
		}
	}
	if c.Cert != "" {
		pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, fmt.Errorf("etcd.tls.cert and etcd.tls.key: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// The pause between two attempts to log in grows from first to last.
const (
	firstPause = 250 * time.Millisecond
	lastPause  = 10 * time.Second
)

// dialUntil tries until there is a client, or the context ends.
func dialUntil(ctx context.Context, c settings.Etcd, log *slog.Logger, failed func(error)) (*clientv3.Client, error) {
	for pause := firstPause; ; pause = min(pause*2, lastPause) {
		client, err := Dial(ctx, c)
		if err == nil {
			return client, nil
		}
		failed(err)
		log.Warn("etcd cannot be reached, trying on", "endpoints", c.Endpoints, "in", pause, "error", err)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		case <-timer.C:
		}
	}
}

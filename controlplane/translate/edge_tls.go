package translate

import (
	"strconv"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// TLS of a port. Its files are secrets: Envoy watches the files of those, and takes a certificate that is renewed without
// a word from here. But it would open a port, or replace it, whose secrets are no use, and refuse every caller. So the
// files stand in a second filter chain too, which no connection ever has: Envoy reads those when it is given the listener,
// and goes on with the listener that it has if it cannot use them.

// secure gives a listener the TLS of its port, if it has any.
func secure(l *listenerv3.Listener, e edge) {
	if e.listener.TLS == nil {
		return
	}
	chain := l.FilterChains[0]
	chain.TransportSocket = transportSocket(e, e.listedSecrets())
	elsewhere := uint32(1)
	if e.port == elsewhere {
		elsewhere++
	}
	l.FilterChains = append(l.FilterChains, &listenerv3.FilterChain{
		Name:             "read when the listener comes",
		FilterChainMatch: &listenerv3.FilterChainMatch{DestinationPort: wrapperspb.UInt32(elsewhere)},
		TransportSocket:  transportSocket(e, e.filesAsTheyAre()),
	})
}

// transportSocket is TLS of a port, with certificates that common has.
func transportSocket(e edge, common *tlsv3.CommonTlsContext) *corev3.TransportSocket {
	t := e.listener.TLS
	common.TlsParams = &tlsv3.TlsParameters{TlsMinimumProtocolVersion: tlsv3.TlsParameters_TLSv1_2}
	if t.MinVersion == "1.3" {
		common.TlsParams.TlsMinimumProtocolVersion = tlsv3.TlsParameters_TLSv1_3
	}
	if e.protocol != edgeDubbo { // which has no name to negotiate by
		common.AlpnProtocols = []string{"h2", "http/1.1"}
	}
	context := &tlsv3.DownstreamTlsContext{CommonTlsContext: common}
	if t.ClientCA != "" {
		context.RequireClientCertificate = wrapperspb.Bool(true)
	}
	return &corev3.TransportSocket{Name: "envoy.transport_sockets.tls", ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: pack(context)}}
}

func (e edge) filesAsTheyAre() *tlsv3.CommonTlsContext {
	common := &tlsv3.CommonTlsContext{TlsCertificates: []*tlsv3.TlsCertificate{e.certificate()}}
	if ca := e.authority(); ca != nil {
		common.ValidationContextType = &tlsv3.CommonTlsContext_ValidationContext{ValidationContext: ca}
	}
	return common
}

func (e edge) listedSecrets() *tlsv3.CommonTlsContext {
	common := &tlsv3.CommonTlsContext{}
	for _, s := range e.secrets() {
		listed := &tlsv3.SdsSecretConfig{Name: s.Name, SdsConfig: ads()}
		if s.GetValidationContext() != nil {
			common.ValidationContextType = &tlsv3.CommonTlsContext_ValidationContextSdsSecretConfig{ValidationContextSdsSecretConfig: listed}
			continue
		}
		common.TlsCertificateSdsSecretConfigs = append(common.TlsCertificateSdsSecretConfigs, listed)
	}
	return common
}

// secrets are the files of a port's TLS, named after them. Envoy keeps a secret while a listener that had it drains, and its
// watch ends when a folder goes: a policy that is written anew has new ones, so that files are read.
func (e edge) secrets() (out []*tlsv3.Secret) {
	t := e.listener.TLS
	if t == nil {
		return nil
	}
	since := ""
	if e.gateway.Revision != 0 { // it stands in etcd
		since = " " + strconv.FormatInt(e.gateway.Created, 10)
	}
	out = append(out, &tlsv3.Secret{Name: "tls " + t.Certificate + " " + t.Key + since, Type: &tlsv3.Secret_TlsCertificate{TlsCertificate: e.certificate()}})
	if ca := e.authority(); ca != nil {
		out = append(out, &tlsv3.Secret{Name: "ca " + t.ClientCA + since, Type: &tlsv3.Secret_ValidationContext{ValidationContext: ca}})
	}
	return out
}

func (e edge) certificate() *tlsv3.TlsCertificate {
	return &tlsv3.TlsCertificate{CertificateChain: file(e.listener.TLS.Certificate), PrivateKey: file(e.listener.TLS.Key)}
}

// authority signs the certificates of callers; nil when they need none.
func (e edge) authority() *tlsv3.CertificateValidationContext {
	if e.listener.TLS.ClientCA == "" {
		return nil
	}
	return &tlsv3.CertificateValidationContext{TrustedCa: file(e.listener.TLS.ClientCA)}
}

func file(path string) *corev3.DataSource {
	return &corev3.DataSource{Specifier: &corev3.DataSource_Filename{Filename: path}}
}

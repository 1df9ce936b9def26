package translate

import (
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// transportSocket is TLS of a port, nil for none. Envoy reads the files when it is given the listener, and goes on with
// the listener that it has if it cannot use them.
func transportSocket(e edge) *corev3.TransportSocket {
	t := e.listener.TLS
	if t == nil {
		return nil
	}
	common := &tlsv3.CommonTlsContext{
		TlsParams:       &tlsv3.TlsParameters{TlsMinimumProtocolVersion: tlsv3.TlsParameters_TLSv1_2},
		TlsCertificates: []*tlsv3.TlsCertificate{{CertificateChain: file(t.Certificate), PrivateKey: file(t.Key)}},
	}
	if t.MinVersion == "1.3" {
		common.TlsParams.TlsMinimumProtocolVersion = tlsv3.TlsParameters_TLSv1_3
	}
	if e.protocol != edgeDubbo { // which has no name to negotiate by
		common.AlpnProtocols = []string{"h2", "http/1.1"}
	}
	context := &tlsv3.DownstreamTlsContext{CommonTlsContext: common}
	if t.ClientCA != "" {
		common.ValidationContextType = &tlsv3.CommonTlsContext_ValidationContext{
			ValidationContext: &tlsv3.CertificateValidationContext{TrustedCa: file(t.ClientCA)},
		}
		context.RequireClientCertificate = wrapperspb.Bool(true)
	}
	return &corev3.TransportSocket{Name: "envoy.transport_sockets.tls", ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: pack(context)}}
}

func file(path string) *corev3.DataSource {
	return &corev3.DataSource{Specifier: &corev3.DataSource_Filename{Filename: path}}
}

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
)

func TestExplain(t *testing.T) {
	r := newRig(t)
	defer r.register(t, "a", "--address", "127.0.0.1:9")()
	file := write(t, hello+"---\nkind: Route\nname: gray\nservice: a\nrules:\n  - {match: {headers: {x-user: ann}}, timeout: 7s}\n"+
		"  - {match: {arguments: {0.userId: \"5\"}, source: {service: shop, ip: 10.0.0.0/8, zone: east, labels: {team: pay}}}, timeout: 8s}\n")
	want(t, 3, ".*", ".*", "apply", "-f", file, "--etcd", r.etcd, "--api", r.api, "--wait", "1m")
	r.until(t, "a", "published", func(list []api.Instance) bool {
		return len(list) == 1 && api.NewClient(r.api).Ready(t.Context()) == nil
	})
	want(t, 0, `POST gateway.invalid/a/hi\n\nroute .*rule +Route/gray rules\[0\]\nservice +a.hi\n.*timeout +7s +Route/gray rules\[0\] +Traffic/hello, settings route.timeout\n.*to dubbo\|a\|\|, 100%.*127.0.0.1:9 +100 +100% +0 +- +up\n.*`, "",
		"explain", "--service", "a", "--method", "hi", "--header", "X-User=ann", "--api", r.api)
	want(t, 0, `.*rule +none of a policy\n  not +Route/gray rules\[0\]: header x-user does not fit "ann"\n.*timeout +1s +Traffic/hello.*`, "", "explain", "--service", "a", "--method", "hi", "--api", r.api)
	from := []string{"explain", "--service", "a", "--method", "hi", "--api", r.api, "--source-ip", "10.1.2.3", "--source-service", "shop", "--source-zone", "east"}
	want(t, 0, `.*rule +Route/gray rules\[1\].*timeout +8s.*`, "", append(from, "--source-label", "team=pay", "--argument", "0.userId=5")...)
	want(t, 0, `.*rule +none.*not +Route/gray rules\[1\]: argument 0.userId does not fit "5"\n.*`, "", append(from, "--argument", "0.userId=6")...)
	want(t, 0, `.*rule +none.*not +Route/gray rules\[1\]: the label team of the proxy is not told\n.*`, "", append(from, "--argument", "0.userId=5")...)
	want(t, 0, `GET gateway.invalid/nothing\n.*note: this request does not reach a, which --service names; it is called as /a/… by path.*`, "", "explain", "--service", "a", "--path", "/nothing", "--api", r.api)
	want(t, 1, "", `dubbomesh: .*there is no service "ab"; did you mean "a"\?.*`, "explain", "--service", "ab", "--api", r.api)
	want(t, 2, "", `dubbomesh: --method and --path both .*`, "explain", "--service", "a", "--path", "/x", "--method", "hi", "--api", r.api)
	want(t, 2, "", `dubbomesh: --method goes with --service.*`, "explain", "--host", "a", "--method", "hi", "--api", r.api)
	want(t, 2, "", `dubbomesh: path is "x": begin it with a slash.*`, "explain", "--service", "a", "--path", "x", "--api", r.api)
	want(t, 2, "", `dubbomesh: argument "x" begins with no index.*`, append(from, "--argument", "x=1")...)
	want(t, 2, "", `dubbomesh: source-ip: .*`, append(from, "--source-ip", "x")...)
	want(t, 0, `.*"answer": "404 .*`, "", "explain", "--path", "/b/hi", "--api", r.api, "-o", "json")
	want(t, 1, "", `dubbomesh: no proxy "x" is connected.*`, "explain", "--service", "a", "--proxy", "x", "--api", r.api)
	want(t, 2, "", `dubbomesh: nothing is asked.*`, "explain", "--api", r.api)
	want(t, 2, "", `dubbomesh: header "x": write name=value\n`, "explain", "--service", "a", "-H", "x", "--api", r.api)
	envoy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/stats/prometheus" {
			_, _ = io.WriteString(w, "envoy_dubbo_breaker_state{service=\"a\",method=\"all\"} 3\nenvoy_dubbo_breaker_refused{service=\"a\",method=\"all\"} 4\n")
			return
		}
		if r.URL.String() != "/clusters?format=json" {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, `{"cluster_statuses": [{"name": "dubbo|a||", "host_statuses": [{
			"address": {"socket_address": {"address": "127.0.0.1", "port_value": 9}}, "health_status": {"failed_outlier_check": true},
			"stats": [{"name": "rq_active", "type": "GAUGE", "value": "3"}, {"name": "cx_active", "type": "GAUGE", "value": "4"}]}]}]}`)
	}))
	t.Cleanup(envoy.Close)
	admin := envoy.Listener.Addr().String()
	want(t, 0, `.*\nbreaker +a: open; 4 calls refused\n.*127.0.0.1:9 +100 +100% +0 +- +up +ejected, 3 under way, 4 connections\n.*`, "", "explain", "--service", "a", "--api", r.api, "--envoy", admin)
	want(t, 1, "", `dubbomesh: what answers at .* is no Envoy's admin interface: 404 Not Found.*`, "explain", "--service", "a", "--api", r.api, "--envoy", admin+"/x")
}

package settings

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/dubbomesh/dubbomesh/controlplane/golden"
)

func flags(t *testing.T, args ...string) *pflag.FlagSet {
	t.Helper()
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	Flags(fs, EtcdGroup, APIGroup, ControlPlaneGroup, LogGroup)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return fs
}

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "dubbomesh.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestDefaults(t *testing.T) {
	got, err := Load(flags(t), "")
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Etcd:       Etcd{Endpoints: []string{"127.0.0.1:2379"}, Prefix: "/dubbomesh", DialTimeout: 5 * time.Second},
		Sources:    Sources{Dubbo: []string{"/dubbo"}, Metadata: []string{"/dubbo/metadata"}, Files: []string{}},
		Protection: Protection{Enabled: true, Percent: 50, Window: 15 * time.Second, Hold: time.Minute},
		XDS:        XDS{Listen: "127.0.0.1:18000", Linger: 30 * time.Second},
		API:        API{Listen: "127.0.0.1:18001"},
		Gateway:    Gateway{Address: "0.0.0.0", Port: 8080, DubboPort: 20880},
		Dataplane:  Dataplane{Kind: "dynamic-module", MaxRequestBytes: 8 << 20, MaxResponseBytes: 8 << 20},
		Route:      Route{Timeout: 10 * time.Second, ConnectTimeout: time.Second, Retries: 2},
		Log:        Log{Level: slog.LevelInfo, Format: "text"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryKeyInTheFile(t *testing.T) {
	got, err := Load(flags(t), "testdata/full.good.yml")
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Etcd: Etcd{
			Endpoints: []string{"10.0.0.1:2379", "https://10.0.0.2:2379"}, Prefix: "/mesh", DialTimeout: 3 * time.Second,
			Username: "mesh", Password: "s3cret", TLS: TLS{CA: "ca.pem", Cert: "cert.pem", Key: "key.pem"},
		},
		Sources: Sources{
			Dubbo: []string{"/dubbo", "/dubbo-staging"}, Metadata: []string{"/staging/metadata"}, Weights: []WeightSource{{Prefix: "/weights", Protocol: "dubbo"}}, Files: []string{"services.yaml"},
		},
		Protection: Protection{Enabled: true, Percent: 60, Window: 10 * time.Second, Hold: 2 * time.Minute},
		XDS:        XDS{Listen: "0.0.0.0:18000", Linger: 5 * time.Second},
		API:        API{Listen: "0.0.0.0:18001", Pprof: true},
		Gateway:    Gateway{Address: "10.0.0.9", Port: 80, DubboPort: 20880},
		Dataplane:  Dataplane{Kind: "dynamic-module", Module: "/opt/libdubbo.so", MaxRequestBytes: 1 << 20, MaxResponseBytes: 2 << 20},
		Route:      Route{Timeout: 2 * time.Second, ConnectTimeout: 500 * time.Millisecond, Retries: 1},
		Log:        Log{Level: slog.LevelWarn, Format: "json"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFlagBeatsVariableBeatsFile(t *testing.T) {
	file := write(t, "gateway: {port: 1000}\netcd: {endpoints: [file:1]}\nroute: {timeout: 1s}\n")
	t.Setenv("DUBBOMESH_GATEWAY_PORT", "2000")
	t.Setenv("DUBBOMESH_ETCD_ENDPOINTS", "env:1,env:2")
	t.Setenv("DUBBOMESH_ETCD_DIAL_TIMEOUT", "7s")
	got, err := Load(flags(t, "--gateway-port", "3000", "--source-dubbo="), file)
	if err != nil {
		t.Fatal(err)
	}
	type chosen struct {
		Port      int
		Endpoints []string
		Dial      time.Duration
		Route     time.Duration
		Dubbo     int
	}
	want := chosen{Port: 3000, Endpoints: []string{"env:1", "env:2"}, Dial: 7 * time.Second, Route: time.Second}
	have := chosen{got.Gateway.Port, got.Etcd.Endpoints, got.Etcd.DialTimeout, got.Route.Timeout, len(got.Sources.Dubbo)}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
}

func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.bad.yml")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			_, err := Load(flags(t), file)
			if err == nil {
				t.Fatal("accepted")
			}
			got := strings.ReplaceAll(err.Error(), file, "FILE") + "\n"
			golden.Compare(t, strings.TrimSuffix(file, "yml")+"txt", got)
		})
	}
}

// A variable that is cut short is one of those that go on behind it.
func TestShortVariable(t *testing.T) {
	for short, want := range map[string]string{"DUBBOMESH_API": "DUBBOMESH_API_LISTEN", "DUBBOMESH_XDS": "DUBBOMESH_XDS_LISTEN"} {
		t.Setenv(short, "127.0.0.1:1")
		if _, err := Load(pflag.NewFlagSet("test", pflag.ContinueOnError), ""); err == nil || !strings.Contains(err.Error(), short+`: did you mean "`+want+`"?`) {
			t.Errorf("%s: %v", short, err)
		}
	}
}

func TestUnknownVariable(t *testing.T) {
	t.Setenv("DUBBOMESH_GATEWAY_PROT", "1")
	_, err := Load(flags(t), "")
	want := `unknown environment variable DUBBOMESH_GATEWAY_PROT: did you mean "DUBBOMESH_GATEWAY_PORT"?`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestMissingFile(t *testing.T) {
	if _, err := Load(flags(t), "no/such.yaml"); err == nil || !strings.Contains(err.Error(), "no/such.yaml") {
		t.Errorf("got %v", err)
	}
}

func TestPasswordFile(t *testing.T) {
	file := write(t, "p4ss\n")
	c, err := Load(flags(t, "--etcd-username", "u", "--etcd-password-file", file), "")
	if err != nil || c.Etcd.Password != "p4ss" {
		t.Errorf("got %q, %v", string(c.Etcd.Password), err)
	}
}

func TestSecretsStayHidden(t *testing.T) {
	c := Config{Etcd: Etcd{Password: "hunter2"}}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("configuration", "config", c, "password", c.Etcd.Password)
	shown := fmt.Sprintf("%v %+v %#v %s %s", c, c, c, c.Etcd.Password, log.String())
	if strings.Contains(shown, "hunter2") {
		t.Errorf("the password is shown: %s", shown)
	}
}

func FuzzFile(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.yml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		_, _ = Load(flags(t), write(t, string(text)))
	})
}

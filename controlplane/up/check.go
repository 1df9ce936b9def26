package up

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"
)

// tools are the programs that were found.
type tools struct {
	envoy, module, provider, http string // absolute paths; the last two are empty without a demo
	version                       string // of Envoy
}

// findTools checks everything that is to be run, before anything is.
func findTools(ctx context.Context, o Options) (tools, error) {
	var t tools
	var errs [4]error
	t.envoy, t.version, errs[0] = findEnvoy(ctx, o.Envoy)
	t.module, errs[1] = findFile(o.Module, "the Envoy module", "--module")
	if o.Demo != "" {
		t.provider, errs[2] = findFile(filepath.Join(o.Demo, "demo-provider"), "the Dubbo demo service", "--demo")
		t.http, errs[3] = findFile(filepath.Join(o.Demo, "demo-http"), "the HTTP demo service", "--demo")
	}
	return t, errors.Join(errs[:]...)
}

func findFile(path, what, flag string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	info, err := os.Stat(absolute)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%s is missing: there is no %s; `make build` makes it, %s says where else it is", what, absolute, flag)
	case err != nil:
		return "", fmt.Errorf("%s: %w", what, err)
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s: %s is no file; %s says where it is", what, absolute, flag)
	}
	return absolute, nil
}

// answering bounds how long a program may take to tell its version.
const answering = 20 * time.Second

var (
	envoyVersion   = regexp.MustCompile(`/(\d+\.\d+\.\d+)[^/]*/`)
	supportedEnvoy = regexp.MustCompile(`^1\.(39|40)\.\d+$`)
)

// findEnvoy returns the path and the version of a supported Envoy.
func findEnvoy(ctx context.Context, name string) (path, version string, err error) {
	const remedy = "`make envoy` fetches a supported one, --envoy or the variable ENVOY says where it is"
	path, err = exec.LookPath(name)
	if err != nil {
		return "", "", fmt.Errorf("there is no Envoy at %s: %s", name, remedy)
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", "", fmt.Errorf("envoy: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, answering)
	defer cancel()
	command := exec.CommandContext(ctx, path, "--version")
	command.WaitDelay = time.Second
	out, err := command.CombinedOutput()
	if err != nil {
		return "", "", fmt.Errorf("%s --version: %w; %s", path, err, remedy)
	}
	found := envoyVersion.FindSubmatch(out)
	if found == nil {
		return "", "", fmt.Errorf("%s --version does not look like Envoy's: %s", path, remedy)
	}
	if version = string(found[1]); !supportedEnvoy.MatchString(version) {
		return "", "", fmt.Errorf("%s is Envoy %s, supported are 1.39.x and 1.40.x: %s", path, version, remedy)
	}
	return path, version, nil
}

// ports are the listening sockets that keep the chosen ports from being taken until their owners start.
type ports struct {
	etcd, xds, api, gateway, admin net.Listener
}

// takePorts takes every port, or says which are busy, who needs them and how to choose others.
func takePorts(o Options) (*ports, error) {
	var p ports
	var errs []error
	for _, want := range []struct {
		listener *net.Listener
		host     string
		port     uint16
		who      string
		flag     string
	}{
		{&p.etcd, loopback, o.EtcdPort, "etcd", "--etcd-port"},
		{&p.xds, loopback, o.XDSPort, "the control plane's xDS server", "--xds-port"},
		{&p.api, loopback, o.APIPort, "the control plane's API", "--api-port"},
		{&p.gateway, o.GatewayAddress, o.GatewayPort, "the gateway", "--gateway-port"},
		{&p.admin, loopback, o.AdminPort, "the gateway Envoy's admin interface", "--admin-port"},
	} {
		l, err := net.Listen("tcp", net.JoinHostPort(want.host, strconv.Itoa(int(want.port))))
		if err != nil {
			errs = append(errs, portError(want.host, want.port, want.who, want.flag, err))
			continue
		}
		*want.listener = l
	}
	if len(errs) > 0 {
		p.release()
		return nil, errors.Join(errs...)
	}
	return &p, nil
}

func portError(host string, port uint16, who, flag string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("port %d on %s is busy, and %s needs it: stop what listens there, or choose another port with %s (0 takes a free one)", port, host, who, flag)
	}
	return fmt.Errorf("%s cannot listen on port %d of %s (%w): choose another port with %s", who, port, host, err, flag)
}

// release frees the ports that nobody took over.
func (p *ports) release() {
	for _, l := range []net.Listener{p.etcd, p.xds, p.api, p.gateway, p.admin} {
		if l != nil {
			_ = l.Close()
		}
	}
}

// port is the number of a listener's port.
func port(l net.Listener) uint16 { return uint16(l.Addr().(*net.TCPAddr).Port) }

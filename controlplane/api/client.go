package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/xds"
)

// ErrNotFound is what errors are for something that the control plane does not know.
var ErrNotFound = errors.New("not found")

// notFound is such an error, in the control plane's words.
type notFound string

func (e notFound) Error() string { return string(e) }

// Is makes it ErrNotFound.
func (notFound) Is(target error) bool { return target == ErrNotFound }

// Client calls the API of a control plane. The zero value is not usable; it may be used by any goroutine.
type Client struct {
	address string
	http    *http.Client
}

// NewClient returns a client for the control plane at host:port.
func NewClient(address string) *Client {
	return &Client{address: address, http: &http.Client{Timeout: 10 * time.Second}}
}

// Services lists the services.
func (c *Client) Services(ctx context.Context) ([]Service, error) {
	return list[Service](ctx, c, "/api/services")
}

// Instances lists the instances of a service, or of all when service is empty.
func (c *Client) Instances(ctx context.Context, service string) ([]Instance, error) {
	path := "/api/instances"
	if service != "" {
		path += "?service=" + url.QueryEscape(service)
	}
	return list[Instance](ctx, c, path)
}

// Definitions lists the shapes of a service, or of all when service is empty.
func (c *Client) Definitions(ctx context.Context, service string) ([]Definition, error) {
	path := "/api/definitions"
	if service != "" {
		path += "?service=" + url.QueryEscape(service)
	}
	return list[Definition](ctx, c, path)
}

// Policies lists the policies and what became of them, of one kind or, when kind is empty, all.
func (c *Client) Policies(ctx context.Context, kind string) ([]Policy, error) {
	return list[Policy](ctx, c, "/api/policies?kind="+url.QueryEscape(kind))
}

// Policy tells of one policy.
func (c *Client) Policy(ctx context.Context, kind, name string) (Policy, error) {
	var p Policy
	path := "/api/policies/" + url.PathEscape(kind) + "/" + url.PathEscape(name)
	body, err := c.get(ctx, path)
	if err == nil && json.Unmarshal(body, &p) != nil {
		err = fmt.Errorf("what answers at %s is not a dubbomesh control plane: GET %s yields something else than expected; --api says where else to look", c.address, path)
	}
	return p, err
}

// Rollout tells how far the Envoys of the mesh are with the policies as of a revision of etcd.
func (c *Client) Rollout(ctx context.Context, revision int64) (Rollout, error) {
	var r Rollout
	path := "/api/rollout?revision=" + strconv.FormatInt(revision, 10)
	body, err := c.get(ctx, path)
	if err == nil && json.Unmarshal(body, &r) != nil {
		err = fmt.Errorf("what answers at %s is not a dubbomesh control plane: GET %s yields something else than expected; --api says where else to look", c.address, path)
	}
	return r, err
}

// Problems lists what is registered but cannot be used.
func (c *Client) Problems(ctx context.Context) ([]model.Problem, error) {
	return list[model.Problem](ctx, c, "/api/problems")
}

// Proxies lists the connected Envoys.
func (c *Client) Proxies(ctx context.Context) ([]xds.Proxy, error) {
	return list[xds.Proxy](ctx, c, "/api/proxies")
}

// Config lists what a proxy was sent, of one type or, when kind is empty, all.
func (c *Client) Config(ctx context.Context, proxy, kind string) ([]Resource, error) {
	return list[Resource](ctx, c, "/api/proxies/"+url.PathEscape(proxy)+"/config?type="+url.QueryEscape(kind))
}

// Ready is nil when the control plane says that it is ready.
func (c *Client) Ready(ctx context.Context) error {
	_, err := c.get(ctx, "/readyz")
	return err
}

func list[T any](ctx context.Context, c *Client, path string) ([]T, error) {
	body, err := c.get(ctx, path)
	if err != nil {
		return nil, err
	}
	var items []T
	if err := json.Unmarshal(body, &items); err != nil {
		return nil, fmt.Errorf("what answers at %s is not a dubbomesh control plane: GET %s yields something else than expected (%w); --api says where else to look", c.address, path, err)
	}
	return items, nil
}

// maxAnswer bounds how much of an answer is read.
const maxAnswer = 256 << 20

func (c *Client) get(ctx context.Context, path string) ([]byte, error) {
	return c.call(ctx, http.MethodGet, path, nil)
}

func (c *Client) call(ctx context.Context, method, path string, content io.Reader) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+c.address+path, content)
	if err != nil {
		return nil, fmt.Errorf("control plane at %s: %w", c.address, err)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		var outer *url.Error
		if errors.As(err, &outer) {
			err = outer.Err
		}
		return nil, fmt.Errorf("cannot reach the control plane at %s: %w; is `dubbomesh up` or `dubbomesh controlplane` running there? --api says where else to look", c.address, err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("control plane at %s: %s %s: %w", c.address, method, path, err)
	}
	if answer.StatusCode != http.StatusOK {
		var p Problem
		if answer.Header.Get(signature) == "" || json.Unmarshal(body, &p) != nil || p.Detail == "" {
			return nil, fmt.Errorf("what answers at %s is not a dubbomesh control plane: %s %s yields %s; --api says where else to look", c.address, method, path, answer.Status)
		}
		if p.Status == http.StatusNotFound {
			return nil, notFound(p.Detail)
		}
		return nil, errors.New(p.Detail)
	}
	return body, nil
}

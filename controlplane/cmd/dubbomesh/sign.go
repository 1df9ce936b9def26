package main

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// signing is what `sign` was told.
type signing struct {
	caller, keyFile, verb, in, nonce, data string
	headers                                []string
	at                                     int64
}

func newSign() *cobra.Command {
	var s signing
	cmd := &cobra.Command{
		Use:   "sign --caller <name> --key-file <file> <url or path>",
		Short: "Sign a request as an Access policy with hmac asks for it",
		Long: "Sign a request as an Access policy with hmac asks for it, and print the header that is to be sent with it. Nothing is\n" +
			"sent. Of a file with several keys the first is used. A signature is taken once: sign each request anew.",
		Example: `  curl -H "$(dubbomesh sign --caller shop --key-file shop.key http://127.0.0.1:8080/orders/7)" http://127.0.0.1:8080/orders/7
  dubbomesh sign --caller shop --key-file shop.key --verb POST --data @order.json --signed-header x-tenant=gold /orders/`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			line, err := s.header(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), line)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.caller, "caller", "", "name of the caller in the policy")
	f.StringVar(&s.keyFile, "key-file", "", "file with the caller's key")
	f.StringVar(&s.verb, "verb", "", "GET, POST, …; DUBBO for the call of a Dubbo consumer (GET, or POST with --data)")
	f.StringVar(&s.data, "data", "", "body of the request; @file reads it from a file, @- from the standard input")
	f.StringArrayVar(&s.headers, "signed-header", nil, "name=value of a header that is signed too, in the order of the policy; host=… unless the URL has it")
	f.StringVar(&s.in, "header", config.DefaultSignatureHeader, "header of the signature")
	f.StringVar(&s.nonce, "nonce", "", "what tells this request from equal ones (a random text)")
	f.Int64Var(&s.at, "time", 0, "seconds since 1970 (now)")
	return cmd
}

// header is the line with the signature.
func (s signing) header(target string, input io.Reader) (string, error) {
	if s.caller == "" || s.keyFile == "" {
		return "", usageError{errors.New("--caller and --key-file are needed")}
	}
	key, err := firstKey(s.keyFile)
	if err != nil {
		return "", err
	}
	body, err := bodyOf(s.data, input)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(target)
	if err != nil || !strings.HasPrefix(u.RequestURI(), "/") {
		return "", usageError{fmt.Errorf("%q is neither a URL nor a path; write http://127.0.0.1:8080/orders or /orders", target)}
	}
	verb := "GET"
	if s.data != "" {
		verb = "POST"
	}
	signed := config.Signed{Verb: strings.ToUpper(cmp.Or(s.verb, verb)), Path: u.RequestURI(), Caller: s.caller, Nonce: s.nonce, Time: strconv.FormatInt(cmp.Or(s.at, time.Now().Unix()), 10)}
	if signed.Nonce == "" {
		random := make([]byte, 12)
		_, _ = rand.Read(random) // it never fails
		signed.Nonce = hex.EncodeToString(random)
	}
	for _, h := range s.headers {
		name, value, has := strings.Cut(h, "=")
		name = strings.ToLower(name)
		if !has && name == "host" && u.Host != "" {
			value, has = u.Host, true
		}
		if !has {
			return "", usageError{fmt.Errorf("--signed-header %s has no value; write %s=…", h, h)}
		}
		signed.Headers = append(signed.Headers, config.SignedHeader{Name: name, Value: value})
	}
	text, err := signed.Header(key, body)
	if err != nil {
		return "", usageError{err}
	}
	return s.in + ": " + text, nil
}

// firstKey is the first line of a file that is not blank.
func firstKey(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for line := range bytes.Lines(text) {
		if key := bytes.TrimSpace(line); len(key) > 0 {
			return key, nil
		}
	}
	return nil, errors.New(file + " has no key; write one into it, on a line of its own")
}

func bodyOf(data string, input io.Reader) ([]byte, error) {
	switch file, is := strings.CutPrefix(data, "@"); {
	case !is:
		return []byte(data), nil
	case file == "-":
		return io.ReadAll(input)
	default:
		return os.ReadFile(file)
	}
}

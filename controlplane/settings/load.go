package settings

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// Load returns the configuration: flags of fs that were set, then DUBBOMESH_* variables, then the YAML file (none
// when empty), then defaults. Every mistake found is in the error, each with the key and what to write instead.
func Load(fs *pflag.FlagSet, file string) (Config, error) {
	var c Config
	if err := errors.Join(checkFile(file), checkEnv(os.Environ())); err != nil {
		return c, err
	}
	v := viper.New()
	for _, s := range table {
		if s.value != nil {
			v.SetDefault(s.key, s.value)
			if err := v.BindEnv(s.key, env(s.key)); err != nil {
				return c, fmt.Errorf("%s: %w", s.key, err)
			}
		}
		if f := fs.Lookup(s.flag); f != nil {
			if err := v.BindPFlag(s.key, f); err != nil {
				return c, fmt.Errorf("--%s: %w", s.flag, err)
			}
		}
	}
	if file != "" {
		v.SetConfigFile(file)
		v.SetConfigType("yaml")
		if err := v.ReadInConfig(); err != nil {
			return c, fmt.Errorf("configuration file %s: %w", file, err)
		}
	}
	if err := v.UnmarshalExact(&c, viper.DecodeHook(decodeHook)); err != nil {
		return c, decodeError(err)
	}
	if err := c.readPassword(); err != nil {
		return c, err
	}
	return c, c.Validate()
}

var decodeHook = mapstructure.ComposeDecodeHookFunc(
	decodeDuration,
	decodeLevel,
	decodeNumber,
	decodeBool,
	mapstructure.StringToSliceHookFunc(","),
)

// decodeDuration wants a unit: a bare number would silently be nanoseconds.
func decodeDuration(_, to reflect.Type, value any) (any, error) {
	if to != reflect.TypeFor[time.Duration]() {
		return value, nil
	}
	switch v := value.(type) {
	case time.Duration:
		return v, nil
	case string:
		if d, err := time.ParseDuration(v); err == nil {
			return d, nil
		}
	}
	return nil, fmt.Errorf("%v is no duration: write a number and a unit, such as 250ms, 15s or 5m", value)
}

// decodeNumber takes whole numbers only: 2.5 would silently be 2.
func decodeNumber(_, to reflect.Type, value any) (any, error) {
	if to != reflect.TypeFor[int]() {
		return value, nil
	}
	switch v := value.(type) {
	case int:
		return v, nil
	case string:
		if n, err := strconv.Atoi(v); err == nil {
			return n, nil
		}
	}
	return nil, fmt.Errorf("%v is no whole number: write one, such as 3", value)
}

func decodeBool(_, to reflect.Type, value any) (any, error) {
	if to.Kind() != reflect.Bool {
		return value, nil
	}
	switch value {
	case true, "true":
		return true, nil
	case false, "false":
		return false, nil
	}
	return nil, fmt.Errorf("%v is neither true nor false: write one of them", value)
}

func decodeLevel(_, to reflect.Type, value any) (any, error) {
	if to != reflect.TypeFor[slog.Level]() {
		return value, nil
	}
	switch text, _ := value.(string); text {
	case "debug":
		return slog.LevelDebug, nil
	case "info":
		return slog.LevelInfo, nil
	case "warn":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	}
	return nil, fmt.Errorf("%v is no log level: write debug, info, warn or error", value)
}

// decodeError turns mapstructure's field paths (Etcd.DialTimeout) into keys (etcd.dialTimeout).
func decodeError(err error) error {
	text := err.Error()
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		var lines []string
		for _, e := range joined.Unwrap() {
			lines = append(lines, e.Error())
		}
		text = strings.Join(lines, "\n")
	}
	for _, s := range table {
		field := fieldPath(s.key)
		text = strings.ReplaceAll(text, "'"+field+"'", s.key+":")
	}
	return errors.New(text)
}

// readPassword takes the password from its file. Line ends at the end of the file do not belong to it.
func (c *Config) readPassword() error {
	if c.Etcd.PasswordFile == "" {
		return nil
	}
	if c.Etcd.Password != "" {
		return errors.New("etcd.password and etcd.passwordFile are both set: keep one of them")
	}
	b, err := os.ReadFile(c.Etcd.PasswordFile)
	if err != nil {
		return fmt.Errorf("etcd.passwordFile: %w", err)
	}
	c.Etcd.Password = Secret(strings.TrimRight(string(b), "\r\n"))
	return nil
}

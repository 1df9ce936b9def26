package main

import (
	"bytes"
	"encoding/json"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"
)

// exitError ends a command with an exit code of its own.
type exitError struct {
	error
	code int
}

func (e exitError) Unwrap() error { return e.error }

// showOne prints one thing as JSON or, with -o yaml, as YAML.
func showOne(cmd *cobra.Command, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if format, _ := cmd.Flags().GetString("output"); format == "yaml" {
		if text, err = yaml.JSONToYAML(text); err != nil {
			return err
		}
		text = bytes.Map(visible, text)
	}
	_, err = cmd.OutOrStdout().Write(text)
	return err
}
